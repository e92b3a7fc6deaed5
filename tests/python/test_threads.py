"""Client in threads: the interpreter lock, log lines and progress, calls from within calls, closing, memory."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

import systems
from atlas_serverless import errors
from atlas_serverless._core import VirtualClock
from canned import GROUP, Canned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atlas_serverless import Emulator

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


def test_what_many_threads_log_comes_from_the_thread_that_calls(
    atlas_emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    client = atlas_emulator.client(max_retry_time=10)
    client.get_project(atlas_emulator.group_id)
    atlas_emulator.fail_next("delay", delay_seconds=0.05, times=16)
    with caplog.at_level(logging.DEBUG, logger="atlas_serverless"):
        in_threads(16, lambda _: client.get_project(atlas_emulator.group_id))
    said = sorted(record.threadName or "" for record in caplog.records if "answered 200" in record.message)
    assert said == sorted(f"caller-{number}" for number in range(16))


def test_a_log_handler_of_many_threads_makes_a_call(atlas_emulator: Emulator) -> None:
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


def test_what_a_log_handler_raises_ends_a_call_among_many_threads(server: Canned) -> None:
    client = server.client()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise KeyboardInterrupt

    def work(_: int) -> None:
        with pytest.raises(KeyboardInterrupt):
            client.get_flex_cluster(GROUP, "stalled")

    with listening(Handler()):
        in_threads(8, work)


def test_progress_is_told_to_the_thread_that_calls(atlas_emulator: Emulator) -> None:
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


def test_closing_closes_the_connections_of_many_threads(server: Canned) -> None:
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


# --- memory ----------------------------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_calls(server: Canned) -> None:
    """ATLAS_CALLS=100000 for the long run."""
    calls = int(os.environ.get("ATLAS_CALLS", "3000"))
    client = server.client()

    def call(times: int) -> None:
        for _ in range(times):
            client.get_flex_cluster(GROUP, "orders")

    call(1000)
    gc.collect()
    objects, before = len(gc.get_objects()), systems.resident_bytes()
    call(calls)
    gc.collect()
    assert len(gc.get_objects()) - objects < 50
    assert systems.resident_bytes() - before < 4 << 20
