"""A server whose replies a test writes itself, byte for byte, for what the emulator never sends."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atlas_serverless import AsyncClient, Client
from listener import Listener

RECORDINGS = Path(__file__).resolve().parent.parent / "fixtures/recordings"
GROUP = "32b6e34b3d91647abb20e7b8"


@dataclass
class Request:
    """What came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass
class Recording:
    """A recorded reply."""

    status: int
    reason: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @classmethod
    def read(cls, name: str) -> Recording:
        text = (RECORDINGS / name).read_bytes().replace(b"\r\n", b"\n")
        head, _, body = text.partition(b"\n\n")
        start, *lines = head.decode().splitlines()
        _, status, reason = start.split(" ", 2)
        headers = [(key, value) for key, _, value in (line.partition(": ") for line in lines)]
        return cls(int(status), reason, headers, body.rstrip(b"\n") if b"Content-Length" in head else b"")

    def bytes(self, body: bytes | None = None, status: int | None = None) -> bytes:
        """The reply as it goes over the wire, with another body or status if one is given."""
        body = self.body if body is None else body
        headers = [f"{key}: {len(body) if key == 'Content-Length' else value}" for key, value in self.headers]
        head = "\r\n".join([f"HTTP/1.1 {status or self.status} {self.reason}", *headers])
        return head.encode() + b"\r\n\r\n" + body


def reply(status: int, body: Any = None, **headers: str) -> bytes:
    """A reply of the API: JSON, or text and bytes as they stand."""
    if isinstance(body, bytes):
        content = body
    else:
        content = (body if isinstance(body, str) else "" if body is None else json.dumps(body)).encode()
    lines = [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
    kind = "text/html" if content.startswith(b"<") else "application/json"
    head = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(content)}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


def refusal(status: int, code: str | None, detail: str = "It cannot be done.", parameters: Iterable[Any] = ()) -> bytes:
    """An error in the API's own shape."""
    body = {"detail": detail, "error": status, "parameters": list(parameters), "reason": "Reason"}
    return reply(status, body if code is None else body | {"errorCode": code})


BREAK = b""
"""In the place of a reply: the connection is closed."""
STALL = None
"""In the place of a reply: nothing comes, and the connection stays open."""

Answer = Callable[[Request], "bytes | None"]


class Canned(Listener):
    """Sends `replies` in their order, the last for all later requests; or what a function makes of a request.

    After `idle` seconds without a request it closes a connection. `requests` has what came in, unless `remember` is
    False.
    """

    def __init__(
        self, *replies: bytes, answer: Answer | None = None, idle: float | None = None, remember: bool = True
    ) -> None:
        super().__init__()
        self.replies = list(replies)
        self.requests: list[Request] = []
        self._answer = answer or self._next
        self._idle, self._remember = idle, remember
        self._received = threading.Semaphore(0)

    def client(self, **options: Any) -> Client:
        return Client(base_url=self.url, **{"access_token": "token", **options})

    def async_client(self, **options: Any) -> AsyncClient:
        return AsyncClient(base_url=self.url, **{"access_token": "token", **options})

    @property
    def asked(self) -> list[str]:
        """Method and last part of the path of each request."""
        return [
            f"{request.method} {request.path.rpartition('/v2/')[2].rpartition('/')[2]}" for request in self.requests
        ]

    def await_requests(self, count: int = 1) -> None:
        """Return once so many more requests have been read."""
        for _ in range(count):
            assert self._received.acquire(timeout=10), "no request"

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(self._idle)
        with connection.makefile("rb") as stream:
            while start := stream.readline():
                method, target, _ = start.decode().split()
                lines = iter(lambda: stream.readline().decode().strip(), "")
                headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
                request = Request(method, target, headers, stream.read(int(headers.get("content-length", 0))))
                if self._remember:
                    self.requests.append(request)
                self._received.release()
                answer = self._answer(request)
                if answer == BREAK:
                    return
                if answer is not STALL:
                    connection.sendall(answer)

    def _next(self, _: Request) -> bytes:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


ABSENT = refusal(404, "CLUSTER_NOT_FOUND", "No cluster named orders exists.", ["orders", GROUP])


def entity(state: str, ident: str = "a1", status: int = 200, name: str = "orders") -> bytes:
    """A description of a resource in this state."""
    settings = {"backingProviderName": "AWS", "regionName": "US_EAST_1"}
    return reply(status, {"id": ident, "name": name, "providerSettings": settings, "stateName": state})


def idle_or_stalled(request: Request) -> bytes | None:
    """An IDLE instance, or no answer where the path contains ``stalled``."""
    name = request.path.rpartition("/")[2]
    return STALL if "stalled" in request.target else reply(200, {"name": name, "stateName": "IDLE"})
