"""Requests as bytes on a socket, for what no HTTP library would send."""

import contextlib
import socket

import openapi


def wire(emulator, data):
    """Sends bytes and returns all that comes back within 10 s; empty where the server hung up on the sender."""
    host, port = emulator.url.removeprefix("http://").split(":")
    reply = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(data)
        while chunk := connection.recv(65536):
            reply += chunk
    return reply


def request(emulator, method="POST", path="/serverless", body=b"", headers=()):
    """One request, on a connection that closes after the reply; a short path is one below the project."""
    fields = {
        "Host": "127.0.0.1",
        "Authorization": f"Bearer {emulator.access_token}",
        "Accept": "application/vnd.atlas.2025-03-12+json",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
    } | dict(headers)
    lines = [b"%s: %s" % (name.encode(), as_bytes(value)) for name, value in fields.items() if value is not None]
    in_project = path.startswith("/") and not path.startswith(("/api", "/_emulator"))
    base = f"/api/atlas/v2/groups/{emulator.group_id}" if in_project else ""
    return b"\r\n".join([as_bytes(f"{method} {base}{path} HTTP/1.1"), *lines, b"", body])


def as_bytes(value):
    return value if isinstance(value, bytes) else value.encode()


def status(reply):
    assert reply.startswith(b"HTTP/1."), f"no reply: {reply[:200]}"
    return int(reply.split(maxsplit=2)[1])


def refused(reply):
    """A refusal below 500, in the API's own shape wherever the request was whole enough to reach the API."""
    assert 400 <= status(reply) < 500, reply[:500]
    head, _, body = reply.partition(b"\r\n\r\n")
    if b"content-type: application/json" in head.lower() and b'"errorCode"' in body:
        openapi.check_error(status(reply), "application/json", body.decode())
