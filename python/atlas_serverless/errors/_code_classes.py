"""The classes of the documented error codes, created from the table `_codes` on first access."""

from __future__ import annotations

from atlas_serverless import errors

from . import _codes
from ._api import STATUS_CLASSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def class_named(name: str) -> type[errors.ApiError] | None:
    """The code class of that name, or None."""
    code = _codes.NAMES.get(name)
    return code_class(code, _codes.CODES[code][1]) if code else None


def code_class(code: str, status: int) -> type[errors.ApiError] | None:
    """The class of that code, if the table has it under that status."""
    name, own, basis = _codes.CODES.get(code, ("", 0, ""))
    if own != status:
        return None
    made: type[errors.ApiError] | None = vars(errors).get(name)
    if made is None:
        parents = _codes.PARENTS.get(code)
        bases: tuple[Any, ...] = (
            tuple(getattr(errors, parent) for parent in parents) if parents else (STATUS_CLASSES[status],)
        )
        doc = _codes.DOCSTRING.format(
            code=code, status=status, basis=_codes.BASES[basis], advice=_codes.ADVICE.get(code, _codes.NO_ADVICE)
        )
        facts: dict[str, Any] = {"__module__": errors.__name__, "__doc__": doc, "error_code": code}
        made = errors.__dict__.setdefault(name, type(name, bases, facts))  # the same class for all threads
    return made
