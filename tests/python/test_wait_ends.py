"""A wait that is ended from outside: by its progress callable, Ctrl-C, or cancelling."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time

import pytest

from atlas_serverless.types import Poll
from canned import GROUP, Canned, Request, entity


class Enough(Exception):
    """What a progress callable raises."""


def stop(poll: Poll) -> None:
    if poll.polls == 2:
        raise Enough


@pytest.mark.parametrize("asynchronous", [False, True])
def test_what_a_progress_callable_raises_ends_the_wait(asynchronous: bool) -> None:
    async def run(server: Canned) -> None:
        async with server.async_client() as client:
            await client.wait_for_flex_cluster(GROUP, "orders", interval=0.01, progress=stop)

    with Canned(entity("CREATING")) as server, pytest.raises(Enough):
        if asynchronous:
            asyncio.run(run(server))
        else:
            server.client().wait_for_flex_cluster(GROUP, "orders", interval=0.01, progress=stop)


def test_a_coroutine_function_is_a_progress_callable_too() -> None:
    seen: list[int] = []

    async def note(poll: Poll) -> None:
        await asyncio.sleep(0)
        seen.append(poll.polls)

    async def run(server: Canned) -> None:
        async with server.async_client() as client:
            await client.wait_for_flex_cluster(GROUP, "orders", interval=0.01, progress=note)
            await asyncio.sleep(0.01)

    with Canned(entity("CREATING"), entity("IDLE")) as server:
        asyncio.run(run(server))
    assert seen == [1, 2]


@pytest.mark.parametrize("stage", ["asleep", "asking"])
def test_ctrl_c_ends_a_wait(stage: str) -> None:
    def answer(_: Request) -> bytes:
        threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGINT]).start()
        if stage == "asking":
            time.sleep(20)
        return entity("CREATING")

    with Canned(answer=answer) as server, server.client() as client:
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            client.wait_for_flex_cluster(GROUP, "orders", interval=20)
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize("interval", [0.005, 20])
def test_cancelling_ends_a_wait_and_its_requests(interval: float) -> None:
    async def run(server: Canned) -> int:
        async with server.async_client() as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.wait_for_flex_cluster(GROUP, "orders", interval=interval), 0.1)
            made = len(server.requests)
            await asyncio.sleep(0.1)
            return made

    with Canned(entity("CREATING")) as server:
        made = asyncio.run(run(server))
        assert len(server.requests) <= made + 1


def test_concurrent_waits_do_not_delay_each_other() -> None:
    async def run(server: Canned) -> float:
        async with server.async_client() as client:
            begun = time.monotonic()
            waits = [client.wait_for_flex_cluster(GROUP, f"n{n}", interval=0.2) for n in range(50)]
            assert all(one and one["stateName"] == "IDLE" for one in await asyncio.gather(*waits))
            return time.monotonic() - begun

    asked: set[str] = set()

    def answer(request: Request) -> bytes:
        known = request.path in asked
        asked.add(request.path)
        return entity("IDLE" if known else "CREATING", name=request.path.rpartition("/")[2])

    with Canned(answer=answer) as server:
        assert asyncio.run(run(server)) < 5
