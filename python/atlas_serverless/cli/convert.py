"""`atlas-serverless convert FILE`: Flex specs from serverless ones, for a shell."""

from __future__ import annotations

import sys
import warnings

from ._common import UsageError, read_text
from ._output import print_json
from ._shell_words import in_shell_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_WHAT = """\
FILE holds one of these; - is standard input:
  a spec for create_serverless_instance, or an instance as the API describes it (JSON)
  a list of them, or a reply of the API that has them under "results" (JSON)
  command lines of the Atlas CLI (atlas serverless create …), one or more

The Flex spec goes to standard output as JSON, a list where there were several; what is lost or changed goes to standard
error. Nothing is sent to Atlas. Exit codes: 0 done, 2 a FILE that cannot be read, a spec that is not valid, or with
--strict one that loses something.
"""


def add_parser(subparsers: Any) -> None:
    """Add `convert`."""
    import argparse

    about = "convert specs of serverless instances to specs of Flex clusters"
    parser = subparsers.add_parser(
        "convert",
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=_WHAT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="what to convert; - is standard input")
    parser.add_argument("--strict", action="store_true", help="fail if anything is lost")
    parser.add_argument("--compact", action="store_true", help="print the JSON in one line")


def run(args: argparse.Namespace) -> int:
    """Convert, print, and report what is lost."""
    from atlas_serverless import to_flex_spec
    from atlas_serverless.errors import ConversionWarning

    given, several = _inputs(_read(args.file), args.file)
    specs = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConversionWarning)  # reported below, field by field
        warnings.simplefilter("always", append=True)
        for one in given:
            conversion = to_flex_spec(one, strict=args.strict)
            specs.append(conversion.spec)
            name = conversion.spec["name"]
            for lost in conversion.lost:
                _tell(f"{name}: lost {lost['field']} = {_json(lost['value'])}: {lost['why']}")
            for changed in conversion.changed:
                why = in_shell_words(changed["why"])
                _tell(f"{name}: {changed['field']} = {_json(changed['from'])} is left out: {why}")
    print_json(specs if several else specs[0], compact=args.compact)
    return 0


def _read(path: str) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None


def _inputs(text: str, path: str) -> tuple[list[Any], bool]:
    """What is to be converted, and whether it is a list."""
    import json

    try:
        found = json.loads(text)
    except RecursionError:
        raise UsageError(f"{path}: the JSON is nested too deep") from None
    except ValueError as error:
        lines = _command_lines(text)
        if not lines:
            raise UsageError(f"{path}: neither JSON ({error}) nor a command line of the Atlas CLI") from None
        return list(lines), len(lines) > 1
    if isinstance(found, dict) and isinstance(found.get("results"), list):
        found = found["results"]
    if isinstance(found, list) and not all(isinstance(word, str) for word in found):
        return found, True
    if found == []:
        raise UsageError(f"{path}: there is nothing to convert")
    return [found], False


def _command_lines(text: str) -> list[str]:
    """The lines that call the Atlas CLI for a serverless instance; a backslash at the end continues one."""
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    return [line for line in lines if "serverless" in line.split(" --", 1)[0].split() and "create" in line.split()]


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _tell(line: str) -> None:
    print(f"atlas-serverless: {line}", file=sys.stderr)
