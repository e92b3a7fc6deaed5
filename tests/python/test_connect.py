"""Users, access lists, projects and restores through both clients: what is sent, what is refused, what is lost."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from typing import Any

import pytest

from atlas_serverless import Client, Emulator, errors
from atlas_serverless._core import VirtualClock

MARK = "PASSWORD-MARK/@:x"
ROLES = [{"role_name": "readWrite", "database_name": "shop"}]
GROUP = "32b6e34b3d91647abb20e7b8"
SNAPSHOT = {
    "id": "6a6f78e0cab84da5c4476b25",
    "status": "COMPLETED",
    "mongoDBVersion": "8.0.29",
    "scheduledTime": "2026-08-02T17:05:10Z",
    "startTime": "2026-08-02T17:05:37Z",
    "finishTime": "2026-08-02T17:06:56Z",
    "expiration": "2026-08-10T17:05:10Z",
}

# method -> arguments of a create, and the operation that the emulator names
CREATES: dict[str, tuple[dict[str, Any], str]] = {
    "create_database_user": ({"username": "app", "password": MARK, "roles": ROLES}, "createDatabaseUser"),
    "create_access_list_entry": ({"ip_address": "192.0.2.7", "comment": "office"}, "createAccessListEntry"),
    "create_project": ({"name": "shop", "tags": {"env": "test"}}, "createGroup"),
    "create_flex_restore_job": (
        {"name": "orders", "snapshot_id": SNAPSHOT["id"], "target_deployment_item_name": "orders"},
        "createFlexRestoreJob",
    ),
}


def stored(emulator: Emulator, method: str) -> int:
    snapshot = emulator.snapshot()
    project = snapshot["projects"][0]
    [cluster] = project["instances"]
    return {
        "create_database_user": len(project.get("database_users", [])),
        "create_access_list_entry": len(project.get("access_list", [])),
        "create_project": len(snapshot["projects"]) - 1,
        "create_flex_restore_job": len(cluster["backups"]["restore_jobs"]),
    }[method]


# fault -> (requests of the create, whether the reply is that of a look-up)
FAULTS: list[tuple[str, dict[str, Any], int, bool]] = [
    ("nothing", {}, 1, False),
    ("closed, created", {"kind": "close", "after_store": True}, 1, True),
    ("closed, not created", {"kind": "close"}, 2, False),
    ("reset, created", {"kind": "reset", "after_store": True}, 1, True),
    ("half a reply, created", {"kind": "half_body"}, 1, True),
    ("half a reply, not created", {"kind": "half_body", "after_store": False}, 2, False),
    ("500, created", {"kind": "status", "status": 500, "after_store": True}, 1, True),
    ("503, not created", {"kind": "status", "status": 503}, 2, False),
    ("502 of HTML, created", {"kind": "html", "status": 502, "after_store": True}, 1, True),
    ("empty body, created", {"kind": "empty_body"}, 1, True),
    ("429", {"kind": "rate_limited", "retry_after": 7}, 2, False),
    ("401 for once", {"kind": "unauthorized"}, 2, False),
    ("accepted and not stored", {"kind": "ignore"}, 1, False),
]


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("fault", "order", "posts", "reconciled"), FAULTS, ids=[fault for fault, *_ in FAULTS])
@pytest.mark.parametrize("method", CREATES)
def test_each_is_created_once_whatever_is_lost(
    method: str, fault: str, order: dict[str, Any], posts: int, reconciled: bool, asynchronous: bool
) -> None:
    arguments, operation = CREATES[method]

    async def create(client: Any, **more: Any) -> Any:
        result = getattr(client.with_raw_response, method)(**arguments, **more)
        return await result if inspect.isawaitable(result) else result

    with Emulator(provisioning="at_once") as emulator:
        emulator.add_instance("orders", backups={"snapshots": [SNAPSHOT]})
        if order:
            emulator.fail_next(operation=operation, **order)
        make: Any = emulator.async_client if asynchronous else emulator.client
        more = {"org_id": emulator.org_id} if method == "create_project" else {}
        response = asyncio.run(create(make(_clock=VirtualClock()), **more))
        assert response.reconciled is reconciled
        sent = [one for one in emulator.requests if one["operation"] == operation]
        assert len(sent) == posts
        assert stored(emulator, method) == (0 if fault == "accepted and not stored" else 1)
        assert MARK not in json.dumps([emulator.requests, emulator.snapshot(), emulator.control("GET", "state")])


@pytest.mark.parametrize("method", CREATES)
def test_an_outcome_that_cannot_be_looked_up_is_said(method: str) -> None:
    arguments, operation = CREATES[method]
    with Emulator(provisioning="at_once") as emulator:
        emulator.add_instance("orders", backups={"snapshots": [SNAPSHOT]})
        emulator.fail_next("close", operation=operation, after_store=True)
        more = {"org_id": emulator.org_id} if method == "create_project" else {}
        with emulator.client(reconcile=False) as client, pytest.raises(errors.OutcomeUnknownError) as caught:
            getattr(client, method)(**arguments, **more)
        assert "Look it up before creating it again" in str(caught.value)
        assert MARK not in repr(caught.value) + str(caught.value) + repr(vars(caught.value))
        assert stored(emulator, method) == 1


def test_what_somebody_else_has_made_is_not_taken_for_ours() -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client(_clock=VirtualClock()) as client:
        client.create_database_user(username="app", password=MARK, roles=[{"role_name": "read", "database_name": "a"}])
        emulator.fail_next("close", operation="createDatabaseUser")
        with pytest.raises(errors.UserAlreadyExists):
            client.create_database_user(username="app", password=MARK, roles=ROLES)
        client.create_project(name="shop", org_id=emulator.org_id, tags={"of": "another"})
        emulator.fail_next("close", operation="createGroup")
        with pytest.raises(errors.GroupAlreadyExists):
            client.create_project(name="shop", org_id=emulator.org_id)


@pytest.mark.parametrize("method", ["delete_database_user", "delete_access_list_entry", "delete_project"])
def test_a_deletion_whose_answer_is_lost_has_succeeded(method: str) -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client(_clock=VirtualClock()) as client:
        client.create_database_user(username="app", password=MARK, roles=ROLES)
        client.create_access_list_entry(cidr_block="192.0.2.7/32")
        project = client.create_project(name="shop", org_id=emulator.org_id)["id"]
        arguments = {
            "delete_database_user": {"username": "app"},
            "delete_access_list_entry": {"entry_value": "192.0.2.7"},
            "delete_project": {"group_id": project},
        }[method]
        emulator.fail_next("close", method="DELETE", after_store=True)
        response = getattr(client.with_raw_response, method)(**arguments)
        assert (response.reconciled, response.data) == (True, {} if method == "delete_project" else None)
        assert [one["status"] for one in emulator.requests if one["method"] == "DELETE"] == [None, 404]
        with pytest.raises(errors.NotFoundError):
            getattr(client, method)(**arguments)


VIOLATIONS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("create_database_user", {}, [("username", "required")]),
    ("create_database_user", {"username": "app"}, [("roles", "required"), ("password", "required")]),
    ("create_database_user", {"username": "", "password": MARK, "roles": ROLES}, [("username", "min-length")]),
    ("create_database_user", {"username": "app", "password": "short", "roles": ROLES}, [("password", "min-length")]),
    ("create_database_user", {"username": "app", "password": 12345678, "roles": ROLES}, [("password", "type")]),
    ("create_database_user", {"username": "app", "password": MARK, "roles": []}, [("roles", "min-length")]),
    (
        "create_database_user",
        {"username": "app", "password": MARK, "roles": [{"roleName": "read"}, "read"]},
        [("roles[0].databaseName", "required"), ("roles[1]", "type")],
    ),
    (
        "create_database_user",
        {"username": "app", "password": MARK, "roles": ROLES, "scopes": [{"name": "a_b", "type": "CLUSTERS"}]},
        [("scopes[0].name", "pattern"), ("scopes[0].type", "enum")],
    ),
    (
        "create_database_user",
        {"username": "app", "password": MARK, "roles": ROLES, "delete_after_date": "soon", "description": "x" * 101},
        [("deleteAfterDate", "pattern"), ("description", "max-length")],
    ),
    (
        "create_database_user",
        {"username": "app", "pasword": MARK, "roles": ROLES},
        [("pasword", "unknown"), ("password", "required")],
    ),
    (
        "create_database_user",
        {"username": "app", "x509Type": "MANAGED", "roles": ROLES},
        [("databaseName", "enum")],
    ),
    (
        "create_database_user",
        {"username": "app", "database_name": "$external", "x509_type": "MANAGED", "password": MARK, "roles": ROLES},
        [("password", "ambiguous")],
    ),
    (
        "create_database_user",
        {"username": "app", "database_name": "shop", "password": MARK, "roles": ROLES},
        [("databaseName", "enum")],
    ),
    ("update_database_user", {"username": "app"}, [("body", "min-length")]),
    ("create_access_list_entry", {}, [("ipAddress", "required")]),
    ("create_access_list_entry", {"ip_address": "192.0.2.0/24"}, [("ipAddress", "pattern")]),
    ("create_access_list_entry", {"cidr_block": "192.0.2.7"}, [("cidrBlock", "pattern")]),
    ("create_access_list_entry", {"ip_address": "192.0.2.7", "aws_security_group": "sg-1"}, [("body", "ambiguous")]),
    ("create_access_list_entry", {"ip_address": "192.0.2.7", "comment": "x" * 81}, [("comment", "max-length")]),
    (
        "create_access_list_entry",
        {"aws_security_group": "sg-1", "delete_after_date": "2026-08-11T03:05:41Z"},
        [("deleteAfterDate", "ambiguous")],
    ),
    ("get_access_list_entry", {"entry_value": "office"}, [("entryValue", "pattern")]),
    ("create_project", {"name": "a/b"}, [("name", "pattern"), ("orgId", "required")]),
    ("create_project", {"name": "x" * 65, "org_id": "me"}, [("name", "max-length"), ("orgId", "pattern")]),
    ("update_project", {"org_id": GROUP}, [("orgId", "unchangeable")]),
    (
        "create_flex_restore_job",
        {"name": "orders"},
        [("snapshotId", "required"), ("targetDeploymentItemName", "required")],
    ),
    ("get_flex_restore_job", {"name": "orders", "restore_job_id": "x"}, [("restoreJobId", "pattern")]),
    ("get_flex_backup_snapshot", {"name": "orders"}, [("snapshot_id", "required")]),
]


@pytest.mark.parametrize(("method", "arguments", "expected"), VIOLATIONS)
def test_every_rule_is_checked_before_anything_is_sent(
    method: str, arguments: dict[str, Any], expected: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MONGODB_ATLAS_ORG_ID", raising=False)
    with Client(access_token="t", base_url="http://127.0.0.1:9", group_id=GROUP) as client:
        with pytest.raises(errors.ValidationError) as caught:
            getattr(client, method)(**arguments)
    assert [(one["path"], one["rule"]) for one in caught.value.violations] == expected
    assert MARK not in repr(caught.value) + str(caught.value) + repr(caught.value.violations)
    assert "12345678" not in repr(caught.value.violations) + str(caught.value)


def test_the_organization_is_that_of_the_environment(atlas_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in atlas_emulator.environment().items():
        monkeypatch.setenv(name, value)
    with Client() as client:
        assert client.create_project(name="shop")["orgId"] == atlas_emulator.org_id


def test_a_server_that_sends_a_password_back_is_not_quoted() -> None:
    """Not in an error, and not in a log."""
    with Emulator() as emulator, emulator.client(max_retries=0) as client:
        detail = f"cannot create a user with the password {MARK}"
        order: Any = {"operation": "createDatabaseUser", "error_code": "INVALID_ATTRIBUTE"}
        emulator.fail_next("status", status=400, detail=detail, **order)
        records: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
        logger = logging.getLogger("atlas_serverless")
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        try:
            with pytest.raises(errors.BadRequestError) as caught:
                client.create_database_user(username="app", password=MARK, roles=ROLES)
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
        assert "with the password ******" in str(caught.value)
        assert MARK not in repr(vars(caught.value)) + "".join(records)
        assert records


def test_a_restore_is_waited_for_and_its_failure_is_said() -> None:
    with Emulator(provisioning={"reads": 2}) as emulator, emulator.client(_clock=VirtualClock()) as client:
        failed = {"id": "6a793f812c88faeba59bc399", "status": "FAILED", **RESTORED, "projectId": emulator.group_id}
        emulator.add_instance("orders", backups={"snapshots": [SNAPSHOT], "restore_jobs": [failed]})
        job = client.create_flex_restore_job(
            name="orders", snapshot_id=SNAPSHOT["id"], target_deployment_item_name="orders"
        )
        states: list[Any] = []
        done = client.wait_for_flex_restore_job(
            name="orders", restore_job_id=job["id"], progress=lambda poll: states.append((poll.state, poll.wanted))
        )
        assert (done["id"], done["status"]) == (job["id"], "COMPLETED")
        assert states == [("PENDING", "COMPLETED"), ("PENDING", "COMPLETED"), ("COMPLETED", "COMPLETED")]
        with pytest.raises(errors.WaitFailedError, match=r"restore job 6a793f812c88faeba59bc399 .* it has failed"):
            client.wait_for_flex_restore_job(name="orders", restore_job_id=failed["id"])


RESTORED = {
    "deliveryType": "RESTORE",
    "expirationDate": "2026-08-10T09:03:29Z",
    "instanceName": "orders",
    "projectId": GROUP,
    "restoreScheduledDate": "2026-08-10T03:03:29Z",
    "snapshotFinishedDate": "2026-08-02T17:06:56Z",
    "snapshotId": SNAPSHOT["id"],
    "targetDeploymentItemName": "orders",
    "targetProjectId": GROUP,
}
