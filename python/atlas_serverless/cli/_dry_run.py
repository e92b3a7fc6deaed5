"""`--dry-run`: the exact request that a command would send, made by the client itself and sent to nobody.

An emulator within this process takes the request and refuses it, so that what is shown is what the client writes.
"""

from __future__ import annotations

import json

from ._output import output_of, print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any

_SHOWN = ("accept", "content-type")


def show(args: argparse.Namespace, client: Any, call: Callable[[Any], Any]) -> int:
    """Print what `call`, which is given a client, would send by `client`. What is not valid is raised."""
    from atlas_serverless import errors
    from atlas_serverless.emulator import Emulator

    base_url = client.credentials.base_url
    options = {"group_id": client.default_group_id, "max_retries": 0, "reconcile": False}
    with Emulator() as emulator:
        emulator.fail_next("status", status=400, endpoint="api", times=None)
        given = {name: value for name, value in options.items() if value is not None}
        with emulator.client("access_token", **given) as writing:
            try:
                call(writing)
            except errors.ValidationError as error:
                if not isinstance(error, errors.ApiError):
                    raise
            except errors.ApiError:
                pass
        requests = [request for request in emulator.requests if request["endpoint"] not in ("token", "revoke")]
    if not requests:
        return _nothing(args)
    request = requests[0]
    path = request["path"] + (f"?{request['query']}" if request["query"] else "")
    sent = {
        "method": request["method"],
        "url": base_url + path,
        "headers": {name: request["headers"][name] for name in _SHOWN if name in request["headers"]},
        "body": request["body"],
    }
    if not _printed(args, sent):
        print(f"{sent['method']} {sent['url']}")
        for name, value in sent["headers"].items():
            print(f"{name.title()}: {value}")
        if sent["body"] is not None:
            print("\n" + json.dumps(sent["body"], indent=2, ensure_ascii=False))
        print("\nIt is valid. Nothing was sent.")
    return 0


def _nothing(args: argparse.Namespace) -> int:
    """For a call that needs no request."""
    if not _printed(args, None):
        print("It is valid, and there is nothing to send.")
    return 0


def _printed(args: argparse.Namespace, request: dict[str, Any] | None) -> bool:
    """Print the request as data, if that is asked for."""
    from ._output import print_result

    form = output_of(args)
    result = {"dry_run": True, "request": request, "valid": True}
    if form == "json":
        print_json(result, compact=args.compact)
    elif form == "yaml":
        print_result(result, args)
    return form in ("json", "yaml")
