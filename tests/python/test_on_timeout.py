"""`on_timeout="delete"`: what a create made is not left behind, and nothing else is ever deleted."""

from __future__ import annotations

import pickle
from functools import partial
from typing import Any

import pytest

import atlas_serverless
from atlas_serverless import Client, _core, cli, errors
from canned import ABSENT, BREAK, GROUP, Canned, Request, entity, refusal, reply
from faces import FACES, KINDS, called, method_of

SPEC: dict[str, Any] = {
    "name": "orders",
    "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
}
DELETE: dict[str, Any] = {"wait": True, "timeout": 20, "on_timeout": "delete"}


def timed_out(server: Canned, face: str, kind: str, **options: Any) -> errors.WaitTimeoutError:
    keywords = {**SPEC, **DELETE, **options}
    with pytest.raises(errors.WaitTimeoutError) as caught:
        clock = _core.VirtualClock()
        called(server, face, method_of("create", kind), GROUP, client_options={"_clock": clock}, **keywords)
    return caught.value


def service(look: Any = None, deletion: bytes | None = None, created: bytes | None = None) -> Any:
    """The answers of one that creates and never gets there. `look` is what each GET sees."""

    def answer(request: Request) -> bytes:
        if request.method == "POST":
            return created or entity("CREATING", status=201)
        if request.method == "DELETE":
            return deletion or reply(204)
        return (look or (lambda: entity("CREATING")))()

    return answer


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_created_is_deleted_and_said_so(kind: str, face: str) -> None:
    with Canned(answer=service()) as server:
        error = timed_out(server, face, kind)
    assert server.asked[-2:] == ["GET orders", "DELETE orders"]
    assert error.deleted is True
    assert error.result["id"] == "a1"
    text = str(error)
    assert " orders was created, but did not become IDLE: the time is up (last seen CREATING; " in text
    assert text.endswith('; its deletion was accepted, since on_timeout is "delete"')
    assert "goes on" not in text
    assert pickle.loads(pickle.dumps(error)).deleted is True


def test_the_default_leaves_it() -> None:
    with Canned(answer=service()) as server:
        error = timed_out(server, "sync", "flex", on_timeout="error")
    assert error.deleted is False
    assert "DELETE orders" not in server.asked
    assert "it goes on in Atlas" in str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_what_reads_do_not_know_yet_is_deleted_too(kind: str) -> None:
    with Canned(answer=service(look=lambda: ABSENT)) as server:
        assert timed_out(server, "sync", kind).deleted is True
    assert server.asked[-1] == "DELETE orders"


NOT_DELETED: dict[str, tuple[Any, str]] = {
    "refused": (
        service(deletion=refusal(403, "USER_UNAUTHORIZED")),
        'although on_timeout is "delete": the deletion failed with 403 USER_UNAUTHORIZED',
    ),
    "of another": (
        service(look=iter([entity("CREATING")] * 7 + [entity("IDLE", "b2")] * 9).__next__),
        'although on_timeout is "delete": another has its name by now',
    ),
    "without an id": (
        service(created=reply(201, {"name": "orders", "stateName": "CREATING", "providerSettings": {}})),
        'although on_timeout is "delete": the reply to its create has no id',
    ),
}


@pytest.mark.parametrize("case", NOT_DELETED)
@pytest.mark.filterwarnings("ignore::atlas_serverless.errors.FieldIgnoredWarning")
def test_what_was_not_deleted_is_said_too(case: str) -> None:
    answer, why = NOT_DELETED[case]
    with Canned(answer=answer) as server:
        error = timed_out(server, "sync", "flex")
    assert error.deleted is False
    assert why in str(error)
    assert ("DELETE orders" in server.asked) == (case == "refused")


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_there_before_is_never_deleted(kind: str) -> None:
    def answer(request: Request) -> bytes:
        return refusal(400, "DUPLICATE_CLUSTER_NAME") if request.method == "POST" else entity("CREATING")

    for if_exists in ("return", "update"):
        with Canned(answer=answer) as server:
            error = timed_out(server, "sync", kind, if_exists=if_exists)
        assert error.deleted is False
        assert "DELETE orders" not in server.asked


def test_what_may_be_anothers_is_never_deleted() -> None:
    """The answer to the create was lost, and what was found may have been created by another at that moment."""
    made = {
        "id": "a1",
        "name": "orders",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
        "stateName": "CREATING",
        "createDate": "2026-03-01T10:00:00Z",
    }

    def answer(request: Request) -> bytes:
        return BREAK if request.method == "POST" else reply(200, made, Date="Sun, 01 Mar 2026 10:00:01 GMT")

    with Canned(answer=answer) as server:
        error = timed_out(server, "sync", "flex")
    assert error.deleted is False
    assert "the answer to its create was lost, so it may be another's" in str(error)
    assert "DELETE orders" not in server.asked


def test_another_end_than_the_time_deletes_nothing() -> None:
    with Canned(entity("CREATING", status=201), refusal(403, "USER_UNAUTHORIZED")) as server, server.client() as client:
        with pytest.raises(errors.WaitFailedError):
            client.create_flex_cluster(GROUP, **SPEC, **DELETE)
    assert server.asked == ["POST flexClusters", "GET orders"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"wait": False}, "is for wait=True"),
        ({"termination_protection_enabled": True}, "contradicts terminationProtectionEnabled"),
    ],
)
def test_contradictions_are_told_before_anything_is_sent(kind: str, options: Any, message: str) -> None:
    with Canned(b"") as server, server.client() as client:
        with pytest.raises(errors.ValidationError, match=f"on_timeout: .*{message}"):
            getattr(client, method_of("create", kind))(GROUP, **{**SPEC, **DELETE, **options})
        [result] = client.create_many([{"group_id": GROUP, "kind": kind, **SPEC, **DELETE, **options}])
    assert isinstance(result.error, errors.ValidationError)
    assert server.requests == []


def test_create_many() -> None:
    with Canned(answer=service()) as server, server.client(_clock=_core.VirtualClock()) as client:
        [result] = client.create_many([{"group_id": GROUP, **SPEC, **DELETE}])
        assert isinstance(result.error, errors.WaitTimeoutError)
        assert result.error.deleted is True
    assert server.asked[-1] == "DELETE orders"


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line(kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    made: Any = partial(Client, _clock=_core.VirtualClock())  # type: ignore[call-arg]  # for tests alone
    monkeypatch.setattr(atlas_serverless, "Client", made, raising=False)
    with Canned(answer=service()) as server:
        monkeypatch.setenv("MONGODB_ATLAS_ACCESS_TOKEN", "token")
        monkeypatch.setenv("MONGODB_ATLAS_BASE_URL", server.url)
        command = f"{kind} create {GROUP} --no-token-cache --name orders --provider AWS --region US_EAST_1"
        assert cli.main([*command.split(), "--on-timeout", "delete"]) == 2
        assert capsys.readouterr().err.endswith("--on-timeout is for --wait\n")
        assert server.asked == []
        assert cli.main([*command.split(), "--wait", "--timeout", "20", "--on-timeout", "delete"]) == 7
    assert "its deletion was accepted" in capsys.readouterr().err
    assert server.asked[-1] == "DELETE orders"
