"""The command line in a pseudo-terminal and in a pipe: tables here, JSON there, and only a person is asked."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping

import pytest

from atlas_serverless import Emulator

pytestmark = pytest.mark.usefixtures("atlas_environment")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CREATE = "flex create --name orders --provider AWS --region US_EAST_1"


def terminal(command: str, typed: str = "", environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit code of a command, and all that a terminal got from it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    given = {**os.environ, "TERM": "xterm", "COLUMNS": "200", **(environment or {})}
    if not environment:
        given.pop("NO_COLOR", None)
    words = [sys.executable, "-m", "atlas_serverless", *command.split()]
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=given)
    os.close(theirs)
    os.write(ours, typed.encode())
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    return process.wait(60), written.decode().replace("\r\n", "\n")


def pipe(command: str) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a command whose output is piped."""
    words = [sys.executable, "-m", "atlas_serverless", *command.split()]
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_a_table_at_a_terminal_and_json_in_a_pipe(atlas_emulator: Emulator) -> None:
    code, shown = terminal(f"{CREATE} --wait")
    assert code == 0
    assert "orders → IDLE" in shown
    assert "\x1b[1mNAME" in shown
    code, out, err = pipe("flex list")
    assert (code, err) == (0, "")
    assert [cluster["name"] for cluster in json.loads(out)] == ["orders"]
    code, shown = terminal("flex list")
    assert code == 0
    assert COLOUR.sub("", shown).splitlines()[1].split()[:2] == ["orders", "IDLE"]
    code, shown = terminal("serverless get nothing")
    assert code == 4
    assert shown.count("\n") == 1


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(environment: dict[str, str], atlas_emulator: Emulator) -> None:
    atlas_emulator.add_instance("orders")
    create = "flex create --name b --provider AWS --region US_EAST_1 --wait"
    for command in ("flex list", "flex get orders -o json", "doctor", "errors ClusterNotFound", create):
        code, shown = terminal(command, environment=environment)
        assert code == 0, shown
        assert not COLOUR.search(shown), command
    for command in ("flex list -o table", "doctor"):
        assert not COLOUR.search(pipe(command)[1])


def test_deleting_asks_a_person_only(atlas_emulator: Emulator) -> None:
    for name in ("a", "b", "c"):
        atlas_emulator.add_instance(name)
    code, shown = terminal("flex delete a", "n\n")
    assert code == 1
    assert "Delete the Flex cluster a, with all data? [y/N]" in shown
    assert "nothing was deleted" in shown
    code, shown = terminal("flex delete a --wait", "y\n")
    assert code == 0
    assert "a is deleted." in shown
    assert terminal("flex delete b --wait --yes")[0] == 0
    assert pipe("flex delete c --wait") == (0, "", "")
    assert atlas_emulator.instances() == []
    assert terminal("flex list") == (0, "No Flex clusters.\n")


def test_errors_in_both(atlas_emulator: Emulator) -> None:
    code, out, err = pipe("flex get nothing")
    assert (code, out) == (4, "")
    assert err.count("\n") == 1
    code, out, err = pipe("flex get nothing -o json")
    assert (code, out) == (4, "")
    assert json.loads(err)["error"]["class"] == "ClusterNotFound"
    assert terminal("flex get nothing")[1] == pipe("flex get nothing")[2]


def test_the_environment_of_an_emulator() -> None:
    words = [sys.executable, "-m", "atlas_serverless", "emulator", "--env"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(6)]
        script = "".join(lines) + f"{sys.executable} -m atlas_serverless projects list -o name"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
        process.terminate()
    assert all(line.startswith("export MONGODB_ATLAS_") for line in lines)
    assert done.stdout == "Emulated-Project\n", done.stderr
