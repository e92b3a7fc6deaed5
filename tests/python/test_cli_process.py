"""The command line as a process: its exit, its output, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import atlas_serverless
from atlas_serverless import Emulator


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(atlas_serverless.__file__).parent.parent)}


def test_as_a_module() -> None:
    command = [sys.executable, "-m", "atlas_serverless", "version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    assert done.stdout.startswith("atlas-serverless ")


HEAVY = ("asyncio", "logging", "ssl", "urllib.request", "rich", "yaml", "tqdm", "importlib.metadata", "inspect")


@pytest.mark.parametrize("command", ["--version", "flex list", "flex get orders"])
def test_a_command_starts_without_what_it_does_not_need(
    command: str, atlas_emulator: Emulator, atlas_environment: None
) -> None:
    """Each of these takes as long to import as a request to the emulator, or longer."""
    atlas_emulator.add_instance("orders")
    code = (
        "import sys\n"
        "from atlas_serverless.cli import main\n"
        f"main({command.split()!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment())
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_closed_stdout_leaves_no_traceback() -> None:
    """As in `atlas-serverless flex list … | head -0`: no traceback, neither at once nor at exit."""
    code = (
        "import sys, atlas_serverless.cli.version as v\n"
        "from atlas_serverless.cli import main\n"
        "v.run = lambda args: print('x' * 100_000) or 0\n"
        "sys.exit(main(['version']))"
    )
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment(),
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_ctrl_c_in_a_process() -> None:
    code = (
        "import os, signal, sys, time, atlas_serverless.cli.version as v\n"
        "from atlas_serverless.cli import main\n"
        "v.run = lambda args: os.kill(os.getpid(), signal.SIGINT) or time.sleep(60)\n"
        "sys.exit(main(['version']))"
    )
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # a child would inherit that
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(), timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\n")


def test_a_warning_is_no_error_whatever_python_is_told(atlas_environment: None) -> None:
    """`PYTHONWARNINGS=error` made a traceback of a warning, after the cluster was created."""
    words = "flex create --name orders --provider AWS --region MARS_1 --dry-run"
    done = subprocess.run(
        [sys.executable, "-m", "atlas_serverless", *words.split()],
        capture_output=True,
        text=True,
        check=False,
        env={**environment(), "PYTHONWARNINGS": "error", "MONGODB_ATLAS_ACCESS_TOKEN": "token"},
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
    assert "atlas-serverless: warning: " in done.stderr
