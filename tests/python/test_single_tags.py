"""Updates that add and remove single tags."""

from __future__ import annotations

import json
from typing import Any

import pytest

from atlas_serverless import Emulator, _core, cli, errors
from canned import GROUP, Canned, reply
from faces import FACES, KINDS, called, method_of

BEFORE = {"env": "dev", "team": "a", "old": "x"}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, str] | None]] = {
    "set": ({"add_tags": {"env": "prod"}}, {"env": "prod", "team": "a", "old": "x"}),
    "add": ({"add_tags": {"cost": "1"}}, {"env": "dev", "team": "a", "old": "x", "cost": "1"}),
    "as a list": ({"add_tags": [{"key": "cost", "value": "1"}]}, {"env": "dev", "team": "a", "old": "x", "cost": "1"}),
    "remove": ({"remove_tags": ["old", "nowhere"]}, {"env": "dev", "team": "a"}),
    "both": ({"add_tags": {"env": "prod"}, "remove_tags": ("old",)}, {"env": "prod", "team": "a"}),
    "all": ({"remove_tags": ["env", "team", "old"]}, {}),
    "nothing new": ({"add_tags": {"env": "dev"}, "remove_tags": ["nowhere"]}, None),
}


def tags_of(entity: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in entity["tags"]}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", CHANGES)
def test_the_other_tags_stay(kind: Any, face: str, change: str) -> None:
    options, after = CHANGES[change]
    with Emulator(provisioning="at_once") as emulator:
        emulator.add_instance("orders", kind=kind, tags=BEFORE, state="IDLE")
        changed = called(emulator, face, method_of("update", kind), emulator.group_id, "orders", **options)
        assert tags_of(changed) == (BEFORE if after is None else after)
        asked = [request["method"] for request in emulator.requests if request["endpoint"] in ("flex", "serverless")]
        # What is as asked already is not sent.
        assert asked == ["GET"] + ([] if after is None else ["PATCH"])


def test_other_changes_go_with_them_and_the_order_stays() -> None:
    there = {"name": "orders", "stateName": "IDLE", "tags": [{"key": "b", "value": "1"}, {"key": "a", "value": "2"}]}
    with Canned(reply(200, there)) as server, server.client() as client:
        client.update_flex_cluster(GROUP, "orders", add_tags={"b": "9", "c": "3"}, termination_protection_enabled=True)
        client.update_flex_cluster(GROUP, "orders", add_tags={"a": "2"}, termination_protection_enabled=True)
    bodies = [json.loads(request.body) for request in server.requests if request.method == "PATCH"]
    assert [list(tag.values()) for tag in bodies[0]["tags"]] == [["b", "9"], ["a", "2"], ["c", "3"]]
    assert bodies[0]["terminationProtectionEnabled"] is True
    assert bodies[1] == {"terminationProtectionEnabled": True}


def test_tags_in_an_envelope_and_none_at_all() -> None:
    wrapped = reply(200, {"status": 200, "content": {"name": "orders", "tags": [{"key": "a", "value": "1"}]}})
    with Canned(wrapped) as server, server.client() as client:
        client.update_flex_cluster(GROUP, "orders", add_tags={"b": "2"}, envelope=True)
    assert json.loads(server.requests[1].body)["tags"] == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    with Canned(reply(200, {"name": "orders"})) as server, server.client() as client:
        client.update_flex_cluster(GROUP, "orders", add_tags={"b": "2"})
    assert json.loads(server.requests[1].body)["tags"] == [{"key": "b", "value": "2"}]


@pytest.mark.parametrize("kind", KINDS)
def test_an_update_without_change_waits_all_the_same(kind: str) -> None:
    def state(name: str) -> bytes:
        return reply(200, {"id": "a1", "name": "orders", "stateName": name, "tags": [{"key": "a", "value": "1"}]})

    with Canned(state("UPDATING"), state("UPDATING"), state("IDLE")) as server:
        options = {"_clock": _core.VirtualClock()}
        method = method_of("update", kind)
        found = called(server, "sync", method, GROUP, "orders", add_tags={"a": "1"}, wait=True, client_options=options)
    assert found["stateName"] == "IDLE"
    assert server.asked == ["GET orders"] * 3


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "tags beside add_tags": ({"tags": {}, "add_tags": {"a": "b"}}, ["tags"]),
    "tags beside remove_tags": ({"tags": {"a": "b"}, "remove_tags": ["c"]}, ["tags"]),
    "tags of extra_fields": ({"extra_fields": {"tags": []}, "remove_tags": ["c"]}, ["tags"]),
    "in both": ({"add_tags": {"a": "b"}, "remove_tags": ["a"]}, ["remove_tags"]),
    "a text": ({"remove_tags": "env"}, ["remove_tags"]),
    "no text": ({"add_tags": {"a": 1}, "remove_tags": [None]}, ["add_tags['a']", "remove_tags[0]"]),
    "nothing": ({"add_tags": {}, "remove_tags": []}, ["body"]),
}


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", WRONG)
def test_contradictions_are_told_before_anything_is_sent(kind: str, wrong: str, validate: bool) -> None:
    options, paths = WRONG[wrong]
    if wrong == "nothing" and not validate:
        return
    with Canned(b"") as server, server.client() as client, pytest.raises(errors.ValidationError) as caught:
        getattr(client, method_of("update", kind))(GROUP, "orders", validate=validate, **options)
    assert [violation["path"] for violation in caught.value.violations] == paths
    assert server.requests == []


def test_too_many_are_told_after_the_tags_were_read() -> None:
    tags = [{"key": f"k{number}", "value": "x"} for number in range(50)]
    with Canned(reply(200, {"name": "orders", "tags": tags})) as server, server.client() as client:
        with pytest.raises(errors.ValidationError, match="would make 51 tags of 50; at most 50 are allowed"):
            client.update_flex_cluster(GROUP, "orders", add_tags={"one": "more"})
        client.update_flex_cluster(GROUP, "orders", add_tags={"one": "more"}, remove_tags=["k7"])
    assert [request.method for request in server.requests] == ["GET", "GET", "PATCH"]


def test_where_the_serverless_path_is_gone_the_flex_cluster_is_changed() -> None:
    with Emulator(calendar="2026", provisioning="at_once") as emulator:
        emulator.add_instance("orders", kind="flex", tags=BEFORE, state="IDLE")
        with emulator.client(on_retired="flex") as client:
            with pytest.warns(errors.EndpointDeprecatedWarning):
                client.update_serverless_instance(emulator.group_id, "orders", remove_tags=["old"])
            found = client.get_flex_cluster(emulator.group_id, "orders")
    assert tags_of(found) == {"env": "dev", "team": "a"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line(kind: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator(provisioning="at_once") as emulator:
        emulator.add_instance("orders", kind=kind, tags=BEFORE, state="IDLE")
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        update = [kind, "update", "orders", "--no-token-cache"]
        assert cli.main([*update, "--add-tag", "env=prod", "--remove-tag", "old"]) == 0
        assert tags_of(json.loads(capsys.readouterr().out)) == {"env": "prod", "team": "a"}
        for option in ("--tag a=b", "--no-tags"):
            assert cli.main([*update, "--add-tag", "a=b", *option.split()]) == 2
            assert capsys.readouterr().err.endswith(f"{option.split()[0]} and --add-tag contradict each other\n")
