"""Commands as processes: at a pseudo-terminal, and in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence

COMMAND = (sys.executable, "-m", "atlas_serverless")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _own_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A process at a pseudo-terminal of 50 rows and 200 columns, in a session of its own, so that Ctrl-C is its own."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        given = {**os.environ, "TERM": "xterm", "COLUMNS": "200", **(environment or {})}
        if not environment:
            given.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            words,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=given,
            preexec_fn=_own_terminal,  # noqa: PLW1509 it calls the system twice, and takes no lock
        )
        os.close(theirs)
        self.written = b""

    @property
    def shown(self) -> str:
        return self.written.decode(errors="replace").replace("\r\n", "\n")

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def until(self, text: str, times: int = 1, seconds: float = 60) -> None:
        """Read until a text was shown so often."""
        end = time.monotonic() + seconds
        while self.shown.count(text) < times:
            assert time.monotonic() < end, f"{text!r} was not shown in {seconds} s, but: {self.shown!r}"
            assert self._read(), f"{text!r} was not shown, but: {self.shown!r}"

    def end(self) -> tuple[int, str]:
        """Read to the end: the exit code, and all that the terminal got."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(60), self.shown

    def _read(self) -> bool:
        """Whether the other end is still open."""
        if not select.select([self._ours], [], [], 1)[0]:
            return True
        try:
            part = os.read(self._ours, 65536)
        except OSError:
            return False
        self.written += part
        return bool(part)


def terminal(command: str, typed: str = "", environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit code of a command, and all that a terminal got from it."""
    run = Terminal([*COMMAND, *command.split()], environment)
    run.type(typed)
    return run.end()


def pipe(command: str) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a command whose output is piped."""
    words = [*COMMAND, *command.split()]
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr
