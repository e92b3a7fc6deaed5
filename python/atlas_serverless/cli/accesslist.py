"""`atlas-serverless accesslist …`: from where the clusters of a project can be reached."""

from __future__ import annotations

from ._common import client, client_options, confirm, force_option, given
from ._output import listed, print_result, say_deleted

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add `accesslist`."""
    about = "add, look up and delete entries of the IP access list"
    parser = subparsers.add_parser("accesslist", help=about, description=f"{about[0].upper()}{about[1:]}.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    common = client_options()
    for action, text in {
        "create": "Add an address, a block or a security group, and print the list.",
        "list": "Print the list of a project.",
        "get": "Print an entry.",
        "status": "Print whether an entry is in force.",
        "delete": "Delete an entry.",
    }.items():
        usage = "%(prog)s [options]" + ("" if action == "list" else " VALUE")
        added = actions.add_parser(action, help=text.split(".")[0], description=text, parents=[common], usage=usage)
        if action != "list":
            added.add_argument("value", metavar="VALUE", help="such as 192.0.2.7, 192.0.2.0/24 or sg-0123abcd")
        if action == "delete":
            force_option(added)
        if action == "create":
            added.add_argument("--comment", metavar="TEXT", help="at most 80 characters")
            added.add_argument("--delete-after-date", metavar="TIME", help="ISO 8601, within a week")


def run(args: argparse.Namespace) -> int:
    """Carry out one action and print what the service said."""
    if args.action == "delete":
        confirm(args, f"the entry {args.value} of the access list")
    with client(args) as service:
        if args.action == "list":
            result: Any = list(service.list_access_list_entries(args.group_id))
        elif args.action == "create":
            place = {_field(args.value): args.value} | given(args, "comment", "delete_after_date")
            result = service.create_access_list_entry(args.group_id, **place)
        elif args.action == "status":
            result = service.get_access_list_status(args.group_id, args.value)
        elif args.action == "get":
            result = service.get_access_list_entry(args.group_id, args.value)
        else:
            result = service.delete_access_list_entry(args.group_id, args.value)
    if args.action == "delete":
        say_deleted(args, args.value)
    elif result is not None:
        print_result(listed(result, args), args)
    return 0


def _field(value: str) -> str:
    if "sg-" in value:
        return "aws_security_group"
    return "cidr_block" if "/" in value else "ip_address"
