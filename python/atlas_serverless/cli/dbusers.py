"""`atlas-serverless dbusers …`: the database users of a project."""

from __future__ import annotations

import os

from ._common import UsageError, client, client_options, confirm, force_option, given
from ._output import print_result, say_deleted

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_PASSWORD = "ATLAS_SERVERLESS_DB_PASSWORD"


def add_parser(subparsers: Any) -> None:
    """Add `dbusers`."""
    about = "create, look up, change and delete database users"
    parser = subparsers.add_parser("dbusers", help=about, description=f"{about[0].upper()}{about[1:]}.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    common = client_options()
    for action, text in {
        "create": f"Create a database user. Its password is that of {_PASSWORD}.",
        "list": "Print the database users of a project.",
        "get": "Print a database user.",
        "update": f"Change a database user; --password sets the one of {_PASSWORD}.",
        "delete": "Delete a database user.",
    }.items():
        usage = "%(prog)s [options]" + ("" if action == "list" else " USERNAME")
        added = actions.add_parser(action, help=text.split(".")[0], description=text, parents=[common], usage=usage)
        if action == "list":
            continue
        added.add_argument("username", metavar="USERNAME")
        added.add_argument("--database-name", metavar="NAME", help="admin (default) or $external")
        if action in ("create", "update"):
            added.add_argument("--role", action="append", metavar="ROLE@DATABASE", help="may be given many times")
            added.add_argument("--scope", action="append", metavar="CLUSTER", help="a cluster that it is limited to")
            added.add_argument("--description", metavar="TEXT", help="at most 100 characters")
            added.add_argument("--delete-after-date", metavar="TIME", help="ISO 8601, within a week")
        if action == "create":
            kinds = ("USER", "ROLE"), ("USER", "GROUP"), ("USER", "IDP_GROUP"), ("CUSTOMER", "MANAGED")
            for name, words in zip(
                ("aws-iam-type", "ldap-auth-type", "oidc-auth-type", "x509-type"), kinds, strict=True
            ):
                added.add_argument(f"--{name}", choices=words, help="instead of a password")
        if action == "delete":
            force_option(added)
        if action == "update":
            added.add_argument("--password", action="store_true", help=f"set the password of {_PASSWORD}")


def run(args: argparse.Namespace) -> int:
    """Carry out one action and print what the service said."""
    arguments = _arguments(args)
    if args.action == "delete":
        confirm(args, f"the database user {args.username}")
    with client(args) as service:
        if args.action == "list":
            print_result(list(service.list_database_users(args.group_id)), args)
            return 0
        result = getattr(service, f"{args.action}_database_user")(args.group_id, args.username, **arguments)
    if args.action == "delete":
        say_deleted(args, args.username)
    elif result is not None:
        print_result(result, args)
    return 0


def _arguments(args: argparse.Namespace) -> dict[str, Any]:
    if args.action == "list":
        return {}
    arguments = given(args, "database_name")
    if args.action not in ("create", "update"):
        return arguments
    arguments |= given(args, "description", "delete_after_date")
    if args.role:
        pairs = [role.rpartition("@") for role in args.role]
        arguments["roles"] = [
            {"role_name": name if at else database, "database_name": database if at else "admin"}
            for name, at, database in pairs
        ]
    if args.scope:
        arguments["scopes"] = [{"name": name, "type": "CLUSTER"} for name in args.scope]
    types = given(
        args, *(("aws_iam_type", "ldap_auth_type", "oidc_auth_type", "x509_type") if args.action == "create" else ())
    )
    if types and args.database_name is None and types.get("oidc_auth_type") != "IDP_GROUP":
        arguments["database_name"] = "$external"
    if (args.action == "create" and not types) or getattr(args, "password", False):
        if not os.environ.get(_PASSWORD):
            raise UsageError(f"the password is read from {_PASSWORD}, which is not set")
        arguments["password"] = os.environ[_PASSWORD]
    return arguments | types
