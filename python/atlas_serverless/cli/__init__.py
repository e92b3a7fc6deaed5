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
import warnings

from atlas_serverless.errors import AtlasError, AtlasWarning

from ._common import CommandError, UsageError
from ._errors import EPILOG, INTERRUPTED, as_json, exit_code, in_shell_words, line
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
        self.exit(2, f"{self.prog}: {without_secrets(message)} (see {self.prog} --help)\n")


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
        epilog=f"Credentials are looked for in the environment, then in the profile of the Atlas CLI.\n\n{EPILOG}",
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
        args = parser.parse_args(words)
    except SystemExit as done:  # argparse has printed help, version or what is wrong
        return done.code if isinstance(done.code, int) else 2
    if args.command is None:
        parser.print_help(sys.stderr)
        return 2
    with warnings.catch_warnings():
        warnings.simplefilter(
            "always", AtlasWarning
        )  # whatever PYTHONWARNINGS says: "error" would end a command midway
        warnings.showwarning = _show_warning
        return _run(owners[args.command], args)


def _run(module: ModuleType, args: argparse.Namespace) -> int:
    try:
        if getattr(args, "debug", False):
            import logging

            logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s: %(message)s")
        code: int = module.run(args)
        return code
    except (AtlasError, UsageError, CommandError, ValueError) as error:
        return _say(error, args)
    except KeyboardInterrupt:
        _tell("")
        return INTERRUPTED


def _say(error: Exception, args: argparse.Namespace) -> int:
    code = exit_code(error)
    if getattr(args, "output", None) == "json":
        import json

        _tell(json.dumps(as_json(error, code), default=str))
    else:
        _tell(f"{PROG}: {line(error)}")
    return code


def _print_version() -> int:
    from atlas_serverless import __version__

    print(f"{PROG} {__version__}")
    return 0


def _complete(parser: argparse.ArgumentParser, words: list[str]) -> int:
    from ._candidates import complete

    warnings.simplefilter("ignore")
    try:
        return complete(parser, words)
    except Exception:  # a shell that completes has no place for errors
        return 1


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _tell(f"{PROG}: warning: {in_shell_words(str(message))}")


def _tell(line: str) -> None:
    try:
        print(line, file=sys.stderr)
    except OSError:  # nobody can be told
        flush_streams()
