"""`atlas-serverless projects list|get`."""

from __future__ import annotations

from ._common import UsageError, client, client_options
from ._output import print_result

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add `projects`."""
    text = "list the projects that the credentials can see, or print one"
    parser = subparsers.add_parser("projects", help=text, description=f"{text[0].upper()}{text[1:]}.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    common = [client_options()]
    actions.add_parser("list", help="print all projects", description="Print all projects.", parents=common)
    got = actions.add_parser("get", help="print one project", description="Print one project.", parents=common)
    got.add_argument(
        "words", nargs="*", metavar="[GROUP_ID]", help="default: the one of the environment or the profile"
    )


def run(args: argparse.Namespace) -> int:
    """Print what the service says."""
    with client(args) as service:
        if args.action == "list":
            print_result(list(service.list_projects()), args)
            return 0
        if len(args.words) > 1:
            raise UsageError(f"unrecognized arguments: {' '.join(args.words[1:])}")
        print_result(service.get_project(*args.words), args)
    return 0
