"""Servers made by hand, for what the emulator does not show: which connections are open, and when they close."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

GROUP = "32b6e34b3d91647abb20e7b8"
BODY = b'{"name":"orders","stateName":"IDLE"}'
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Server:
    """Answers each request with an IDLE instance, or never where its path contains ``stalled``."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.opened = 0
        self._arrived = threading.Semaphore(0)
        self._closed = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    def await_requests(self, count: int = 1) -> None:
        """Return once so many more requests have been read."""
        for _ in range(count):
            assert self._arrived.acquire(timeout=10), "no request"

    def await_closed(self, count: int = 1) -> None:
        """Return once so many more connections have been closed by the other side."""
        for _ in range(count):
            assert self._closed.acquire(timeout=10), "the connection is still open"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.opened += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while request := connection.recv(65536):
                    self._arrived.release()
                    if b"stalled" not in request.partition(b"\r\n")[0]:
                        connection.sendall(REPLY)
            except ConnectionError:
                pass
        self._closed.release()
