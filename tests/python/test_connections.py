"""Connections that the server closes between two calls of a thread."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from atlas_serverless import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "32b6e34b3d91647abb20e7b8"
BODY = b'{"name":"a","stateName":"IDLE"}'
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@contextmanager
def impatient_server(idle: float) -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that promises keep-alive and closes a connection after `idle` seconds without a request."""
    listener = socket.create_server(("127.0.0.1", 0))
    accepted: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        connection.settimeout(idle)
        with connection:
            try:
                while connection.recv(65536):
                    connection.sendall(REPLY)
            except TimeoutError:
                return

    def accept() -> None:
        for _ in range(8):
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            accepted.append(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", accepted
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def test_a_connection_closed_while_the_thread_rested_costs_no_attempt() -> None:
    with impatient_server(idle=0.05) as (url, accepted), Client(access_token="t", base_url=url) as client:
        attempts = []
        for _ in range(3):
            attempts.append(client.with_raw_response.get_flex_cluster(GROUP, "a").attempts)
            time.sleep(0.2)  # the server's clock cannot be handed in: it is the kernel that closes
        assert attempts == [1, 1, 1]
        assert len(accepted) == 3
