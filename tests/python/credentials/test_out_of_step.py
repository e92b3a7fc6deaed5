"""A server or proxy that sends a reply too many: no call gets the reply to another."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from fakes import Authority, Proxy

from atlas_serverless import AsyncClient, Client
from canned import GROUP, reply
from listener import Listener

if TYPE_CHECKING:
    import socket


class OutOfStep(Listener):
    """Answers each request truly, and 10 ms later once more, wrongly. `extra` says that it has arrived."""

    def __init__(self, authority: Authority | None, *, arrives_within: float) -> None:
        super().__init__()
        self._arrives_within = arrives_within
        self.extra = threading.Semaphore(0)
        self._context: ssl.SSLContext | None = None
        if authority is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(authority.server)

    def serve(self, connection: socket.socket) -> None:
        tls = self._context.wrap_socket(connection, server_side=True) if self._context else connection
        with tls, tls.makefile("rb") as stream:
            while start := stream.readline():
                while stream.readline().strip():
                    pass
                name = start.decode().split()[1].rpartition("/")[2]
                tls.sendall(reply(200, {"id": "true", "name": name}))
                time.sleep(0.01)  # by then the client has read the reply: the two do not come as one
                tls.sendall(reply(200, {"id": "stale", "name": name}))
                # A busy kernel, or the proxy between, takes its time. A thread that rested for 100 ms looks anyway.
                time.sleep(self._arrives_within)
                self.extra.release()


def server_of(way: str, authority: Authority) -> OutOfStep:
    return OutOfStep(None if way == "plain" else authority, arrives_within=0.3 if way == "proxy" else 0.05)


def settings(way: str, server: OutOfStep, proxy: Proxy, authority: Authority) -> dict[str, Any]:
    options: dict[str, Any] = {"access_token": "token", "base_url": server.url}
    if way != "plain":
        options |= {"base_url": f"https://localhost:{server.port}", "ca_file": authority.certificate}
    if way == "proxy":
        # This machine is never asked through a proxy.
        options |= {"base_url": f"https://atlas.test:{server.port}", "proxy": proxy.url}
    return options


@pytest.mark.parametrize("way", ["plain", "tls", "proxy"])
def test_no_call_gets_the_reply_to_another(way: str, authority: Authority) -> None:
    with server_of(way, authority) as server, Proxy(server.url) as proxy:
        with Client(**settings(way, server, proxy, authority)) as client:
            found = []
            for _ in range(5):
                found.append(client.get_flex_cluster(GROUP, "orders")["id"])
                assert server.extra.acquire(timeout=10)
        assert (found, server.opened) == (["true"] * 5, 5)


@pytest.mark.parametrize("way", ["plain", "tls", "proxy"])
def test_no_coroutine_gets_the_reply_to_another(way: str, authority: Authority) -> None:
    async def run(server: OutOfStep, proxy: Proxy) -> list[str]:
        found = []
        async with AsyncClient(**settings(way, server, proxy, authority)) as client:
            for _ in range(5):
                found.append((await client.get_flex_cluster(GROUP, "orders"))["id"])
                assert await asyncio.to_thread(server.extra.acquire, timeout=10)
        return found

    with server_of(way, authority) as server, Proxy(server.url) as proxy:
        assert asyncio.run(run(server, proxy)) == ["true"] * 5
        assert server.opened == 5
