"""Warnings while a command runs: lines on stderr if it succeeds, nothing beside the one line of an error.

A command that fails says why in its error; what it warned of on the way there, five repetitions say, would bury that.
With `--debug` all of it is shown as it comes. A person at a terminal sees a long pause while it lasts.
"""

from __future__ import annotations

import sys
import warnings

from ._shell_words import in_shell_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import LogRecord
    from typing import Any, TextIO

_CLEAR = "\r\x1b[K"


class Notices:
    """Keeps the warnings of the package, in their order, each text once. For `logging` it is a handler."""

    level = 30

    def __init__(self, *, show_pauses: bool, debug: bool) -> None:
        self._debug = debug
        self._show_pauses = show_pauses and not debug
        self._stderr = sys.stderr
        self._streams: tuple[TextIO, TextIO] | None = None
        self.lines: dict[str, None] = {}
        self._shown = False
        self._warnings = warnings.catch_warnings()
        self._handlers: list[Any] | None = None
        self._when_imported = _WhenImported("logging", self._attach)

    def __enter__(self) -> Notices:
        from atlas_serverless.errors import AtlasWarning

        self._warnings.__enter__()
        # Whatever PYTHONWARNINGS says: "error" would end a command midway.
        warnings.simplefilter("always", AtlasWarning)
        warnings.showwarning = self._on_warning
        if "logging" in sys.modules:
            self._attach(sys.modules["logging"])
        else:
            sys.meta_path.insert(0, self._when_imported)
        if self._show_pauses:
            self._streams = sys.stdout, sys.stderr
            sys.stdout, sys.stderr = _ClearedFirst(sys.stdout, self), _ClearedFirst(sys.stderr, self)
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()
        if self._streams:
            sys.stdout, sys.stderr = self._streams
        if self._handlers is not None:
            sys.modules["logging"].getLogger("atlas_serverless").handlers = self._handlers
        elif self._when_imported in sys.meta_path:
            sys.meta_path.remove(self._when_imported)
        self._warnings.__exit__(None, None, None)

    def _attach(self, logging: Any) -> None:
        logger = logging.getLogger("atlas_serverless")
        # Alone: `demo` runs commands within a command, whose warnings are theirs.
        self._handlers, logger.handlers = logger.handlers, [self]

    def handle(self, record: LogRecord) -> None:
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


class _WhenImported:
    """Calls back when a module is imported: a command that warns of nothing starts without `logging`."""

    def __init__(self, name: str, then: Callable[[Any], None]) -> None:
        self._name = name
        self._then = then

    def find_spec(self, name: str, *_: Any) -> Any:
        if name != self._name:
            return None
        from importlib.util import find_spec

        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_call(module: Any) -> None:
                execute(module)
                self._then(module)

            spec.loader.exec_module = execute_and_call  # type: ignore[method-assign]
        return spec


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
