"""What commands share: their errors, options for access to the service, and types of options."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from typing import Any

    from atlas_serverless._core import Client


class UsageError(Exception):
    """The command line is invalid, which argparse cannot see: exit code 2."""


class CommandError(Exception):
    """The command failed, for a reason outside the client: exit code 1."""


def read_text(path: str) -> str:
    """What is in a file, or for - on standard input: UTF-8, whatever the encoding of the terminal."""
    import sys

    from atlas_serverless._runtime import files

    if path != "-":
        try:
            return files.read_text(path)
        except OSError as error:  # its own text says the path and a number, too
            raise OSError(error.strerror or str(error)) from None
    if sys.stdin is None:
        raise OSError("standard input is closed")
    binary = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if binary is None else files.read_stream(binary).decode("utf-8")


def access_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for access to the service, for commands that work on the access itself."""
    parser.add_argument("-P", "--profile", metavar="NAME", help="profile of the Atlas CLI to take the credentials from")
    parser.add_argument("--base-url", metavar="URL", help="default https://cloud.mongodb.com")
    parser.add_argument("--ca-file", metavar="FILE", help="further certificates to trust (PEM)")
    parser.add_argument("--token-cache", metavar="WHERE", help="memory, file, or a folder")
    parser.add_argument("--allow-insecure-http", action="store_true", help="allow http:// to other machines")


def client_options() -> argparse.ArgumentParser:
    """A parent parser with the options for credentials, project and output that commands of the API share."""
    import argparse

    common = argparse.ArgumentParser(add_help=False)
    access = common.add_argument_group("access")
    access.add_argument("-P", "--profile", metavar="NAME", help="profile of the Atlas CLI to take the credentials from")
    access.add_argument(
        "--project-id",
        "--projectId",
        "--group-id",
        dest="group_id",
        metavar="ID",
        help="the project, 24 hexadecimal digits; default: MONGODB_ATLAS_PROJECT_ID, then the profile's",
    )
    access.add_argument("--base-url", metavar="URL", help="default https://cloud.mongodb.com")
    access.add_argument(
        "--no-token-cache",
        action="store_true",
        help="fetch a token for this command alone, instead of sharing one with other commands of this user",
    )
    output = common.add_argument_group("output")
    forms = ["json", "table", "yaml", "name"]
    output.add_argument("-o", "--output", choices=forms, help="default: table at a terminal, json in a pipe")
    output.add_argument("--compact", action="store_true", help="print the JSON in one line")
    output.add_argument("--debug", action="store_true", help="say on stderr what is sent and answered")
    return common


def client(args: argparse.Namespace, **more: Any) -> Client:
    """The client that the options of :func:`client_options` ask for."""
    import atlas_serverless

    access = {
        "profile": args.profile,
        "base_url": args.base_url,
        "token_cache": "memory" if args.no_token_cache else token_cache(None),
        "group_id": args.group_id,
        **more,
    }
    return atlas_serverless.Client(**{name: value for name, value in access.items() if value is not None})


def force_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that `confirm` looks at."""
    parser.add_argument("--force", "--yes", action="store_true", help="do not ask, at a terminal either")


def confirm(args: argparse.Namespace, what: str) -> None:
    """Ask a person before something is deleted; a script is not asked."""
    import sys

    if args.force or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return
    print(f"Delete {what}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandError("nothing was deleted")


def provider(text: str) -> str:
    """AWS, also as aws."""
    return text.upper()


def token_cache(given: str | None) -> str | None:
    """Where tokens are kept. Commands share a service account's token: one each would soon be too many for Atlas'
    limit of token requests."""
    import os

    return given or (None if os.environ.get("ATLAS_SERVERLESS_TOKEN_CACHE") else "file")


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The word that is spelt like it, if there is one, for the end of a message."""
    import difflib

    close = difflib.get_close_matches(given, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def parse_json(text: str) -> Any:
    """JSON, of which every error is a ValueError."""
    import json

    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None


def given(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Those options that were given."""
    return {name: value for name in names if (value := getattr(args, name)) not in (None, False)}


def tag(text: str) -> tuple[str, str]:
    """``KEY=VALUE``."""
    key, found, value = text.partition("=")
    if not found:
        raise ValueError(text)
    return key, value


tag.__name__ = "KEY=VALUE"  # how argparse calls it in its errors


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
