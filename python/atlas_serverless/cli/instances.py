"""`atlas-serverless serverless …` and `atlas-serverless flex …`: the operations, for a shell."""

from __future__ import annotations

import sys

from ._common import UsageError, seconds
from ._output import print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

# subcommand -> (what the client's methods are called, what it is, its plural)
_KINDS = {
    "serverless": ("serverless_instance", "serverless instance", "serverless instances"),
    "flex": ("flex_cluster", "Flex cluster", "Flex clusters"),
}


def add_parser(subparsers: Any) -> None:
    """Add `serverless` and `flex`."""
    import argparse

    common = argparse.ArgumentParser(add_help=False)
    access = common.add_argument_group("access")
    access.add_argument("--profile", metavar="NAME", help="profile of the Atlas CLI to take the credentials from")
    access.add_argument("--base-url", metavar="URL", help="default https://cloud.mongodb.com")
    common.add_argument("--compact", action="store_true", help="print the JSON in one line")

    waiting = argparse.ArgumentParser(add_help=False)
    waiting.add_argument("--wait", action="store_true", help="return only when it is done")
    waiting.add_argument("--timeout", type=seconds, metavar="SECONDS", help="with --wait: at most so long")

    changes = argparse.ArgumentParser(add_help=False)
    changes.add_argument("--tag", action="append", type=_tag, metavar="KEY=VALUE", help="may be given many times")
    changes.add_argument(
        "--termination-protection", action=argparse.BooleanOptionalAction, help="whether deleting is refused"
    )

    for kind, (_, one, many) in _KINDS.items():
        about = f"create, look up, change and delete {many}"
        parser = subparsers.add_parser(kind, help=about, description=f"{about[0].upper()}{about[1:]}.")
        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")

        def add(action: str, about: str, *more: Any, actions: Any = actions) -> argparse.ArgumentParser:
            text = f"{about[0].upper()}{about[1:]}."
            added: argparse.ArgumentParser = actions.add_parser(
                action, help=about, description=text, parents=[common, *more]
            )
            added.add_argument("group_id", metavar="GROUP_ID", help="the project: 24 hexadecimal digits")
            return added

        create = add("create", f"create a {one} and print it", changes, waiting)
        create.add_argument("--name", help="letters, digits and hyphens; required, here or in --spec")
        create.add_argument("--provider", choices=["AWS", "AZURE", "GCP"], help="required, here or in --spec")
        create.add_argument("--region", metavar="REGION", help="such as US_EAST_1; required, here or in --spec")
        create.add_argument("--spec", metavar="FILE", help="a JSON object of the API's fields; - is stdin")
        create.add_argument(
            "--if-exists", choices=["error", "return"], help="return: one of that name that matches is as good"
        )
        if kind == "serverless":
            create.add_argument(
                "--on-retired",
                choices=["raise", "flex"],
                help="flex: where the endpoint is gone, create a Flex cluster",
            )
        add("list", f"print all {many} of a project")
        add("get", f"print a {one}").add_argument("name", metavar="NAME")
        update = add("update", f"change a {one} and print it", changes, waiting)
        update.add_argument("name", metavar="NAME")
        update.add_argument("--no-tags", action="store_true", help="remove all tags; --tag replaces all")
        add("delete", f"delete a {one}", waiting).add_argument("name", metavar="NAME")
        wait = add("wait", f"wait for the state of a {one} and print it")
        wait.add_argument("name", metavar="NAME")
        wait.add_argument("--state", default="IDLE", help="default IDLE")
        wait.add_argument("--timeout", type=seconds, default=1800.0, metavar="SECONDS", help="default 1800")
        wait.add_argument("--interval", type=seconds, metavar="SECONDS", help="between polls; default 1, growing to 15")


def run(args: argparse.Namespace) -> int:
    """Carry out one action and print what the service said."""
    import atlas_serverless

    call, arguments = _call(args)
    access = {"profile": args.profile, "base_url": args.base_url}
    with atlas_serverless.Client(**{name: value for name, value in access.items() if value is not None}) as client:
        result = getattr(client, call)(*arguments.pop("positional"), **arguments)
        if args.action == "list":
            result = list(result)
    if result is not None and args.action != "delete":
        print_json(result, compact=args.compact)
    return 0


def _call(args: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """The client's method and its arguments, the positional ones under that name."""
    method = _KINDS[args.command][0]
    arguments: dict[str, Any] = {"positional": [args.group_id]}
    if args.action == "list":
        return f"list_{method}s", arguments
    if args.action == "create":
        arguments.update(_spec(args), **_waiting(args))
        options = {"if_exists": args.if_exists, "on_retired": getattr(args, "on_retired", None)}
        arguments.update((name, value) for name, value in options.items() if value is not None)
        return f"create_{method}", arguments
    arguments["positional"].append(args.name)
    if args.action == "update":
        changed = _changes(args)
        if not changed:
            raise UsageError("nothing to change: give --tag, --no-tags or --[no-]termination-protection")
        arguments.update(changed, **_waiting(args))
    elif args.action == "delete":
        arguments.update(_waiting(args))
    elif args.action == "wait":
        arguments.update(state=args.state, timeout=args.timeout, progress=_progress())
        if args.interval is not None:
            arguments["interval"] = args.interval
        return f"wait_for_{method}", arguments
    return f"{args.action}_{method}", arguments


def _spec(args: argparse.Namespace) -> dict[str, Any]:
    """The fields of --spec, and over them those of the flags."""
    spec = _read_spec(args.spec) if args.spec else {}
    if args.name is not None:
        spec["name"] = args.name
    given = {"backingProviderName": args.provider, "regionName": args.region}
    given = {name: value for name, value in given.items() if value is not None}
    if given:
        key = "provider_settings" if "provider_settings" in spec else "providerSettings"
        there = spec.get(key) or {}
        if not isinstance(there, dict):
            raise UsageError(f"--spec {args.spec}: {key} is not a JSON object")
        twins = {"backingProviderName": "backing_provider_name", "regionName": "region_name"}
        replaced = {*given, *(twins[name] for name in given)}
        spec[key] = {name: value for name, value in there.items() if name not in replaced} | given
    return spec | _changes(args)


def _read_spec(path: str) -> dict[str, Any]:
    import json

    try:
        if path == "-":
            found = json.load(sys.stdin)
        else:
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"--spec {path}: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"--spec {path}: not a JSON object")
    return found


def _changes(args: argparse.Namespace) -> dict[str, Any]:
    """Tags and termination protection, as far as they are given."""
    changed: dict[str, Any] = {}
    if args.tag and getattr(args, "no_tags", False):
        raise UsageError("--tag and --no-tags contradict each other")
    if args.tag:
        changed["tags"] = dict(args.tag)
        if len(changed["tags"]) < len(args.tag):
            raise UsageError("a key of --tag is given twice")
    elif getattr(args, "no_tags", False):
        changed["tags"] = []
    if args.termination_protection is not None:
        changed["terminationProtectionEnabled"] = args.termination_protection
    return changed


def _waiting(args: argparse.Namespace) -> dict[str, Any]:
    if not args.wait:
        if args.timeout is not None:
            raise UsageError("--timeout is for --wait")
        return {}
    limit = {} if args.timeout is None else {"timeout": args.timeout}
    return {"wait": True, "progress": _progress(), **limit}


def _progress() -> bool:
    """A bar for a person who looks on; none in a log."""
    return sys.stderr.isatty()


def _tag(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found:
        raise ValueError(text)
    return key, value


_tag.__name__ = "KEY=VALUE"  # how argparse calls it in its errors
