"""The loopback server: started, asked, stopped."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from typing import Any

from layout import BINARIES, CA, HTTP, HTTPS


def ask(method: str, path: str) -> dict[str, Any]:
    """One of the server's own routes: `/_stats`, `/_config`, `/_reset`."""
    connection = http.client.HTTPConnection(HTTP, timeout=5)
    connection.request(method, path)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def pin(command: list[str], cpu: int | None) -> list[str]:
    """A command on one CPU; with BENCH_REALTIME=1 (and the right to it) ahead of whatever else runs there."""
    if os.environ.get("BENCH_REALTIME"):
        command = ["chrt", "--fifo", "10", *command]
    return command if cpu is None else ["taskset", "-c", str(cpu), *command]


class Server:
    """The server on one CPU; one that runs already is used and left running."""

    def __init__(self, cpu: int = 0) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        if self.answers():
            return
        port = HTTPS.rsplit(":", 1)[1]
        program = [str(BINARIES / "bench-server"), "--http", HTTP, "--https", f"127.0.0.1:{port}", "--ca-out", str(CA)]
        self.process = subprocess.Popen(pin(program, cpu))
        for _ in range(100):
            if self.answers():
                return
            time.sleep(0.05)
        self.stop()
        raise SystemExit("the server did not start; run: make bench")

    @staticmethod
    def answers() -> bool:
        try:
            ask("GET", "/_stats")
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
