"""`--file`: many creates, updates or deletions from one file, and a table of what became of each."""

from __future__ import annotations

import csv
import io
import sys

from ._common import UsageError, parse_json, read_text
from ._fields import check_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from typing import Any

#: The options' names for the fields of a provider.
_SETTINGS = {"provider": "backingProviderName", "region": "regionName"}

#: Arguments of the methods that an entry may have beside the API's fields.
_ARGUMENTS = ("group_id", "add_tags", "remove_tags")


def read(path: str) -> list[dict[str, Any]]:
    """The rows of a file: a list in JSON or YAML, an object in each line (JSONL), or a table (CSV)."""
    try:
        text = read_text(path)
        rows = _parse(text, path.rpartition(".")[2].lower() if path != "-" else "")
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"--file {path}: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"--file {path}: not a list of objects")
    if not rows:
        raise UsageError(f"--file {path}: it is empty")
    return [_fields(row, f"--file {path}, entry {number}") for number, row in enumerate(rows, 1)]


def _parse(text: str, ending: str) -> Any:
    if ending in ("yaml", "yml"):
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
    if ending == "csv":
        return list(csv.DictReader(io.StringIO(text)))
    if ending == "jsonl" or (not ending and text.lstrip().startswith("{")):
        return [parse_json(line) for line in text.splitlines() if line.strip()]
    return parse_json(text)


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


def run(args: argparse.Namespace, client: Any, rows: list[dict[str, Any]], options: dict[str, Any]) -> int:
    """Carry out all of it; the exit code is that of the worst."""
    from ._errors import exit_code, line
    from ._output import output_of, print_result

    for number, row in enumerate(rows, 1):
        check_fields(row, f"--file {args.file}, entry {number}", _method(args), *_ARGUMENTS)
    results: list[dict[str, Any]] = []
    worst = 0
    for row, value, error in _progress(_each(args, client, rows, options), len(rows)):
        entity = value if isinstance(value, dict) else {}
        done = {"create": "created", "update": "updated", "delete": "deleted"}[args.action]
        result: dict[str, Any] = {"name": row["name"], "result": done}
        if error is not None:
            worst = max(worst, exit_code(error))
            result |= {"result": "failed", "why": line(error)}
        elif "stateName" in entity:
            result["state"] = entity["stateName"]
        results.append(result)
    order = {row["name"]: number for number, row in enumerate(rows)}
    results.sort(key=lambda result: order[result["name"]])
    print_result(results, args)
    failed = sum(result["result"] == "failed" for result in results)
    if output_of(args) == "table" or failed:
        print(f"{len(results) - failed} done, {failed} failed", file=sys.stderr)
    return worst


def _each(
    args: argparse.Namespace, client: Any, rows: list[dict[str, Any]], options: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], Any, Exception | None]]:
    from atlas_serverless.errors import AtlasError

    options = {name: value for name, value in options.items() if name != "progress"}
    if args.action == "create":
        operations = [{"kind": args.command, **options, **row} for row in rows]
        for result in client.create_many(operations):
            yield rows[result.index], result.value, result.error
        return
    method = getattr(client, _method(args))
    for row in rows:
        fields = row
        if args.action == "delete":
            # Of what a list has printed, name and project count: the same name in another project is another cluster.
            project = row.get("group_id") or row.get("groupId")
            fields = {"name": row["name"]} | ({"group_id": project} if project else {})
        try:
            yield row, method(**options, **fields), None
        except (AtlasError, TypeError, ValueError) as error:
            yield row, None, error


def _method(args: argparse.Namespace) -> str:
    return f"{args.action}_{'flex_cluster' if args.command == 'flex' else 'serverless_instance'}"


def _progress(results: Iterable[Any], total: int) -> Iterator[Any]:
    """One line on a terminal's stderr that counts."""
    shown = sys.stderr.isatty()
    for number, result in enumerate(results, 1):
        if shown:
            print(f"\r{number} of {total}", end="" if number < total else "\n", file=sys.stderr, flush=True)
        yield result
