"""Client in threads: the interpreter lock, Ctrl-C, fork, calls from within calls, and what closing closes."""

from __future__ import annotations

import asyncio
import contextlib
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

from atlas_serverless import errors
from atlas_serverless._core import VirtualClock
from canned import GROUP, Canned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atlas_serverless import AsyncClient, Emulator

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


def in_threads(count: int, work: Callable[[int], object]) -> None:
    """Calls `work` with their numbers in so many threads, `caller-0` and so on, that begin together."""
    start = threading.Barrier(count)
    failed: list[BaseException] = []

    def guarded(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(n,), name=f"caller-{n}") for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@contextlib.contextmanager
def listening(handler: logging.Handler) -> Iterator[None]:
    """Gives a handler every line."""
    logger = logging.getLogger("atlas_serverless")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_other_threads_run_while_one_waits(server: Canned) -> None:
    client = server.client(timeout=0.3, max_retries=0)
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
    names: list[str] = []

    def work(number: int) -> None:
        names.extend(client.find(atlas_emulator.group_id, "orders")[1]["name"] for _ in range(5))
        with pytest.raises(errors.ClusterNotFound):
            client.get_flex_cluster(atlas_emulator.group_id, f"n{number}")

    client.create_flex_cluster(atlas_emulator.group_id, name="orders", provider_settings=PLACE)
    in_threads(32, work)
    assert names == ["orders"] * 160
    assert [request["endpoint"] for request in atlas_emulator.requests].count("token") == 1


def test_what_a_crowd_logs_comes_from_the_thread_that_calls(
    atlas_emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    client = atlas_emulator.client(max_retry_time=10)
    client.get_project(atlas_emulator.group_id)
    atlas_emulator.fail_next("delay", delay_seconds=0.05, times=16)
    with caplog.at_level(logging.DEBUG, logger="atlas_serverless"):
        in_threads(16, lambda _: client.get_project(atlas_emulator.group_id))
    said = sorted(record.threadName or "" for record in caplog.records if "answered 200" in record.message)
    assert said == sorted(f"caller-{number}" for number in range(16))


def test_a_log_handler_in_a_crowd_makes_a_call(atlas_emulator: Emulator) -> None:
    client = atlas_emulator.client()
    client.get_project(atlas_emulator.group_id)
    within = threading.local()
    found: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not getattr(within, "call", False):
                within.call = True
                found.append(client.get_project(atlas_emulator.group_id)["id"])
                within.call = False

    with listening(Handler()):
        in_threads(8, lambda _: client.get_project(atlas_emulator.group_id))
    assert set(found) == {atlas_emulator.group_id}
    assert len(found) >= 16


def test_what_a_log_handler_raises_ends_a_call_in_a_crowd(server: Canned) -> None:
    client = server.client()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise KeyboardInterrupt

    def work(_: int) -> None:
        with pytest.raises(KeyboardInterrupt):
            client.get_flex_cluster(GROUP, "stalled")

    with listening(Handler()):
        in_threads(8, work)


def test_progress_in_a_crowd_is_told_to_the_thread_that_calls(atlas_emulator: Emulator) -> None:
    client = atlas_emulator.client()
    client.create_flex_cluster(atlas_emulator.group_id, name="orders", provider_settings=PLACE)
    told: list[tuple[str, str]] = []

    def work(number: int) -> None:
        mine = threading.current_thread().name

        def tell(poll: Any) -> None:
            assert threading.current_thread().name == mine
            told.append((mine, poll.state))
            if number == 0:
                raise ZeroDivisionError

        if number == 0:
            with pytest.raises(ZeroDivisionError):
                client.wait_for_flex_cluster(atlas_emulator.group_id, "orders", progress=tell)
        else:
            client.wait_for_flex_cluster(atlas_emulator.group_id, "orders", progress=tell)

    in_threads(8, work)
    assert {mine for mine, _ in told} == {f"caller-{number}" for number in range(8)}


def test_closing_closes_the_connections_of_a_crowd(server: Canned) -> None:
    with server.client() as client:
        in_threads(16, lambda _: client.get_flex_cluster(GROUP, "orders"))
    server.await_closed(server.opened)


def test_a_thread_that_ends_closes_its_connections(server: Canned) -> None:
    client = server.client()
    thread = threading.Thread(target=client.get_flex_cluster, args=(GROUP, "orders"))
    thread.start()
    thread.join()
    server.await_closed()


def test_close_twice_and_use_after_close(server: Canned) -> None:
    with server.client() as client:
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


def test_leaving_with_an_exception_lets_it_through(server: Canned) -> None:
    with pytest.raises(ZeroDivisionError), server.client():
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


def test_a_call_within_a_running_event_loop(server: Canned) -> None:
    async def main() -> str:
        return server.client().get_flex_cluster(GROUP, "orders")["name"]

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
CROWD = """
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


CALLS = {"call": PLAIN, "within": WITHIN, "any": PAGES, "with": CLOSING, "crowd": CROWD, "async": ASYNC}


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
    server.await_requests(9 if kind == "crowd" else 1)
    begun = time.perf_counter()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    took = time.perf_counter() - begun
    assert (out, err, child.returncode) == ("interrupted\n", "", 0)
    assert took < 0.5


def test_ctrl_c_in_a_crowd_says_what_may_exist(server: Canned) -> None:
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
@pytest.mark.parametrize("threads", [1, 6])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_child_made_by_fork_goes_on(server: Canned, kind: str, threads: int) -> None:
    """Of a parent whose client is warm and, in other threads, busy: 50 times."""
    client = server.client()
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


def as_async(server: Canned) -> AsyncClient:
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


def test_memory_does_not_grow_with_calls(server: Canned) -> None:
    """ATLAS_CALLS=100000 for the long run."""
    calls = int(os.environ.get("ATLAS_CALLS", "3000"))
    client = server.client()

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
