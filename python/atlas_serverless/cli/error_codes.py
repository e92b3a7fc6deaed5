"""`atlas-serverless errors CODE`: what an error code means and what to do about it."""

from __future__ import annotations

from ._common import UsageError, did_you_mean
from ._output import output_of, print_result

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from typing import Any


_BASES = {
    "documented": "documented by Atlas",
    "observed": "not documented; seen in replies",
    "assumed": "not documented; assumed",
}


_HEADS = {"advice": "what to do", "exit_code": "exit code"}
_MOST = 8


def add_parser(subparsers: Any) -> None:
    """Add `errors`."""
    parser = subparsers.add_parser(
        "errors",
        help="explain an error code",
        description="Explain an error code of Atlas: its status, its class, whether the client repeats the request, "
        "and what to do. Without CODE: all of them.",
    )
    parser.add_argument("code", nargs="?", metavar="CODE", help="such as DUPLICATE_CLUSTER_NAME, or its class")
    parser.add_argument("-o", "--output", choices=["json", "table", "yaml", "name"], help="as in the other commands")


def run(args: argparse.Namespace) -> int:
    """Look it up."""
    from atlas_serverless.errors import _codes

    if args.code is None:
        rows = [
            {"name": code, "status": status, "class": name} for code, (name, status, _) in sorted(_codes.CODES.items())
        ]
        print_result(rows, args)
        return 0
    given = str(args.code)
    code = given.upper().replace("-", "_") if "_" in given or given.isupper() else given
    code = code if code in _codes.CODES else str(_codes.NAMES.get(given, code))
    if code not in _codes.CODES:
        raise UsageError(f"no error code {given}{_nearest(str(code).upper(), _codes.CODES)}")
    explained = _explained(code)
    if output_of(args) == "table":
        from ._table import print_pairs

        print_pairs([(_HEADS.get(key, key), value) for key, value in _in_words(explained).items()])
    else:
        print_result(explained, args)
    return 0


def _explained(code: str) -> dict[str, Any]:
    from atlas_serverless import _core, errors
    from atlas_serverless.errors import _codes

    from ._errors import EXIT_CODES, exit_code
    from ._shell_words import in_shell_words

    name, status, basis = _codes.CODES[code]
    error = getattr(errors, name)("", status=status, error_code=code)
    number = exit_code(error)
    return {
        "name": code,
        "status": status,
        "class": name,
        "bases": [base.__name__ for base in type(error).__mro__[1:3]],
        "known": _BASES.get(basis, basis),
        "repeated": _core.is_transient(status),
        "advice": in_shell_words(_codes.ADVICE.get(code, "see the detail that came with it"), about=code),
        "exit_code": number,
        "exit_code_means": EXIT_CODES[number],
    }


def _in_words(explained: dict[str, Any]) -> dict[str, Any]:
    """For a person, who wants fewer lines."""
    shown = {key: value for key, value in explained.items() if key not in ("bases", "exit_code_means")}
    return shown | {
        "class": f"errors.{explained['class']} ({', '.join(explained['bases'])})",
        "repeated": "yes, by the client itself" if explained["repeated"] else "no",
        "exit_code": f"{explained['exit_code']} ({explained['exit_code_means']})",
    }


def _nearest(given: str, codes: Iterable[str]) -> str:
    """The codes that were probably meant: those with the text in them, or one that is spelt like it."""
    found = [code for code in codes if len(given) >= 3 and given in code]
    if not found:
        return did_you_mean(given, codes)
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return f"; these have it: {', '.join(found[:_MOST])}{more}"
