"""Calls near the limit of recursion: either nothing is sent, or what the server did is not lost."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import errors
from canned import ABSENT, BREAK, GROUP, Canned, Request, entity, refusal, reply

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = """
import sys
from atlas_serverless import AsyncClient, Client, errors
url, way = sys.argv[1:]
options = {"access_token": "token", "base_url": url, "group_id": "32b6e34b3d91647abb20e7b8", "max_retries": 0}
spec = {"name": "orders", "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}}
many = {"kind": "flex", **spec}
client = Client(**options)
def first(client):
    for one in client.create_many([many]):
        return one.error or one.value
calls = {
    "sync": lambda: client.create_flex_cluster(**spec),
    "raw": lambda: client.with_raw_response.create_flex_cluster(**spec).data,
    "many": lambda: first(client),
    "raw many": lambda: first(client.with_raw_response),
}
def sink(left, call):
    return sink(left - 1, call) if left else call()
async def deep(left, call):
    return await (deep(left - 1, call) if left else call())
async def first_async(client):
    async for one in client.create_many([many]):
        return one.error or one.value
async def asynchronous(left):
    async with AsyncClient(**options) as client:
        face = client.with_raw_response if "raw" in way else client
        call = (lambda: first_async(face)) if "many" in way else lambda: face.create_flex_cluster(**spec)
        return await asyncio.wait_for(deep(left, call), 30)
if "async" in way:
    import asyncio
    run = lambda left: asyncio.run(asynchronous(left))
else:
    run = lambda left: sink(left, calls[way])
def plain(end):
    return getattr(end, "data", end)
ends = []
sys.setrecursionlimit(200)
for left in (0, *range(150, 200)):
    try:
        end = run(left)
    except Exception as error:
        end = error
    if isinstance(end, RecursionError):
        ends.append("nothing sent")
    elif isinstance(end, errors.OutcomeUnknownError):
        ends.append(("unknown", end.name, end.group_id))
    elif isinstance(end, errors.BadRequestError):
        ends.append(end.error_code)
    else:
        ends.append(plain(end)["name"])
sys.setrecursionlimit(2000)
print(ends)
"""
WAYS = ["sync", "raw", "many", "raw many", "async", "async raw", "async many", "async raw many"]
DATES = {"Deprecation": "@1765324800", "Sunset": "Mon, 08 Dec 2098 00:00:00 GMT"}


def created(request: Request) -> bytes:
    """With two warnings, and a number that is no machine's."""
    body = {"id": "a1", "name": "orders", "stateName": "CREATING", "size": 10**30}
    return reply(201, body, **DATES) if request.method == "POST" else ABSENT


def lost(_: Request) -> bytes:
    return BREAK


def refused(_: Request) -> bytes:
    return refusal(400, "INVALID_ATTRIBUTE")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("answer", "end"),
    [(created, "orders"), (lost, ("unknown", "orders", GROUP)), (refused, "INVALID_ATTRIBUTE")],
    ids=["created", "lost", "refused"],
)
def test_near_the_limit_of_recursion_no_outcome_is_lost(answer: Callable[[Request], bytes], end: Any, way: str) -> None:
    with Canned(answer=answer) as server:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, server.url, way],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        ends = eval(done.stdout)
        assert ends == [end] * ends.count(end) + ["nothing sent"] * ends.count("nothing sent")
        assert ends.count("nothing sent") > 0
        assert sum(request.method == "POST" for request in server.requests) == ends.count(end) > 0


SPEC: Any = {"name": "orders", "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}}


@pytest.mark.parametrize("face", ["sync", "async", "many"])
@pytest.mark.parametrize("raised", [KeyboardInterrupt, OSError, RecursionError])
def test_what_a_warning_raises_has_the_result(
    monkeypatch: pytest.MonkeyPatch, raised: type[BaseException], face: str
) -> None:
    def show(*_: Any, **__: Any) -> None:
        raise raised

    def call(server: Canned) -> Any:
        if face == "async":
            return asyncio.run(awaited(server))
        with server.client(group_id=GROUP) as client:
            if face == "sync":
                return client.create_flex_cluster(**SPEC)
            return next(iter(client.create_many([{"kind": "flex", **SPEC}])))

    async def awaited(server: Canned) -> Any:
        async with server.async_client(group_id=GROUP) as client:
            return await client.create_flex_cluster(**SPEC)

    with Canned(answer=created) as server, warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", show)
        if raised is RecursionError:
            end = call(server)
            assert (end.value if face == "many" else end)["name"] == "orders"
        elif face == "many":
            error: Any = call(server).error
            assert (type(error), error.result["name"]) == (raised, "orders")
        else:
            with pytest.raises(raised) as caught:
                call(server)
            assert caught.value.result["name"] == "orders"  # type: ignore[attr-defined]


class Interrupting(logging.Handler):
    """Ctrl-C while the last line of a create is written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        if record.levelno == logging.DEBUG and " 201" in record.getMessage():
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("face", "said"),
    [
        ("sync", f"The create of Flex cluster orders in project {GROUP} was given up: orders may exist now or later"),
        ("many", "Results that nobody took: <CreateResult 0 created orders CREATING>"),
    ],
    ids=["sync", "many"],
)
def test_what_was_created_is_said_where_the_last_line_of_its_log_is_interrupted(face: str, said: str) -> None:
    logger, handler = logging.getLogger("atlas_serverless"), Interrupting()
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with (
            Canned(answer=lambda _: entity("CREATING", status=201)) as server,
            server.client(group_id=GROUP) as client,
            pytest.raises(KeyboardInterrupt),
        ):
            if face == "sync":
                client.create_flex_cluster(**SPEC)
            else:
                list(client.create_many([{"kind": "flex", **SPEC}]))
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
    assert handler.lines[-1] == said


def test_results_that_nobody_takes_are_said(caplog: pytest.LogCaptureFixture) -> None:
    with Canned(answer=created) as server, server.client(group_id=GROUP) as client:
        fleet = client.create_many([{"kind": "flex", "name": "!"}, {"kind": "flex", "name": "?"}])
        assert next(iter(fleet)).index == 0
        fleet.close()
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert line.startswith("Results that nobody took: <CreateResult 1: ValidationError(")


def test_ctrl_c_while_an_error_is_made_has_the_error_as_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with Canned(answer=lost) as server, server.client(group_id=GROUP, max_retries=0) as client:
        with pytest.raises(errors.OutcomeUnknownError):
            client.create_flex_cluster(**SPEC)
        monkeypatch.setattr("atlas_serverless.errors._builders.transport_error", interrupted)
        with pytest.raises(KeyboardInterrupt) as caught:
            client.create_flex_cluster(**SPEC)
    cause = caught.value.__cause__
    assert isinstance(cause, errors.OutcomeUnknownError)
    assert (cause.name, cause.group_id) == ("orders", GROUP)
