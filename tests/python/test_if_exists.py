"""`if_exists="update"`, and what a wait says of a resource that was there before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from atlas_serverless import Emulator, _core, cli, errors
from canned import GROUP, Canned, Request, entity, refusal, reply
from faces import FACES, KINDS, called, method_of

PLACE = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
THERE = {"kind": "serverless", "tags": {"env": "dev", "team": "a"}, "state": "IDLE", "region": "US_EAST_1"}
TAKEN = refusal(400, "DUPLICATE_CLUSTER_NAME")


def tags_of(made: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in made["tags"]}


def emulator_with(kind: Any, **facts: Any) -> Emulator:
    emulator = Emulator(provisioning="at_once", calendar="2024" if kind == "serverless" else "2026")
    emulator.add_instance("orders", **{**THERE, "kind": kind, **facts})
    return emulator


CASES: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "tags": ({"tags": {"env": "prod"}}, {"tags": [{"key": "env", "value": "prod"}]}),
    "no tags": ({"tags": {}}, {"tags": []}),
    "protection": ({"termination_protection_enabled": True}, {"terminationProtectionEnabled": True}),
    "both": (
        {"tags": {"a": "b"}, "termination_protection_enabled": True},
        {"tags": [{"key": "a", "value": "b"}], "terminationProtectionEnabled": True},
    ),
    "as asked already": ({"tags": {"team": "a", "env": "dev"}}, None),
    "what is not asked for stays": ({}, None),
}


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_tags_and_protection_are_brought_to_what_is_asked(kind: str, face: str, case: str, wait: bool) -> None:
    asked, change = CASES[case]
    spec = {"name": "orders", "provider_settings": PLACE, **asked}
    with emulator_with(kind) as emulator:
        method = method_of("create", kind)
        made = called(emulator, face, method, emulator.group_id, **spec, if_exists="update", wait=wait)
        changes = [request for request in emulator.requests if request["method"] == "PATCH"]
        found = called(emulator, "sync", method_of("get", kind), emulator.group_id, "orders")
    assert [request["body"] for request in changes] == ([] if change is None else [change])
    assert (made["id"], made["tags"]) == (found["id"], found["tags"])
    assert tags_of(found) == asked.get("tags", THERE["tags"])
    assert found["terminationProtectionEnabled"] == asked.get("termination_protection_enabled", False)
    assert emulator.counters["created"] == 0


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
def test_anything_else_that_differs_is_an_error_and_nothing_is_changed(kind: str, face: str) -> None:
    spec = {"name": "orders", "provider_settings": {**PLACE, "region_name": "EU_WEST_1"}, "tags": {"env": "prod"}}
    with emulator_with(kind) as emulator:
        with pytest.raises(
            errors.DuplicateClusterName, match=r"asked for .*EU_WEST_1.*, there is .*US_EAST_1"
        ) as caught:
            called(emulator, face, method_of("create", kind), emulator.group_id, **spec, if_exists="update")
        assert [request for request in emulator.requests if request["method"] == "PATCH"] == []
    assert [one["path"] for one in caught.value.violations] == ["providerSettings.regionName", "tags"]


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_has_the_name_it_is_created(kind: str) -> None:
    with Emulator(provisioning="at_once") as emulator:
        spec = {"name": "orders", "provider_settings": PLACE}
        called(emulator, "sync", method_of("create", kind), emulator.group_id, **spec, if_exists="update")
        assert emulator.counters["created"] == 1


def test_a_serverless_create_changes_the_flex_cluster_that_it_has_become() -> None:
    with emulator_with("flex") as emulator, emulator.client(on_retired="flex") as client:
        with pytest.warns(errors.AtlasWarning):
            made = client.create_serverless_instance(
                emulator.group_id, name="orders", provider_settings=PLACE, tags={"a": "b"}, if_exists="update"
            )
        assert tags_of(made) == {"a": "b"}


def test_a_refused_change_is_told_as_one() -> None:
    def answer(request: Request) -> bytes:
        if request.method == "GET":
            return entity("IDLE")
        return TAKEN if request.method == "POST" else refusal(403, "USER_UNAUTHORIZED")

    with Canned(answer=answer) as server, server.client() as client, pytest.raises(errors.ForbiddenError) as caught:
        client.create_flex_cluster(GROUP, name="orders", provider_settings=PLACE, tags={"a": "b"}, if_exists="update")
    assert "the create found the name taken, and this is the answer to the update" in str(caught.value)


def test_the_wait_is_for_the_new_values() -> None:
    def state(name: str, tags: Any) -> bytes:
        settings = {"backingProviderName": "AWS", "regionName": "US_EAST_1"}
        return reply(200, {"id": "a1", "name": "orders", "stateName": name, "providerSettings": settings, "tags": tags})

    new = [{"key": "a", "value": "b"}]
    replies = [TAKEN, state("IDLE", []), state("UPDATING", new), state("IDLE", []), state("IDLE", new)]
    with Canned(*replies) as server, server.client(_clock=_core.VirtualClock()) as client:
        made = client.create_flex_cluster(
            GROUP, name="orders", provider_settings=PLACE, tags={"a": "b"}, if_exists="update", wait=True
        )
    assert made["tags"] == new
    assert server.asked == ["POST flexClusters", "GET orders", "PATCH orders", "GET orders", "GET orders"]


@pytest.mark.parametrize("if_exists", ["return", "update"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_wait_for_what_existed_does_not_say_that_it_was_created(kind: str, if_exists: Any) -> None:
    with Canned(TAKEN, entity("CREATING")) as server, server.client(_clock=_core.VirtualClock()) as client:
        create = getattr(client, method_of("create", kind))
        with pytest.raises(errors.WaitTimeoutError) as caught:
            create(GROUP, name="orders", provider_settings=PLACE, if_exists=if_exists, wait=True, timeout=30)
    assert " orders existed already, but did not become IDLE: the time is up" in str(caught.value)
    assert "created" not in str(caught.value)


def test_create_many() -> None:
    with emulator_with("flex") as emulator, emulator.client() as client:
        one = {"name": "orders", "provider_settings": PLACE, "tags": {"a": "b"}, "if_exists": "update"}
        [result] = client.create_many([{"group_id": emulator.group_id, **one}])
        assert tags_of(result.value) == {"a": "b"}


def test_an_unknown_word() -> None:
    with Canned(b"") as server, server.client() as client:
        with pytest.raises(ValueError, match='"error", "return" or "update", not "replace"'):
            client.create_flex_cluster(GROUP, name="orders", if_exists="replace")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line(kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with emulator_with(kind) as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        command = f"{kind} create --name orders --provider AWS --region US_EAST_1 --tag a=b --if-exists update"
        assert cli.main([*command.split(), "--no-token-cache"]) == 0
    assert tags_of(json.loads(capsys.readouterr().out)) == {"a": "b"}
