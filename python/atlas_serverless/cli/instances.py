"""`atlas-serverless serverless …` and `atlas-serverless flex …`: the operations, for a shell."""

from __future__ import annotations

import re
import sys

from ._common import (
    UsageError,
    client,
    client_options,
    confirm,
    force_option,
    parse_json,
    provider,
    read_text,
    tag,
)
from ._fields import check_fields
from ._options import OPTIONS
from ._output import output_of, print_result, say_deleted

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
_EXAMPLES = {
    "create": (
        "--name orders --provider AWS --region US_EAST_1 --tag env=dev --wait",
        "--file fleet.csv --wait --journal fleet.journal",
    ),
    "list": ("--tag env=test -o name",),
    "update": ("orders --add-tag team=data --wait", "orders --no-termination-protection"),
    "delete": ("orders --wait", "--file names.txt --yes"),
}
_PROJECT_ID = re.compile("[0-9a-f]{24}")
_NAME = re.compile("[a-zA-Z0-9][a-zA-Z0-9-]*")
_NUMBER = re.compile(r"\d{1,9}(\.\d*)?")


def add_parser(subparsers: Any) -> None:
    """Add `serverless` and `flex`."""
    import argparse

    common = client_options()

    sends = argparse.ArgumentParser(add_help=False)
    sends.add_argument("--dry-run", action="store_true", help="check it and print the request, and send nothing")

    many_at_once = argparse.ArgumentParser(add_help=False)
    many_at_once.add_argument(
        "--file",
        metavar="FILE",
        help="do it for every entry of a list: JSON, JSONL, YAML or CSV, by the ending; - is stdin. Keys are the API's "
        "fields, or name, provider, region, tags. To delete, names do: one a line (.txt or -)",
    )
    many_at_once.add_argument(
        "--journal",
        metavar="PATH",
        help="with --file: note in this file what is done; run again with it, the command goes on where it ended",
    )

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
                action,
                help=about,
                description=text,
                parents=[common, *more],
                usage=usage,
                epilog=_examples(kind, action),
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            # One argument, since argparse before 3.13 takes `[GROUP_ID]` for absent if an option stands before it.
            added.add_argument("words", nargs="*", metavar=words, help=_WORDS_HELP)
            for name, keywords in OPTIONS.get(_method(kind, action), {}).items():
                spellings = [f"--{name.replace('_', '-')}", *(["--watch"] if name == "wait" else [])]
                added.add_argument(*spellings, **keywords)
            if kind == "serverless" and "on_retired" not in OPTIONS.get(_method(kind, action), {}):
                about = "flex: where the endpoint is gone, use the Flex cluster of that name"
                added.add_argument("--on-retired", choices=["raise", "flex"], help=about)
            return added

        create = add("create", f"create a {one} and print it", changes, sends, many_at_once)
        create.add_argument("--name", help="letters, digits and hyphens; required, here or in --spec")
        providers = ["AWS", "AZURE", "GCP"]
        create.add_argument("--provider", type=provider, choices=providers, help="required, here or in --spec")
        create.add_argument("--region", metavar="REGION", help="such as US_EAST_1; required, here or in --spec")
        create.add_argument("--spec", metavar="FILE", help="a JSON object of the API's fields; - is stdin")
        listed = add("list", f"print the {many} of a project, all or some")
        about_tags = "only those that have this tag; may be given many times, and all count"
        listed.add_argument("--tag", action="append", type=tag, metavar="KEY=VALUE", help=about_tags)
        add("get", f"print a {one}")
        update = add("update", f"change a {one} and print it", changes, sends, many_at_once)
        update.add_argument("--name", help=argparse.SUPPRESS)  # to say that there is no such thing
        update.add_argument("--no-tags", action="store_true", help="remove all tags; --tag replaces all")
        update.add_argument(
            "--add-tag", action="append", type=tag, metavar="KEY=VALUE", help="set this tag and keep the others"
        )
        update.add_argument("--remove-tag", action="append", metavar="KEY", help="remove this tag and keep the others")
        if kind == "flex":
            upgrade = add("upgrade", f"upgrade a {one} to a dedicated cluster and print it", sends)
            what = "a JSON object of the fields of the dedicated cluster; - is stdin"
            upgrade.add_argument("--spec", metavar="FILE", required=True, help=what)
        delete = add("delete", f"delete a {one}", sends, many_at_once)
        force_option(delete)
        add("wait", f"wait for the state of a {one} and print it")


def _examples(kind: str, action: str) -> str | None:
    lines = [f"  atlas-serverless {kind} {action} {words}" for words in _EXAMPLES.get(action, ())]
    return "\n".join(["examples:", *lines]) if lines else None


def _method(kind: str, action: str) -> str:
    """What the client calls an action."""
    name = _KINDS[kind][0]
    return {"list": f"list_{name}s", "wait": f"wait_for_{name}"}.get(action) or f"{action}_{name}"


def run(args: argparse.Namespace) -> int:
    """Carry out one action and print what the service said."""
    method = _method(args.command, args.action)
    on_retired = None if "on_retired" in OPTIONS.get(method, {}) else getattr(args, "on_retired", None)
    if getattr(args, "file", None) is not None:
        return _many(args, method, on_retired)
    if getattr(args, "journal", None) is not None:
        raise UsageError("--journal is for --file")
    call, positional, arguments = _call(args)

    def send(service: Any) -> Any:
        return getattr(service, call)(*positional, **arguments)

    dry_run = getattr(args, "dry_run", False)
    if args.action == "delete" and not dry_run:
        confirm(args, f"the {_KINDS[args.command][1]} {positional[-1]}, with all data")
    with client(args, on_retired=on_retired) as service:
        if dry_run:
            return _dry_run(args, service, send)
        result = send(service)
        if args.action == "list":
            result = list(result)
    if args.action == "delete":
        say_deleted(args, str(positional[-1]))
    elif result == [] and output_of(args) == "table":
        print(f"No {_KINDS[args.command][2]}.", file=sys.stderr)
    elif result is not None:
        print_result(result, args)
    return 0


def _many(args: argparse.Namespace, method: str, on_retired: str | None) -> int:
    from . import _fleet

    single = ("words", "name", "provider", "region", "spec", "tag", "no_tags", "add_tag", "remove_tag")
    given = [name for name in single if getattr(args, name, None)]
    if given or getattr(args, "termination_protection", None) is not None:
        raise UsageError("--file has all of it: no name, fields or tags beside it (the project: --project-id)")
    rows, options = _fleet.read(args.file, args.action), _options(args, method)
    _fleet.check(args, rows, method)
    if args.dry_run:
        if args.journal is not None:
            raise UsageError("--journal is not for --dry-run, which does nothing")
        with client(args, on_retired=on_retired) as service:
            return _fleet.dry_run(args, service, rows, options, method)
    if args.action == "delete":
        confirm(args, f"all {len(rows)} of {args.file}, with all data")
    with client(args, on_retired=on_retired) as service:
        return _fleet.run(args, service, rows, options)


def _dry_run(args: argparse.Namespace, client: Any, send: Any) -> int:
    from . import _dry_run

    return _dry_run.show(args, client, send, getattr(args, "remove_tag", None) or ())


def _call(args: argparse.Namespace) -> tuple[str, list[str | None], dict[str, Any]]:
    """The client's method, its positional arguments, and those that are given by name."""
    method = _method(args.command, args.action)
    positional = _positional(args)
    arguments: dict[str, Any] = {}
    if args.action == "create":
        arguments.update(_spec(args, method))
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
    return method, positional, arguments | _options(args, method)


def _positional(args: argparse.Namespace) -> list[str | None]:
    """The project, None for the one that environment or profile name; and the name."""
    words = list(args.words)
    name = [] if args.action in _WITHOUT_NAME else words[-1:]
    project = words[: len(words) - len(name)]
    is_odd = len(project) > 1 or (bool(project) and not _PROJECT_ID.fullmatch(project[0]))
    if is_odd and getattr(args, "wait", False) and _NUMBER.fullmatch(words[-1]):
        raise UsageError(f"--wait takes no number: add --timeout {words[-1]}")
    has_name = args.action != "create" or args.name is not None or args.spec is not None
    if is_odd and not has_name and _NAME.fullmatch(project[0]):
        raise UsageError(f"the name is an option: --name {project[0]} (GROUP_ID is the project, 24 hexadecimal digits)")
    if project and args.group_id not in (None, project[0]):
        raise UsageError(f"GROUP_ID {project[0]} and --project-id {args.group_id} contradict each other")
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
    if ("wait" in given or args.action == "wait") and getattr(args, "file", None) is None:
        given["progress"] = sys.stderr.isatty()  # a bar for a person who looks on; none in a log
    return given


def _spec(args: argparse.Namespace, method: str) -> dict[str, Any]:
    """The fields of --spec, and over them those of the flags."""
    spec = _read_spec(args.spec) if args.spec is not None else {}
    check_fields(spec, f"--spec {args.spec}", method)
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
    try:
        found = parse_json(read_text(path))
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
