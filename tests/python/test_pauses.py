"""Long pauses are said and shown, waits log what they saw, and results say what they hold."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless._core import VirtualClock
from atlas_serverless._runtime import progress
from atlas_serverless.types import Poll, Response

if TYPE_CHECKING:
    from atlas_serverless import Emulator

KINDS = ["flex_cluster", "serverless_instance"]
PLACE = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


def create(emulator: Emulator, kind: str, *, asynchronous: bool, **options: Any) -> None:
    spec: dict[str, Any] = {"name": "orders", "provider_settings": PLACE, **options}

    async def called() -> None:
        async with emulator.async_client(_clock=VirtualClock()) as client:
            await getattr(client, f"create_{kind}")(**spec)

    if asynchronous:
        asyncio.run(called())
    else:
        with emulator.client(_clock=VirtualClock()) as client:
            getattr(client, f"create_{kind}")(**spec)


@pytest.fixture
def emulator(atlas_emulator: Emulator) -> Emulator:
    atlas_emulator.set_calendar("2024")
    return atlas_emulator


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("asked", "level"), [(5, "INFO"), (6, "WARNING"), (30, "WARNING")])
def test_a_pause_of_more_than_five_seconds_is_a_warning(
    emulator: Emulator, kind: Any, asynchronous: bool, asked: int, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "atlas_serverless")
    emulator.fail_next("status", status=503, retry_after=asked, method="POST", endpoint=kind.partition("_")[0])
    create(emulator, kind, asynchronous=asynchronous)
    [pause] = [record for record in caplog.records if "again in" in record.getMessage()]
    assert pause.levelname == level
    assert pause.getMessage().endswith(f"again in {asked}.0 s")


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_with_progress_a_long_pause_is_shown(
    emulator: Emulator, kind: Any, asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    emulator.fail_next("status", status=503, retry_after=30, method="POST", endpoint=kind.partition("_")[0])
    create(emulator, kind, asynchronous=asynchronous, wait=True, progress=True)
    assert "again in 30.0 s\n" in stream.getvalue()
    assert "orders → IDLE: IDLE [" in stream.getvalue()


def test_a_callable_gets_polls_only(emulator: Emulator) -> None:
    emulator.fail_next("status", status=503, retry_after=30, method="POST", endpoint="flex")
    seen: list[Any] = []
    create(emulator, "flex_cluster", asynchronous=False, wait=True, progress=seen.append)
    assert {type(poll).__name__ for poll in seen} == {"Poll"}


def test_a_note_is_shown_until_the_next_poll() -> None:
    show = progress._Log(stream := io.StringIO())
    facts: dict[str, Any] = {"state": "CREATING", "name": "orders", "kind": "flex", "elapsed": 1.0}
    show(Poll(polls=1, **facts))
    show._note("again in 30.0 s")
    show(Poll(polls=2, **facts))
    texts = [line.partition(" [")[0] for line in stream.getvalue().splitlines()]
    assert texts == [
        "orders → IDLE: CREATING",
        "orders → IDLE: CREATING; again in 30.0 s",
        "orders → IDLE: CREATING",
    ]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_waits_log_state_and_time(
    emulator: Emulator, kind: Any, asynchronous: bool, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.settings(provisioning={"reads": 1})
    caplog.set_level(logging.DEBUG, "atlas_serverless")
    create(emulator, kind, asynchronous=asynchronous, wait=True)
    lines = [record.getMessage() for record in caplog.records if "waiting for IDLE" in record.getMessage()]
    assert lines[0] == "orders is CREATING after 0.0 s (poll 1, waiting for IDLE)"
    assert lines[-1].startswith("orders is IDLE after ")


@pytest.mark.parametrize("kind", KINDS)
def test_reprs_say_what_is_held(emulator: Emulator, kind: str) -> None:
    with emulator.client() as client:
        raw = client.with_raw_response
        assert repr(raw) == repr(client).removesuffix(">") + ", returning Responses>"
        created = getattr(raw, f"create_{kind}")(name="orders", provider_settings=PLACE)
        assert repr(created).startswith("<Response 201 orders CREATING, attempts=1, elapsed=")
        found = getattr(raw, f"get_{kind}")(name="orders", envelope=True)
        assert repr(found).startswith("<Response 200 orders ")
        [page] = getattr(raw, f"list_{kind}s")()
        assert repr(page).startswith("<Response 200 with 1 results of 1, attempts=1")
        many = client.create_many([{"name": "a", "provider_settings": PLACE}])
        assert repr(many) == "<Creates 0 under way, 0 ready, more to come>"
        list(many)
        assert repr(many) == "<Creates 0 under way, 0 ready>"
    for data, said in [
        (None, "without content"),
        ({}, "without content"),
        ({"a": 1}, "with 1 fields"),
        (5, "with a int"),
    ]:
        assert repr(Response(data, status=200)).startswith(f"<Response 200 {said}, ")
