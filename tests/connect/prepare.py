"""Gets what `make test-connect` needs, pinned, into folders of this project; does nothing when it is there.

    python3 tests/connect/prepare.py

.venv-connect                  pymongo and pytest                           requirements.txt
.cache/connect/ferretdb        FerretDB, a server of MongoDB's protocol     FERRETDB below, by Go's checksum
"""

import json
import pathlib
import shutil
import stat
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

from prepare_steps import run_steps  # noqa: E402

CACHE = ROOT / ".cache" / "connect"
VENV = ROOT / ".venv-connect"
BINARY = CACHE / "ferretdb"
MODULE, VERSION = "github.com/FerretDB/FerretDB", "v1.24.0"
SUM = "h1:7WJmezL48Bj9bYWnhT/bEJgX5gjT5s7LFdHTqkN25rA="


def run(*command, cwd=HERE):
    return subprocess.run(list(map(str, command)), cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def python():
    run(sys.executable, "-m", "venv", "--clear", VENV)
    pip = [VENV / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    run(*pip, "-r", "requirements.txt")


def ferretdb():
    """Built from a copy of the module: it asks for a file with its version, which a module does not have."""
    found = json.loads(run("go", "mod", "download", "-json", f"{MODULE}@{VERSION}", cwd=CACHE))
    if found["Sum"] != SUM:
        sys.exit(f"{MODULE} {VERSION} has another checksum than expected: {found['Sum']}")
    source = CACHE / "source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(found["Dir"], source)
    for path in [source, *source.rglob("*")]:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    (source / "build/version/version.txt").write_text(f"{VERSION}\n")
    run("go", "build", "-buildvcs=false", "-trimpath", "-o", BINARY, "./cmd/ferretdb", cwd=source)
    shutil.rmtree(source)


STEPS = {python: ["requirements.txt"], ferretdb: []}


def main():
    if not shutil.which("go"):
        sys.exit("the connection tests need Go 1.22 or newer")
    run_steps(HERE, CACHE, STEPS)


if __name__ == "__main__":
    main()
