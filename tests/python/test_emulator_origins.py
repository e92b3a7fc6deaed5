"""Which names and pages the emulator answers: a page of another site must not write to it through a browser here."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from atlas_serverless import Emulator


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


OWN = "http://{host}"


@pytest.mark.parametrize(
    ("origins", "status"),
    [
        ((), 200),
        ((OWN,), 200),
        (("HTTP://{host}",), 200),
        (("http://localhost:3000",), 403),
        (("http://127.0.0.1",), 403),
        (("http://127.0.0.1:1",), 403),
        (("https://{host}",), 403),
        (("http://{host}.evil.example",), 403),
        (("http://evil.example",), 403),
        (("null",), 403),
        (("",), 403),
        (("\x80",), 403),
        ((OWN, "http://evil.example"), 403),
        (("http://evil.example", OWN), 403),
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}"])
def test_only_its_own_page_may_write(emulator: Emulator, host: str, origins: tuple[str, ...], status: int) -> None:
    port = emulator.url.rsplit(":", 1)[1]
    host = host.format(port=port)
    lines = ["POST /_emulator/reset HTTP/1.1", f"Host: {host}", "Content-Length: 0", "Connection: close"]
    lines += [f"Origin: {origin.format(host=host)}" for origin in origins]
    with socket.create_connection(("127.0.0.1", int(port)), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        assert connection.recv(65_536).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    "hosts",
    [
        ("evil.example",),
        ("localhost", "evil.example"),
        ("evil.example", "localhost"),
        ("\x80",),
        ("[::1].evil.example",),
        ("[::1]evil.example:80",),
        ("[::1",),
        ("127.0.0.1:80.evil.example",),
        ("localhost:evil.example",),
        ("127.0.0.1.evil.example",),
    ],
)
def test_only_its_own_name_is_answered(emulator: Emulator, hosts: tuple[str, ...]) -> None:
    port = int(emulator.url.rsplit(":", 1)[1])
    lines = ["POST /_emulator/reset HTTP/1.1", *(f"Host: {host}" for host in hosts), "Content-Length: 0", "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        assert connection.recv(65_536).split()[1] in {b"400", b"403"}
