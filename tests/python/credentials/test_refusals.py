"""Refusals of credentials: what is tried again, and whose fault the message says it is."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import errors
from atlas_serverless._core import VirtualClock
from canned import GROUP, Canned, reply

if TYPE_CHECKING:
    from atlas_serverless import Emulator

CLUSTER = {"id": "0123456789abcdef01234567", "name": "orders", "stateName": "IDLE"}


def challenge(number: int, *, stale: bool) -> bytes:
    header = f'Digest realm="r", nonce="n{number}", qop="auth", algorithm=MD5, stale={str(stale).lower()}'
    return reply(401, {"error": 401, "detail": "no"}, WWW_Authenticate=header)


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("kind", ["flex_cluster", "serverless_instance"])
def test_three_stale_nonces_are_answered_on_a_cold_client(kind: str, asynchronous: bool) -> None:
    replies = [challenge(0, stale=False), *(challenge(n, stale=True) for n in (1, 2, 3)), reply(200, CLUSTER)]
    options: dict[str, Any] = {"access_token": None, "public_key": "abcdefgh", "private_key": "k" * 36}
    with Canned(*replies) as server:
        if asynchronous:

            async def called() -> Any:
                async with server.async_client(**options) as client:
                    return await getattr(client, f"get_{kind}")(GROUP, "orders")

            found = asyncio.run(called())
        else:
            with server.client(**options) as client:
                found = getattr(client, f"get_{kind}")(GROUP, "orders")
        assert found == CLUSTER
        nonces = [request.headers.get("authorization", "").partition('nonce="')[2][:2] for request in server.requests]
        assert nonces == ["", "n0", "n1", "n2", "n3"]


def test_a_key_that_the_server_called_good_is_not_blamed() -> None:
    replies = [challenge(0, stale=False), *(challenge(n, stale=True) for n in range(1, 9))]
    with Canned(*replies) as server:
        with server.client(access_token=None, public_key="abcdefgh", private_key="k" * 36) as client:
            with pytest.raises(errors.UnauthorizedError) as caught:
                client.get_flex_cluster(GROUP, "orders")
        assert len(server.requests) == 5
    assert "the server knows the key, and called only its own nonce stale" in str(caught.value)
    assert "unknown, expired" not in str(caught.value)


NOT_ATLAS = [
    (reply(200, "<html>portal</html>"), "the token endpoint's reply is HTML or XML, not JSON"),
    (reply(200, "rubbish"), "the token endpoint's reply is not whole JSON"),
    (reply(200, {"hello": 1}), "the token endpoint's reply holds no access_token"),
    (reply(200, ""), "the token endpoint's reply is empty"),
    (
        reply(302, "", Location="https://elsewhere.example/"),
        "the server redirects, and credentials are not sent elsewhere",
    ),
    *(
        (reply(status, "<html>no such page</html>"), f"answered {status}; the body is not the API's own")
        for status in (400, 401, 403, 404, 405, 410, 418, 429, 500, 502, 503, 504)
    ),
    (reply(404, "404 page not found"), "answered 404; the body is not the API's own: '404 page not found'"),
]
OF_TOKENS: list[dict[str, Any]] = [
    {"access_token": None, "client_id": "mdb_sa_id_1", "client_secret": "mdb_sa_sk_1"},
    {"access_token": None, "public_key": "abcdefgh", "private_key": "k" * 36},
    {},
]


@pytest.mark.parametrize("credentials", OF_TOKENS, ids=["service account", "API key", "token"])
@pytest.mark.parametrize(("answer", "said"), NOT_ATLAS, ids=[said for _, said in NOT_ATLAS])
def test_what_is_not_atlas_is_said_with_host_and_remedy(answer: bytes, said: str, credentials: dict[str, Any]) -> None:
    if "client_id" not in credentials:
        if "access_token" in said or "is empty" in said:
            return  # a cluster that has no such field, and an empty reply, have messages of their own
        said = said.replace("the token endpoint's reply", "the reply")
    with Canned(answer) as server:
        client = server.client(**credentials, max_retries=1, _clock=VirtualClock())
        with client, pytest.raises(errors.AtlasError) as caught:
            client.get_flex_cluster(GROUP, "orders")
    assert said in str(caught.value)
    assert "check base_url" in str(caught.value)
    assert f"the server is {server.url.removeprefix('http://')}" in str(caught.value)


def test_the_first_wait_for_the_token_limit_says_what_would_help(
    environment: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "atlas_serverless")
    advice = 'processes that share a token (token_cache="file" or ATLAS_SERVERLESS_TOKEN_CACHE=file)'
    for shared in (False, True):
        caplog.clear()
        environment.faults.order("status", status=429, endpoint="token", times=2)
        cache: dict[str, Any] = {"token_cache": "file"} if shared else {}
        with environment.client(_clock=VirtualClock(), **cache) as client:
            list(client.list_projects())
        lines = [record for record in caplog.records if "token request again" in record.getMessage()]
        assert len(lines) == 2
        assert [advice in line.getMessage() for line in lines] == [not shared, False]
        assert shared or lines[0].levelname == "WARNING"
