"""Interim replies (1xx) without end: they hold no call beyond its timeout, and nothing beside it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

import pytest

from atlas_serverless import AsyncClient, Client, errors
from canned import GROUP, Canned, reply
from listener import Listener

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
INTERIM = [b"HTTP/1.1 103 E\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 E\r\nLink: <a>\r\n\r\n"]
#: Bytes. What is read at once, a quarter of it, and what the system keeps on both sides.
MOST = 40 << 20


class Endless(Listener):
    """Answers each request with interim replies, up to 256 MiB; `sent` has the bytes of each connection."""

    def __init__(self, interim: bytes) -> None:
        super().__init__()
        self.sent: list[int] = []
        self._block = interim * ((1 << 20) // len(interim))

    def serve(self, connection: socket.socket) -> None:
        sent = 0
        with contextlib.suppress(OSError):
            connection.recv(1 << 16)
            while sent < 256 << 20:
                sent += connection.send(self._block)
        self.sent.append(sent)


def options(server: Endless) -> dict[str, Any]:
    return {"access_token": "t", "base_url": server.url, "group_id": GROUP, "timeout": 0.05, "max_retries": 0}


@pytest.mark.parametrize("interim", INTERIM, ids=["103", "100", "103 with a header"])
@pytest.mark.parametrize("face", ["sync", "raw", "many", "async"])
def test_interim_replies_without_end_hold_no_call(face: str, interim: bytes) -> None:
    async def asynchronous(server: Endless) -> str:
        with Canned(reply(200, {"id": GROUP})) as other:
            async with AsyncClient(**options(server)) as client, other.async_client() as beside:
                ends: list[str] = []

                async def held() -> None:
                    with pytest.raises(errors.RequestTimeoutError):
                        await client.get_project()
                    ends.append("held")

                async def ready() -> None:
                    await beside.get_project(GROUP)
                    ends.append("beside")

                await asyncio.gather(held(), ready())
                return " ".join(ends)

    with Endless(interim) as server:
        if face == "async":
            assert "beside" in asyncio.run(asynchronous(server))
        else:
            with Client(**options(server)) as client:
                if face == "many":
                    operation = {"kind": "flex", "name": "a", "provider_settings": PLACE}
                    [one] = client.create_many([operation])
                    assert isinstance(one.error, errors.OutcomeUnknownError)
                else:
                    of_face = client.with_raw_response if face == "raw" else client
                    with pytest.raises(errors.RequestTimeoutError):
                        of_face.get_project()
        count = 2 if face == "many" else 1  # a create is looked up
        server.await_closed(count)
        assert len(server.sent) == count
        assert max(server.sent) < MOST
