"""Every operation on a resource in the emulator, for both kinds, synchronous and not; `find`; any other request."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from atlas_serverless import AsyncClient, Client, Emulator, errors
from canned import GROUP, Canned, refusal, reply

AWS = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
METHODS = {"serverless": "serverless_instance", "flex": "flex_cluster"}
# From 2026 on Atlas refuses under its general code; the hint is the same.
PROTECTED: dict[str, type[errors.ApiError]] = {
    "serverless": errors.CannotTerminateClusterWhenTerminationProtectionEnabled,
    "flex": errors.AtlasGeneralError,
}


async def value(result: Any) -> Any:
    """The result of either client."""
    return await result if inspect.isawaitable(result) else result


async def listed(entries: Any) -> list[Any]:
    return list(entries) if hasattr(entries, "__iter__") else [entry async for entry in entries]


async def use_every_operation(client: Client | AsyncClient, group: str, kind: str) -> None:
    """Create, wait, update tags and protection, list, be refused, unprotect, delete, wait until gone."""

    def call(verb: str, *args: Any, **keywords: Any) -> Any:
        return value(getattr(client, f"{verb}_{METHODS[kind]}")(group, *args, **keywords))

    def names() -> Any:
        return listed(getattr(client, f"list_{METHODS[kind]}s")(group))

    assert await names() == []
    polls: list[str | None] = []
    created = await call("create", name="orders", provider_settings=AWS, tags={"env": "dev"})
    assert created["stateName"] == "CREATING"
    ready = await call("wait_for", "orders", interval=0.02, progress=lambda poll: polls.append(poll.state))
    assert (ready["id"], ready["stateName"]) == (created["id"], "IDLE")
    assert polls[0] == "CREATING"
    assert polls[-1] == "IDLE"
    assert ready["connectionStrings"]["standardSrv"].startswith("mongodb+srv://")

    updated = await call("update", "orders", tags={"env": "live", "team": "a"}, termination_protection_enabled=True)
    assert updated["stateName"] == "UPDATING"
    updated = await call("update", "orders", tags={"env": "live"}, wait=True, interval=0.02)
    assert (updated["stateName"], updated["terminationProtectionEnabled"]) == ("IDLE", True)
    assert updated["tags"] == [{"key": "env", "value": "live"}]
    assert [one["name"] for one in await names()] == ["orders"]
    assert (await call("get", "orders"))["tags"] == [{"key": "env", "value": "live"}]

    with pytest.raises(PROTECTED[kind], match="terminationProtectionEnabled=False"):
        await call("delete", "orders", wait=True)
    await call("update", "orders", termination_protection_enabled=False, wait=True, interval=0.02)
    assert await call("delete", "orders") == (None if kind == "flex" else {})
    assert (await call("get", "orders"))["stateName"] == "DELETING"
    with pytest.raises(errors.ClusterAlreadyRequestedDeletion):
        await call("delete", "orders")
    assert await call("delete", "orders", wait=True, interval=0.02) == (None if kind == "flex" else {})
    assert await call("wait_for", "orders", state="DELETED", interval=0.02) is None
    with pytest.raises(errors.NotFoundError):
        await call("get", "orders")
    assert await names() == []

    await call("create", name="short", provider_settings=AWS, wait=True, interval=0.02)
    assert await call("delete", "short", wait=True, interval=0.02) == (None if kind == "flex" else {})
    with pytest.raises(errors.NotFoundError):
        await call("delete", "short")


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("auth", ["service_account", "api_key"])
@pytest.mark.parametrize(("kind", "calendar"), [("serverless", "2024"), ("serverless", "2025"), ("flex", "2026")])
def test_from_create_to_delete(kind: str, calendar: str, auth: Any, asynchronous: bool) -> None:
    async def run(emulator: Emulator) -> None:
        async with emulator.async_client(auth) as client:
            await use_every_operation(client, emulator.group_id, kind)

    with Emulator(calendar=calendar, provisioning={"reads": 2}) as emulator:
        if asynchronous:
            asyncio.run(run(emulator))
        else:
            with emulator.client(auth) as client:
                asyncio.run(use_every_operation(client, emulator.group_id, kind))
        assert emulator.instances() == []


# --- updates: only what may change -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "changes", "paths"),
    [
        ("serverless", {}, [""]),
        ("serverless", {"id": "other"}, ["id"]),
        ("serverless", {"provider_settings": AWS, "tags": {"": "x"}}, ["providerSettings", "tags"]),
        ("serverless", {"stateName": "IDLE", "nonsense": 1}, ["stateName", "nonsense"]),
        ("flex", {"serverlessBackupOptions": {}}, ["serverlessBackupOptions"]),
        ("flex", {"provider_settings": AWS}, ["providerSettings"]),
        ("flex", {"terminationProtectionEnabled": "yes"}, ["terminationProtectionEnabled"]),
    ],
)
def test_what_may_not_change_is_a_violation_before_the_network(kind: str, changes: Any, paths: list[str]) -> None:
    with Canned(b"") as server, server.client() as client, pytest.raises(errors.ValidationError) as caught:
        getattr(client, f"update_{METHODS[kind]}")(GROUP, "orders", **changes)
    found = [violation["path"] for violation in caught.value.violations]
    assert len(found) == len(paths)
    assert all(one.startswith(path) for one, path in zip(found, paths, strict=True)), found
    assert server.requests == []


@pytest.mark.parametrize("verb", ["get", "update", "delete", "wait_for", "upgrade"])
@pytest.mark.parametrize(("group", "name"), [("x", "orders"), (GROUP, "a/b"), (GROUP, ""), (GROUP.upper(), "..")])
def test_paths_are_checked_before_the_network(verb: str, group: str, name: str) -> None:
    changes: dict[str, Any] = {"tags": {}} if verb in ("update", "upgrade") else {}
    with Canned(b"") as server, server.client() as client:
        for method in METHODS.values() if verb != "upgrade" else ["flex_cluster"]:
            with pytest.raises(errors.ValidationError):
                getattr(client, f"{verb}_{method}")(group, name, **changes)
        with pytest.raises(errors.ValidationError):
            client.find(group, name)
    assert server.requests == []


# --- find ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calendar", "kind", "found"),
    [
        ("2024", "serverless", "serverless"),
        ("2024", "flex", "flex"),
        ("2025", "serverless", "flex"),
        ("2025", "flex", "flex"),
        ("2025-12", "serverless", "flex"),
        ("2026", "serverless", "flex"),
        ("2027", "flex", "flex"),
    ],
)
@pytest.mark.parametrize("asynchronous", [False, True])
def test_find_says_which_kind_it_is(calendar: str, kind: Any, found: str, asynchronous: bool) -> None:
    async def run(emulator: Emulator) -> Any:
        async with emulator.async_client() as client:
            return await client.find(emulator.group_id, "orders")

    with Emulator(calendar=calendar) as emulator:
        emulator.add_instance("orders", kind=kind, state="IDLE")
        if asynchronous:
            answer = asyncio.run(run(emulator))
        else:
            with emulator.client() as client:
                answer = client.find(emulator.group_id, "orders")
                raw = client.with_raw_response.find(emulator.group_id, "orders")
                assert (raw[0], raw[1].data) == answer
    assert answer[0] == found
    assert answer[1]["name"] == "orders"


@pytest.mark.parametrize("calendar", ["2024", "2025", "2026", "2027"])
def test_find_of_what_is_neither(calendar: str) -> None:
    with Emulator(calendar=calendar) as emulator, emulator.client() as client:
        emulator.add_instance("big", kind="dedicated", state="IDLE")
        with pytest.raises(errors.CannotUseNonFlexClusterInFlexApi, match="dedicated"):
            client.find(emulator.group_id, "big")
        with pytest.raises(errors.ClusterNotFound, match="missing"):
            client.find(emulator.group_id, "missing")
        with pytest.raises(errors.GroupNotFound):
            client.find("1" * 24, "missing")


@pytest.mark.parametrize("kind", ["flex", "dedicated"])
def test_the_wrong_path_names_the_right_one(kind: Any) -> None:
    with Emulator(calendar="2025") as emulator, emulator.client() as client:
        emulator.add_instance("other", kind=kind, state="IDLE")
        with pytest.raises(errors.CannotUseClusterInServerlessInstanceApi, match="find"):
            client.get_serverless_instance(emulator.group_id, "other")


# --- any other request -----------------------------------------------------------------------------------------------


def test_a_request_is_authenticated_and_repeated_as_operations_are() -> None:
    path = f"/api/atlas/v2/groups/{GROUP}/clusters"
    with Canned(refusal(503, None), reply(200, {"results": [1, None, "é"]})) as server, server.client() as client:
        params = {"pretty": True, "itemsPerPage": 5, "tag": ["a b", "c&d"], "none": None}
        assert client.request("get", path, params=params, api_version="2024-08-05") == {"results": [1, None, "é"]}
    assert len(server.requests) == 2
    [_, request] = server.requests
    assert request.target == f"{path}?pretty=true&itemsPerPage=5&tag=a%20b&tag=c%26d"
    assert request.headers["accept"] == "application/vnd.atlas.2024-08-05+json"
    assert request.headers["authorization"] == "Bearer token"


@pytest.mark.parametrize("status", [200, 204])
def test_a_request_may_be_answered_with_nothing_or_with_anything(status: int) -> None:
    body = None if status == 204 else [1, 2]
    with Canned(reply(status, body)) as server, server.client() as client:
        assert client.request("DELETE", "/api/atlas/v2/x") == body
        response = client.with_raw_response.request("PUT", "/api/atlas/v2/x", json={"b": 1, "a": [None, 1.5]})
    assert (response.status, response.data) == (status, body)
    assert server.requests[1].body == b'{"b":1,"a":[null,1.5]}'


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_request_that_may_have_acted_is_not_sent_again(method: str) -> None:
    with Canned(refusal(500, "UNEXPECTED_ERROR")) as server, server.client() as client:
        with pytest.raises(errors.InternalServerError, match="look before you repeat it"):
            client.request(method, "/api/atlas/v2/x", json={})
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "path",
    [
        "api/atlas/v2",
        "https://example.com/api/",
        "/api/../x",
        "/api/%2e%2E/x",
        "/api/a?b=c",
        "/other",
        "/api/a#b",
        "//h/api/",
    ],
)
def test_a_request_stays_within_the_api(path: str) -> None:
    with Canned(b"") as server, server.client() as client:
        with pytest.raises(errors.ValidationError):
            client.request("GET", path)
        with pytest.raises(errors.ValidationError):
            client.request("BREW", "/api/atlas/v2")
    assert server.requests == []


def test_a_request_asks_for_its_project() -> None:
    with Emulator() as emulator, emulator.client() as client:
        group = client.request("GET", f"/api/atlas/v2/groups/{emulator.group_id}")
        assert group == client.get_project(emulator.group_id)
        with pytest.raises(errors.GroupNotFound):
            client.get_project("1" * 24)
