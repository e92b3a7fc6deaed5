"""`--file`: many creates, updates or deletions from one file, and a table of what became of each."""

from __future__ import annotations

import csv
import io
import re
import sys

from ._common import UsageError, parse_json, read_text
from ._fields import check_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from typing import Any

    from ._dry_run import Planned

#: The options' names for the fields of a provider.
_SETTINGS = {"provider": "backingProviderName", "region": "regionName"}

#: Arguments of the methods that an entry may have beside the API's fields.
_ARGUMENTS = ("group_id", "add_tags", "remove_tags")


def read(path: str, action: str) -> list[dict[str, Any]]:
    """The rows of a file: a list in JSON or YAML, an object in each line (JSONL), or a table (CSV). What is to be
    deleted may be names alone, one in each line."""
    try:
        text = read_text(path)
        rows = _parse(text, path.rpartition(".")[2].lower() if path != "-" else "", action)
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"--file {path}: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"--file {path}: not a list of objects")
    if not rows:
        raise UsageError(f"--file {path}: it is empty")
    return [_fields(row, f"--file {path}, entry {number}") for number, row in enumerate(rows, 1)]


def _parse(text: str, ending: str, action: str) -> Any:
    if not text.strip():
        return []
    ending = ending or _form(text)
    if ending in ("yaml", "yml"):
        return _parse_yaml(text)
    if ending == "csv":
        table = csv.DictReader(io.StringIO(text))
        if "name" not in (table.fieldnames or ()):
            raise ValueError("the first line of a CSV names its columns, and none is called name")
        return list(table)
    if ending in ("txt", "names"):
        if action != "delete":
            raise ValueError("names alone are enough to delete; give JSON, JSONL, YAML or CSV")
        return [{"name": line.strip()} for line in text.splitlines() if line.strip()]
    if ending == "jsonl":
        return [parse_json(line) for line in text.splitlines() if line.strip()]
    return parse_json(text)


def _form(text: str) -> str:
    """What standard input has, whose name has no ending."""
    if text.lstrip().startswith(("[", "{")):
        return "json" if text.lstrip().startswith("[") else "jsonl"
    columns = [column.strip() for column in text.lstrip().splitlines()[0].split(",")]
    return "csv" if "name" in columns else "names"


def _parse_yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise UsageError("YAML needs PyYAML: pip install 'atlas-serverless[cli]'") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error).replace("\n", " ")) from None
    except RecursionError:
        raise ValueError("the YAML is nested too deep") from None


def _fields(row: dict[str, Any], where: str) -> dict[str, Any]:
    """The API's fields; `provider`, `region` and tags as ``env=dev team=data`` are what the options say."""
    fields = {key: value for key, value in row.items() if value not in (None, "")}
    if None in row:
        raise UsageError(f"{where}: more cells than columns")
    settings = {_SETTINGS[name]: fields.pop(name) for name in _SETTINGS if name in fields}
    if settings:
        there = fields.get("providerSettings", {})
        if not isinstance(there, dict):
            raise UsageError(f"{where}: providerSettings is no object")
        fields["providerSettings"] = {**there, **settings}
    if isinstance(fields.get("tags"), str):
        pairs = [tag.partition("=") for tag in fields["tags"].replace(",", " ").split()]
        if not all(found for _, found, _ in pairs):
            raise UsageError(f"{where}: tags are KEY=VALUE, with a space between two")
        fields["tags"] = {key: value for key, _, value in pairs}
    if not fields.get("name"):
        raise UsageError(f"{where}: no name")
    if not isinstance(fields["name"], str):
        raise UsageError(f"{where}: the name is no text")
    return fields


def check(args: argparse.Namespace, rows: list[dict[str, Any]], method: str) -> None:
    """What in an entry is no field of the API."""
    for number, row in enumerate(rows, 1):
        check_fields(row, f"--file {args.file}, entry {number}", method, *_ARGUMENTS)


def dry_run(
    args: argparse.Namespace, client: Any, rows: list[dict[str, Any]], options: dict[str, Any], method: str
) -> int:
    """Print what would be sent for each entry."""
    from ._dry_run import show_many

    def planned(row: dict[str, Any]) -> Planned:
        removed = row.get("remove_tags")
        call: Callable[[Any], Any] = lambda service: getattr(service, method)(**options, **row)  # noqa: E731
        return call, removed if isinstance(removed, list) else ()

    return show_many(args, client, [row["name"] for row in rows], [planned(_entry(args, row)) for row in rows])


def run(args: argparse.Namespace, client: Any, rows: list[dict[str, Any]], options: dict[str, Any]) -> int:
    """Carry out all of it; the exit code is that of the worst."""
    from ._errors import exit_code, line
    from ._output import output_of, print_result

    done = {"create": "created", "update": "updated", "delete": "deleted"}[args.action]
    results = [{"name": row["name"], "result": "skipped", "why": "done before, by the journal"} for row in rows]
    worst = 0
    for index, value, error in _each(args, client, rows, options):
        name = rows[index]["name"]
        if error is not None:
            worst = max(worst, exit_code(error))
            results[index] = {"name": name, "result": "failed", "why": line(error)}
        else:
            state = value.get("stateName") if isinstance(value, dict) else None
            results[index] = {"name": name, "result": done, **({"state": state} if state else {})}
    print_result(results, args)
    failed = sum(result["result"] == "failed" for result in results)
    skipped = sum(result["result"] == "skipped" for result in results)
    if output_of(args) == "table" or failed or skipped:
        before = f", {skipped} done before" if skipped else ""
        print(f"{len(results) - failed - skipped} done, {failed} failed{before}", file=sys.stderr)
    return worst


def _each(
    args: argparse.Namespace, client: Any, rows: list[dict[str, Any]], options: dict[str, Any]
) -> Iterator[tuple[int, Any, Exception | None]]:
    """The place of each entry that was carried out, and what became of it."""
    from atlas_serverless.errors import ConfigurationError

    operations = [{"kind": args.command, **options, **_entry(args, row)} for row in rows]
    many = getattr(client, f"{args.action}_many")
    try:
        for result in many(operations, journal=args.journal, progress=sys.stderr.isatty()):
            yield result.index, result.value, result.error
    except (ConfigurationError, OSError) as error:  # of one entry it would be its result
        if args.journal is None:
            raise
        why = re.sub(r" \(os error \d+\)$", "", str(error).removeprefix(f"journal {args.journal}: "))
        raise UsageError(f"--journal {args.journal}: {why}") from None
    except KeyboardInterrupt:
        if args.journal is not None:
            print(f"\nThe same command goes on where it ended, by {args.journal}.", file=sys.stderr)
        raise


def _entry(args: argparse.Namespace, row: dict[str, Any]) -> dict[str, Any]:
    """Of what a list has printed, name and project count for a deletion: the same name in another project is another
    cluster."""
    if args.action != "delete":
        return row
    project = row.get("group_id") or row.get("groupId")
    return {"name": row["name"]} | ({"group_id": project} if project else {})
