"""Waiting: intervals, the deadline, what is borne, the four endings, and ends from outside. On a virtual clock."""

from __future__ import annotations

import asyncio
import itertools
import os
import pickle
import signal
import threading
import time
from typing import Any

import pytest

from atlas_serverless import _core, errors
from atlas_serverless.types import Poll
from canned import BREAK, GROUP, Canned, Request, refusal, reply

SPEC: dict[str, Any] = {
    "name": "orders",
    "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
}
PAGE = "<html><body>502 Bad Gateway</body></html>"
ABSENT = refusal(404, "CLUSTER_NOT_FOUND", "No cluster named orders exists.", ["orders", GROUP])


def entity(state: str, ident: str = "a1", status: int = 200) -> bytes:
    settings = {"backingProviderName": "AWS", "regionName": "US_EAST_1"}
    return reply(status, {"id": ident, "name": "orders", "providerSettings": settings, "stateName": state})


def wait(server: Canned, **options: Any) -> tuple[Any, list[float], list[Poll]]:
    """What a wait came to, what it slept and what it told."""
    clock = _core.VirtualClock()
    polls: list[Poll] = []
    with server.client(_clock=clock) as client:
        result = client.wait_for_flex_cluster(GROUP, "orders", **{"progress": polls.append, **options})
    return result, clock.sleeps, polls


def failed(server: Canned, kind: type[errors.WaitError], **options: Any) -> tuple[Any, list[float], list[Poll]]:
    clock = _core.VirtualClock()
    polls: list[Poll] = []
    with server.client(_clock=clock) as client, pytest.raises(kind) as caught:
        client.wait_for_flex_cluster(GROUP, "orders", **{"progress": polls.append, **options})
    return caught.value, clock.sleeps, polls


# --- intervals and the deadline ------------------------------------------------------------------------------------


def test_intervals_grow_from_one_second_to_fifteen() -> None:
    with Canned(*[entity("CREATING")] * 10, entity("IDLE")) as server:
        result, sleeps, polls = wait(server)
    assert result["stateName"] == "IDLE"
    assert [round(pause, 3) for pause in sleeps] == [1, 1.5, 2.25, 3.375, 5.062, 7.594, 11.391, 15, 15, 15]
    assert [(poll.state, poll.polls, poll.done) for poll in polls[-2:]] == [("CREATING", 10, False), ("IDLE", 11, True)]
    assert [round(poll.elapsed, 3) for poll in polls[:3]] == [0, 1, 2.5]
    assert {(poll.kind, poll.name, poll.wanted, poll.last_error) for poll in polls} == {
        ("flex", "orders", "IDLE", None)
    }


def test_the_interval_can_be_set() -> None:
    with Canned(*[entity("CREATING")] * 3, entity("IDLE")) as server:
        assert wait(server, interval=0.25)[1] == [0.25] * 3


@pytest.mark.parametrize("interval", [0, -1, float("nan")])
def test_an_interval_is_positive(interval: float) -> None:
    with Canned(entity("IDLE")) as server, server.client() as client:
        with pytest.raises(ValueError, match="interval"):
            client.wait_for_flex_cluster(GROUP, "orders", interval=interval)
        with pytest.raises(ValueError, match="interval"):
            client.delete_flex_cluster(GROUP, "orders", interval=interval)
    assert server.requests == []


@pytest.mark.parametrize("timeout", [0.5, 1, 3, 10, 61.5, 1800])
def test_the_deadline_holds(timeout: float) -> None:
    with Canned(entity("REPAIRING")) as server:
        error, sleeps, polls = failed(server, errors.WaitTimeoutError, timeout=timeout)
    assert issubclass(type(error), TimeoutError)
    assert sum(sleeps) == pytest.approx(timeout, abs=0.05)
    assert error.elapsed == pytest.approx(timeout, abs=0.05)
    assert (error.last_state, error.polls, error.last_error, error.result) == (
        "REPAIRING",
        len(server.requests),
        None,
        None,
    )
    assert "did not become IDLE" in str(error)
    assert "last seen REPAIRING" in str(error)
    assert [poll.done for poll in polls] == [False] * (len(polls) - 1) + [True]
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


def test_an_answer_that_does_not_come_ends_with_the_deadline() -> None:
    """On the real clock: a request that is under way does not outlive the deadline."""

    def answer(_: Request) -> bytes:
        time.sleep(30)
        return BREAK

    with Canned(answer=answer) as server, server.client() as client:
        begun = time.monotonic()
        with pytest.raises(errors.WaitTimeoutError) as caught:
            client.wait_for_flex_cluster(GROUP, "orders", timeout=0.4)
        assert 0.3 < time.monotonic() - begun < 2
    assert "no reply within" in str(caught.value.last_error)


# --- what is borne ---------------------------------------------------------------------------------------------------

TROUBLE = {
    "500": refusal(500, "UNEXPECTED_ERROR"),
    "503": refusal(503, None),
    "507": refusal(507, None),
    "529": reply(529, "overloaded"),
    "408": refusal(408, None),
    "429": refusal(429, "RATE_LIMITED"),
    "502 page": reply(502, PAGE),
    "404 page": reply(404, PAGE),
    "403 page": reply(403, PAGE),
    "200 page": reply(200, PAGE),
    "empty": reply(200, ""),
    "half": reply(200, '{"stateName": "ID'),
    "no state": reply(200, {"name": "orders"}),
    "broken": BREAK,
    "not yet there": ABSENT,
    "repairing": entity("REPAIRING"),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_that_passes(trouble: str) -> None:
    with Canned(TROUBLE[trouble], TROUBLE[trouble], entity("IDLE")) as server:
        result, _, polls = wait(server)
    assert result["stateName"] == "IDLE"
    assert len(server.requests) == 3
    if trouble != "repairing":
        assert polls[0].state is None
        assert polls[0].last_error
    assert polls[-1].last_error is None


def test_a_wait_is_as_long_as_the_service_asks() -> None:
    with Canned(reply(503, {}, Retry_After="7"), entity("IDLE")) as server:
        assert wait(server)[1] == [7]


def test_trouble_to_the_end_is_told() -> None:
    with Canned(entity("CREATING"), reply(502, PAGE)) as server:
        error, _, polls = failed(server, errors.WaitTimeoutError, timeout=60)
    assert error.last_state == "CREATING"
    assert "502" in error.last_error
    assert "last seen CREATING, then: 502" in str(error)
    assert (polls[0].state, polls[-1].state) == ("CREATING", None)


def test_the_bounds_of_a_single_call_are_not_those_of_a_wait() -> None:
    """A rate limit is waited for after minutes of waiting too, whatever max_retry_time says."""
    limited = refusal(429, "RATE_LIMITED_TOKEN_BUCKET")
    answers = iter([*[entity("CREATING")] * 20, limited, limited, entity("IDLE")])
    clock = _core.VirtualClock()
    with Canned(answer=lambda _: next(answers)) as server, server.client(_clock=clock, max_retry_time=30) as client:
        assert client.wait_for_flex_cluster(GROUP, "orders")["stateName"] == "IDLE"
    assert clock.now > 180


def test_a_token_endpoint_that_is_down_for_a_while_is_borne() -> None:
    states = iter(["CREATING"] * 3 + ["IDLE"])
    tokens = itertools.chain([200], [503] * 9, itertools.repeat(200))

    def answer(request: Request) -> bytes:
        if not request.path.startswith("/api/oauth/"):
            return entity(next(states))
        status = next(tokens)
        return reply(status, {"access_token": "t", "expires_in": 2} if status == 200 else {"error": "server_error"})

    clock = _core.VirtualClock()
    credentials = {"access_token": None, "client_id": "mdb_sa_id_1", "client_secret": "mdb_sa_sk_1"}
    with Canned(answer=answer) as server, server.client(_clock=clock, max_retries=2, **credentials) as client:
        assert client.wait_for_flex_cluster(GROUP, "orders")["stateName"] == "IDLE"


# --- the four endings ------------------------------------------------------------------------------------------------


def test_reached_at_once() -> None:
    with Canned(entity("IDLE")) as server:
        result, sleeps, _ = wait(server)
    assert (result["stateName"], sleeps) == ("IDLE", [])


def test_failed_where_it_is_being_deleted() -> None:
    with Canned(entity("CREATING"), entity("DELETING")) as server:
        error, _, polls = failed(server, errors.WaitFailedError)
    assert (error.last_state, error.polls) == ("DELETING", 2)
    assert "it is being deleted" in str(error)
    assert (polls[-1].state, polls[-1].done) == ("DELETING", True)


def test_failed_where_it_is_gone() -> None:
    with Canned(entity("UPDATING"), ABSENT) as server:
        error, _, _ = failed(server, errors.WaitFailedError)
    assert "it is gone" in str(error)


def test_failed_where_there_is_another_of_that_name() -> None:
    with Canned(entity("UPDATING", "a1"), entity("IDLE", "b2")) as server:
        error, _, _ = failed(server, errors.WaitFailedError)
    assert "another of that name" in str(error)


def test_failed_where_there_never_was_one() -> None:
    with Canned(ABSENT) as server:
        error, sleeps, _ = failed(server, errors.WaitFailedError)
    assert f"there is no Flex cluster of that name in project {GROUP}" in str(error)
    assert error.last_state is None
    assert 15 <= sum(sleeps) < 30


@pytest.mark.parametrize("state", ["idle", "READY", ""])
def test_misconfigured_state(state: Any) -> None:
    with Canned(entity("IDLE")) as server, server.client() as client:
        with pytest.raises(errors.ValidationError, match="is none of CREATING, IDLE"):
            client.wait_for_serverless_instance(GROUP, "orders", state=state)
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(404, "GROUP_NOT_FOUND"), errors.GroupNotFound),
        (refusal(401, "UNEXPECTED_ERROR"), errors.UnauthorizedError),
        (refusal(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST"), errors.ForbiddenError),
        (refusal(400, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API"), errors.CannotUseNonFlexClusterInFlexApi),
    ],
)
def test_misconfigured_access(answer: bytes, kind: type[errors.ApiError]) -> None:
    polls: list[Poll] = []
    with Canned(answer) as server, server.client() as client, pytest.raises(kind):
        client.wait_for_flex_cluster(GROUP, "orders", progress=polls.append)
    assert [poll.done for poll in polls] == [True]
    assert str(kind.status) in str(polls[0].last_error)


# --- wait=True -------------------------------------------------------------------------------------------------------


def test_a_create_is_waited_for_through_a_404() -> None:
    with Canned(entity("CREATING", status=201), ABSENT, ABSENT, entity("CREATING"), entity("IDLE")) as server:
        with server.client(_clock=_core.VirtualClock()) as client:
            response = client.with_raw_response.create_flex_cluster(GROUP, **SPEC, wait=True)
    assert (response.data["stateName"], response.status, response.attempts) == ("IDLE", 200, 1)
    assert server.asked == ["POST flexClusters", *["GET orders"] * 4]


def test_an_interval_and_a_timeout_for_a_create() -> None:
    clock = _core.VirtualClock()
    with Canned(entity("CREATING", status=201), entity("CREATING")) as server, server.client(_clock=clock) as client:
        with pytest.raises(errors.WaitTimeoutError) as caught:
            client.create_serverless_instance(GROUP, **SPEC, wait=True, timeout=20, interval=3)
    assert clock.sleeps == [3] * 6 + [1, 1]
    assert caught.value.result["id"] == "a1"
    assert "The serverless instance orders was created, but did not become IDLE" in str(caught.value)
    assert "wait_for_serverless_instance" in str(caught.value)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_create_whose_wait_is_refused_says_that_it_exists(asynchronous: bool) -> None:
    replies = [entity("CREATING", status=201), entity("CREATING"), refusal(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST")]

    async def run(server: Canned) -> None:
        async with server.async_client(_clock=_core.VirtualClock()) as client:
            await client.create_flex_cluster(GROUP, **SPEC, wait=True)

    with Canned(*replies) as server, pytest.raises(errors.WaitFailedError) as caught:
        if asynchronous:
            asyncio.run(run(server))
        else:
            server.client(_clock=_core.VirtualClock()).create_flex_cluster(GROUP, **SPEC, wait=True)
    error = caught.value
    assert error.result == {
        "id": "a1",
        "name": "orders",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
        "stateName": "CREATING",
    }
    assert isinstance(error.__cause__, errors.IpAddressNotOnAccessList)
    assert (error.last_state, error.polls) == ("CREATING", 2)
    assert "The Flex cluster orders was created, but" in str(error)
    assert "403 IP_ADDRESS_NOT_ON_ACCESS_LIST" in str(error)


def test_a_create_in_an_envelope_is_waited_for_in_one() -> None:
    def wrapped(state: str, status: int) -> bytes:
        return reply(status, {"status": status, "content": {"id": "a1", "name": "orders", "stateName": state}})

    with Canned(wrapped("CREATING", 201), wrapped("CREATING", 200), wrapped("IDLE", 200)) as server:
        with server.client(_clock=_core.VirtualClock()) as client:
            with pytest.warns(errors.FieldIgnoredWarning):
                result: Any = client.create_flex_cluster(GROUP, **SPEC, envelope=True, wait=True)
    assert (result["status"], result["content"]["stateName"]) == (200, "IDLE")
    assert all(request.target.endswith("?envelope=true") for request in server.requests)


def test_an_update_is_waited_for() -> None:
    with Canned(entity("UPDATING"), entity("UPDATING"), entity("IDLE")) as server:
        with server.client(_clock=_core.VirtualClock()) as client:
            updated = client.update_flex_cluster(GROUP, "orders", termination_protection_enabled=True, wait=True)
    assert (updated["stateName"], server.asked) == ("IDLE", ["PATCH orders", "GET orders", "GET orders"])


@pytest.mark.parametrize("kind", ["flex", "serverless"])
def test_a_deletion_is_waited_for(kind: str) -> None:
    accepted = reply(204) if kind == "flex" else reply(202, {})
    polls: list[Poll] = []
    with Canned(accepted, entity("IDLE"), entity("DELETING"), entity("DELETING"), ABSENT) as server:
        with server.client(_clock=_core.VirtualClock()) as client:
            method = client.delete_flex_cluster if kind == "flex" else client.delete_serverless_instance
            result = method(GROUP, "orders", wait=True, progress=polls.append)
    assert result == (None if kind == "flex" else {})
    assert [(poll.state, poll.wanted, poll.done) for poll in polls] == [
        ("IDLE", "DELETED", False),
        ("DELETING", "DELETED", False),
        ("DELETING", "DELETED", False),
        ("DELETED", "DELETED", True),
    ]


def test_a_deletion_that_is_ignored_is_asked_for_again() -> None:
    deletions = 0

    def answer(request: Request) -> bytes:
        nonlocal deletions
        deletions += request.method == "DELETE"
        if request.method == "DELETE":
            return reply(204)
        return entity("IDLE") if deletions < 2 else ABSENT

    clock = _core.VirtualClock()
    with Canned(answer=answer) as server, server.client(_clock=clock) as client:
        client.delete_flex_cluster(GROUP, "orders", wait=True)
    assert deletions == 2
    assert 30 <= clock.now < 60


def test_a_deletion_is_not_asked_for_without_end_and_never_of_another() -> None:
    def ignored(request: Request) -> bytes:
        return reply(204) if request.method == "DELETE" else entity("IDLE")

    with Canned(answer=ignored) as server, server.client(_clock=_core.VirtualClock()) as client:
        with pytest.raises(errors.WaitTimeoutError, match="is to be deleted, but is still there") as caught:
            client.delete_flex_cluster(GROUP, "orders", wait=True)
    assert [request.method for request in server.requests].count("DELETE") == 3
    assert caught.value.last_state == "IDLE"

    with Canned(reply(204), entity("DELETING", "a1"), entity("IDLE", "b2")) as server:
        with server.client(_clock=_core.VirtualClock()) as client:
            client.delete_flex_cluster(GROUP, "orders", wait=True)
    assert server.asked == ["DELETE orders", "GET orders", "GET orders"]


def test_a_deletion_that_is_refused_the_second_time_says_so() -> None:
    protected = refusal(400, "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED")
    deletions = iter([reply(204), protected])

    def answer(request: Request) -> bytes:
        return next(deletions) if request.method == "DELETE" else entity("IDLE")

    with Canned(answer=answer) as server, server.client(_clock=_core.VirtualClock()) as client:
        with pytest.raises(errors.WaitFailedError) as caught:
            client.delete_flex_cluster(GROUP, "orders", wait=True)
    assert isinstance(caught.value.__cause__, errors.CannotTerminateClusterWhenTerminationProtectionEnabled)


def test_warnings_come_although_the_wait_fails() -> None:
    _core.forget_deprecations()
    created = reply(
        201, {"id": "a1", "name": "orders", "stateName": "CREATING"}, Sunset="Thu, 15 Jan 2026 00:00:00 GMT"
    )
    with Canned(created, entity("CREATING"), entity("DELETING")) as server:
        with server.client(_clock=_core.VirtualClock()) as client:
            with pytest.warns(errors.AtlasWarning) as caught, pytest.raises(errors.WaitFailedError):
                client.create_serverless_instance(GROUP, **SPEC, wait=True)
    kinds = [warning.category for warning in caught]
    assert sorted(kinds, key=str) == [errors.EndpointDeprecatedWarning, errors.FieldIgnoredWarning]
    assert {warning.filename for warning in caught} == {__file__}


# --- ended from outside ----------------------------------------------------------------------------------------------


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


def test_waits_at_once_do_not_hinder_each_other() -> None:
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
        return entity("IDLE" if known else "CREATING")

    with Canned(answer=answer) as server:
        assert asyncio.run(run(server)) < 5
