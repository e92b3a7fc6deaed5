"""What stands between a client and the emulator: a TLS server with an authority of its own, and proxies."""

from __future__ import annotations

import base64
import select
import socket
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from listener import Listener


def openssl(*arguments: str, cwd: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True, capture_output=True, timeout=30)


class Authority:
    """A throwaway certificate authority, and a certificate of it for this machine and `atlas.test`."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "ca.pem"
        self.server = folder / "server.pem"
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256")
        (folder / "server.ext").write_text("subjectAltName=DNS:localhost,DNS:atlas.test\nextendedKeyUsage=serverAuth\n")
        openssl(
            *("req", "-x509", *key, "-days", "2", "-subj", "/CN=Throwaway CA", "-keyout", "ca.key", "-out", "ca.pem"),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"),
            cwd=folder,
        )
        openssl("req", *key, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr", cwd=folder)
        sign = ("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
        openssl(*sign, "-days", "2", "-sha256", "-extfile", "server.ext", "-out", "server.crt", cwd=folder)
        self.server.write_text((folder / "server.crt").read_text() + (folder / "server.key").read_text())


def pump(one: socket.socket, other: socket.socket) -> None:
    """Carries bytes both ways until one side ends.

    In one thread: a TLS socket must not be read and written at the same time.
    """
    to = {one: other, other: one}
    while True:
        held = [end for end in to if isinstance(end, ssl.SSLSocket) and end.pending()]
        ready = held or select.select([one, other], [], [], 10)[0]
        if not ready:
            return
        for end in ready:
            data = end.recv(65536)
            if not data:
                return
            to[end].sendall(data)


class TlsServer(Listener):
    """TLS in front of a plain server."""

    def __init__(self, authority: Authority, behind: str) -> None:
        super().__init__()
        self.url = f"https://localhost:{self.port}"
        self._behind = (urlsplit(behind).hostname, urlsplit(behind).port)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(authority.server)

    def serve(self, connection: socket.socket) -> None:
        with (
            self._context.wrap_socket(connection, server_side=True) as tls,
            socket.create_connection(self._behind) as behind,
        ):
            pump(tls, behind)


class Proxy(Listener):
    """A proxy for `http://` (forwarding) and `https://` (CONNECT) that leads every name to one server.

    With `user`, as `me:password`, it lets nobody else through. `seen` has the first line of every request.
    """

    def __init__(self, to: str, *, user: str | None = None) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._to = (urlsplit(to).hostname, urlsplit(to).port)
        self._expected = None if user is None else "basic " + base64.b64encode(user.encode()).decode()

    def with_user(self, user: str) -> str:
        return self.url.replace("//", f"//{user}@")

    def serve(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(65536)
            if not data:
                return
            head += data
        first, _, rest = head.partition(b"\r\n")
        self.seen.append(first.decode())
        lines, end, body = rest.partition(b"\r\n\r\n")
        own = [line for line in lines.split(b"\r\n") if line.lower().startswith(b"proxy-authorization:")]
        given = own[0].decode().partition(": ")[2] if own else ""
        onward = b"\r\n".join(line for line in lines.split(b"\r\n") if line not in own) + end + body
        if self._expected is not None and given.partition(" ")[2] != self._expected.partition(" ")[2]:
            page = b"<p>who are you? " + given.encode() + b"</p>"  # pages of proxies repeat what they were sent
            status = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: %d\r\n" % len(page)
            connection.sendall(status + b"Content-Type: text/html\r\nConnection: close\r\n\r\n" + page)
            return
        with socket.create_connection(self._to) as behind:
            if first.startswith(b"CONNECT "):
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                method, url, version = first.split(b" ")
                path = b"/" + url.partition(b"://")[2].partition(b"/")[2]
                # One request a connection: what follows may be for another host.
                behind.sendall(b" ".join((method, path, version)) + b"\r\nConnection: close\r\n" + onward)
            pump(connection, behind)
