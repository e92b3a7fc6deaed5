"""`atlas-serverless api METHOD PATH`: any other request of the API, as `gh api` makes them."""

from __future__ import annotations

from ._common import CommandError, UsageError, client, client_options, parse_json, read_text
from ._output import listed, print_result

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_MOST_PAGES = 10_000
_EXAMPLES = """\
examples:
  atlas-serverless api GET groups/{groupId}/flexClusters --paginate
  atlas-serverless api GET orgs -f itemsPerPage=5
  atlas-serverless api PATCH groups/{groupId} -f name=shop
  atlas-serverless api POST groups/{groupId}/flexClusters --input cluster.json
"""


def add_parser(subparsers: Any) -> None:
    """Add `api`."""
    import argparse

    parser = subparsers.add_parser(
        "api",
        help="send any request to the API",
        description="Send any request to the API and print the reply. Credentials, retries and rate limits are those "
        "of the other commands.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[client_options()],
        usage="%(prog)s [options] METHOD PATH",
    )
    parser.add_argument("method", metavar="METHOD", type=str.upper, choices=_METHODS, help=", ".join(_METHODS))
    parser.add_argument("path", metavar="PATH", help="with or without /api/atlas/v2/ before it; {groupId} is filled in")
    parser.add_argument(
        "-f",
        "--field",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a field of the body, of GET and DELETE a parameter; JSON where it is JSON; may be given many times",
    )
    parser.add_argument("--input", metavar="FILE", help="the body, as JSON; - is stdin")
    parser.add_argument("--paginate", action="store_true", help="get every page of a list and print all results")


def run(args: argparse.Namespace) -> int:
    """Send it."""
    fields = dict(_field(text) for text in args.field)
    body: Any = None
    if args.input is not None:
        try:
            body = parse_json(read_text(args.input))
        except (OSError, ValueError) as error:
            raise UsageError(f"--input {args.input}: {error}") from None
    if args.method in ("GET", "DELETE"):
        if body is not None:
            raise UsageError(f"--input is for requests with a body, not for {args.method}")
        parameters = fields
    else:
        if fields and body is not None and not isinstance(body, dict):
            raise UsageError("--field adds to an object, and --input is none")
        body = {**(body or {}), **fields} if fields or body is None else body
        parameters = {}
    if args.paginate and args.method != "GET":
        raise UsageError("--paginate is for GET")
    with client(args) as service:
        path = _path(args.path, service)
        if args.paginate:
            print_result(list(_pages(service, path, parameters)), args)
            return 0
        reply = service.request(args.method, path, params=parameters or None, json=body)
    if reply is not None:
        print_result(listed(reply, args), args)
    return 0


def _path(path: str, service: Any) -> str:
    path = "/" + path.lstrip("/")
    if not path.startswith("/api/"):
        path = f"/api/atlas/v2{path}"
    for name in ("{groupId}", "{group_id}", "{projectId}"):
        if name in path:
            if service.default_group_id is None:
                raise UsageError(
                    f"{name} in the path needs --project-id, MONGODB_ATLAS_PROJECT_ID or a profile with one"
                )
            path = path.replace(name, service.default_group_id)
    return path


def _pages(service: Any, path: str, parameters: dict[str, Any]) -> Any:
    size = parameters.get("itemsPerPage", 500)
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= 500:
        raise UsageError("itemsPerPage is a whole number from 1 to 500")
    last = None
    for number in range(1, _MOST_PAGES + 1):
        reply = service.request("GET", path, params={**parameters, "pageNum": number, "itemsPerPage": size})
        results = reply.get("results") if isinstance(reply, dict) else None
        if not isinstance(results, list):
            raise CommandError(f"--paginate: what {path} answers is no list")
        if results and results == last:
            raise CommandError(f"--paginate: {path} answers every page with the same results")
        yield from results
        if len(results) < size:
            return
        last = results
    raise CommandError(f"--paginate: {path} has more than {_MOST_PAGES} pages")


def _field(text: str) -> tuple[str, Any]:
    key, found, value = text.partition("=")
    if not found:
        raise UsageError(f"--field takes KEY=VALUE, not {text!r}")
    try:
        return key, parse_json(value)
    except ValueError:
        return key, value
