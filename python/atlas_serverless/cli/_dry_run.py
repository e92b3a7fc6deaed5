"""`--dry-run`: the exact request that a command would send, made by the client itself and sent to nobody.

An emulator within this process takes the request and refuses it, so that what is shown is what the client writes.
"""

from __future__ import annotations

import json

from ._output import output_of, print_result

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    #: What is given a client, and the keys of tags that it removes.
    Planned = tuple[Callable[[Any], Any], Iterable[str]]

_SHOWN = ("accept", "content-type")
_READS_TAGS = (
    "The tags that it has are read before: those that stay are in the request, too, and it is not sent if all are as"
    " asked already."
)


def show(args: argparse.Namespace, client: Any, call: Callable[[Any], Any], removed_tags: Iterable[str] = ()) -> int:
    """Print what `call`, which is given a client, would send by `client`. What is not valid is raised."""
    [shown] = _requests(client, [(call, removed_tags)])
    if isinstance(shown, Exception):
        raise shown
    request, note = shown
    if output_of(args) in ("json", "yaml"):
        print_result({"dry_run": True, "request": request, **note, "valid": True}, args)
    elif request is None:
        print("It is valid, and there is nothing to send.")
    else:
        _print_request(request)
        print("\n".join(["", *note.values(), "It is valid. Nothing was sent."]))
    return 0


def show_many(args: argparse.Namespace, client: Any, names: list[str], calls: list[Planned]) -> int:
    """The same of many calls, each with the name of what it is about. The exit code is that of the worst."""
    from ._errors import exit_code, line

    worst, entries = 0, []
    for name, shown in zip(names, _requests(client, calls), strict=True):
        entry: dict[str, Any] = {"name": name, "valid": not isinstance(shown, Exception)}
        if isinstance(shown, Exception):
            worst = max(worst, exit_code(shown))
            entry["why"] = line(shown)
        else:
            request, note = shown
            entry |= {"request": request, **note}
        entries.append(entry)
    if output_of(args) in ("json", "yaml"):
        print_result([{"dry_run": True, **entry} for entry in entries], args)
    else:
        for entry in entries:
            if entry.get("request"):
                _print_request(entry["request"])
                if "note" in entry:
                    print("\n" + entry["note"])
            else:
                print(f"{entry['name']}: {entry.get('why', 'there is nothing to send')}")
            print()
        wrong = sum(not entry["valid"] for entry in entries)
        print(f"{len(entries) - wrong} valid, {wrong} not. Nothing was sent.")
    return worst


def _requests(client: Any, calls: list[Planned]) -> Iterator[tuple[dict[str, Any] | None, dict[str, str]] | Exception]:
    """What each call would send to change something, None if it sends nothing, and a note; or why it cannot be sent."""
    from atlas_serverless import errors
    from atlas_serverless.emulator import Emulator

    base_url = client.credentials.base_url
    options = {"group_id": client.default_group_id, "max_retries": 0, "reconcile": False}
    given = {name: value for name, value in options.items() if value is not None}
    with Emulator() as emulator, emulator.client("access_token", **given) as writing:
        for call, removed_tags in calls:
            emulator.faults.clear()
            # What is read has no other tags than those that are to go.
            tags = [{"key": key, "value": ""} for key in removed_tags]
            emulator.fail_next("status", status=200, body={"tags": tags}, method="GET", endpoint="api", times=None)
            emulator.fail_next("status", status=400, endpoint="api", times=None)
            before = len(emulator.requests)
            try:
                call(writing)
            except errors.ApiError:
                pass
            except (errors.AtlasError, TypeError, ValueError) as error:
                yield error
                continue
            requests = emulator.requests[before:]
            changing = [request for request in requests if request["method"] != "GET"] or requests
            note = {"note": _READS_TAGS} if requests and changing[0] is not requests[0] else {}
            yield (_request(changing[0], base_url) if changing else None), note


def _request(request: dict[str, Any], base_url: str) -> dict[str, Any]:
    path = request["path"] + (f"?{request['query']}" if request["query"] else "")
    return {
        "method": request["method"],
        "url": base_url + path,
        "headers": {name: request["headers"][name] for name in _SHOWN if name in request["headers"]},
        "body": request["body"],
    }


def _print_request(sent: dict[str, Any]) -> None:
    print(f"{sent['method']} {sent['url']}")
    for name, value in sent["headers"].items():
        print(f"{name.title()}: {value}")
    if sent["body"] is not None:
        print("\n" + json.dumps(sent["body"], indent=2, ensure_ascii=False))
