"""Arguments of the emulator that are no JSON: paths of files, and parts of a control path."""

from __future__ import annotations

import json
import os
from operator import index
from typing import Any

from atlas_serverless._runtime.files import read_text


def load(name: str, source: Any) -> Any:
    """A dict as it is; anything else is the path of a JSON file."""
    if source is None or not isinstance(source, (str, os.PathLike)):
        return source
    try:
        return json.loads(read_text(source))
    except RecursionError:
        raise ValueError(f"{name} {os.fspath(source)}: nested too deep") from None
    except ValueError as error:  # it is no path, or the file is no JSON
        raise ValueError(f"{name} {os.fspath(source)!a}: {error}") from None


def file_path(name: str, given: Any) -> str:
    if not isinstance(given, (str, os.PathLike)):
        raise TypeError(f"{name} must be a path or None, not {type(given).__name__}")
    text = os.fsdecode(given)
    if not text:
        raise ValueError(f"{name} is empty")
    if "\0" in text:
        raise ValueError(f"{name} has a null character")
    return text


def seconds(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise TypeError(f"{name} must be a number of seconds, not {type(given).__name__}")
    plain = index(given) if isinstance(given, int) else float.__pos__(given)  # a subclass may compare otherwise
    if not 0 <= plain <= 1e9:
        raise ValueError(f"{name} must be between 0 and 1e9 seconds")
    return plain


def whole(name: str, given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(f"{name} must be a whole number, not {type(given).__name__}")
    plain = index(given)  # without its class, which may show it otherwise
    if not 0 <= plain < 2**63:
        raise ValueError(f"{name} is a number out of range")
    return plain


def part(name: str, given: Any) -> str:
    """A name or an id as part of a control path."""
    if not isinstance(given, str):
        raise TypeError(f"{name} must be text, not {type(given).__name__}")
    plain = str.__str__(given)  # without its class: an enum shows itself by name
    if not plain:
        raise ValueError(f"{name} is empty")
    if not (plain.isascii() and plain.isprintable()):
        raise ValueError(f"{name} has characters that no name and no id has")
    return plain


def listed(name: str, given: Any) -> list[Any]:
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise TypeError(f"{name} must be a list of text or None, not {type(given).__name__}")
    return list(given)
