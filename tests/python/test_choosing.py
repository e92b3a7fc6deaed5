"""Lists of a choice: by name, tags and state, while the pages are read. And a list that is out of step with itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from atlas_serverless import Client, Emulator, _core, cli, errors
from canned import ABSENT, GROUP, Canned, refusal, reply
from faces import FACES, KINDS, called, method_of

DEV, TEST = {"env": "dev"}, {"env": "test"}
CHOICES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "all": ({}, ["ci-1", "ci-2", "orders", "ci-3"]),
    "name": ({"name_prefix": "ci-"}, ["ci-1", "ci-2", "ci-3"]),
    "a name": ({"name_prefix": "ci-2"}, ["ci-2"]),
    "tag": ({"tags": DEV}, ["ci-1", "orders"]),
    "tags as a list": ({"tags": [{"key": "env", "value": "dev"}]}, ["ci-1", "orders"]),
    "two tags": ({"tags": {"env": "dev", "team": "a"}}, ["orders"]),
    "no tags": ({"tags": {}}, ["ci-1", "ci-2", "orders", "ci-3"]),
    "state": ({"state": "CREATING"}, ["ci-2"]),
    "all three": ({"name_prefix": "ci-", "tags": DEV, "state": "IDLE"}, ["ci-1"]),
    "none": ({"name_prefix": "zz"}, []),
}


@pytest.fixture(scope="module")
def emulators() -> Any:
    calendars: dict[str, Any] = {"serverless": "2024", "flex": "2026"}
    made = {
        kind: Emulator(calendar=calendars[kind], provisioning="manual", token_requests_per_minute=None)
        for kind in KINDS
    }
    kind: Any
    for kind, emulator in made.items():
        for name, tags, state in [
            ("ci-1", DEV, "IDLE"),
            ("ci-2", TEST, "CREATING"),
            ("orders", {"team": "a", "env": "dev"}, "IDLE"),
            ("ci-3", {}, "IDLE"),
        ]:
            emulator.add_instance(name, kind=kind, tags=tags, state=state)
    yield made
    for emulator in made.values():
        emulator.stop()


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("choice", CHOICES)
def test_only_those_that_were_asked_for(emulators: dict[str, Emulator], kind: str, face: str, choice: str) -> None:
    options, names = CHOICES[choice]
    emulator = emulators[kind]
    entries = called(emulator, face, method_of("list", kind), emulator.group_id, items_per_page=2, **options)
    assert [entry["name"] for entry in entries] == names


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line_chooses_too(
    emulators: dict[str, Emulator], kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in emulators[kind].environment().items():
        monkeypatch.setenv(name, value)
    command = [kind, "list", "--no-token-cache", "--name-prefix", "ci-", "--tag", "env=dev", "--state", "IDLE"]
    assert cli.main(command) == 0
    assert [entry["name"] for entry in json.loads(capsys.readouterr().out)] == ["ci-1"]


def test_all_else_of_a_raw_page_is_what_the_service_sent() -> None:
    body = b'{ "links":[{"rel":"self","href":"x"}], "results" : [{"name":"a"}, {"name":"b","n":1.50}], "totalCount":2}'
    with Canned(reply(200, body)) as server, server.client() as client:
        [page] = client.with_raw_response.list_flex_clusters(GROUP, name_prefix="b")
    data: Any = page.data
    assert data == {"links": [{"rel": "self", "href": "x"}], "results": [{"name": "b", "n": 1.5}], "totalCount": 2}
    assert list(data) == ["links", "results", "totalCount"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"name_prefix": ""}, "name_prefix"),
        ({"name_prefix": "a_b"}, "name_prefix"),
        ({"tags": {"env": 5}}, "tags['env']"),
        ({"tags": "env=dev"}, "tags"),
        ({"state": "idle"}, "state"),
        ({"state": "DELETED"}, "state"),
    ],
)
def test_what_no_entry_can_have_is_refused_before_anything_is_sent(kind: str, options: Any, path: str) -> None:
    with Canned(b"") as server, server.client() as client, pytest.raises(errors.ValidationError) as caught:
        getattr(client, method_of("list", kind))(GROUP, **options)
    assert [violation["path"] for violation in caught.value.violations] == [path]
    assert server.requests == []


# --- a list that answers as if a cluster were missing ---------------------------------------------------------------

LISTS: dict[str, Callable[[Client], Any]] = {
    "serverless": lambda client: list(client.list_serverless_instances(GROUP)),
    "flex": lambda client: list(client.list_flex_clusters(GROUP)),
    "request": lambda client: client.request("GET", f"/api/atlas/v2/groups/{GROUP}/clusters")["results"],
}


@pytest.mark.parametrize("way", LISTS)
def test_a_list_without_one_cluster_is_asked_for_again(way: str) -> None:
    page = reply(200, {"results": [{"name": "a"}]})
    with Canned(ABSENT, ABSENT, page) as server, server.client(_clock=_core.VirtualClock()) as client:
        assert LISTS[way](client) == [{"name": "a"}]
    assert len(server.requests) == 3


@pytest.mark.parametrize("way", LISTS)
def test_a_list_that_stays_so_says_that_it_is_not_the_project(way: str) -> None:
    with Canned(ABSENT) as server, server.client(_clock=_core.VirtualClock(), max_retries=2) as client:
        with pytest.raises(errors.ClusterNotFound, match="a list names no cluster, so this passes") as caught:
            LISTS[way](client)
    assert (caught.value.attempts, caught.value.retryable, len(server.requests)) == (3, True, 3)


def test_a_missing_project_is_no_passing_state() -> None:
    with Canned(refusal(404, "GROUP_NOT_FOUND")) as server, server.client() as client:
        with pytest.raises(errors.GroupNotFound):
            list(client.list_flex_clusters(GROUP))
    assert len(server.requests) == 1


def test_the_emulator_can_play_it() -> None:
    with Emulator() as emulator, emulator.client() as client:
        emulator.fail_next("status", operation="listGroupFlexClusters", status=404, error_code="CLUSTER_NOT_FOUND")
        assert list(client.list_flex_clusters(emulator.group_id)) == []
        assert [r["status"] for r in emulator.requests if r["endpoint"] == "flex"] == [404, 200]
