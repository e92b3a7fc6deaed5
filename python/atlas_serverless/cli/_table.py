"""Tables for people: the columns of each kind of thing."""

from __future__ import annotations

import os
import re
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


_AUTHENTICATION = ("x509Type", "awsIAMType", "ldapAuthType", "oidcAuthType")
_USER: tuple[tuple[str, Callable[[dict[str, Any]], Any]], ...] = (
    ("USERNAME", lambda row: row.get("username")),
    ("DATABASE", lambda row: row.get("databaseName")),
    ("ROLES", lambda row: ", ".join(f"{role.get('roleName')}@{role.get('databaseName')}" for role in row["roles"])),
    ("ONLY FOR", lambda row: ", ".join(str(scope.get("name")) for scope in row.get("scopes") or ())),
    (
        "AUTHENTICATION",
        lambda row: ", ".join(f"{key[:-4]} {row[key]}" for key in _AUTHENTICATION if row.get(key, "NONE") != "NONE"),
    ),
    ("UNTIL", lambda row: row.get("deleteAfterDate")),
    ("DESCRIPTION", lambda row: row.get("description")),
)

_ENTRY: tuple[tuple[str, Callable[[dict[str, Any]], Any]], ...] = (
    ("ENTRY", lambda row: row.get("ipAddress") or row.get("cidrBlock") or row.get("awsSecurityGroup")),
    ("UNTIL", lambda row: row.get("deleteAfterDate")),
    ("COMMENT", lambda row: row.get("comment")),
)


def _age(row: dict[str, Any]) -> str:
    if row["age"] is None:
        return ""
    for letter, seconds in (("d", 86400), ("h", 3600), ("m", 60)):
        if row["age"] >= seconds:
            return f"{row['age'] // seconds:.0f}{letter}"
    return f"{row['age']:.0f}s"


_LEFTOVER: tuple[tuple[str, Callable[[dict[str, Any]], Any]], ...] = (
    ("NAME", lambda row: row.get("name")),
    ("KIND", lambda row: row.get("kind")),
    ("PROJECT", lambda row: row.get("project")),
    ("STATE", lambda row: row.get("state")),
    ("AGE", _age),
    ("TAGS", lambda row: ", ".join(f"{key}={value}" for key, value in row["tags"].items())),
    ("PROTECTED", lambda row: "yes" if row.get("protected") else ""),
    ("RESULT", lambda row: row.get("how")),
    ("WHY", lambda row: row.get("why")),
)

# The result of an entry of --file. Which request it was is the same for all of them.
_RESULT: tuple[tuple[str, Callable[[dict[str, Any]], Any]], ...] = (
    ("NAME", lambda row: row.get("name")),
    ("RESULT", lambda row: row.get("result")),
    ("STATE", lambda row: row.get("state")),
    ("WHY", lambda row: re.sub(r"^[A-Z]+ /\S+ answered ", "", row.get("why", ""))),
)

# The keys by which a kind of thing is known, and its columns.
_KINDS: tuple[tuple[set[str], Sequence[tuple[str, Callable[[dict[str, Any]], Any]]]], ...] = (
    ({"stateName"}, _CLUSTER),
    ({"clusterCount"}, _PROJECT),
    ({"username", "databaseName", "roles"}, _USER),
    ({"kind", "age", "tags"}, _LEFTOVER),
    ({"name", "result"}, _RESULT),
)


def print_table(rows: Sequence[Any]) -> None:
    """Print entities as a table: those columns that some row fills."""
    if not rows:
        print("There are none.", file=sys.stderr)
        return
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
    if all(isinstance(row, dict) for row in rows):
        for known, columns in _KINDS:
            if all(known <= row.keys() for row in rows):
                return columns
        if all({"ipAddress", "cidrBlock", "awsSecurityGroup"} & row.keys() for row in rows):
            return _ENTRY
    keys = dict.fromkeys(
        key for row in rows if isinstance(row, dict) for key, value in row.items() if not isinstance(value, dict | list)
    )
    if not keys:
        return (("VALUE", lambda row: row),)
    return [(_head(key), lambda row, key=key: row.get(key)) for key in keys]  # type: ignore[misc]


def _head(key: str) -> str:
    """`orgId` as ORG ID."""
    return re.sub(r"_|(?<=[a-z0-9])(?=[A-Z])", " ", key).upper()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(value)


def printable(value: Any) -> str:
    """The text of a value with `?` for what moves a terminal's cursor, turns text, or cannot be seen."""
    return "".join(character if character.isprintable() else "?" for character in str(value))


def _print(heads: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[index]) for row in [heads, *rows]) for index in range(len(heads))]
    # The last column is not filled up: where that is wider than the terminal it would make an empty line.
    widths[-1:] = [0]
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
