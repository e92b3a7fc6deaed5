"""Client in threads: the interpreter lock, Ctrl-C, fork, calls from within calls, and what closing closes."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import Client, errors
from atlas_serverless._core import VirtualClock
from servers import GROUP, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atlas_serverless import AsyncClient, Emulator

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def client_of(server: Server, **options: Any) -> Client:
    return Client(access_token="t", base_url=server.url, **options)


def test_other_threads_run_while_one_waits(server: Server) -> None:
    client = client_of(server, timeout=0.3, max_retries=0)
    done = threading.Event()
    counted = 0

    def wait() -> None:
        with pytest.raises(errors.RequestTimeoutError):
            client.get_flex_cluster(GROUP, "stalled")
        done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    while not done.is_set():
        counted += 1
    thread.join()
    assert counted > 10_000


def test_32_threads_share_a_client(atlas_emulator: Emulator) -> None:
    client = atlas_emulator.client()
    start = threading.Barrier(32)
    names: list[str] = []

    def work(number: int) -> None:
        start.wait()
        names.extend(client.find(atlas_emulator.group_id, "orders")[1]["name"] for _ in range(5))
        with pytest.raises(errors.ClusterNotFound):
            client.get_flex_cluster(atlas_emulator.group_id, f"n{number}")

    client.create_flex_cluster(atlas_emulator.group_id, name="orders", provider_settings=PLACE)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == ["orders"] * 160
    assert [request["endpoint"] for request in atlas_emulator.requests].count("token") == 1


def test_a_thread_that_ends_closes_its_connections(server: Server) -> None:
    client = client_of(server)
    thread = threading.Thread(target=client.get_flex_cluster, args=(GROUP, "orders"))
    thread.start()
    thread.join()
    server.await_closed()


def test_close_twice_and_use_after_close(server: Server) -> None:
    with client_of(server) as client:
        raw = client.with_raw_response
        assert client.get_flex_cluster(GROUP, "orders")["name"] == "orders"
    server.await_closed()  # its connection is closed with it
    client.close()
    for call in (client.get_flex_cluster, raw.get_flex_cluster):
        with pytest.raises(RuntimeError, match="the client is closed"):
            call(GROUP, "orders")
    with pytest.raises(RuntimeError, match="the client is closed"):
        next(client.list_flex_clusters(GROUP))
    assert server.opened == 1


def test_close_revokes_the_token_once(atlas_emulator: Emulator) -> None:
    with atlas_emulator.client() as client:
        client.get_project(atlas_emulator.group_id)
        client.close()
    endpoints = [request["endpoint"] for request in atlas_emulator.requests]
    assert endpoints == ["token", "groups", "revoke"]


def test_leaving_with_an_exception_lets_it_through(server: Server) -> None:
    with pytest.raises(ZeroDivisionError), client_of(server):
        raise ZeroDivisionError


# --- calls from within a call ----------------------------------------------------------------------------------------


def test_a_progress_callable_makes_a_call(atlas_emulator: Emulator) -> None:
    client = atlas_emulator.client(_clock=VirtualClock())
    seen: list[str] = []

    def look(poll: Any) -> None:
        seen.append(client.find(atlas_emulator.group_id, poll.name)[1]["stateName"])

    atlas_emulator.settings(provisioning="manual")
    client.create_flex_cluster(atlas_emulator.group_id, name="orders", provider_settings=PLACE)
    atlas_emulator.set_state("orders", "CREATING", reads=2)
    client.wait_for_flex_cluster(atlas_emulator.group_id, "orders", progress=look)
    assert seen[-1] == "IDLE"


def test_a_log_handler_makes_a_call(atlas_emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    client = atlas_emulator.client()
    found: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logger.removeHandler(self)
            found.append(client.get_project(atlas_emulator.group_id)["id"])

    logger = logging.getLogger("atlas_serverless")
    handler = Handler()
    with caplog.at_level(logging.DEBUG, logger="atlas_serverless"):
        logger.addHandler(handler)
        client.get_project(atlas_emulator.group_id)
    assert found == [atlas_emulator.group_id]


def test_a_call_within_a_running_event_loop(server: Server) -> None:
    async def main() -> str:
        return client_of(server).get_flex_cluster(GROUP, "orders")["name"]

    assert asyncio.run(main()) == "orders"


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------

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
ASYNC = """
async def main():
    async with atlas_serverless.AsyncClient(access_token="t", base_url=url) as client:
        await client.get_flex_cluster(group, "stalled")
asyncio.run(main())
"""


@pytest.mark.parametrize("code", [PLAIN, WITHIN, PAGES, CLOSING, ASYNC], ids=["call", "within", "any", "with", "async"])
def test_ctrl_c_interrupts_within_half_a_second(server: Server, code: str) -> None:
    program = f"""
import asyncio, logging, sys, time, atlas_serverless
url, group = {server.url!r}, {GROUP!r}
client = atlas_serverless.Client(access_token="t", base_url=url)
try:
{textwrap.indent(code, "    ")}
except KeyboardInterrupt:
    print("interrupted")
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    server.await_requests()
    begun = time.perf_counter()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    took = time.perf_counter() - begun
    assert (out, err, child.returncode) == ("interrupted\n", "", 0)
    assert took < 0.5


def test_other_signal_handlers_run_while_a_call_waits(server: Server) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    try:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        with pytest.raises(errors.RequestTimeoutError):
            client_of(server, timeout=0.3, max_retries=0).get_flex_cluster(GROUP, "stalled")
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == [signal.SIGUSR1]


# --- fork ------------------------------------------------------------------------------------------------------------

forks = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # Python 3.12 says so of each


def in_child(work: Callable[[], object]) -> int:
    """The exit code of a child made by fork: 0 if the work went well; -9 if it hung."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@forks
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_child_made_by_fork_goes_on(server: Server, kind: str) -> None:
    """Of a parent whose client is warm and, in another thread, busy: 50 times."""
    client = client_of(server)
    asynchronous = as_async(server)
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
    thread = threading.Thread(target=keep_busy)
    thread.start()
    try:
        codes = [in_child(call) for _ in range(50)]
    finally:
        busy.set()
        thread.join()
    assert codes == [0] * 50
    call()


def as_async(server: Server) -> AsyncClient:
    from atlas_serverless import AsyncClient

    return AsyncClient(access_token="t", base_url=server.url)


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


# --- memory ----------------------------------------------------------------------------------------------------------


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_memory_does_not_grow_with_calls(server: Server) -> None:
    """ATLAS_CALLS=100000 for the long run."""
    calls = int(os.environ.get("ATLAS_CALLS", "3000"))
    client = client_of(server)

    def call(times: int) -> None:
        for _ in range(times):
            client.get_flex_cluster(GROUP, "orders")

    call(1000)
    gc.collect()
    objects, before = len(gc.get_objects()), resident()
    call(calls)
    gc.collect()
    assert len(gc.get_objects()) - objects < 50
    assert resident() - before < 4 << 20
