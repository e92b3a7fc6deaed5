"""The command line: `atlas-serverless COMMAND …`.

Results go to stdout: a table at a terminal, JSON in a pipe, or what `--output` says. Errors and warnings are one line
each on stderr, with `-o json` one of JSON. What the exit codes mean stands in `_errors.py`.

Each subcommand has a module here with ``add_parser(subparsers)``, which adds it, and ``run(args) -> int``, which
carries it out and returns the exit code. A module imports what it works with inside `run`, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from atlas_serverless.errors import AtlasError

from ._common import CommandError, UsageError, did_you_mean
from ._errors import EPILOG, INTERRUPTED, as_json, exit_code, line
from ._output import flush_streams, prepare_streams
from ._table import colours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import Any, NoReturn

PROG = "atlas-serverless"
MODULES = (
    "up",
    "instances",
    "projects",
    "dbusers",
    "accesslist",
    "sweep",
    "regions",
    "api",
    "error_codes",
    "convert",
    "doctor",
    "logout",
    "demo",
    "emulator",
    "completion",
    "version",
)
"""In the order of `atlas-serverless --help`."""


_EXAMPLES = """\
examples:
  atlas-serverless demo                       without an account
  atlas-serverless doctor                     whether a create would get through
  atlas-serverless flex create --name orders --provider AWS --region US_EAST_1 --wait
  atlas-serverless up orders --provider AWS --region US_EAST_1 --access 192.0.2.7

Credentials are looked for in the environment, then in the profile of the Atlas CLI.
"""


class _Version(argparse.Action):
    """`--version`, which looks for the version only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help="print the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from atlas_serverless import __version__

        print(f"{PROG} {__version__}")
        parser.exit()


class _Parser(argparse.ArgumentParser):
    """A parser whose usage errors do not repeat what may be a secret."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Arguments after options belong to `words`, too: argparse fills a list from the first group of them only."""
        namespace, rest = super().parse_known_args(args, namespace)
        while rest and not rest[0].startswith("-") and getattr(namespace, "words", None) is not None:
            namespace.words = [*namespace.words, rest.pop(0)]
        return namespace, rest

    def _print_message(self, message: str, file: Any = None) -> None:
        """argparse itself says nothing if help or version cannot be written."""
        if file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)

    def error(self, message: str) -> NoReturn:
        from atlas_serverless.errors._text import without_secrets

        head, found, rest = message.partition("unrecognized arguments: ")
        if found:
            message = head + found + " ".join(_shown(rest.split()))
        raise UsageError(f"{self.prog}: {without_secrets(message)}{_nearest(message)} (see {self.prog} --help)")


def _nearest(message: str) -> str:
    """Of what can be chosen, what was probably meant."""
    import re

    given = re.search(r"invalid choice: '([^']*)'", message)
    known = re.findall(r"'([\w-]+)'|(?<=[( ])([\w-]+)(?=[,)])", message.partition("choose from")[2])
    words = [quoted or plain for quoted, plain in known]
    return did_you_mean(given[1], words) if given else ""


def _shown(words: list[str]) -> list[str]:
    """The words, with the values of options that may be secrets replaced: `--client-secret ******`."""
    shown, secret = [], False
    for word in words:
        name, equals, value = word.partition("=")
        option = name.startswith("-")
        sounds = option and any(part in name.lower() for part in ("secret", "key", "token", "pass", "auth", "cred"))
        shown.append(f"{name}=******" if sounds and equals else "******" if secret and not option else word)
        secret = sounds and not value
    return shown


def build_parser() -> tuple[argparse.ArgumentParser, dict[str, ModuleType]]:
    """The whole parser, and which module carries out which subcommand."""
    parser = _Parser(
        prog=PROG,
        description="Create and keep MongoDB Atlas serverless instances and Flex clusters.",
        epilog=f"{_EXAMPLES}\n{EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    owners: dict[str, ModuleType] = {}
    for name in MODULES:
        module = importlib.import_module(f".{name}", __package__)
        module.add_parser(subparsers)
        owners.update((command, module) for command in subparsers.choices if command not in owners)
    return parser, owners


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command line (that of the process, without `argv`) and return its exit code."""
    prepare_streams()
    try:
        code = _parse_and_run(argv)
    except OSError as error:  # of stdout, or of a file that a command works with
        failed = flush_streams() or error
    else:
        unwritten = flush_streams()
        if unwritten is None:
            return code
        failed = unwritten
    if not isinstance(failed, BrokenPipeError):  # the reader of the output may close it, as with `| head`
        _tell(f"{PROG}: {failed}")
    return 1


def _parse_and_run(argv: Sequence[str] | None) -> int:
    words = sys.argv[1:] if argv is None else list(argv)
    if words == ["--version"]:
        return _print_version()
    parser, owners = build_parser()
    if words[:1] == ["__complete"]:
        return _complete(parser, words[1:])
    try:
        if words and words[0].startswith("-") and words[0] not in ("-h", "--help", "--version"):
            option = words[0].partition("=")[0]
            raise UsageError(f"{PROG}: {option} goes after the command, as in `{PROG} flex list -o json`")
        args = parser.parse_args(words)
    except UsageError as wrong:
        return _say(wrong, as_json_line=_wants_json(words), prefix="")
    except SystemExit as done:  # argparse has printed help or version
        return done.code if isinstance(done.code, int) else 2
    if args.command is None:
        parser.print_help(sys.stderr)
        return 2
    return _run(owners[args.command], args)


def _run(module: ModuleType, args: argparse.Namespace) -> int:
    from ._notices import Notices

    debug = getattr(args, "debug", False)
    shows_a_bar = getattr(args, "wait", False) or getattr(args, "action", None) == "wait" or args.command == "up"
    with Notices(show_pauses=not shows_a_bar and colours(sys.stderr), debug=debug) as notices:
        if debug:
            import logging

            logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s: %(message)s")
        try:
            code: int = module.run(args)
        except (AtlasError, UsageError, CommandError, ValueError) as error:
            notices.clear()
            return _say(error, as_json_line=getattr(args, "output", None) == "json")
        except KeyboardInterrupt:
            _tell("")
            code = INTERRUPTED
        notices.clear()
    for text in notices.lines:
        _tell(f"{PROG}: warning: {text}")
    return code


def _say(error: Exception, *, as_json_line: bool, prefix: str = f"{PROG}: ") -> int:
    code = exit_code(error)
    if as_json_line:
        import json

        _tell(json.dumps(as_json(error, code), default=str))
    else:
        _tell(f"{prefix}{line(error)}")
    return code


def _wants_json(words: list[str]) -> bool:
    """Whether a command line that could not be parsed asks for JSON."""
    pairs = zip(words, [*words[1:], ""], strict=True)
    return any(pair in (("-o", "json"), ("--output", "json")) for pair in pairs) or "--output=json" in words


def _print_version() -> int:
    from atlas_serverless import __version__

    print(f"{PROG} {__version__}")
    return 0


def _complete(parser: argparse.ArgumentParser, words: list[str]) -> int:
    import warnings

    from ._candidates import complete

    warnings.simplefilter("ignore")
    try:
        return complete(parser, words)
    except Exception:  # a shell that completes has no place for errors
        return 1


def _tell(line: str) -> None:
    try:
        print(line, file=sys.stderr)
    except OSError:  # nobody can be told
        flush_streams()
