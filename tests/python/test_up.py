"""`up` and `down`: what they make, keep, change and take back; every fault at every request; what they never show."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from typing import Any

import pytest

from atlas_serverless import Emulator, errors
from atlas_serverless._core import VirtualClock
from atlas_serverless.types import Connection

PASSWORD = "s3cret/@:x-MARK"
AWS: dict[str, Any] = {"provider": "AWS", "region": "US_EAST_1"}
FULL: dict[str, Any] = {
    **AWS,
    "username": "app",
    "password": PASSWORD,
    "roles": "readWrite@shop",
    "access": ["192.0.2.7", "198.51.100.0/24"],
    "tags": {"env": "test"},
}


def did(connection: Connection) -> list[tuple[str, str, str]]:
    return [(step["what"], step["name"], step["how"]) for step in connection.did]


def steps(done: list[Any]) -> list[tuple[str, str, str]]:
    return [(step["what"], step["name"], step["how"]) for step in done]


def stored(emulator: Emulator) -> dict[str, list[str]]:
    projects = emulator.snapshot()["projects"]
    return {
        "projects": [project["name"] for project in projects],
        "clusters": [one["name"] for project in projects for one in project["instances"]],
        "users": [user["username"] for project in projects for user in project.get("database_users", [])],
        "access": [entry["cidrBlock"] for project in projects for entry in project.get("access_list", [])],
    }


WHOLE = {
    "projects": ["Emulated-Project", "shop"],
    "clusters": ["orders"],
    "users": ["app"],
    "access": ["192.0.2.7/32", "198.51.100.0/24"],
}
MADE = [
    ("project", "shop", "made"),
    ("cluster", "orders", "made"),
    ("user", "app", "made"),
    ("access", "192.0.2.7", "made"),
    ("access", "198.51.100.0/24", "made"),
]
NOTHING = {"projects": ["Emulated-Project"], "clusters": [], "users": [], "access": []}


def changes(emulator: Emulator) -> Counter[str]:
    """The requests that change something, by operation."""
    sent = [one["operation"] for one in emulator.requests if one["method"] != "GET" and one["endpoint"] != "token"]
    return Counter(sent)


def test_from_nothing_to_a_connection_and_back() -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client() as client:
        connection = client.up("orders", project="shop", **FULL)
        assert did(connection) == MADE
        assert stored(emulator) == WHOLE
        address = connection.cluster["connectionStrings"]["standardSrv"].removeprefix("mongodb+srv://")  # type: ignore[index]
        assert connection.uri == f"mongodb+srv://app:s3cret%2F%40%3Ax-MARK@{address}/"
        assert (connection.password, connection.username) == (PASSWORD, "app")
        assert connection.cluster is not None
        assert connection.user is not None
        assert connection.cluster["stateName"] == "IDLE"
        assert connection.user["scopes"] == [{"name": "orders", "type": "CLUSTER"}]
        assert connection.user["roles"] == [{"databaseName": "shop", "roleName": "readWrite"}]
        assert [entry["cidrBlock"] for entry in connection.access] == WHOLE["access"]
        before = changes(emulator)
        again = client.up("orders", project="shop", **FULL)
        assert did(again) == [(what, name, "found") for what, name, _ in MADE]
        assert again.uri == connection.uri
        assert changes(emulator) == before, "the second run changes nothing"
        taken = client.down("orders", project="shop", dry_run=True)
        assert changes(emulator) == before
        gone = client.down("orders", project="shop")
        assert steps(taken) == [(what, name, "to be deleted") for what, name, _ in steps(gone)]
        assert sorted(steps(gone)) == sorted(
            [
                ("access", "192.0.2.7/32", "deleted"),
                ("access", "198.51.100.0/24", "deleted"),
                ("user", "app", "deleted"),
                ("cluster", "orders", "deleted"),
                ("project", "shop", "deleted"),
            ]
        )
        assert stored(emulator) == NOTHING
        assert client.down("orders", project="shop") == []


def test_a_dry_run_changes_nothing() -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client() as client:
        planned = client.up("orders", project="shop", dry_run=True, **FULL)
        assert did(planned) == [(what, name, "to be made") for what, name, _ in MADE]
        assert (planned.group_id, planned.cluster, planned.dry_run) == (None, None, True)
        planned = client.up("orders", dry_run=True, **FULL)
        assert did(planned) == [(what, name, "to be made") for what, name, _ in MADE[1:]]
        with pytest.raises(errors.ConfigurationError, match="this was a dry run"):
            _ = planned.uri
        assert stored(emulator) == NOTHING
        assert not changes(emulator)


def test_defaults_are_a_user_of_the_clusters_name_with_a_generated_password() -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client() as client:
        with pytest.warns(errors.AccessListWarning, match="the project's access list is empty"):
            connection = client.up("orders", **AWS)
        assert did(connection) == [("cluster", "orders", "made"), ("user", "orders", "made")]
        assert connection.did[1]["why"] == "with a generated password"
        assert len(connection.password or "") == 32
        assert connection.user is not None
        assert connection.user["roles"] == [{"databaseName": "admin", "roleName": "readWriteAnyDatabase"}]
        with pytest.warns(errors.AccessListWarning, match=r"0\.0\.0\.0/0 lets every address"):
            again = client.up("orders", access="0.0.0.0/0")
        assert again.password is None
        with pytest.raises(errors.ConfigurationError, match="password of the database user orders is not known"):
            _ = again.uri
        new = client.up("orders", reset_password=True)
        assert did(new)[1] == ("user", "orders", "changed")
        assert new.password not in (None, connection.password)
        assert "mongodb+srv://orders:" in new.uri


def test_the_password_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLAS_SERVERLESS_DB_PASSWORD", PASSWORD)
    with Emulator(provisioning="at_once") as emulator, emulator.client() as client:
        assert client.up("orders", access="192.0.2.7", **AWS).password == PASSWORD
        assert client.up("orders").password == PASSWORD


def test_what_may_change_is_changed_and_what_may_not_is_said() -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client() as client:
        client.up("orders", **FULL)
        changed = client.up(
            "orders", password=PASSWORD, username="app", roles=["read@shop", "read@logs"], tags={"a": "b"}
        )
        assert did(changed) == [("cluster", "orders", "changed"), ("user", "app", "changed")]
        assert changed.cluster is not None
        tags = {tag["key"]: tag["value"] for tag in changed.cluster["tags"]}
        assert tags == {"env": "test", "a": "b", "atlas-up": "orders"}
        with pytest.raises(errors.ValidationError) as caught:
            client.up("orders", provider="GCP", region="WESTERN_EUROPE")
        assert [(one["path"], one["rule"]) for one in caught.value.violations] == [
            ("provider", "differs"),
            ("region", "differs"),
        ]


def test_what_up_has_not_made_is_kept_as_it_is() -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client() as client:
        place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
        client.create_flex_cluster(name="orders", provider_settings=place, wait=True)
        client.create_database_user(
            username="app", password=PASSWORD, roles=[{"roleName": "read", "databaseName": "a"}]
        )
        client.create_access_list_entry(ip_address="192.0.2.7")
        connection = client.up("orders", username="app", password=PASSWORD, access=["192.0.2.7/32"])
        assert {step["how"] for step in connection.did} == {"found"}
        with pytest.raises(errors.ValidationError, match="was not made by up"):
            client.up("orders", username="app", roles="readWrite@shop")
        with pytest.raises(errors.ValidationError, match="was not made by up"):
            client.up("orders", username="app", reset_password=True)
        assert steps(client.down("orders")) == [("cluster", "orders", "kept")]
        assert stored(emulator)["users"] == ["app"]
        assert stored(emulator)["access"] == ["192.0.2.7/32"]


def test_down_keeps_what_belongs_to_another_cluster_and_what_is_protected() -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client() as client:
        first = client.up("orders", project="shop", access="192.0.2.7", **AWS)
        client.up("carts", project="shop", access="192.0.2.8", **AWS)
        assert steps(client.down("orders", project="shop", wait=True))[-1] == ("project", "shop", "kept")
        assert stored(emulator) == {
            "projects": ["Emulated-Project", "shop"],
            "clusters": ["carts"],
            "users": ["carts"],
            "access": ["192.0.2.8/32"],
        }
        client.update_flex_cluster(first.group_id, name="carts", termination_protection_enabled=True, wait=True)
        kept = client.down("carts", project="shop")
        assert ("cluster", "carts", "kept") in steps(kept)
        assert ("project", "shop", "kept") in steps(kept)


# --- faults ----------------------------------------------------------------------------------------------------------

FAULTS: dict[str, dict[str, Any]] = {
    "closed, done": {"kind": "close", "after_store": True},
    "closed, not done": {"kind": "close"},
    "reset, done": {"kind": "reset", "after_store": True},
    "half a reply, done": {"kind": "half_body"},
    "half a reply, not done": {"kind": "half_body", "after_store": False},
    "empty body, done": {"kind": "empty_body"},
    "500, done": {"kind": "status", "status": 500, "after_store": True},
    "503, not done": {"kind": "status", "status": 503},
    "502 of HTML, done": {"kind": "html", "status": 502, "after_store": True},
    "504 of HTML, not done": {"kind": "html", "status": 504},
    "200 of HTML, done": {"kind": "html", "status": 200, "after_store": True},
    "429": {"kind": "rate_limited", "retry_after": 7},
    "401 for once": {"kind": "unauthorized"},
    "another content type": {"kind": "wrong_type"},
}
POINTS = [
    "getGroupByName",
    "createGroup",
    "getGroupFlexCluster",
    "createGroupFlexCluster",
    "getDatabaseUser",
    "createDatabaseUser",
    "listAccessListEntries",
    "createAccessListEntry",
]


async def call(method: Any, *args: Any, **options: Any) -> Any:
    result = method(*args, **options)
    return await result if inspect.isawaitable(result) else result


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_at_each_request_makes_one_of_each_and_did_says_so(
    fault: str, point: str, asynchronous: bool
) -> None:
    with Emulator(provisioning="at_once") as emulator:
        make: Any = emulator.async_client if asynchronous else emulator.client
        client = make(_clock=VirtualClock())
        emulator.fail_next(operation=point, **FAULTS[fault])
        if fault == "empty body, done" and point.startswith("get"):
            # A 404 that does not say of what: nothing is made on the strength of it.
            with pytest.raises(errors.NotFoundError):
                asyncio.run(call(client.up, "orders", project="shop", **FULL))
            connection = asyncio.run(call(client.up, "orders", project="shop", **FULL))
            assert [(what, name) for what, name, _ in did(connection)] == [(what, name) for what, name, _ in MADE]
        else:
            connection = asyncio.run(call(client.up, "orders", project="shop", **FULL))
            assert did(connection) == MADE
        assert stored(emulator) == WHOLE
        assert connection.uri
        assert [one["fault"] is not None for one in emulator.requests].count(True) == 1
        before = changes(emulator)
        again = asyncio.run(call(client.up, "orders", project="shop", **FULL))
        assert did(again) == [(what, name, "found") for what, name, _ in MADE]
        assert changes(emulator) == before


DOWN_POINTS = [
    "getGroupByName",
    "listAccessListEntries",
    "deleteAccessListEntry",
    "listDatabaseUsers",
    "deleteDatabaseUser",
    "getGroupFlexCluster",
    "deleteGroupFlexCluster",
    "deleteGroup",
]


@pytest.mark.parametrize("point", DOWN_POINTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_at_each_request_of_down_leaves_nothing(fault: str, point: str) -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client(_clock=VirtualClock()) as client:
        client.up("orders", project="shop", **FULL)
        emulator.fail_next(operation=point, **FAULTS[fault])
        gone = client.down("orders", project="shop")
        assert {(what, how) for what, _, how in steps(gone)} == {
            (what, "deleted") for what in ("access", "user", "cluster", "project")
        }
        assert len(gone) == 5
        assert stored(emulator) == NOTHING


@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_fails_says_what_it_had_made_and_the_next_goes_on(point: str) -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client(_clock=VirtualClock()) as client:
        emulator.fail_next("status", operation=point, status=403, error_code="ACCESS_FORBIDDEN")
        with pytest.raises(errors.ForbiddenError) as caught:
            client.up("orders", project="shop", **FULL)
        there = stored(emulator)
        hint = caught.value.hint or ""
        for what, name in (("project", "shop"), ("cluster", "orders"), ("user", "app")):
            is_there = name in there[f"{what}s"]
            assert (f"{what} {name} made" in hint) is is_there, hint
        connection = client.up("orders", project="shop", **FULL)
        assert stored(emulator) == WHOLE
        made = {(what, name) for what, name, how in did(connection) if how == "made"}
        before = {(what, name) for what, name, _ in MADE if f"{what} {name} made" in hint}
        assert made | before == {(what, name) for what, name, _ in MADE}
        assert not made & before


def test_many_runs_at_once_make_one_of_each() -> None:
    async def all_at_once(emulator: Emulator) -> list[Connection]:
        async with emulator.async_client() as client:
            return list(await asyncio.gather(*(client.up("orders", project="shop", **FULL) for _ in range(8))))

    with Emulator(provisioning="at_once", rate_limits=False) as emulator:
        connections = asyncio.run(all_at_once(emulator))
        assert stored(emulator) == WHOLE
        assert len({connection.uri for connection in connections}) == 1
        for what in ("project", "cluster", "user"):
            made = [
                step
                for connection in connections
                for step in connection.did
                if (step["what"], step["how"]) == (what, "made")
            ]
            assert len(made) == 1
