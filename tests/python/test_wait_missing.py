"""Waiting for what is not there: an error that `except ClusterNotFound` catches, with the names that there are."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from atlas_serverless import Emulator, _core, cli, errors
from canned import ABSENT, GROUP, Canned, Request, entity, refusal, reply
from faces import FACES, KINDS, called, method_of

NOUNS = {"serverless": "serverless instance", "flex": "Flex cluster"}


def project_of(*names: str) -> Any:
    """The answers of a project that has these clusters, and no other."""

    def answer(request: Request) -> bytes:
        if request.path.endswith(("/serverless", "/flexClusters")):
            return reply(200, {"results": [{"name": name} for name in names]})
        return ABSENT

    return answer


def failed(server: Canned, face: str, kind: str, **options: Any) -> tuple[errors.WaitNotFoundError, list[float]]:
    clock = _core.VirtualClock()
    with pytest.raises(errors.WaitNotFoundError) as caught:
        method = method_of("wait_for", kind)
        called(server, face, method, GROUP, "orders", client_options={"_clock": clock}, **options)
    return caught.value, clock.sleeps


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "slept"),
    [({}, 20.78), ({"timeout": 5}, 5), ({"timeout": 0.5}, 0.5), ({"grace": 0}, 0), ({"grace": 3}, 4.75)],
    ids=["grace", "time", "short time", "no grace", "own grace"],
)
def test_both_ends_say_that_nothing_has_the_name(kind: str, face: str, options: Any, slept: float) -> None:
    with Canned(answer=project_of("billing", "order", "orders-2", "carts")) as server:
        error, sleeps = failed(server, face, kind, **options)
    assert sum(sleeps) == pytest.approx(slept, abs=0.01)
    assert isinstance(error, errors.ClusterNotFound)
    assert isinstance(error, errors.WaitFailedError)
    assert not isinstance(error, TimeoutError)
    noun = NOUNS[kind]
    assert str(error).startswith(f"There is no such cluster in project {GROUP}: no {noun} has the name orders (")
    assert str(error).endswith("; the nearest names there: order, orders-2, carts")
    assert "goes on" not in str(error)
    assert (error.status, error.error_code, error.last_state) == (404, "CLUSTER_NOT_FOUND", None)
    assert error.detail == "No cluster named orders exists."
    assert isinstance(error.__cause__, errors.ClusterNotFound)
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is errors.WaitNotFoundError
    assert vars(copied)["detail"] == error.detail


def test_an_empty_project_and_one_that_cannot_be_listed() -> None:
    with Canned(answer=project_of()) as server:
        assert str(failed(server, "sync", "flex", grace=0)[0]).endswith("; the project has no Flex cluster")
    with Canned(ABSENT) as server:
        assert str(failed(server, "sync", "flex", grace=0)[0]).endswith(" (1 look in 0 s)")


@pytest.mark.parametrize("grace", [-1, float("nan")])
def test_a_grace_is_a_time(grace: float) -> None:
    with Canned(b"") as server, server.client() as client, pytest.raises(ValueError, match="grace"):
        client.wait_for_flex_cluster(GROUP, "orders", grace=grace)
    assert server.requests == []


def test_the_grace_is_for_a_create_that_is_on_its_way() -> None:
    with Canned(ABSENT, ABSENT, entity("CREATING"), entity("IDLE")) as server:
        with server.client(_clock=_core.VirtualClock()) as client:
            assert client.wait_for_flex_cluster(GROUP, "orders")["stateName"] == "IDLE"


@pytest.mark.parametrize("kind", KINDS)
def test_what_this_client_has_just_created_keeps_a_minute(kind: str) -> None:
    settings = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    replies = [entity("CREATING", status=201), *[ABSENT] * 8, entity("IDLE")]
    clock = _core.VirtualClock()
    with Canned(*replies) as server, server.client(_clock=clock) as client:
        getattr(client, method_of("create", kind))(GROUP, name="orders", provider_settings=settings)
        wait = getattr(client, method_of("wait_for", kind))
        assert wait(GROUP, "orders", grace=0)["stateName"] == "IDLE"
        assert 30 < clock.now < 60
    # If it is not there in time either, it may still come: that is a timeout.
    with Canned(entity("CREATING", status=201), ABSENT) as server, server.client(_clock=_core.VirtualClock()) as client:
        getattr(client, method_of("create", kind))(GROUP, name="orders", provider_settings=settings)
        with pytest.raises(errors.WaitTimeoutError, match="it goes on in Atlas"):
            getattr(client, method_of("wait_for", kind))(GROUP, "orders", grace=0, timeout=10)
        # Another name has no such time.
        with pytest.raises(errors.WaitNotFoundError):
            getattr(client, method_of("wait_for", kind))(GROUP, "other", grace=0, timeout=10)


@pytest.mark.parametrize("kind", KINDS)
def test_a_create_whose_cluster_never_appears(kind: str) -> None:
    settings = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    with Canned(entity("CREATING", status=201), ABSENT) as server:
        with server.client(_clock=_core.VirtualClock()) as client, pytest.raises(errors.WaitNotFoundError) as caught:
            create = getattr(client, method_of("create", kind))
            create(GROUP, name="orders", provider_settings=settings, wait=True)
    noun = NOUNS[kind]
    assert str(caught.value).startswith(
        f"The {noun} orders was created, but there is no such cluster in project {GROUP}"
    )
    assert caught.value.result["id"] == "a1"


def test_a_missing_project_is_not_a_missing_cluster() -> None:
    with Canned(refusal(404, "GROUP_NOT_FOUND")) as server, server.client() as client:
        with pytest.raises(errors.GroupNotFound):
            client.wait_for_flex_cluster(GROUP, "orders", grace=0)


def test_it_can_be_made_by_hand() -> None:
    error = errors.WaitNotFoundError(polls=3)
    assert (error.status, error.error_code, error.polls, error.violations) == (404, "CLUSTER_NOT_FOUND", 3, [])
    with pytest.raises(errors.NotFoundError):
        raise error


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line(kind: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator() as emulator:
        emulator.add_instance("order", kind=kind, state="IDLE")
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        assert cli.main([kind, "wait", "orders", "--grace", "0", "--no-token-cache"]) == 4
    assert "the nearest names there: order" in capsys.readouterr().err
