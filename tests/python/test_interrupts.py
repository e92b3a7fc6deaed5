"""Ctrl-C and other signals while a call waits."""

from __future__ import annotations

import logging
import os
import pty
import select
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import systems
from atlas_serverless import errors
from canned import GROUP, Canned

if TYPE_CHECKING:
    from pathlib import Path

    from atlas_serverless import Emulator

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


PLAIN = 'client.get_flex_cluster(group, "stalled")'
WITHIN = """
logging.getLogger("atlas_serverless").setLevel(logging.DEBUG)
class Handler(logging.Handler):
    def emit(self, record):
        logging.getLogger("atlas_serverless").removeHandler(self)
        client.get_flex_cluster(group, "stalled")
logging.getLogger("atlas_serverless").addHandler(Handler())
client.get_flex_cluster(group, "orders")
"""
PAGES = 'list(client.request("GET", "/api/atlas/v2/stalled"))'
CLOSING = """
with client:
    client.get_flex_cluster(group, "stalled")
"""
THREADS = """
import threading
for _ in range(8):
    threading.Thread(target=client.get_flex_cluster, args=(group, "stalled"), daemon=True).start()
time.sleep(0.2)
client.get_flex_cluster(group, "stalled")
"""
ASYNC = """
async def main():
    async with atlas_serverless.AsyncClient(access_token="t", base_url=url) as client:
        await client.get_flex_cluster(group, "stalled")
asyncio.run(main())
"""


CALLS = {"call": PLAIN, "within": WITHIN, "any": PAGES, "with": CLOSING, "threads": THREADS, "async": ASYNC}


@pytest.mark.parametrize("kind", CALLS)
def test_ctrl_c_interrupts_within_half_a_second(server: Canned, kind: str) -> None:
    program = f"""
import asyncio, logging, sys, time, atlas_serverless
url, group = {server.url!r}, {GROUP!r}
client = atlas_serverless.Client(access_token="t", base_url=url)
try:
{textwrap.indent(CALLS[kind], "    ")}
except KeyboardInterrupt:
    print("interrupted")
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    server.await_requests(9 if kind == "threads" else 1)
    begun = time.perf_counter()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    took = time.perf_counter() - begun
    assert (out, err, child.returncode) == ("interrupted\n", "", 0)
    assert took < 0.5


def test_ctrl_c_among_many_threads_says_what_may_exist(server: Canned) -> None:
    program = f"""
import logging, sys, threading, time, atlas_serverless
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
client = atlas_serverless.Client(access_token="t", base_url={server.url!r})
for _ in range(8):
    threading.Thread(target=client.get_flex_cluster, args=({GROUP!r}, "stalled"), daemon=True).start()
time.sleep(0.2)
try:
    client.create_flex_cluster({GROUP!r}, name="stalled", provider_settings={PLACE!r})
except KeyboardInterrupt:
    print("interrupted")
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    server.await_requests(9)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    said = f"The create of Flex cluster stalled in project {GROUP} was given up: stalled may exist now or later"
    assert (out, err, child.returncode) == (f"WARNING {said}\ninterrupted\n", "", 0)


def test_other_signal_handlers_run_while_a_call_waits(server: Canned) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    try:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        with pytest.raises(errors.RequestTimeoutError):
            server.client(timeout=0.3, max_retries=0).get_flex_cluster(GROUP, "stalled")
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == [signal.SIGUSR1]


def test_a_log_handler_makes_calls_while_a_token_is_fetched(atlas_emulator: Emulator) -> None:
    """Its line comes while the call holds what other calls wait for."""
    client = atlas_emulator.client(max_retry_time=5.0)
    found: list[str] = []

    class Calling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "oauth/token" in record.getMessage() and not found:
                found.append("")
                found.append(client.get_project()["id"])

    logger = logging.getLogger("atlas_serverless")
    handler, level = Calling(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        client.get_project()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert found == ["", atlas_emulator.group_id]
    assert [request["endpoint"] for request in atlas_emulator.requests] == ["token", "groups", "groups"]


@pytest.mark.parametrize("auth", ["service_account", "api_key"])
def test_a_signal_handler_makes_calls_while_a_token_or_a_challenge_is_fetched(
    atlas_emulator: Emulator, auth: Any
) -> None:
    """The call that fetches does not go on before the handler returns."""
    client = atlas_emulator.client(auth, timeout=2.0, max_retries=0)
    atlas_emulator.faults.order("stall", authorization="none" if auth == "api_key" else "basic")
    found: list[str] = []
    before = signal.signal(signal.SIGUSR1, lambda *_: found.append(client.get_project()["id"]))

    def interrupt() -> None:
        while not atlas_emulator.requests:
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGUSR1)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        if auth == "service_account":  # the token of the other call is good for this one too
            assert client.get_project()["id"] == atlas_emulator.group_id
        else:
            with pytest.raises(errors.RequestTimeoutError):
                client.get_project()
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    assert found == [atlas_emulator.group_id]


KEYRING = """
import fcntl, sys, termios, types
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from atlas_serverless import Client
def get_password(service, user):
    print("asked", flush=True)
    return sys.stdin.readline()
keyring = types.ModuleType("keyring")
keyring.get_password = get_password
sys.modules["keyring"] = keyring
try:
    Client.from_profile("default")
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_while_a_keyring_asks_for_its_password(tmp_path: Path) -> None:
    """At a terminal of its own, as its user presses it."""
    config = systems.profile_file(tmp_path)
    config.write_text('[default]\npublic_api_key = "abcdefgh"\n', encoding="utf-8")
    config.chmod(0o600)
    terminal, its_side = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", KEYRING],
        stdin=its_side,
        stdout=its_side,
        stderr=its_side,
        env={**os.environ, **systems.variables(tmp_path)},
        start_new_session=True,
    )
    os.close(its_side)

    def read_until(word: bytes) -> bytes:
        shown = b""
        while word not in shown:
            assert select.select([terminal], [], [], 20)[0], shown
            shown += os.read(terminal, 1000)
        return shown

    assert read_until(b"asked\r\n").split() == [b"asked"]
    os.write(terminal, b"\x03")
    assert read_until(b"interrupted").replace(b"^C", b"").split() == [b"interrupted"]
    assert child.wait(timeout=20) == 0
    os.close(terminal)
