"""One emulator per test, on a port of its own, and the table of what each client could do with it."""

import os
import pathlib
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import prepare  # noqa: E402
import report  # noqa: E402

try:
    from atlas_serverless import Emulator
except ImportError as error:
    pytest.exit(f"build the extension first, and put python/ on PYTHONPATH: {error}", returncode=3)

REPORT = report.Report()


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name == "test_report.py")  # the table last: it tells what the others saw


@pytest.fixture(scope="session", autouse=True)
def tools():
    """Every tool, or a failure that says what is missing: nothing is skipped."""
    missing = [tool for tool in prepare.TOOLS if not shutil.which(tool)]
    missing += [str(path) for path in (prepare.GO_PROGRAM, HERE / "node/node_modules/.bin/prism") if not path.exists()]
    if missing:
        pytest.exit(f"missing: {', '.join(missing)}; run `python3 tests/interop/prepare.py`", returncode=3)


@pytest.fixture
def emulator():
    with Emulator(port=0, provisioning_seconds=0.3) as running:
        yield running


@pytest.fixture
def outcomes():
    return REPORT


def environment(emulator, auth):
    """The variables that MongoDB's own examples read, with one credential; nothing else of MongoDB's from outside."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MONGODB_", "MCLI_"))}
    credential = {
        "service account": ("client_id", "client_secret"),
        "API key": ("public_key", "private_key"),
        "token": ("access_token",),
    }[auth]
    return clean | {
        "MONGODB_ATLAS_BASE_URL": emulator.url,
        "MONGODB_ATLAS_PROJECT_ID": emulator.group_id,
        "NO_PROXY": "127.0.0.1",
        **{f"MONGODB_ATLAS_{name.upper()}": getattr(emulator, name) for name in credential},
    }
