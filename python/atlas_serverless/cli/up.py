"""`atlas-serverless up` and `atlas-serverless down`: from a name to a connection string, and back."""

from __future__ import annotations

import sys

from ._common import UsageError, client, client_options, confirm, force_option, given, tag
from ._options import OPTIONS
from ._output import print_result

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_UP = """\
Make what a connection to a Flex cluster needs: project, cluster, database user and access list. What is missing is
made, what fits is kept; it can be run again. Prints what was done and the connection string, as JSON. The password is
that of ATLAS_SERVERLESS_DB_PASSWORD, or generated; it is printed only with --show-password."""
_DOWN = """\
Take back what `up` has made for a Flex cluster, known by its mark, and nothing else. Prints what was done, as JSON."""


def add_parser(subparsers: Any) -> None:
    """Add `up` and `down`."""
    common = client_options()
    usage = "%(prog)s [options] NAME"
    about = "make a cluster that can be connected to"
    up = subparsers.add_parser("up", help=about, description=_UP, parents=[common], usage=usage)
    about = "take back what up has made"
    down = subparsers.add_parser("down", help=about, description=_DOWN, parents=[common], usage=usage)
    for command, parser in (("up", up), ("down", down)):
        parser.add_argument("name", metavar="NAME", help="the cluster's name")
        for name, keywords in OPTIONS[command].items():
            parser.add_argument(f"--{name.replace('_', '-')}", **keywords)
    force_option(down)
    up.add_argument("--username", metavar="NAME", help="the database user; default: the cluster's name")
    up.add_argument("--role", action="append", metavar="ROLE@DATABASE", help="what the user may do; many times")
    up.add_argument("--access", action="append", metavar="ADDRESS", help="from where it can be reached; many times")
    up.add_argument("--tag", action="append", type=tag, metavar="KEY=VALUE", help="a tag of the cluster; many times")
    up.add_argument("--no-wait", action="store_true", help="return at once; the cluster may have no address yet")
    up.add_argument("--show-password", action="store_true", help="print the connection string with its password")


def run(args: argparse.Namespace) -> int:
    """Carry it out and print what was done."""
    if args.command == "down" and not args.dry_run:
        confirm(
            args, f"what `up` has made for {args.name}: the cluster with all data, its user and access list entries"
        )
    with client(args) as service:
        if args.command == "down":
            options = given(args, "group_id", "project", "wait", "timeout", "interval", "dry_run")
            print_result(service.down(args.name, **options), args)
            return 0
        connection = service.up(args.name, **_arguments(args))
    shown = connection.to_dict()
    if args.show_password and connection.masked_uri is not None:
        shown["uri"] = connection.uri
    names = ("name", "group_id", "username", "uri", "did")
    print_result({name: shown[name] for name in names}, args)
    if connection.password is None and not args.dry_run:
        unknown = (
            f"the password of the database user {connection.username} is not known, so there is no connection string"
        )
        print(f"{unknown}: set ATLAS_SERVERLESS_DB_PASSWORD, or give --reset-password --show-password", file=sys.stderr)
    made = [step for step in connection.did if step["why"] == "with a generated password"]
    if made and not args.show_password and not args.dry_run:
        print(
            "the password was generated and is not shown again: --reset-password --show-password makes another",
            file=sys.stderr,
        )
    return 0


def _arguments(args: argparse.Namespace) -> dict[str, Any]:
    names = (
        "provider",
        "region",
        "group_id",
        "project",
        "username",
        "timeout",
        "interval",
        "reset_password",
        "dry_run",
    )
    arguments = given(args, *names, "access")
    if args.role:
        arguments["roles"] = args.role
    if args.tag:
        arguments["tags"] = dict(args.tag)
        if len(arguments["tags"]) < len(args.tag):
            raise UsageError("a key of --tag is given twice")
    if args.no_wait:
        arguments["wait"] = False
    elif not args.dry_run:
        arguments["progress"] = sys.stderr.isatty()
    return arguments
