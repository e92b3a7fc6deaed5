"""What commands share: their errors, options for access to the service, and types of options."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


class UsageError(Exception):
    """The command line is invalid, which argparse cannot see: exit code 2."""


class CommandError(Exception):
    """The command failed, for a reason outside the client: exit code 1."""


def read_text(path: str) -> str:
    """What is in a file, or for - on standard input: UTF-8, whatever the encoding of the terminal."""
    import sys

    if path != "-":
        with open(path, encoding="utf-8") as file:
            return file.read()
    if sys.stdin is None:
        raise OSError("standard input is closed")
    binary = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if binary is None else binary.read().decode("utf-8")


def access_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for access to the service, for commands that work on the access itself."""
    parser.add_argument("--profile", metavar="NAME", help="profile of the Atlas CLI to take the credentials from")
    parser.add_argument("--base-url", metavar="URL", help="default https://cloud.mongodb.com")
    parser.add_argument("--ca-file", metavar="FILE", help="further certificates to trust (PEM)")
    parser.add_argument("--token-cache", metavar="WHERE", help="memory, file, or a folder")
    parser.add_argument("--allow-insecure-http", action="store_true", help="allow http:// to other machines")


def seconds(text: str) -> float:
    """A number of seconds: more than 0, and finite."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value


def seconds_or_zero(text: str) -> float:
    """As `seconds`, or 0."""
    return 0.0 if text.strip() == "0" else seconds(text)


seconds.__name__ = seconds_or_zero.__name__ = "number of seconds"  # how argparse calls it in its errors
