"""A server that answers each request with the next of its replies, byte for byte."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atlas_serverless import AsyncClient, Client

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
    """A reply of the API: JSON, or text as it stands."""
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    lines = [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
    kind = "text/html" if text.startswith("<") else "application/json"
    head = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(text.encode())}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + text.encode()


def refusal(status: int, code: str | None, detail: str = "It cannot be done.", parameters: Iterable[Any] = ()) -> bytes:
    """An error in the API's own shape."""
    body = {"detail": detail, "error": status, "parameters": list(parameters), "reason": "Reason"}
    return reply(status, body if code is None else body | {"errorCode": code})


BREAK = b""
"""In the place of a reply: the connection is closed."""

Answer = Callable[[Request], bytes]


class Canned:
    """The server: `replies` in their order, the last for all later requests, or a function from request to reply."""

    def __init__(self, *replies: bytes, answer: Answer | None = None) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []
        self._answer = answer or self._next
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Canned:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

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

    def _next(self, _: Request) -> bytes:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while start := stream.readline():
                method, target, _ = start.decode().split()
                lines = iter(lambda: stream.readline().decode().strip(), "")
                headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
                request = Request(method, target, headers, stream.read(int(headers.get("content-length", 0))))
                self.requests.append(request)
                answer = self._answer(request)
                if answer == BREAK:
                    return
                connection.sendall(answer)


ABSENT = refusal(404, "CLUSTER_NOT_FOUND", "No cluster named orders exists.", ["orders", GROUP])


def entity(state: str, ident: str = "a1", status: int = 200) -> bytes:
    """A description of `orders` in this state."""
    settings = {"backingProviderName": "AWS", "regionName": "US_EAST_1"}
    return reply(status, {"id": ident, "name": "orders", "providerSettings": settings, "stateName": state})
