"""The command line: `atlas-serverless COMMAND …`.

Exit codes: 0 done, 1 an error of the service or the client, 2 an invalid command line, 130 Ctrl-C.
Results are JSON on stdout; errors and warnings are one sentence each on stderr.

Each subcommand has a module here with ``add_parser(subparsers)``, which adds it, and ``run(args) -> int``, which
carries it out and returns the exit code. A module imports what it works with inside `run`, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings

from atlas_serverless.errors import AtlasError

from ._common import CommandError, UsageError
from ._output import flush_streams, prepare_streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import Any, NoReturn

PROG = "atlas-serverless"
MODULES = (
    "up",
    "instances",
    "dbusers",
    "accesslist",
    "sweep",
    "convert",
    "doctor",
    "logout",
    "emulator",
    "completion",
    "version",
)
"""In the order of `atlas-serverless --help`."""


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
        super().error(without_secrets(message))


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
        epilog="Credentials are looked for in the environment, then in the profile of the Atlas CLI.",
    )
    parser.add_argument("--version", action=_Version)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    parser.set_defaults(parser=parser)  # for `completion`
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
    parser, owners = build_parser()
    try:
        args = parser.parse_args(argv)
    except SystemExit as done:  # argparse has printed help, version or what is wrong
        return done.code if isinstance(done.code, int) else 2
    if args.command is None:
        parser.print_help(sys.stderr)
        return 2
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        return _run(owners[args.command], args)


def _run(module: ModuleType, args: argparse.Namespace) -> int:
    try:
        code: int = module.run(args)
        return code
    except UsageError as error:
        return _say(error, 2)
    except (AtlasError, CommandError) as error:
        return _say(error, 1)
    except KeyboardInterrupt:
        _tell("")
        return 130


def _say(error: Exception, code: int) -> int:
    _tell(f"{PROG}: {error}")
    return code


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _tell(f"{PROG}: warning: {message}")


def _tell(line: str) -> None:
    try:
        print(line, file=sys.stderr)
    except OSError:  # nobody can be told
        flush_streams()
