"""Every header and field of a reply, with values that no server should send, for calls of every kind: the result is a
value or an error of ours. What that should be in single cases is in `test_hostile_replies.py`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import AsyncClient, Client, _core, errors
from atlas_serverless._core import VirtualClock
from canned import GROUP, Canned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.filterwarnings("ignore")

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
CLUSTER: dict[str, Any] = {
    "id": "a1",
    "name": "orders",
    "groupId": GROUP,
    "clusterType": "REPLICASET",
    "createDate": "2026-01-02T03:04:05Z",
    "connectionStrings": {"standardSrv": "mongodb+srv://orders.example.net"},
    "links": [],
    "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
    "stateName": "IDLE",
    "tags": [{"key": "env", "value": "dev"}],
    "terminationProtectionEnabled": False,
    "versionReleaseSystem": "LTS",
}
REFUSAL: dict[str, Any] = {
    "error": 400,
    "errorCode": "INVALID_ATTRIBUTE",
    "detail": "It cannot be done.",
    "reason": "Bad Request",
    "parameters": ["orders"],
    "badRequestDetail": {"fields": [{"field": "name", "description": "wrong"}]},
}
TOKEN: dict[str, Any] = {"access_token": "t", "expires_in": 3600, "token_type": "Bearer", "scope": ""}
VALUES: list[Any] = [
    None,
    -1,
    1e308,
    10**400,
    True,
    "",
    "\x00\x1b[2J\u202e",
    "x" * 100_000,
    [],
    {},
    [[[]]],
    [None],
    {"": {}},
]
HEADER_VALUES = [b"", b"-1", b"1e400", b"nan", b"9" * 40, b"\xff\xfe", b"a" * 8000, b"@1765324800000", b'";,=\t', b"0"]
HEADERS = [
    "Content-Type",
    "Content-Encoding",
    "Date",
    "Deprecation",
    "ETag",
    "Link",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "Set-Cookie",
    "Sunset",
    "WWW-Authenticate",
    "X-Envoy-Upstream-Service-Time",
    "X-Frame-Options",
]
STATUSES = [200, 201, 301, 401, 404, 410, 429, 503]
CREATE: dict[str, Any] = {"name": "orders", "provider_settings": PLACE}
CALLS: list[Callable[[Any], Any]] = [
    lambda client: client.create_flex_cluster(GROUP, if_exists="return", **CREATE),
    lambda client: client.get_flex_cluster(GROUP, "orders"),
    lambda client: client.with_raw_response.get_flex_cluster(GROUP, "orders"),
    lambda client: client.get_flex_cluster(GROUP, "orders", envelope=True),
    lambda client: client.update_flex_cluster(GROUP, "orders", tags={"env": "dev"}),
    lambda client: client.delete_flex_cluster(GROUP, "orders"),
    lambda client: client.wait_for_flex_cluster(GROUP, "orders", timeout=60),
    lambda client: client.find(GROUP, "orders"),
    lambda client: client.get_project(GROUP),
    lambda client: client.request("GET", "/api/atlas/v2/x"),
    lambda client: client.list_flex_clusters(GROUP),
    lambda client: client.with_raw_response.list_flex_clusters(GROUP),
    lambda client: client.create_many([{"group_id": GROUP, **CREATE}]),
]


def reply(status: int, body: Any, header: str = "X", value: bytes = b"") -> bytes:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n{header}: ".encode()
    return head + value + b"\r\n\r\n" + content


def replies() -> Iterator[bytes]:
    for body, status in ((CLUSTER, 200), (REFUSAL, 400)):
        for field in body:
            yield from (reply(status, {**body, field: value}) for value in VALUES)
    for field in ("results", "totalCount", "links"):
        page = {"results": [CLUSTER], "totalCount": 1, "links": []}
        yield from (reply(200, {**page, field: value}) for value in VALUES)
    for field in ("status", "content"):
        yield from (reply(200, {"status": 200, "content": CLUSTER, field: value}) for value in VALUES)
    yield from (reply(200, value) for value in VALUES)
    for header in HEADERS:
        for number, value in enumerate(HEADER_VALUES):
            status = STATUSES[number % len(STATUSES)]
            yield reply(status, CLUSTER if status < 300 else REFUSAL, header, value)


def text_of_error(work: Callable[[], Any]) -> str:
    """The text of the error of ours that a call ends with, or none; anything else that it raises is raised."""
    try:
        work()
    except errors.AtlasError as error:
        return str(error)
    return ""


def end_of(call: Callable[[Client], Any], client: Client) -> None:
    result = call(client)
    if hasattr(result, "__next__"):
        list(result)


async def end_of_async(call: Callable[[AsyncClient], Any], client: AsyncClient) -> None:
    result = call(client)
    if not hasattr(result, "__aiter__"):
        await result
        return
    async for _ in result:
        pass


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_a_call_ends_with_a_value_or_an_error_of_ours(number: int) -> None:
    call, sent = CALLS[number], [b""]
    loop = asyncio.new_event_loop()
    with Canned(answer=lambda _: sent[0], remember=False) as server:
        for sent[0] in replies():
            _core.forget_deprecations()
            options: dict[str, Any] = {"max_retries": 0, "_clock": VirtualClock()}
            client, asynchronous = server.client(**options), server.async_client(**options)
            assert "\x1b" not in text_of_error(lambda client=client: end_of(call, client))  # type: ignore[misc]
            work = asyncio.wait_for(end_of_async(call, asynchronous), timeout=60)
            assert "\x1b" not in text_of_error(lambda work=work: loop.run_until_complete(work))  # type: ignore[misc]
    loop.close()


def test_a_token_is_used_or_refused_by_an_error_of_ours() -> None:
    sent = [b""]
    answers = [reply(200, {**TOKEN, field: value}) for field in TOKEN for value in VALUES]
    answers += [reply(401, {"error": value, "error_description": value}) for value in VALUES]
    answers += [reply(200, value) for value in VALUES]
    account: dict[str, Any] = {"client_id": "mdb_sa_id_1", "client_secret": "mdb_sa_sk_1", "max_retries": 0}
    account["_clock"] = VirtualClock()
    with Canned(
        answer=lambda asked: sent[0] if "oauth" in asked.path else reply(200, CLUSTER), remember=False
    ) as server:
        for sent[0] in answers:
            client = Client(base_url=server.url, **account)
            text = text_of_error(lambda client=client: client.get_flex_cluster(GROUP, "orders"))  # type: ignore[misc]
            assert "\x1b" not in text
            assert "mdb_sa_sk_1" not in text


@pytest.mark.parametrize("extra", [0, 1])
def test_a_body_is_read_up_to_16_mib(extra: int) -> None:
    text = "x" * ((16 << 20) - len('{"a": ""}') + extra)
    with Canned(reply(200, {"a": text}), remember=False) as server:
        client = server.client(max_retries=0)
        if extra:
            with pytest.raises(errors.ProtocolError, match="the reply is larger than 16 MiB"):
                client.request("GET", "/api/atlas/v2/x")
        else:
            assert client.request("GET", "/api/atlas/v2/x") == {"a": text}
