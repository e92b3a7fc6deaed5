"""A PostgreSQL server in a folder of its own, reached by a socket there. Debian: apt-get install postgresql."""

import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile


@contextlib.contextmanager
def postgres(database="airflow"):
    """The SQLAlchemy URL of a new, empty database."""
    programs = _programs()
    # PostgreSQL does not run as root; the folders of pytest are closed to others, and too long for a socket.
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    folder = pathlib.Path(tempfile.mkdtemp(prefix="atlas-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, user)

    def run(program, *arguments):
        command = [programs / program, *arguments]
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120)

    try:
        run("initdb", "--pgdata", folder / "data", "--username", "airflow", "--auth", "trust", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=300"
        run("pg_ctl", "--pgdata", folder / "data", "--wait", "--log", folder / "log", "--options", options, "start")
        try:
            run("createdb", "--host", folder, "--username", "airflow", database)
            yield f"postgresql+psycopg2://airflow@/{database}?host={folder}"
        finally:
            run("pg_ctl", "--pgdata", folder / "data", "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb")]
    if not found[-1]:
        raise RuntimeError("this needs PostgreSQL: apt-get install postgresql")
    return pathlib.Path(found[-1]).parent
