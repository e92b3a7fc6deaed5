"""`atlas-serverless logout`: revoke and delete tokens of the token cache."""

from __future__ import annotations

from ._common import access_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_DESCRIPTION = """\
Revoke the cached token of the service account that is found, and delete it. Other processes that use it are refused
once and fetch a new one. Without --token-cache and ATLAS_SERVERLESS_TOKEN_CACHE it is that in
the user's cache folder."""


def add_parser(subparsers: Any) -> None:
    """Add `logout`."""
    parser = subparsers.add_parser(
        "logout", help="revoke and delete tokens of the token cache", description=_DESCRIPTION
    )
    access_options(parser)
    parser.add_argument(
        "--all",
        action="store_true",
        help="delete the tokens of every other account and server too; only their own credentials could revoke them",
    )


def run(args: argparse.Namespace) -> int:
    """Log out; 0 if no token is left that could have been revoked."""
    import os

    from atlas_serverless._core import Client, forget_tokens, log_out
    from atlas_serverless.errors import ConfigurationError

    cache = args.token_cache or os.environ.get("ATLAS_SERVERLESS_TOKEN_CACHE") or "file"
    options = {"profile": args.profile, "base_url": args.base_url, "ca_file": args.ca_file}
    given = {name: value for name, value in options.items() if value is not None}
    try:
        client = Client(token_cache=cache, max_retries=0, allow_insecure_http=args.allow_insecure_http, **given)
    except ConfigurationError:
        if not args.all or given:
            raise
        answer = forget_tokens(token_cache=cache)
    else:
        answer = log_out(client, all=args.all)
    return _say(answer, args.all)


def _say(answer: dict[str, Any], removed: bool) -> int:
    if answer["folder"] is None:
        print("Tokens are kept in memory: there is nothing to log out of.")
        return 0
    said = {
        True: "The token was revoked and deleted.",
        False: "The token was deleted, but the server did not confirm that it is revoked: it ends by itself.",
        None: "There is no token of these credentials.",
    }
    other = "" if answer["same_secret"] else " It had been fetched with another secret of this account."
    print(f"{answer['folder']}: {said[answer['revoked']]}{other}")
    for base_url, client_id, expires_at in answer["others"]:
        print(f"  {'deleted' if removed else 'left'}: {client_id} at {base_url}, ends {_utc(expires_at)}")
    return 1 if answer["revoked"] is False else 0


def _utc(seconds: int) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
