"""`atlas-serverless serverless …` and `atlas-serverless flex …`: the operations, for a shell."""

from __future__ import annotations

import re
import sys

from ._common import UsageError, client, client_options, read_text, tag
from ._options import OPTIONS
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
_WITHOUT_NAME = ("create", "list")
_WORDS = ("[GROUP_ID] NAME", "[GROUP_ID]")
_WORDS_HELP = "GROUP_ID is the project, 24 hexadecimal digits; without it, that of the environment or the profile"
_PROJECT_ID = re.compile("[0-9a-f]{24}")
_NUMBER = re.compile(r"\d{1,9}(\.\d*)?")


def add_parser(subparsers: Any) -> None:
    """Add `serverless` and `flex`."""
    import argparse

    common = client_options()
    changes = argparse.ArgumentParser(add_help=False)
    changes.add_argument("--tag", action="append", type=tag, metavar="KEY=VALUE", help="may be given many times")
    changes.add_argument(
        "--termination-protection", action=argparse.BooleanOptionalAction, help="whether deleting is refused"
    )

    for kind, (_, one, many) in _KINDS.items():
        about = f"create, look up, change and delete {many}"
        parser = subparsers.add_parser(kind, help=about, description=f"{about[0].upper()}{about[1:]}.")
        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")

        def add(
            action: str, about: str, *more: Any, actions: Any = actions, kind: str = kind
        ) -> argparse.ArgumentParser:
            text = f"{about[0].upper()}{about[1:]}."
            words = _WORDS[action in _WITHOUT_NAME]
            usage = f"%(prog)s [options] {words}"
            added: argparse.ArgumentParser = actions.add_parser(
                action, help=about, description=text, parents=[common, *more], usage=usage
            )
            # One argument, since argparse before 3.13 takes `[GROUP_ID]` for absent if an option stands before it.
            added.add_argument("words", nargs="*", metavar=words, help=_WORDS_HELP)
            for name, keywords in OPTIONS.get(_method(kind, action), {}).items():
                added.add_argument(f"--{name.replace('_', '-')}", **keywords)
            return added

        create = add("create", f"create a {one} and print it", changes)
        create.add_argument("--name", help="letters, digits and hyphens; required, here or in --spec")
        create.add_argument("--provider", choices=["AWS", "AZURE", "GCP"], help="required, here or in --spec")
        create.add_argument("--region", metavar="REGION", help="such as US_EAST_1; required, here or in --spec")
        create.add_argument("--spec", metavar="FILE", help="a JSON object of the API's fields; - is stdin")
        listed = add("list", f"print the {many} of a project, all or some")
        about_tags = "only those that have this tag; may be given many times, and all count"
        listed.add_argument("--tag", action="append", type=tag, metavar="KEY=VALUE", help=about_tags)
        add("get", f"print a {one}")
        update = add("update", f"change a {one} and print it", changes)
        update.add_argument("--name", help=argparse.SUPPRESS)  # to say that there is no such thing
        update.add_argument("--no-tags", action="store_true", help="remove all tags; --tag replaces all")
        update.add_argument(
            "--add-tag", action="append", type=tag, metavar="KEY=VALUE", help="set this tag and keep the others"
        )
        update.add_argument("--remove-tag", action="append", metavar="KEY", help="remove this tag and keep the others")
        if kind == "flex":
            upgrade = add("upgrade", f"upgrade a {one} to a dedicated cluster and print it")
            what = "a JSON object of the fields of the dedicated cluster; - is stdin"
            upgrade.add_argument("--spec", metavar="FILE", required=True, help=what)
        add("delete", f"delete a {one}")
        add("wait", f"wait for the state of a {one} and print it")


def _method(kind: str, action: str) -> str:
    """What the client calls an action."""
    name = _KINDS[kind][0]
    return {"list": f"list_{name}s", "wait": f"wait_for_{name}"}.get(action) or f"{action}_{name}"


def run(args: argparse.Namespace) -> int:
    """Carry out one action and print what the service said."""
    call, arguments = _call(args)
    with client(args) as service:
        result = getattr(service, call)(*arguments.pop("positional"), **arguments)
        if args.action == "list":
            result = list(result)
    if result is not None and args.action != "delete":
        print_json(result, compact=args.compact)
    return 0


def _call(args: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """The client's method and its arguments, the positional ones under that name."""
    method = _method(args.command, args.action)
    arguments: dict[str, Any] = {"positional": _positional(args)}
    if args.action == "create":
        arguments.update(_spec(args))
    if args.action == "update":
        if args.name is not None:
            raise UsageError(f"a {_KINDS[args.command][1]} can't be renamed: NAME says which one is updated")
        changed = _changes(args)
        if not changed:
            options = "--tag, --no-tags, --add-tag, --remove-tag or --[no-]termination-protection"
            raise UsageError(f"nothing to change: give {options}")
        arguments.update(changed)
    if args.action == "list" and args.tag:
        arguments["tags"] = _tags(args.tag, "--tag")
    if args.action == "upgrade":
        arguments["extra_fields"] = _read_spec(args.spec)
    return method, arguments | _options(args, method)


def _positional(args: argparse.Namespace) -> list[str | None]:
    """The project, None for the one that environment or profile name; and the name."""
    words = list(args.words)
    name = [] if args.action in _WITHOUT_NAME else words[-1:]
    project = words[: len(words) - len(name)]
    is_odd = len(project) > 1 or (bool(project) and not _PROJECT_ID.fullmatch(project[0]))
    if is_odd and getattr(args, "wait", False) and _NUMBER.fullmatch(words[-1]):
        raise UsageError(f"--wait takes no number: add --timeout {words[-1]}")
    if len(project) > 1:
        raise UsageError(f"unrecognized arguments: {' '.join(words[len(name) + 1 :])}")
    if args.action not in _WITHOUT_NAME and not project and (not name or _PROJECT_ID.fullmatch(name[0])):
        raise UsageError("the following arguments are required: NAME")
    return [project[0] if project else None, *name]


def _options(args: argparse.Namespace, method: str) -> dict[str, Any]:
    """The options that were given; where it waits, whether it shows how far it is."""
    known = OPTIONS.get(method, {})
    asked = {name: getattr(args, name) for name in known}
    given = {name: value for name, value in asked.items() if value is not None and value is not False}
    for name in ("timeout", "interval", "on_timeout"):
        if "wait" in known and "wait" not in given and name in given:
            raise UsageError(f"--{name.replace('_', '-')} is for --wait")
    if args.action == "delete" and "wait" in given and args.missing_ok is None:
        given["missing_ok"] = True  # what it waits for is there already
    if "wait" in given or args.action == "wait":
        given["progress"] = sys.stderr.isatty()  # a bar for a person who looks on; none in a log
    return given


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
        found = json.loads(read_text(path))
    except RecursionError:
        raise UsageError(f"--spec {path}: the JSON is nested too deep") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"--spec {path}: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"--spec {path}: not a JSON object")
    return found


def _changes(args: argparse.Namespace) -> dict[str, Any]:
    """Tags and termination protection, as far as they are given."""
    changed: dict[str, Any] = {}
    added, removed = getattr(args, "add_tag", None), getattr(args, "remove_tag", None)
    ways = {
        "--tag": args.tag,
        "--no-tags": getattr(args, "no_tags", False),
        "--add-tag": added,
        "--remove-tag": removed,
    }
    given = [option for option, value in ways.items() if value]
    if len(given) > 1 and given != ["--add-tag", "--remove-tag"]:
        raise UsageError(f"{given[0]} and {given[1]} contradict each other")
    if args.tag:
        changed["tags"] = _tags(args.tag, "--tag")
    elif "--no-tags" in given:
        changed["tags"] = []
    if added:
        changed["add_tags"] = _tags(added, "--add-tag")
    if removed:
        changed["remove_tags"] = removed
    if args.termination_protection is not None:
        changed["terminationProtectionEnabled"] = args.termination_protection
    return changed


def _tags(pairs: list[tuple[str, str]], option: str) -> dict[str, str]:
    tags = dict(pairs)
    if len(tags) < len(pairs):
        raise UsageError(f"a key of {option} is given twice")
    return tags
