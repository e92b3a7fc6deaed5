"""Tables for people: the columns of each kind of thing, in as much width as the terminal has."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_STATES = {"IDLE": "green", "DELETING": "red"}
_SETTINGS = "providerSettings"


def _tags(row: dict[str, Any]) -> str:
    return ", ".join(f"{tag.get('key')}={tag.get('value')}" for tag in row.get("tags") or ())


def _setting(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda row: (row.get(_SETTINGS) or {}).get(name)


def _srv(row: dict[str, Any]) -> Any:
    return (row.get("connectionStrings") or {}).get("standardSrv")


_CLUSTER: tuple[tuple[str, Callable[[dict[str, Any]], Any]], ...] = (
    ("NAME", lambda row: row.get("name")),
    ("STATE", lambda row: row.get("stateName")),
    ("PROVIDER", _setting("backingProviderName")),
    ("REGION", _setting("regionName")),
    ("CREATED", lambda row: row.get("createDate")),
    ("TAGS", _tags),
    ("CONNECTION", _srv),
    ("RESULT", lambda row: row.get("how")),
    ("WHY", lambda row: row.get("why")),
)


_PROJECT: tuple[tuple[str, Callable[[dict[str, Any]], Any]], ...] = (
    ("NAME", lambda row: row.get("name")),
    ("ID", lambda row: row.get("id")),
    ("CLUSTERS", lambda row: row.get("clusterCount")),
    ("CREATED", lambda row: row.get("created")),
    ("ORG ID", lambda row: row.get("orgId")),
)


def print_table(rows: Sequence[Any]) -> None:
    """Print entities as a table: those columns that some row fills."""
    columns = _columns(rows)
    cells = [[_text(value(row)) for _, value in columns] for row in rows]
    kept = [index for index in range(len(columns)) if any(row[index] for row in cells)]
    heads = [columns[index][0] for index in kept]
    _print(heads, [[row[index] for index in kept] for row in cells])


def print_pairs(pairs: Sequence[tuple[str, Any]]) -> None:
    """Print facts, one in a line."""
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        print(f"{name:<{width}}  {_text(value)}".rstrip())


def colours(stream: Any = None) -> bool:
    """Whether what is written to a stream (stdout) may have colours."""
    stream = sys.stdout if stream is None else stream
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _columns(rows: Sequence[Any]) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    if all(isinstance(row, dict) and "stateName" in row for row in rows):
        return _CLUSTER
    if all(isinstance(row, dict) and "clusterCount" in row for row in rows):
        return _PROJECT
    keys = dict.fromkeys(
        key for row in rows if isinstance(row, dict) for key, value in row.items() if not isinstance(value, dict | list)
    )
    if not keys:
        return (("VALUE", lambda row: row),)
    return [(_head(key), lambda row, key=key: row.get(key)) for key in keys]  # type: ignore[misc]


def _head(key: str) -> str:
    """`orgId` as ORG ID."""
    return "".join(f" {letter}" if letter.isupper() else letter for letter in key).upper()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "".join(character if character.isprintable() else "?" for character in str(value))


def _print(heads: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[index]) for row in [heads, *rows]) for index in range(len(heads))]
    coloured = colours()
    for number, row in enumerate([heads, *rows]):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        if coloured:
            cells = [_coloured(cell, number == 0) for cell in cells]
        print("  ".join(cells).rstrip())


def _coloured(cell: str, head: bool) -> str:
    codes = {"green": 32, "red": 31}
    if head:
        return f"\x1b[1m{cell}\x1b[0m"
    colour = codes.get(_STATES.get(cell.strip(), ""))
    return f"\x1b[{colour}m{cell}\x1b[0m" if colour else cell
