"""`progress=True`: tqdm's bar, and without tqdm a plain line."""

from __future__ import annotations

import asyncio
import builtins
import io
import sys
import time
from typing import Any

import pytest

from atlas_serverless import Emulator, _core, errors
from atlas_serverless._runtime import progress
from atlas_serverless.types import Poll
from canned import GROUP, Canned, reply

STATES = ["CREATING", "CREATING", "REPAIRING", "IDLE"]


def polls(*states: str | None, wanted: str = "IDLE") -> list[Poll]:
    return [
        Poll(
            state=state,
            elapsed=1.5 * number,
            polls=number + 1,
            name="orders",
            kind="flex",
            wanted=wanted,
            last_error=None if state else "502",
            done=number == len(states) - 1,
        )
        for number, state in enumerate(states)
    ]


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def no_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **keywords: Any) -> Any:
        if name.startswith("tqdm"):
            raise ImportError(name)
        return real(name, *args, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)


@pytest.mark.usefixtures("no_tqdm")
def test_a_line_for_each_change_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    show = progress.display()
    for poll in polls("CREATING", "CREATING", None, "CREATING", "IDLE"):
        show(poll)
    assert stream.getvalue().splitlines() == [
        "orders → IDLE: CREATING [0 s]",
        "orders → IDLE: CREATING, last error: 502 [3 s]",
        "orders → IDLE: CREATING [4 s]",
        "orders → IDLE: IDLE [6 s]",
    ]


@pytest.mark.usefixtures("no_tqdm")
def test_one_line_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := Screen())
    show = progress.display()
    for poll in polls(None, "DELETING", "DELETED", wanted="DELETED"):
        show(poll)
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().split("\r")[-1].rstrip() == f"orders → DELETED: DELETED |{'#' * 20}| [3 s]"
    assert "not seen yet, last error: 502" in stream.getvalue()


@pytest.mark.usefixtures("no_tqdm")
def test_a_wait_that_is_interrupted_ends_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := Screen())
    show = progress.display()
    show(polls("CREATING", "IDLE")[0])
    del show
    assert stream.getvalue().endswith("\n")


def test_a_bar_that_is_interrupted_while_it_is_made() -> None:
    def tqdm(**_: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        progress._Bar(tqdm)(polls("CREATING", "IDLE")[0])


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_bar(monkeypatch: pytest.MonkeyPatch, asynchronous: bool) -> None:
    monkeypatch.setattr(sys, "stderr", stream := Screen())
    replies = [reply(200, {"id": "a", "stateName": state}) for state in STATES]

    async def run(server: Canned) -> None:
        async with server.async_client() as client:
            await client.wait_for_flex_cluster(GROUP, "orders", interval=0.01, progress=True)

    with Canned(*replies) as server:
        if asynchronous:
            asyncio.run(run(server))
        else:
            with server.client(_clock=_core.VirtualClock()) as client:
                client.wait_for_flex_cluster(GROUP, "orders", progress=True)
    written = stream.getvalue()
    assert [state for state in ("CREATING", "REPAIRING", ": IDLE ") if state in written] == [
        "CREATING",
        "REPAIRING",
        ": IDLE ",
    ]
    assert "orders → IDLE" in written
    assert "\x1b[32m" + "#" * 20 in written  # full and green
    assert written.endswith("\n")


def test_a_bar_is_closed_when_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := Screen())
    with Canned(reply(200, {"id": "a", "stateName": "CREATING"})) as server:
        with server.client(_clock=_core.VirtualClock()) as client, pytest.raises(errors.WaitTimeoutError):
            client.wait_for_flex_cluster(GROUP, "orders", timeout=5, progress=True)
    assert stream.getvalue().endswith("\n")
    assert "orders → IDLE: CREATING: not IDLE [5 s] \x1b[31m" + "#" * 20 in stream.getvalue()


@pytest.mark.usefixtures("no_tqdm")
def test_a_bar_moves_between_the_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := Screen())
    monkeypatch.setattr(progress, "_REDRAW", 0.001)
    monkeypatch.setattr(progress, "_HALF", 0.001)
    show = progress.display()
    show(polls("CREATING", "IDLE")[0])
    deadline = time.monotonic() + 30
    while "|###################-|" not in stream.getvalue():
        assert time.monotonic() < deadline, stream.getvalue()
        time.sleep(0.001)
    show(polls("CREATING", "IDLE")[1])
    assert stream.getvalue().rstrip().endswith(f"orders → IDLE: IDLE |{'#' * 20}| [2 s]")


def test_no_colours_where_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stderr", stream := Screen())
            patched.setenv(name, value)
            show = progress.display()
            for poll in polls("CREATING", "IDLE"):
                show(poll)
            assert "IDLE" in stream.getvalue()
            assert "\x1b[3" not in stream.getvalue()


@pytest.mark.parametrize("given", [False, None])
def test_progress_false_or_none_shows_nothing(given: Any, capfd: pytest.CaptureFixture[str]) -> None:
    with Canned(reply(200, {"id": "a", "stateName": "IDLE"})) as server, server.client() as client:
        client.wait_for_flex_cluster(GROUP, "orders", progress=given)
    assert capfd.readouterr() == ("", "")


def test_any_other_progress_is_refused() -> None:
    with Canned(b"") as server, server.client() as client, pytest.raises(TypeError, match="progress must be"):
        client.wait_for_flex_cluster(GROUP, "orders", progress="yes")  # type: ignore[call-overload]
    assert server.requests == []


class Broken(Screen):
    """A terminal that nobody reads any more."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def closed() -> Screen:
    screen = Screen()
    screen.close()
    return screen


@pytest.mark.parametrize("make", [lambda: None, Broken, closed], ids=["none", "broken", "closed"])
@pytest.mark.parametrize("bar", ["tqdm", "line"])
def test_a_call_goes_on_where_its_bar_cannot_be_drawn(
    atlas_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, make: Any, bar: str
) -> None:
    if bar == "line":
        request.getfixturevalue("no_tqdm")
    monkeypatch.setattr(sys, "stderr", make())
    place: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    with atlas_emulator.client(max_retries=2) as client:
        created = client.create_flex_cluster(
            name="one", provider_settings=place, wait=True, interval=0.01, progress=True
        )
        assert created["stateName"] == "IDLE"
        many = [{"name": f"m{number}", "provider_settings": place} for number in range(3)]
        assert [result.error for result in client.create_many(many, progress=True)] == [None] * 3
