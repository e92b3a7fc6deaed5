"""Deleting what is not there, with `missing_ok`."""

from __future__ import annotations

from typing import Any

import pytest

from atlas_serverless import Emulator, cli, errors
from canned import ABSENT, GROUP, Canned, refusal
from faces import FACES, KINDS, called, method_of

NOTHING: dict[str, Any] = {"serverless": {}, "flex": None}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wait", [False, True])
def test_that_nothing_is_there_is_a_success(kind: str, face: str, wait: bool) -> None:
    with Canned(ABSENT) as server:
        method = method_of("delete", kind)
        assert called(server, face, method, GROUP, "orders", missing_ok=True, wait=wait) == NOTHING[kind]
    assert server.asked == ["DELETE orders"]


@pytest.mark.parametrize("kind", KINDS)
def test_raw_tells_that_nothing_was_deleted(kind: str) -> None:
    with Canned(ABSENT) as server, server.client() as client:
        delete = getattr(client.with_raw_response, method_of("delete", kind))
        response = delete(GROUP, "orders", missing_ok=True)
        assert (response.status, response.data, response.reconciled) == (404, NOTHING[kind], False)
    with Canned(ABSENT) as server, server.client() as client:
        enveloped = client.delete_serverless_instance(GROUP, "orders", missing_ok=True, envelope=True)
    assert enveloped == {"status": 404, "content": {}}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "kind_of_error"),
    [
        (refusal(404, "GROUP_NOT_FOUND"), errors.GroupNotFound),
        (refusal(400, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API"), errors.CannotUseNonFlexClusterInFlexApi),
        (refusal(403, "USER_UNAUTHORIZED"), errors.ForbiddenError),
    ],
)
def test_only_a_missing_cluster_is_meant(kind: str, answer: bytes, kind_of_error: type[errors.ApiError]) -> None:
    with Canned(answer) as server, server.client() as client, pytest.raises(kind_of_error):
        getattr(client, method_of("delete", kind))(GROUP, "orders", missing_ok=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_is_an_error(kind: str) -> None:
    with Canned(ABSENT) as server, server.client() as client, pytest.raises(errors.ClusterNotFound):
        getattr(client, method_of("delete", kind))(GROUP, "orders", wait=True)


def test_a_retired_path_is_not_a_missing_cluster() -> None:
    with Emulator(calendar="2026") as emulator:
        with emulator.client() as client, pytest.raises(errors.EndpointRetired):
            client.delete_serverless_instance(emulator.group_id, "orders", missing_ok=True)
        with emulator.client(on_retired="flex") as client, pytest.warns(errors.EndpointDeprecatedWarning):
            assert client.delete_serverless_instance(emulator.group_id, "orders", missing_ok=True) is None


COMMANDS = {
    "delete orders --wait": 0,
    "delete orders --missing-ok": 0,
    "delete orders --wait --no-missing-ok": 4,
    "delete orders": 4,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", COMMANDS)
def test_on_the_command_line_it_is_the_default_of_a_wait(
    kind: str, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator() as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        assert cli.main([kind, *command.split(), "--no-token-cache"]) == COMMANDS[command]
    assert ("NOT_FOUND" in capsys.readouterr().err) == bool(COMMANDS[command])
