"""Servers that the machines share, as processes: Redis, and the emulator, which can be stopped and started again."""

import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ATLAS = pathlib.Path(sys.executable).with_name("atlas-serverless")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def redis():
    """The URL of a new, empty Redis."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("this needs Redis: apt-get install redis-server")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="atlas-redis-") as folder:
        options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no")
        process = subprocess.Popen([program, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            _until_listening(port, process)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(30)


class AtlasProcess:
    """`atlas-serverless emulator` with a state folder. What it logs of each request is kept over restarts."""

    def __init__(self, folder, seed, provisioning_seconds, settings):
        folder.mkdir()
        seed_file = folder / "seed.json"
        seed_file.write_text(json.dumps(seed), encoding="utf-8")
        self._port = free_port()
        self._folder = folder
        self._logs = []
        self._options = [
            *("--port", str(self._port), "--seed", str(seed_file), "--state-dir", str(folder / "state")),
            *("--provisioning-seconds", str(provisioning_seconds), "--atlas-limits", "--json-log"),
            *(f"--setting={name}={json.dumps(value)}" for name, value in settings.items()),
        ]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process = None

    def start(self):
        self._logs.append(self._folder / f"requests-{len(self._logs)}.jsonl")
        with open(self._logs[-1], "wb") as log:
            self._process = subprocess.Popen(
                [ATLAS, "emulator", *self._options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log
            )
        _until_listening(self._port, self._process)

    def stop(self):
        self._process.terminate()
        if self._process.wait(30) != 0:
            raise RuntimeError(f"the emulator ended with {self._process.returncode}")

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", data, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as reply:
            return json.load(reply)

    def stored(self):
        return self.control("GET", "counters")["stored"]

    def clusters(self):
        """The state of each cluster, by project and name."""
        projects = self.control("GET", "snapshot")["projects"]
        return {(project["id"], one["name"]): one["state"] for project in projects for one in project["instances"]}

    def lives(self):
        """For each start, every request that was answered, or left without an answer on purpose."""
        return [
            [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines(keepends=True) if line[-1] == "\n"]
            for log in self._logs
        ]

    def requests(self):
        return [request for life in self.lives() for request in life]


def _until_listening(port, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"{process.args[0]} does not listen")
