"""Fleets: results in the order in which they come, one failure that keeps no other, nothing twice, nothing unsaid."""

from __future__ import annotations

import asyncio
import itertools
import logging
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import AsyncClient, Client, Emulator
from atlas_serverless.errors import DuplicateClusterName, FieldIgnoredWarning, ValidationError
from canned import GROUP, STALL, Canned, entity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from canned import Request

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(clusters_per_project=5000, rate_limits=False) as emulator:
        yield emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    with emulator.client() as client:
        yield client


def operation(emulator: Emulator, name: str, **more: Any) -> dict[str, Any]:
    return {"group_id": emulator.group_id, "name": name, "provider_settings": PLACE, **more}


def names(emulator: Emulator) -> list[str]:
    return sorted(instance["name"] for instance in emulator.instances())


def test_each_operation_has_its_result(emulator: Emulator, client: Client) -> None:
    given = [operation(emulator, f"n{i}", kind="flex" if i % 2 else "serverless") for i in range(40)]
    results = list(client.create_many(iter(given), max_in_flight=8))
    assert sorted(result.index for result in results) == list(range(40))
    for result in results:
        assert result.operation is given[result.index]
        assert (result.error, result.value["name"]) == (None, f"n{result.index}")
    assert len(emulator.instances()) == 40


def test_results_come_in_the_order_of_completion(emulator: Emulator, client: Client) -> None:
    emulator.fail_next("delay", delay_seconds=0.4, method="POST", name="n0")
    results = list(client.create_many([operation(emulator, f"n{i}") for i in range(6)], max_in_flight=6))
    assert results[-1].index == 0


def test_one_failure_keeps_no_other(emulator: Emulator, client: Client) -> None:
    given: list[Any] = [
        operation(emulator, "good"),
        operation(emulator, "-bad-"),
        "not a mapping",
        operation(emulator, "nowhere", group_id=7),
        operation(emulator, "kind", kind="dedicated"),
        operation(emulator, "option", wait="yes"),
        operation(emulator, "flex", on_retired="flex"),
        operation(emulator, "last"),
    ]
    errors = {result.index: result.error for result in client.create_many(given)}
    assert {index: type(error) for index, error in errors.items() if error} == {
        1: ValidationError,
        2: TypeError,
        3: TypeError,
        4: ValueError,
        5: TypeError,
        6: TypeError,
    }
    assert names(emulator) == ["good", "last"]


def test_options_are_those_of_a_single_create(emulator: Emulator, client: Client) -> None:
    single = client.create_flex_cluster(emulator.group_id, name="there", provider_settings=PLACE)
    [again, taken] = sorted(
        client.create_many(
            [operation(emulator, "there", if_exists="return", wait=False), operation(emulator, "there")]
        ),
        key=lambda result: result.index,
    )
    assert again.value["id"] == single["id"]
    assert isinstance(taken.error, DuplicateClusterName)
    [enveloped] = client.with_raw_response.create_many([operation(emulator, "wrapped", envelope=True)])
    assert (enveloped.value.status, enveloped.value.data["content"]["name"]) == (201, "wrapped")


def test_on_error_raise_raises_with_the_operation_and_ends_the_rest(emulator: Emulator, client: Client) -> None:
    given = [operation(emulator, "first"), operation(emulator, "-bad-"), operation(emulator, "never")]
    creates = client.create_many(iter(given), max_in_flight=1, on_error="raise")
    assert next(creates).value["name"] == "first"
    with pytest.raises(ValidationError) as raised:
        next(creates)
    assert raised.value.operation is given[1]  # type: ignore[attr-defined]
    assert list(creates) == []
    assert names(emulator) == ["first"]


def test_wrong_arguments_are_said_at_once(client: Client) -> None:
    with pytest.raises(ValueError, match="max_in_flight must be at least 1"):
        client.create_many([], max_in_flight=0)
    with pytest.raises(ValueError, match='on_error must be "collect" or "raise", not "ignore"'):
        client.create_many([], on_error="ignore")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        client.create_many(5)  # type: ignore[arg-type]
    assert list(client.create_many([])) == []


def test_operations_are_taken_only_as_they_are_needed(emulator: Emulator, client: Client) -> None:
    taken = itertools.count()
    endless = (operation(emulator, f"n{i}") for i in taken)
    creates = client.create_many(endless, max_in_flight=4)
    for _ in range(100):
        assert next(creates).error is None
        assert len(creates.in_flight) <= 4
    assert next(taken) <= 106
    creates.close()
    assert list(creates) == []


def test_an_iterable_that_fails_loses_no_result(emulator: Emulator, client: Client) -> None:
    def some() -> Iterator[dict[str, Any]]:
        yield from (operation(emulator, f"n{i}") for i in range(3))
        raise LookupError("the list is torn")

    results: list[Any] = []
    with pytest.raises(LookupError, match="the list is torn"):
        results.extend(client.create_many(some()))
    assert names(emulator) == ["n0", "n1", "n2"]


def test_a_loop_that_is_left_early_says_what_may_exist(
    emulator: Emulator, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.fail_next("delay", delay_seconds=30, method="POST", path="*/flexClusters", skip=1, times=3)
    with caplog.at_level(logging.WARNING, "atlas_serverless"):
        for result in client.create_many([operation(emulator, f"n{i}") for i in range(4)], max_in_flight=4):
            done = result.value["name"]
            time.sleep(0.2)  # the others are sent by now
            break
    said = [record.message for record in caplog.records]
    waiting = {"n0", "n1", "n2", "n3"} - {done}
    assert len(said) == 3
    assert all(any(f"{name} may exist now or later" in line for line in said) for name in waiting), said


def test_an_exception_that_leaves_the_loop_comes_out_and_what_may_exist_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The iterator is dropped while the exception is set."""

    def answer(request: Request) -> bytes | None:
        return entity("IDLE", name="n0", status=201) if b'"n0"' in request.body else STALL

    operations: list[Any] = [{"group_id": GROUP, "name": f"n{i}", "provider_settings": PLACE} for i in range(3)]
    raised = LookupError("the caller's own")
    with Canned(answer=answer) as server, server.client() as client:

        def leave() -> None:
            for _ in client.create_many(operations, max_in_flight=3):
                server.await_requests(3)
                raise raised

        with caplog.at_level(logging.WARNING, "atlas_serverless"), pytest.raises(LookupError) as caught:
            leave()
    assert caught.value is raised
    assert sorted(record.message.rpartition(": ")[2] for record in caplog.records) == [
        f"{name} may exist now or later" for name in ("n1", "n2")
    ]


def test_close_ends_what_is_under_way_and_names_the_operations(emulator: Emulator, client: Client) -> None:
    emulator.fail_next("delay", delay_seconds=30, method="POST", path="*/flexClusters", times=2)
    with client.create_many([operation(emulator, f"n{i}") for i in range(3)], max_in_flight=3) as creates:
        assert next(creates).error is None
        assert len(creates.in_flight) == 2
        started = time.monotonic()
    assert time.monotonic() - started < 1
    assert [given["name"][0] for given in creates.in_flight] == ["n", "n"]
    assert list(creates) == []


def test_ctrl_c_ends_it(emulator: Emulator, client: Client) -> None:
    emulator.fail_next("delay", delay_seconds=30, method="POST", path="*/flexClusters", times=2)
    creates = client.create_many([operation(emulator, f"n{i}") for i in range(2)])
    timer = threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        next(creates)
    assert time.monotonic() - started < 3
    assert len(creates.in_flight) == 2
    assert list(creates) == []


def test_1000_creates_with_faults_make_nothing_twice(emulator: Emulator) -> None:
    faults: tuple[dict[str, Any], ...] = (
        {"kind": "close", "after_store": True},
        {"kind": "status", "status": 503},
        {"kind": "half_body", "after_store": True},
    )
    for fault in faults:
        for skip in range(0, 1000, 90):
            emulator.fail_next(method="POST", path="*/flexClusters", skip=skip, **fault)
    with emulator.client(max_retry_time=60) as client:
        given = (operation(emulator, f"n{i}") for i in range(1000))
        results = list(client.create_many(given, max_in_flight=32))
    assert [result.error for result in results if result.error] == []
    stored = names(emulator)
    assert len(stored) == len(set(stored)) == 1000


def test_warnings_come_with_their_result(emulator: Emulator, client: Client) -> None:
    given = [
        operation(
            emulator, "n", kind="serverless", serverless_backup_options={"serverless_continuous_backup_enabled": True}
        )
    ]
    with pytest.warns(FieldIgnoredWarning) as seen:
        [result] = client.create_many(given)
    assert result.error is None
    assert seen[0].filename == __file__


def test_asynchronously(emulator: Emulator) -> None:
    async def main() -> None:
        async with emulator.async_client() as client:
            given = [operation(emulator, f"n{i}") for i in range(50)]
            given.insert(7, operation(emulator, "-bad-"))
            results = [result async for result in client.create_many(given, max_in_flight=8)]
            assert sorted(result.index for result in results) == list(range(51))
            assert [result.index for result in results if result.error] == [7]
            creates = client.create_many(given[7:9], on_error="raise", max_in_flight=1)
            with pytest.raises(ValidationError):
                async for _ in creates:
                    pass
            assert [result async for result in creates] == []

    asyncio.run(main())
    assert len(emulator.instances()) == 50


def test_cancelling_the_one_who_waits_ends_it(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    emulator.fail_next("delay", delay_seconds=30, method="POST", path="*/flexClusters", times=2)

    async def main(client: AsyncClient) -> None:
        async with client:
            creates = client.create_many([operation(emulator, f"n{i}") for i in range(2)])
            waiting = asyncio.create_task(creates.__anext__())
            await asyncio.sleep(0.3)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert len(creates.in_flight) == 2
            assert [result async for result in creates] == []

    with caplog.at_level(logging.WARNING, "atlas_serverless"):
        asyncio.run(main(emulator.async_client()))
    left = [line for line in caplog.messages if "may exist now or later" in line]
    assert len(left) == 2
