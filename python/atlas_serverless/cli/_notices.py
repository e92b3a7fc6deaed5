"""Warnings while a command runs: lines on stderr if it succeeds, nothing beside the one line of an error.

A command that fails says why in its error; what it warned of on the way there, five repetitions say, would bury that.
With `--debug` all of it is shown as it comes. A person at a terminal sees a long pause while it lasts.
"""

from __future__ import annotations

import logging
import sys
import warnings

from ._shell_words import in_shell_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

_CLEAR = "\r\x1b[K"


class Notices(logging.Handler):
    """Keeps the warnings of the package, in their order, each text once."""

    def __init__(self, *, show_pauses: bool, debug: bool) -> None:
        super().__init__(logging.WARNING)
        self._debug = debug
        self._show_pauses = show_pauses and not debug
        self._stderr = sys.stderr
        self._streams: tuple[TextIO, TextIO] | None = None
        self.lines: dict[str, None] = {}
        self._shown = False
        self._warnings = warnings.catch_warnings()
        self._handlers: list[logging.Handler] = []

    def __enter__(self) -> Notices:
        from atlas_serverless.errors import AtlasWarning

        self._warnings.__enter__()
        # Whatever PYTHONWARNINGS says: "error" would end a command midway.
        warnings.simplefilter("always", AtlasWarning)
        warnings.showwarning = self._on_warning
        logger = logging.getLogger("atlas_serverless")
        # Alone: `demo` runs commands within a command, whose warnings are theirs.
        self._handlers, logger.handlers = logger.handlers, [self]
        if self._show_pauses:
            self._streams = sys.stdout, sys.stderr
            sys.stdout, sys.stderr = _ClearedFirst(sys.stdout, self), _ClearedFirst(sys.stderr, self)
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()
        if self._streams:
            sys.stdout, sys.stderr = self._streams
        logging.getLogger("atlas_serverless").handlers = self._handlers
        self._warnings.__exit__(None, None, None)

    def emit(self, record: logging.LogRecord) -> None:
        if self._debug:  # the root logger shows it
            return
        text = in_shell_words(record.getMessage()).replace("\n", " ")
        if self._streams and "; again in " in text:
            self._stderr.write(f"{_CLEAR}{text[: _width()]}")
            self._stderr.flush()
            self._shown = True
        else:
            self.lines[text] = None

    def _on_warning(self, message: Warning | str, *_: Any, **__: Any) -> None:
        text = "; ".join(part.strip() for part in in_shell_words(str(message)).splitlines())
        if self._debug:
            print(f"warning: {text}", file=sys.stderr)
        else:
            self.lines[text] = None

    def clear(self) -> None:
        """Remove the pause that a terminal shows."""
        if self._shown:
            self._shown = False
            self._stderr.write(_CLEAR)
            self._stderr.flush()


class _ClearedFirst:
    """A stream at a terminal, on which nothing is written behind a pause that is shown."""

    def __init__(self, stream: TextIO, notices: Notices) -> None:
        self._stream = stream
        self._notices = notices

    def write(self, text: str) -> int:
        self._notices.clear()
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns - 1
