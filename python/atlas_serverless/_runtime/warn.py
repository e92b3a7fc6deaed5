"""Warnings at the line of the caller's own code, whatever lies between: coroutines, event loops, this package."""

from __future__ import annotations

import sys
import warnings

from atlas_serverless import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

_BETWEEN = {"atlas_serverless", "asyncio", "uvloop"}


def issue(notices: Iterable[tuple[str, str]], result: object = None) -> None:
    """Issue a warning for each pair of class and message.

    A filter may turn one into an exception; then `result`, what the call would have returned, is its `.result`.
    """
    frame = _callers(sys._getframe(1))
    for name, message in notices:
        warning = getattr(errors, name)(message)
        warning.result = result
        if frame is None:
            warnings.warn(warning, stacklevel=2)
            continue
        module = frame.f_globals.get("__name__") or "<string>"
        registry = frame.f_globals.setdefault("__warningregistry__", {})
        warnings.warn_explicit(
            warning, type(warning), frame.f_code.co_filename, frame.f_lineno, module=module, registry=registry
        )


def _callers(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of other code. A task has no caller: there it is the frame that runs the event loop."""
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in _BETWEEN:
        frame = frame.f_back
    return frame
