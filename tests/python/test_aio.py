"""AsyncClient on event loops: tasks, cancellation, many loops, loops that cannot watch a socket."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from atlas_serverless import AsyncClient, errors
from atlas_serverless._runtime import event_loops
from canned import GROUP, Canned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atlas_serverless import Emulator


class BlindLoop(asyncio.SelectorEventLoop):
    """As Windows' Proactor, it cannot watch a socket for others; its own wake-up pipe it can."""

    def add_reader(self, *_: Any) -> Any:  # type: ignore[override]
        raise NotImplementedError


LOOPS: list[Any] = [asyncio.SelectorEventLoop, uvloop.new_event_loop, BlindLoop]


@pytest.fixture(params=LOOPS, ids=["asyncio", "uvloop", "without add_reader"])
def loop(request: pytest.FixtureRequest) -> Iterator[asyncio.AbstractEventLoop]:
    loop: asyncio.AbstractEventLoop = request.param()
    yield loop
    loop.close()


def test_a_method_is_a_coroutine_and_nothing_is_sent_before_it_is_awaited(server: Canned) -> None:
    client = server.async_client()
    coroutine = client.get_flex_cluster(GROUP, "orders")
    assert asyncio.iscoroutine(coroutine)
    assert server.opened == 0
    assert asyncio.run(coroutine)["name"] == "orders"


def test_tasks_and_gather(loop: asyncio.AbstractEventLoop, server: Canned) -> None:
    async def main() -> None:
        async with server.async_client() as client:
            task = asyncio.create_task(client.get_flex_cluster(GROUP, "orders"))
            many = await asyncio.gather(*(client.get_flex_cluster(GROUP, f"n{i}") for i in range(100)))
            assert [found["name"] for found in [await task, *many]] == ["orders", *(f"n{i}" for i in range(100))]
            with pytest.raises(errors.ValidationError):
                await client.get_flex_cluster(GROUP, "not a name")

    loop.run_until_complete(main())


@pytest.mark.parametrize("how", ["wait_for", "cancel", "close the coroutine"])
def test_a_cancelled_call_ends_its_request(loop: asyncio.AbstractEventLoop, server: Canned, how: str) -> None:
    async def main() -> None:
        client = server.async_client()
        await client.get_flex_cluster(GROUP, "orders")  # a warm connection: the next request uses it
        server.await_requests()
        call = client.get_flex_cluster(GROUP, "stalled")
        if how == "wait_for":
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(call, 0.05)
        elif how == "cancel":
            task = asyncio.create_task(call)
            await asyncio.to_thread(server.await_requests)
            task.cancel("enough")
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            call.send(None)
            await asyncio.to_thread(server.await_requests)
            call.close()
        await asyncio.to_thread(server.await_closed)
        assert (await client.get_flex_cluster(GROUP, "orders"))["stateName"] == "IDLE"

    loop.run_until_complete(main())


def test_one_of_a_gather_fails_and_the_others_are_cancelled(server: Canned) -> None:
    async def main() -> None:
        client = server.async_client()
        calls: list[Any] = [client.get_flex_cluster(GROUP, "stalled") for _ in range(20)]
        with pytest.raises(errors.ValidationError):
            await first_failure(calls, client.get_flex_cluster(GROUP, "-"))
        await asyncio.to_thread(server.await_closed, 20)

    asyncio.run(main())


async def first_failure(calls: list[Any], failing: Any) -> None:
    tasks = [asyncio.ensure_future(call) for call in calls]
    await asyncio.sleep(0.05)  # their requests are on the way
    try:
        await failing
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_one_client_on_two_loops_in_two_threads(atlas_emulator: Emulator) -> None:
    client = atlas_emulator.async_client()
    rounds = 40

    async def main() -> int:
        found = [await client.get_project(atlas_emulator.group_id) for _ in range(rounds)]
        return len(found)

    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(asyncio.run(main()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [rounds, rounds]
    assert [request["endpoint"] for request in atlas_emulator.requests].count("token") == 1


def test_one_client_on_one_loop_after_another(server: Canned) -> None:
    client = server.async_client()
    for _ in range(20):
        assert asyncio.run(client.get_flex_cluster(GROUP, "orders"))["name"] == "orders"
    assert server.opened <= 2  # the connections are the process's, not the loop's


def test_a_closed_loop_is_let_go_of_with_its_calls(server: Canned) -> None:
    """Calls of a loop that was closed under them end, and neither loop nor tasks are kept alive."""
    client = server.async_client()

    def leave() -> weakref.ref[asyncio.AbstractEventLoop]:
        loop = asyncio.new_event_loop()
        task = loop.create_task(client.get_flex_cluster(GROUP, "stalled"))
        loop.call_later(0.05, loop.stop)
        loop.run_forever()
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        loop.close()
        return weakref.ref(loop)

    left = leave()
    server.await_requests()
    asyncio.run(client.get_flex_cluster(GROUP, "orders"))
    server.await_closed()
    gc.collect()
    assert left() is None


def test_nothing_is_kept_of_a_call_that_has_ended(server: Canned, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", logger="atlas_serverless")

    async def main() -> tuple[int, int, int]:
        client = server.async_client()
        await asyncio.gather(*(client.get_flex_cluster(GROUP, "orders") for _ in range(50)))
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(10):
            await asyncio.gather(*(client.get_flex_cluster(GROUP, "orders") for _ in range(50)))
            for _ in range(5):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(client.get_flex_cluster(GROUP, "stalled"), 0.001)
        gc.collect()
        _, mailbox = event_loops.loop_and_mailbox()
        assert mailbox is not None
        return before, len(gc.get_objects()), len(mailbox)

    before, after, waiting = asyncio.run(main())
    assert waiting == 0
    assert after - before < 100


def test_close_twice_and_use_after_close(server: Canned) -> None:
    async def main() -> None:
        client = server.async_client()
        async with client as entered:
            assert entered is client
            await client.get_flex_cluster(GROUP, "orders")
        await asyncio.to_thread(server.await_closed)  # its connection is closed with it
        await client.close()
        with pytest.raises(RuntimeError, match="the client is closed"):
            await client.get_flex_cluster(GROUP, "orders")
        with pytest.raises(RuntimeError, match="the client is closed"):
            await client.with_raw_response.get_flex_cluster(GROUP, "orders")
        with pytest.raises(RuntimeError, match="the client is closed"):
            async for _ in client.list_flex_clusters(GROUP):
                pass

    asyncio.run(main())


def test_without_a_running_loop(server: Canned) -> None:
    coroutine = server.async_client().get_flex_cluster(GROUP, "orders")
    with pytest.raises(RuntimeError, match="no running event loop"):
        coroutine.send(None)


def polls(client: AsyncClient, emulator: Emulator, progress: Callable[[Any], object]) -> Any:
    place: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    emulator.settings(provisioning={"reads": 1})
    return client.create_flex_cluster(
        emulator.group_id, name="orders", provider_settings=place, wait=True, progress=progress
    )


def test_a_progress_callable_runs_on_the_loops_thread(
    loop: asyncio.AbstractEventLoop, atlas_emulator: Emulator
) -> None:
    seen: list[tuple[str, bool]] = []

    async def main() -> None:
        client = atlas_emulator.async_client(_clock=_clock())
        here = asyncio.get_running_loop()
        await polls(client, atlas_emulator, lambda poll: seen.append((poll.state, asyncio.get_running_loop() is here)))

    loop.run_until_complete(main())
    assert seen == [("CREATING", True), ("IDLE", True)]


def test_a_progress_coroutine_function_is_awaited(loop: asyncio.AbstractEventLoop, atlas_emulator: Emulator) -> None:
    seen: list[str] = []

    async def note(poll: Any) -> None:
        await asyncio.sleep(0.01)
        seen.append(poll.state)

    async def main() -> None:
        await polls(atlas_emulator.async_client(_clock=_clock()), atlas_emulator, note)

    loop.run_until_complete(main())
    assert seen == ["CREATING", "IDLE"]


@pytest.mark.parametrize("kind", ["function", "coroutine function"])
@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), StopIteration("mine"), KeyboardInterrupt("mine")])
def test_what_a_progress_callable_raises_comes_out_and_ends_the_wait(
    loop: asyncio.AbstractEventLoop, atlas_emulator: Emulator, error: BaseException, kind: str
) -> None:
    if kind == "coroutine function" and not isinstance(error, ZeroDivisionError):
        error = ZeroDivisionError("mine")

    def fail(_: Any) -> None:
        raise error

    async def fail_later(_: Any) -> None:
        raise error

    async def main() -> None:
        client = atlas_emulator.async_client(_clock=_clock())
        call = polls(client, atlas_emulator, fail if kind == "function" else fail_later)
        beside = asyncio.create_task(client.get_project(atlas_emulator.group_id))
        try:
            with pytest.raises(RuntimeError if isinstance(error, StopIteration) else type(error)) as caught:
                await call
        finally:
            assert (await beside)["id"] == atlas_emulator.group_id
        if isinstance(error, StopIteration):
            assert caught.value.__cause__ is error
        else:
            assert caught.value is error

    loop.run_until_complete(main())


def test_a_progress_coroutine_that_fails_after_the_result_is_heard_of() -> None:
    async def fail(_: Any) -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    async def main() -> None:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        progress = event_loops.Progress(fail, future)
        progress(None)  # type: ignore[arg-type]
        future.set_result(1)
        await asyncio.sleep(0.01)  # the task has failed by now, and nobody has looked at the result yet
        with pytest.raises(ZeroDivisionError):
            await progress.finish()

    asyncio.run(main())


def _clock() -> Any:
    from atlas_serverless._core import VirtualClock

    return VirtualClock()
