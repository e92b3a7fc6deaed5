"""`wait=True` on create, update and delete: what was done stays done, and is said, however the wait ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from atlas_serverless import _core, errors
from atlas_serverless.types import Poll
from canned import ABSENT, GROUP, Canned, Request, entity, refusal, reply

SPEC: dict[str, Any] = {
    "name": "orders",
    "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
}


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
    def protected(state: str) -> bytes:
        shown = {"id": "a1", "name": "orders", "stateName": state, "terminationProtectionEnabled": True}
        return reply(200, shown)

    with Canned(protected("UPDATING"), protected("UPDATING"), protected("IDLE")) as server:
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
