"""Waiting: intervals, the deadline, failures that do not end a wait, the four endings. On a virtual clock."""

from __future__ import annotations

import itertools
import pickle
import time
from typing import Any

import pytest

from atlas_serverless import _core, errors
from atlas_serverless.types import Poll
from canned import ABSENT, BREAK, GROUP, Canned, Request, entity, refusal, reply

PAGE = "<html><body>502 Bad Gateway</body></html>"


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


# --- failures that do not end a wait ----------------------------------------------------------------------------------

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
def test_a_failure_that_passes_does_not_end_a_wait(trouble: str) -> None:
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


def test_the_last_failure_is_named_when_the_time_is_up() -> None:
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


def test_a_wait_goes_on_while_the_token_endpoint_is_down() -> None:
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
        error, sleeps, _ = failed(server, errors.WaitNotFoundError)
    assert f"There is no such cluster in project {GROUP}: no Flex cluster has the name orders" in str(error)
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
