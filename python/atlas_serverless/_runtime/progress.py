"""`progress=True`: a bar with state and elapsed time in a terminal or a notebook, with tqdm where it is installed.

Without tqdm (extra ``[progress]``) it is one line that is written over, or a line for each change of state where the
output is no terminal.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

    from atlas_serverless.types import Poll


def display() -> Callable[[Poll], None]:
    """A callable for one wait. It writes to stderr, and closes itself with the last poll or when the wait is
    cancelled."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Line(sys.stderr)
    return _Bar(tqdm)


class _Shown:
    """The last state and failure, in words."""

    _state = "not seen yet"

    def _words(self, poll: Poll) -> str:
        self._state = poll.state or self._state
        return self._state if poll.last_error is None else f"{self._state}, last error: {poll.last_error}"


def _title(poll: Poll) -> str:
    return f"{poll.name} → {poll.wanted}"


class _Bar(_Shown):
    """tqdm's bar, in a notebook its widget. It shows the elapsed time: how long Atlas takes is not known."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None

    def __call__(self, poll: Poll) -> None:
        text = f"{_title(poll)}: {self._words(poll)}"
        if self._bar is None:
            self._bar = self._tqdm(total=1, desc=text, bar_format="{desc} [{elapsed}]", leave=True)
        self._bar.set_description_str(text)
        if poll.done:
            self._bar.close()

    def __del__(self) -> None:
        if self._bar is not None:
            self._bar.close()  # closing twice is fine


class _Line(_Shown):
    """One line, written over in a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: str | None = None
        self._width = 0
        self._open = False

    def __call__(self, poll: Poll) -> None:
        words = self._words(poll)
        text = f"{_title(poll)}: {words} [{poll.elapsed:.0f} s]"
        if self._stream.isatty():
            self._open = not poll.done
            self._stream.write("\r" + text.ljust(self._width) + ("\n" if poll.done else ""))
            self._width = len(text)
        elif words != self._last or poll.done:
            self._stream.write(text + "\n")
        self._last = words
        self._stream.flush()

    def __del__(self) -> None:
        if self._open and not self._stream.closed:
            self._stream.write("\n")  # what is printed next begins on a line of its own
