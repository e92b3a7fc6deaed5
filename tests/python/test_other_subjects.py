"""A reply that is about another resource than the one that was asked for or created is believed by no call."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import errors
from canned import GROUP, Canned, refusal, reply

if TYPE_CHECKING:
    from collections.abc import Callable

OTHER = "32b6e34b3d91647abb20e7ff"
ORG = "5f1b2c3d4e5f6a7b8c9d0e1f"
PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
ROLES = [{"roleName": "read", "databaseName": "shop"}]
REGION: Any = {"providerName": "AWS", "regionName": "US_EAST_1", "priority": 7}
TARGET: Any = {
    "clusterType": "REPLICASET",
    "replicationSpecs": [{"regionConfigs": [REGION | {"electableSpecs": {"instanceSize": "M10", "nodeCount": 3}}]}],
}
NOW, DATE = "2026-08-10T03:03:29Z", "Mon, 10 Aug 2026 03:03:29 GMT"  # by the server's clock

PROJECT = {"id": GROUP, "name": "shop", "orgId": ORG, "created": NOW, "tags": []}
ENTRY = {"cidrBlock": "192.0.2.7/32", "ipAddress": "192.0.2.7", "groupId": GROUP, "comment": ""}
ENTRIES = {"results": [ENTRY], "totalCount": 1}
JOB = {
    "id": ORG,
    "instanceName": "orders",
    "projectId": GROUP,
    "restoreScheduledDate": NOW,
    "snapshotId": ORG,
    "status": "PENDING",
    "targetDeploymentItemName": "copy",
    "targetProjectId": GROUP,
}
CLUSTER = {
    "id": "a1",
    "name": "orders",
    "groupId": GROUP,
    "createDate": NOW,
    "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
    "stateName": "IDLE",
}


def sync_call(server: Canned, call: Callable[[Any], Any], **options: Any) -> Any:
    with server.client(**options) as client:
        result = call(client)
        return list(result) if hasattr(result, "__next__") else result


def async_call(server: Canned, call: Callable[[Any], Any], **options: Any) -> Any:
    async def run() -> Any:
        async with server.async_client(**options) as client:
            return await call(client)

    return asyncio.run(run())


BOTH = pytest.mark.parametrize("run", [sync_call, async_call])

CREATES: dict[str, tuple[Any, Any, Any]] = {
    "a project of another name": (
        lambda client: client.create_project(name="shop", org_id=ORG),
        PROJECT | {"name": "other"},
        PROJECT,
    ),
    "a restore of another snapshot": (
        lambda client: client.create_flex_restore_job(
            GROUP, "orders", snapshot_id=ORG, target_deployment_item_name="copy"
        ),
        JOB | {"snapshotId": OTHER},
        {"results": [JOB], "totalCount": 1},
    ),
    "an access list without the entry": (
        lambda client: client.create_access_list_entry(GROUP, ip_address="192.0.2.7"),
        {"results": [ENTRY | {"cidrBlock": "192.0.2.8/32", "ipAddress": "192.0.2.8"}], "totalCount": 1},
        ENTRY,
    ),
    "an upgrade of another cluster": (
        lambda client: client.upgrade_flex_cluster(GROUP, "orders", **TARGET),
        CLUSTER | {"name": "another"},
        CLUSTER | {"stateName": "UPDATING"},
    ),
    "a user of another database": (
        lambda client: client.create_database_user(GROUP, "app", password="a-long-secret", roles=ROLES),
        {"username": "app", "databaseName": "$external", "groupId": GROUP},
        {"username": "app", "databaseName": "admin", "groupId": GROUP, "roles": ROLES},
    ),
}


@BOTH
@pytest.mark.parametrize("case", CREATES)
def test_a_create_is_looked_up_if_its_reply_is_about_another(run: Any, case: str) -> None:
    call, other, looked_up = CREATES[case]
    answers = [reply(201, other), reply(200, looked_up, Date=DATE), reply(200, ENTRIES, Date=DATE)]
    with Canned(*answers) as server:
        result = run(server, call)
        assert [request.method for request in server.requests[:2]] == ["POST", "GET"]
    if "access list" in case:
        assert result == ENTRIES
    else:
        assert result == (looked_up["results"][0] if "results" in looked_up else looked_up)


@BOTH
@pytest.mark.parametrize("case", CREATES)
def test_a_create_that_cannot_be_looked_up_is_no_success(run: Any, case: str) -> None:
    call, other, _ = CREATES[case]
    absent = [refusal(404, code) for code in ("RESOURCE_NOT_FOUND", "CLUSTER_NOT_FOUND")]
    nothing = {"results": [], "totalCount": 0}
    for look_up in (reply(200, other), absent[case.startswith("an upgrade")], reply(200, nothing)):
        with Canned(reply(201, other), look_up) as server:
            with pytest.raises((errors.TransportError, errors.DuplicateClusterName)):
                run(server, call, max_retries=0)


@BOTH
def test_what_a_create_or_a_list_shows_of_the_project_is_not_compared(run: Any) -> None:
    """Its path says which project it is; servers made of recordings and examples show another."""
    other = CLUSTER | {"groupId": OTHER}
    with Canned(reply(201, other)) as server:
        call = lambda client: client.create_flex_cluster(GROUP, name="orders", provider_settings=PLACE)  # noqa: E731
        assert run(server, call, max_retries=0) == other
    with Canned(reply(200, {"results": [other], "totalCount": 1})) as server:
        assert run(server, lambda client: client.list_flex_clusters(GROUP), max_retries=0) == [other]


DELETES: list[tuple[Callable[[Any], Any], dict[str, str]]] = [
    (lambda client: client.delete_project(GROUP), {"id": OTHER}),
    (lambda client: client.delete_flex_cluster(GROUP, "orders"), {"name": "another"}),
    (lambda client: client.delete_database_user(GROUP, "app"), {"username": "other"}),
    (lambda client: client.delete_access_list_entry(GROUP, "192.0.2.7"), {"ipAddress": "192.0.2.8"}),
]


@BOTH
@pytest.mark.parametrize(("call", "other"), DELETES)
def test_a_deletion_of_another_is_no_success(run: Any, call: Any, other: dict[str, str]) -> None:
    with Canned(reply(200, other)) as server, pytest.raises(errors.ProtocolError, match="the reply describes "):
        run(server, call, max_retries=0)
    with Canned(reply(202, {})) as server:
        run(server, call, max_retries=0)


@BOTH
def test_up_uses_no_project_of_another_name(run: Any) -> None:
    with Canned(reply(200, PROJECT | {"name": "other"})) as server:
        with pytest.raises(errors.ProtocolError, match='describes name "other", not "shop"'):
            run(
                server,
                lambda client: client.up("orders", project="shop", provider="AWS", region="US_EAST_1", access=[]),
                max_retries=0,
            )
        assert {request.method for request in server.requests} == {"GET"}


@BOTH
@pytest.mark.parametrize(
    ("database", "asked", "shown", "same"),
    [
        ("admin", "app", "App", False),
        ("$external", "CN=app,O=Shop", "cn=App, O=shop", True),
        ("$external", "CN=app,O=Shop", "CN=app,O=Other", False),
    ],
)
def test_the_name_of_a_user_in_another_spelling(run: Any, database: str, asked: str, shown: str, same: bool) -> None:
    user = {"username": shown, "databaseName": database, "groupId": GROUP, "roles": ROLES}
    given = {"x509_type": "CUSTOMER"} if database == "$external" else {"password": "a-long-secret"}
    calls: list[Callable[[Any], Any]] = [
        lambda client: client.get_database_user(GROUP, asked, database_name=database),
        lambda client: client.update_database_user(GROUP, asked, database_name=database, roles=ROLES),
        lambda client: client.create_database_user(GROUP, asked, database_name=database, roles=ROLES, **given),
    ]
    for call in calls:
        with Canned(reply(200, user)) as server:
            if same:
                assert run(server, call, max_retries=0) == user
            else:
                with pytest.raises(errors.TransportError, match=re.escape(f'"{shown}", not "{asked}"')):
                    run(server, call, max_retries=0)


@BOTH
def test_a_create_whose_answer_is_lost_finds_its_user_in_another_spelling(run: Any) -> None:
    user = {"username": "cn=App, o=Shop", "databaseName": "$external", "roles": ROLES, "x509Type": "CUSTOMER"}
    with Canned(refusal(503, "UNEXPECTED_ERROR"), reply(200, user)) as server:
        assert user == run(
            server,
            lambda client: client.create_database_user(
                GROUP, "CN=app,O=Shop", database_name="$external", roles=ROLES, x509_type="CUSTOMER"
            ),
        )


@BOTH
@pytest.mark.parametrize("name", [".", ".."])
def test_what_no_path_can_name_is_not_created(run: Any, name: str) -> None:
    calls: list[Callable[[Any], Any]] = [
        lambda client: client.create_database_user(GROUP, name, password="a-long-secret", roles=ROLES),
        lambda client: client.get_database_user(GROUP, name),
        lambda client: client.delete_database_user(GROUP, name),
        lambda client: client.create_project(name=name, org_id=ORG),
        lambda client: client.update_project(GROUP, name=name),
        lambda client: client.up("orders", username=name, provider="AWS", region="US_EAST_1", access=[]),
        lambda client: client.up("orders", project=name, provider="AWS", region="US_EAST_1", access=[]),
    ]
    with Canned(reply(200, {})) as server:
        for call in calls:
            with pytest.raises(errors.ValidationError, match="no address can have"):
                run(server, call, group_id=GROUP)
        assert server.requests == []


@BOTH
@pytest.mark.parametrize("code", ["USERNAME_NOT_FOUND", "RESOURCE_NOT_FOUND"])
@pytest.mark.parametrize("name", ["/api/x", "a/serverless"])
def test_a_user_whose_name_looks_like_a_path_can_be_missing(run: Any, name: str, code: str) -> None:
    absent = refusal(404, code, f"Cannot find resource {name}.", [name])
    with Canned(reply(503, "<html>"), absent) as server:  # the first attempt has deleted it
        run(server, lambda client: client.delete_database_user(GROUP, name))
        assert [request.method for request in server.requests] == ["DELETE", "DELETE"]
    with Canned(reply(503, "<html>"), absent, reply(201, {"username": name})) as server:
        made = run(
            server,
            lambda client: client.create_database_user(GROUP, name, password="a-long-secret", roles=ROLES),
        )
        assert made == {"username": name}
        assert [request.method for request in server.requests] == ["POST", "GET", "POST"]
