"""A FerretDB of its own for the session, with its own authentication, and an emulator whose clusters are there."""

import contextlib
import pathlib
import socket
import subprocess
import sys
import time

import pymongo
import pytest
from pymongo.errors import PyMongoError

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import prepare  # noqa: E402

from atlas_serverless import Emulator  # noqa: E402

ADMIN, ADMIN_PASSWORD = "setup", "setup-password"  # of this database alone


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def client(port, username, password):
    return pymongo.MongoClient(
        host="127.0.0.1",
        port=port,
        username=username,
        password=password,
        authSource="admin",
        serverSelectionTimeoutMS=5000,
    )


@contextlib.contextmanager
def ferretdb(folder):
    """The port of a running FerretDB."""
    port = free_port()
    command = [
        prepare.BINARY,
        f"--listen-addr=127.0.0.1:{port}",
        "--debug-addr=-",
        "--handler=sqlite",
        f"--sqlite-url=file:{folder}/",
        f"--state-dir={folder}",
        "--telemetry=disable",
        "--test-enable-new-auth",
        f"--setup-username={ADMIN}",
        f"--setup-password={ADMIN_PASSWORD}",
        "--setup-database=admin",
    ]
    log = folder / "ferretdb.log"
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as process:
        try:
            for _ in range(60):
                assert process.poll() is None, log.read_text()[-4000:]
                try:
                    with client(port, ADMIN, ADMIN_PASSWORD) as admin:
                        admin.admin.command("ping")
                    break
                except PyMongoError:
                    time.sleep(0.5)
            else:
                pytest.fail(f"FerretDB does not answer: {log.read_text()[-4000:]}")
            yield port
        finally:
            process.kill()


@pytest.fixture(scope="session")
def database(tmp_path_factory):
    if not prepare.BINARY.exists():
        pytest.exit("no FerretDB: run `python3 tests/connect/prepare.py`", returncode=3)
    with ferretdb(tmp_path_factory.mktemp("ferretdb")) as port:
        yield port


@pytest.fixture
def emulator(database):
    with Emulator(provisioning="at_once", deployment=f"127.0.0.1:{database}") as running:
        yield running


@pytest.fixture
def mirror(emulator, database):
    """Makes the emulator's users in the database, with this password: Atlas does it by itself."""

    def make(password):
        with client(database, ADMIN, ADMIN_PASSWORD) as admin:
            known = {user["user"] for user in admin.admin.command("usersInfo")["users"]}
            for project in emulator.snapshot()["projects"]:
                for user in project.get("database_users", []):
                    if user["username"] in known:
                        admin.admin.command("updateUser", user["username"], pwd=password)
                    else:
                        admin.admin.command("createUser", user["username"], pwd=password, roles=[])

    return make
