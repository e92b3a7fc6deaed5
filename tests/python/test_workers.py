"""Processes that are forked from one whose client is in use: gunicorn and multiprocessing, the real ones.

A connection that a child took away would cost its parent an answer, and with `max_retries=0` a lost answer is an error.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from atlas_serverless import Emulator

SITE = """
import atexit, json, os, threading
from atlas_serverless import Client

client = Client(max_retries=0, timeout=30.0)
master, attempts, failed, ended = os.getpid(), [], [], threading.Event()

def call():
    while not ended.is_set():
        try:
            attempts.append(client.with_raw_response.get_project().attempts)
        except Exception as error:
            failed.append(repr(error))

thread = threading.Thread(target=call)
thread.start()

def report():
    if os.getpid() == master:
        ended.set()
        thread.join()
        with open(os.environ["REPORT"], "w") as file:
            json.dump({"calls": len(attempts), "attempts": sorted(set(attempts)), "failed": failed}, file)

def app(environ, start_response):
    found = client.get_project()["id"]
    start_response("200 OK", [])
    return [f"{os.getpid()} {found}".encode()]

def on_exit(server):
    report()
"""


def test_gunicorn_forks_workers_of_a_preloaded_client(atlas_emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "site_app.py").write_text(SITE, encoding="utf-8")
    (tmp_path / "settings.py").write_text("from site_app import on_exit\n", encoding="utf-8")
    listening = socket.create_server(("127.0.0.1", 0))
    bind = f"fd://{listening.fileno()}"
    options = ["--preload", "--workers", "2", "--max-requests", "4", "--log-level", "error", "--timeout", "60"]
    options += ["--no-control-socket"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", bind, *options, "--config", "settings.py", "site_app:app"],
        cwd=tmp_path,
        env={**atlas_emulator.environment(), "REPORT": str(tmp_path / "report"), "PYTHONWARNINGS": "ignore"},
        pass_fds=[listening.fileno()],
        stderr=subprocess.PIPE,
        text=True,
    )
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    answers = [urllib.request.urlopen(url, timeout=60).read().decode().split() for _ in range(30)]
    server.send_signal(signal.SIGTERM)
    _, errors = server.communicate(timeout=60)
    listening.close()
    assert (server.returncode, errors) == (0, "")
    assert {found for _, found in answers} == {atlas_emulator.group_id}
    assert len({pid for pid, _ in answers}) >= 4  # workers end after four requests each
    report = json.loads((tmp_path / "report").read_text(encoding="utf-8"))
    assert (report["attempts"], report["failed"]) == ([1], [])


PROGRAM = """
import multiprocessing, sys, threading
from atlas_serverless import Client

client = Client(max_retries=0, timeout=30.0)
client.get_project()

def work(_):
    return client.get_project()["id"]

if __name__ == "__main__":
    attempts, failed, ended = set(), [], threading.Event()
    def call():
        while not ended.is_set():
            try:
                attempts.add(client.with_raw_response.get_project().attempts)
            except Exception as error:
                failed.append(repr(error))
    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    with multiprocessing.get_context(sys.argv[1]).Pool(2, maxtasksperchild=1) as pool:
        found = pool.map(work, range(int(sys.argv[2])), chunksize=1)
        pool.close()
        pool.join()
    ended.set()
    for thread in threads:
        thread.join()
    print(len(found), set(found) == {work(0)}, attempts, failed)
"""


@pytest.mark.parametrize(("way", "children"), [("fork", 50), ("forkserver", 6), ("spawn", 6)])
def test_children_of_multiprocessing_end_under_load(
    atlas_emulator: Emulator, tmp_path: Path, way: str, children: int
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-W", "ignore", str(program), way, str(children)]
    environment = atlas_emulator.environment("api_key")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{children} True {{1}} []\n", "")
