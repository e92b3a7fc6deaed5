"""`up`: what is checked before anything is sent, and that no password is shown anywhere."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import warnings
from typing import Any

import pytest

from atlas_serverless import Emulator, errors
from atlas_serverless._core import VirtualClock
from atlas_serverless.types import Connection
from test_up import FULL, PASSWORD, did


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"name": "my_cluster"}, [("name", "pattern")]),
        ({"name": "a", "provider": "AWS"}, [("region", "required")]),
        ({"name": "a", "provider": "IBM", "region": "US_EAST_1"}, [("provider", "enum")]),
        ({"name": "a", "region": "US_EAST_1"}, [("provider", "required")]),
        ({"name": "a", "project": "x/y"}, [("name", "pattern")]),
        ({"name": "a", "password": "short"}, [("password", "min-length")]),
        (
            {"name": "a", "roles": [{"role": "read"}]},
            [("roles[0].role", "unknown"), ("roles[0].roleName", "required"), ("roles[0].databaseName", "required")],
        ),
        ({"name": "a", "access": ["here", "192.0.2.0/33"]}, [("access[0]", "pattern"), ("access[1]", "pattern")]),
        ({"name": "a", "tags": {"a": "x" * 256}}, [("tags['a']", "max-length")]),
        ({"name": "a", "project": "shop", "group_id": "32b6e34b3d91647abb20e7b8"}, [("project", "ambiguous")]),
    ],
)
def test_every_rule_is_checked_before_anything_is_sent(
    arguments: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    with Emulator() as emulator, emulator.client() as client:
        with pytest.raises(errors.ValidationError) as caught:
            client.up(**arguments)
        assert [(one["path"], one["rule"]) for one in caught.value.violations] == expected
        assert emulator.requests == []
        assert "short" not in repr(caught.value.violations)


def test_a_cluster_that_is_to_be_made_needs_a_place() -> None:
    with Emulator() as emulator, emulator.client() as client:
        with pytest.raises(errors.ValidationError) as caught:
            client.up("orders")
        assert [one["path"] for one in caught.value.violations] == ["provider", "region"]


def test_no_password_is_shown_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    marks = [PASSWORD, "s3cret%2F%40%3Ax-MARK", "s3cret"]
    caplog.set_level(logging.DEBUG, logger="atlas_serverless")
    with Emulator(provisioning="at_once") as emulator, emulator.client(_clock=VirtualClock()) as client:
        emulator.fail_next("close", operation="createDatabaseUser", after_store=True)
        connection = client.up("orders", **FULL)
        shown = [
            repr(connection),
            str(connection),
            f"{connection}",
            connection._repr_html_(),
            json.dumps(connection.to_dict()),
            json.dumps(connection.serialize()),
            repr(pickle.dumps(connection)),
            repr([getattr(connection, name) for name in connection.__slots__]),
            repr(connection.did),
            connection.masked_uri or "",
            caplog.text,
            json.dumps([emulator.requests, emulator.snapshot(), emulator.control("GET", "state")]),
        ]
        emulator.fail_next(
            "status", operation="createDatabaseUser", status=400, detail=f"no {PASSWORD}, no s3cret%2F%40%3Ax-MARK"
        )
        with pytest.raises(errors.BadRequestError) as caught:
            client.up("orders", username="other", password=PASSWORD)
        shown += [repr(caught.value), str(caught.value), repr(vars(caught.value))]
        for text in shown:
            assert not [mark for mark in marks if mark in text], text
        assert "app:******@" in repr(connection)
        for kept in (copy.copy(connection), pickle.loads(pickle.dumps(connection))):
            assert (kept.name, kept.password, kept.did) == ("orders", None, connection.did)
        kept = Connection.deserialize(connection.serialize(), 1)
        assert (kept.group_id, kept.password) == (connection.group_id, None)
        with pytest.raises(TypeError, match="version 2"):
            Connection.deserialize({}, 2)


def test_the_organization_is_found_or_asked_for() -> None:
    with Emulator(provisioning="at_once") as emulator:
        with emulator.client() as client:
            client.up("orders", project="shop", **FULL)
            assert {project["orgId"] for project in client.list_projects()} == {emulator.org_id}
    seed = {"organizations": [{"name": "a"}, {"name": "b"}]}
    with Emulator(provisioning="at_once", seed=seed) as emulator, emulator.client() as client:
        assert client.up("orders", project="shop", **FULL).group_id


def test_a_cluster_that_is_being_deleted_is_waited_for_and_made_again() -> None:
    with Emulator(provisioning={"reads": 2}) as emulator, emulator.client(_clock=VirtualClock()) as client:
        client.up("orders", **FULL)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            client.down("orders")
            connection = client.up("orders", **FULL)
        assert did(connection)[0] == ("cluster", "orders", "made")
        assert connection.uri
