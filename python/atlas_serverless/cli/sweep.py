"""`atlas-serverless sweep`: the clusters that were left behind, and their deletion."""

from __future__ import annotations

import re

from ._common import UsageError, client, client_options, confirm, force_option, tag
from ._output import print_result

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from atlas_serverless.types import Leftover

_DESCRIPTION = """\
Find Flex clusters and serverless instances over all projects, by tag, name and age, and print them, oldest first.
Nothing is deleted without --delete; those with termination protection are listed and kept."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_MOST = 10


def add_parser(subparsers: Any) -> None:
    """Add `sweep`."""
    about = "find clusters that were left behind, and delete them"
    usage = "%(prog)s [options]"
    parser = subparsers.add_parser(
        "sweep", help=about, description=_DESCRIPTION, parents=[client_options()], usage=usage
    )
    parser.add_argument("--tag", action="append", type=tag, metavar="KEY=VALUE", help="only with this tag; many times")
    parser.add_argument("--name-prefix", metavar="TEXT", help="only those whose name begins so")
    parser.add_argument("--older-than", type=_age, metavar="AGE", help="only those of this age, such as 90m, 12h or 7d")
    parser.add_argument("--delete", action="store_true", help="delete them; needs --tag, --name-prefix or --older-than")
    force_option(parser)


def run(args: argparse.Namespace) -> int:
    """Print what was found and what became of it; 1 if a deletion has failed."""
    wanted = {"tags": dict(args.tag or ()), "name_prefix": args.name_prefix, "older_than": args.older_than}
    wanted = {name: value for name, value in wanted.items() if value}
    if args.delete and not wanted:
        raise UsageError("--delete needs --tag, --name-prefix or --older-than: it would delete every cluster")
    with client(args) as service:
        found = service.find_leftovers(args.group_id, **wanted)
        if args.delete and found:
            confirm(args, f"{_names(found)}, with all data")
        done = service.delete_leftovers(found, dry_run=not args.delete)
    results = [{**one, "how": result["how"], "why": result["why"]} for one, result in zip(found, done, strict=True)]
    print_result(results, args)
    return 1 if any(result["how"] == "failed" for result in done) else 0


def _names(found: list[Leftover]) -> str:
    names = [f"{one['name']} ({one['project'] or one['group_id']})" for one in found if not one["protected"]]
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _age(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text)
    if not found or not float(found[1]):
        raise ValueError(text)
    return float(found[1]) * _UNITS[found[2]]


_age.__name__ = "age"  # how argparse calls it in its errors
