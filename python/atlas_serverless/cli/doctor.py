"""`atlas-serverless doctor`: which credentials are found, and whether a create would get through, step by step."""

from __future__ import annotations

from ._common import access_options, seconds, token_cache
from ._output import print_json
from ._shell_words import in_shell_words
from ._table import colours

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_DESCRIPTION = """\
Say which credentials are found and where, and then go through the steps of a create: name, connection, TLS,
clock, authentication, projects, role, rate limit. What is wrong comes with its likely remedy. Nothing is created,
changed or deleted: the role is tested with an empty change to a Flex cluster whose name no cluster can have."""


def add_parser(subparsers: Any) -> None:
    """Add `doctor`."""
    parser = subparsers.add_parser(
        "doctor",
        help="say which credentials are found, and whether a create would get through",
        description=_DESCRIPTION,
        epilog="Exit codes: 0 all well, 1 a step failed, 2 an invalid command line.",
    )
    access_options(parser)
    parser.add_argument(
        "--group-id",
        "--project-id",
        "--projectId",
        metavar="ID",
        help="project whose role is looked at; default: the one configured",
    )
    parser.add_argument("--timeout", type=seconds, default=15.0, metavar="SECONDS", help="for each step; default 15")
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text", help="default text")


def run(args: argparse.Namespace) -> int:
    """Look, print, and return 0 if all is well."""
    from atlas_serverless._core import doctor

    report = doctor(
        profile=args.profile,
        base_url=args.base_url,
        group_id=args.group_id,
        ca_file=args.ca_file,
        token_cache=token_cache(args.token_cache),
        timeout=args.timeout,
        allow_insecure_http=args.allow_insecure_http,
    )
    if args.output == "json":
        print_json(report)
    else:
        print(_text(report, colour=colours()))
    return 0 if report["ok"] else 1


_MARKS = {"ok": ("ok", "32"), "failed": ("FAILED", "31"), "skipped": ("-", "2")}


def _text(report: dict[str, Any], *, colour: bool) -> str:
    lines = [report["explanation"]]
    for step in report["steps"]:
        mark, code = _MARKS[step["outcome"]]
        mark = f"{mark:<7}"
        if colour:
            mark = f"\x1b[{code}m{mark}\x1b[0m"
        lines.append(f"{mark} {step['step']:<15} {step['message']}")
        if step["remedy"]:
            lines.append(f"{'':<23} Remedy: {in_shell_words(step['remedy'])}")
    failed = [step["step"] for step in report["steps"] if step["outcome"] == "failed"]
    lines += ["", f"Failed: {', '.join(failed)}." if failed else "All well."]
    return "\n".join(lines)
