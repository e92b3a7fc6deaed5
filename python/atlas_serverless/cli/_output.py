"""What commands print: JSON, coloured by rich if that is installed and stdout is a terminal. Streams that cannot take
every character, or nothing at all."""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any, TextIO


# What a thing is called: a cluster or project, a database user, an entry of the access list; else its id.
_NAMES = ("name", "username", "ipAddress", "cidrBlock", "awsSecurityGroup", "id")


def print_json(value: Any, *, compact: bool = False) -> None:
    """Print the value on stdout, keys in their order; `compact` puts all in one line."""
    ascii_only = not _takes(json.dumps(value, ensure_ascii=False))
    if compact:
        print(json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":")))
        return
    from ._table import colours

    if colours():
        try:
            from rich import print_json as in_colour
        except ImportError:
            pass
        else:
            in_colour(data=value, indent=2, ensure_ascii=ascii_only)
            return
    print(json.dumps(value, ensure_ascii=ascii_only, indent=2))


def print_result(value: Any, args: Any) -> None:
    """Print an entity or a list in the form that `--output` asks for: a table at a terminal and JSON in a pipe, if
    nothing is said."""
    form = output_of(args)
    if form == "json":
        print_json(value, compact=getattr(args, "compact", False))
    elif form == "yaml":
        print(_yaml(value), end="")
    else:
        from ._table import print_table, printable

        rows = value if isinstance(value, list) else [value]
        if form == "table":
            print_table(rows)
        else:
            as_shown = printable if sys.stdout.isatty() else str
            for row in rows:
                print(as_shown(next((row[key] for key in _NAMES if key in row), "") if isinstance(row, dict) else row))


def listed(reply: Any, args: Any) -> Any:
    """Of a reply that is a list only its results, where a table or names are asked for."""
    is_list = isinstance(reply, dict) and isinstance(reply.get("results"), list)
    return reply["results"] if is_list and output_of(args) in ("table", "name") else reply


def output_of(args: Any) -> str:
    """The form of the output: what was asked for, or what suits stdout."""
    if getattr(args, "compact", False):
        return "json"
    return getattr(args, "output", None) or ("table" if sys.stdout.isatty() else "json")


def say_deleted(args: argparse.Namespace, what: str) -> None:
    """At a terminal, which is told nothing else."""
    if output_of(args) == "table":
        print(f"{what} is {'deleted' if getattr(args, 'wait', True) else 'being deleted'}.", file=sys.stderr)


def _yaml(value: Any) -> str:
    try:
        import yaml
    except ImportError:
        from ._common import CommandError

        raise CommandError("-o yaml needs PyYAML: pip install 'atlas-serverless[cli]'") from None
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=_takes(json.dumps(value, ensure_ascii=False)))
    return text


def _takes(text: str) -> bool:
    """Whether stdout has all of these characters, so that JSON need not escape them. A terminal has none that moves its
    cursor or turns text."""
    if sys.stdout.isatty() and not text.isprintable():
        return False
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def prepare_streams() -> None:
    """Make stdout and stderr take every text: a character that their encoding lacks is escaped, and where a stream is
    closed (`>&-`), nothing is written.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 it stays open as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def flush_streams() -> OSError | None:
    """Write what is buffered; the error of stdout if it cannot be written: the disk is full, or the reader has gone."""
    _flush(sys.stderr)
    return _flush(sys.stdout)


def _flush(stream: TextIO) -> OSError | None:
    try:
        stream.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)  # else the flush at exit would fail once more
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        return error
    return None
