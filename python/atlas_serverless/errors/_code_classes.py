"""The classes of the documented error codes, made from the table `_codes` when they are first asked for."""

from __future__ import annotations

from atlas_serverless import errors

from . import _codes
from ._api import STATUS_CLASSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def _rows() -> Iterator[tuple[str, tuple[str, int, str]]]:
    for (status, basis), lines in _codes.TABLE.items():
        for line in lines.split("\n"):
            code, _, name = line.partition(" ")
            yield code, (name, status, basis)


CODES = dict(_rows())
"""code -> (name of its class, its status, how the status is known)"""
_NAMES = {name: code for code, (name, _, _) in CODES.items()}


def class_names() -> list[str]:
    """The names of all code classes, in the order of the table."""
    return list(_NAMES)


def class_named(name: str) -> type[errors.ApiError] | None:
    """The code class of that name, or None."""
    code = _NAMES.get(name)
    return code_class(code, CODES[code][1]) if code else None


def code_class(code: str, status: int) -> type[errors.ApiError] | None:
    """The class of that code, if the table has it under that status."""
    name, own, basis = CODES.get(code, ("", 0, ""))
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
        made = errors.__dict__.setdefault(name, type(name, bases, facts))  # one class, whoever is first
    return made
