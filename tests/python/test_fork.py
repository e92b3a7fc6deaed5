"""A child made by fork goes on with its parent's clients."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless._core import VirtualClock
from atlas_serverless.errors import TransportError
from canned import BREAK, GROUP, Canned, idle_or_stalled
from forked import exit_code, forks, in_child

if TYPE_CHECKING:
    from atlas_serverless import Client, Emulator
    from canned import Request

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


@forks
@pytest.mark.parametrize("threads", [1, 6])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_child_made_by_fork_goes_on(server: Canned, kind: str, threads: int) -> None:
    """Of a parent whose client is warm and, in other threads, busy: 50 times."""
    client = server.client()
    asynchronous = server.async_client()
    busy = threading.Event()

    def keep_busy() -> None:
        while not busy.is_set():
            client.get_flex_cluster(GROUP, "orders")
            asyncio.run(asynchronous.get_flex_cluster(GROUP, "orders"))

    def call() -> None:
        if kind == "sync":
            assert client.get_flex_cluster(GROUP, "orders")["name"] == "orders"
        else:
            assert asyncio.run(asynchronous.get_flex_cluster(GROUP, "orders"))["name"] == "orders"
            assert asyncio.run(asynchronous.get_flex_cluster(GROUP, "orders"))["name"] == "orders"
        gc.collect()

    call()
    others = [threading.Thread(target=keep_busy) for _ in range(threads)]
    for thread in others:
        thread.start()
    try:
        codes = [in_child(call) for _ in range(50)]
    finally:
        busy.set()
        for thread in others:
            thread.join()
    assert codes == [0] * 50
    call()


@forks
def test_a_child_of_a_progress_callable_goes_on(atlas_emulator: Emulator) -> None:
    client = atlas_emulator.client(_clock=VirtualClock())
    codes: list[int] = []
    client.create_flex_cluster(
        atlas_emulator.group_id,
        name="orders",
        provider_settings=PLACE,
        wait=True,
        progress=lambda _: codes.append(in_child(lambda: client.get_project(atlas_emulator.group_id))),
    )
    assert set(codes) == {0}


@forks
@pytest.mark.parametrize("others", [0, 4])
def test_a_child_of_a_logger_has_connections_of_its_own(monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    """A call asks the logger for its level before it begins. Among many threads, the background thread runs it."""
    parent, done = os.getpid(), threading.Event()
    children: list[int] = []

    def answer(request: Request) -> bytes | None:
        if "stalled" not in request.target:
            return idle_or_stalled(request)
        done.wait(30)
        return BREAK

    def fork(_: int) -> bool:
        if not children:
            children.append(os.fork())
            if os.getpid() == parent:
                assert exit_code(children[0]) == 0
        return False

    def stall(client: Client) -> None:
        with pytest.raises(TransportError):
            client.get_flex_cluster(GROUP, "stalled")

    with Canned(answer=answer) as server, server.client(timeout=20.0, max_retries=0) as client:
        threads = [threading.Thread(target=stall, args=(client,)) for _ in range(others)]
        for thread in threads:
            thread.start()
        server.await_requests(others)
        client.get_flex_cluster(GROUP, "a")
        monkeypatch.setattr(logging.getLogger("atlas_serverless"), "isEnabledFor", fork)
        try:
            client.get_flex_cluster(GROUP, "a")
        finally:
            if os.getpid() != parent:
                os._exit(sys.exc_info()[0] is not None)
        done.set()
        for thread in threads:
            thread.join()
        # One of each thread, the parent's for both of its calls, and the child's.
        assert server.opened == others + 2


@forks
def test_a_child_that_ends_leaves_its_parents_connections_alone(atlas_emulator: Emulator) -> None:
    """`sys.exit` in a child drops its thread's runtime, whose epoll instance it shares with its parent."""
    program = """
import os, sys, time
from atlas_serverless import Client
client = Client(access_token=sys.argv[2], base_url=sys.argv[1], timeout=20.0)
slowest = 0.0
for _ in range(50):
    client.get_project(sys.argv[3])
    if os.fork() == 0:
        sys.exit(0)
    os.wait()
    began = time.monotonic()
    client.get_project(sys.argv[3])
    slowest = max(slowest, time.monotonic() - began)
print("slow" if slowest > 10 else "done")
"""
    arguments = [atlas_emulator.url, atlas_emulator.access_token, atlas_emulator.group_id]
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
