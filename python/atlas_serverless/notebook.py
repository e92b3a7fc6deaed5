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

    from .types import Poll


def progress() -> Callable[[Poll], None]:
    """A fresh callable for one wait. It writes to stderr and closes itself with the last poll."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Line(sys.stderr)
    return _Bar(tqdm)


def _title(poll: Poll) -> str:
    return f"{poll.name} → {poll.wanted}"


def _state(poll: Poll) -> str:
    if poll.last_error is not None:
        return f"{poll.state or 'not seen yet'}, trouble: {poll.last_error}"
    return poll.state or "not seen yet"


class _Bar:
    """tqdm's bar, in a notebook its widget. Time is the only measure: nobody knows how long Atlas takes."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None

    def __call__(self, poll: Poll) -> None:
        text = f"{_title(poll)}: {_state(poll)}"
        if self._bar is None:
            self._bar = self._tqdm(total=1, desc=text, bar_format="{desc} [{elapsed}]", leave=True)
        self._bar.set_description_str(text)
        if poll.done:
            self._bar.close()


class _Line:
    """One line, written over in a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: str | None = None
        self._width = 0

    def __call__(self, poll: Poll) -> None:
        state = _state(poll)
        text = f"{_title(poll)}: {state} [{poll.elapsed:.0f} s]"
        if self._stream.isatty():
            self._stream.write("\r" + text.ljust(self._width) + ("\n" if poll.done else ""))
            self._width = len(text)
        elif state != self._last or poll.done:
            self._stream.write(text + "\n")
        self._last = state
        self._stream.flush()
