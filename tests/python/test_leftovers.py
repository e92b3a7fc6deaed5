"""`find_leftovers` and `delete_leftovers`: over all projects, by tags, name and age; protected ones are kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from atlas_serverless import Emulator, errors

NOW = "2026-08-10T12:00:00Z"
HOUR = 3600.0


@pytest.fixture
def emulator() -> Any:
    def instance(name: str, created: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "created": created, **more}

    projects = [
        {
            "name": "one",
            "instances": [
                instance("ci-new", "2026-08-10T11:30:00Z", tags={"ci": "1"}),
                instance("ci-old", "2026-08-09T12:00:00Z", tags={"ci": "1", "team": "a"}),
                instance("live", "2025-01-01T00:00:00Z"),
            ],
        },
        {
            "name": "two",
            "instances": [
                instance("ci-kept", "2026-08-01T12:00:00Z", tags={"ci": "1"}, termination_protection=True),
                instance("legacy", "2025-03-01T00:00:00Z", kind="serverless"),
                instance("big", "2025-03-01T00:00:00Z", kind="dedicated"),
            ],
        },
    ]
    with Emulator(clock=NOW, calendar="2025", provisioning="at_once", seed={"projects": projects}) as started:
        yield started


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["live", "legacy", "ci-kept", "ci-old", "ci-new"]),
        ({"tags": {"ci": "1"}}, ["ci-kept", "ci-old", "ci-new"]),
        ({"tags": {"ci": "1", "team": "a"}}, ["ci-old"]),
        ({"name_prefix": "ci-", "older_than": 24 * HOUR}, ["ci-kept", "ci-old"]),
        ({"name_prefix": "ci-", "older_than": 24 * HOUR + 1}, ["ci-kept"]),
        ({"name_prefix": "nothing"}, []),
    ],
)
def test_they_are_found_over_all_projects_oldest_first(emulator: Emulator, wanted: Any, names: list[str]) -> None:
    async def find() -> Any:
        async with emulator.async_client() as client:
            return await client.find_leftovers(**wanted)

    with emulator.client() as client:
        found = client.find_leftovers(**wanted)
    assert [one["name"] for one in found] == names
    assert asyncio.run(find()) == found


def test_what_is_being_deleted_is_none(emulator: Emulator) -> None:
    emulator.settings(deletion="manual")
    with emulator.client() as client:
        old = client.find_leftovers(tags={"team": "a"})
        assert [one["how"] for one in client.delete_leftovers(old)] == ["deleted"]
        assert {one["name"]: one["state"] for one in emulator.instances()}["ci-old"] == "DELETING"
        assert [one["name"] for one in client.find_leftovers(tags={"ci": "1"})] == ["ci-kept", "ci-new"]


def test_each_says_what_it_is(emulator: Emulator) -> None:
    with emulator.client() as client:
        [found] = client.find_leftovers(name_prefix="ci-kept")
        assert found == {
            "kind": "flex",
            "group_id": found["group_id"],
            "project": "two",
            "name": "ci-kept",
            "id": found["id"],
            "state": "IDLE",
            "created": "2026-08-01T12:00:00Z",
            "age": 9 * 24 * HOUR,
            "tags": {"ci": "1"},
            "protected": True,
        }
        [in_one] = client.find_leftovers(emulator.group_id, name_prefix="ci-o")
        assert (in_one["project"], in_one["name"]) == (None, "ci-old")


def test_protected_ones_are_kept_and_the_others_deleted(emulator: Emulator) -> None:
    with emulator.client() as client:
        found = client.find_leftovers(tags={"ci": "1"})
        planned = client.delete_leftovers(found, dry_run=True)
        assert [(one["name"], one["how"]) for one in planned] == [
            ("ci-kept", "protected"),
            ("ci-old", "to be deleted"),
            ("ci-new", "to be deleted"),
        ]
        assert not [one for one in emulator.requests if one["method"] == "DELETE"]
        done = client.delete_leftovers(iter(found))
        assert [one["how"] for one in done] == ["protected", "deleted", "deleted"]
        assert [one["how"] for one in client.delete_leftovers(found[1:])] == ["gone", "gone"]
        assert [one["name"] for one in client.find_leftovers(tags={"ci": "1"})] == ["ci-kept"]


def test_another_cluster_of_that_name_is_left_alone_and_a_failure_stops_nothing(emulator: Emulator) -> None:
    with emulator.client(max_retries=0) as client:
        found = client.find_leftovers(name_prefix="ci-")
        emulator.set_state("ci-old", "GONE")
        emulator.add_instance("ci-old", created=NOW)
        emulator.fail_next("status", method="DELETE", status=403, error_code="ACCESS_FORBIDDEN", detail="No.")
        done = {one["name"]: (one["how"], one["why"]) for one in client.delete_leftovers(found)}
        assert done["ci-old"] == ("gone", "there is another of that name now, which is left alone")
        assert done["ci-new"] == ("failed", "403 ACCESS_FORBIDDEN: No.")
        assert "ci-old" in [instance["name"] for instance in emulator.instances()]


@pytest.mark.parametrize("calendar", ["2024", "2025-12", "2026", "2027"])
def test_every_year_has_its_leftovers(calendar: str) -> None:
    with Emulator(calendar=calendar, clock=NOW) as emulator, emulator.client() as client:
        emulator.add_instance("old", kind="serverless", state="IDLE")
        emulator.add_instance("flex", kind="flex", state="IDLE")
        kinds = {one["name"]: one["kind"] for one in client.find_leftovers()}
        assert kinds == {"old": "serverless" if calendar == "2024" else "flex", "flex": "flex"}


def test_what_is_no_leftover_is_said(emulator: Emulator) -> None:
    with emulator.client() as client:
        for wrong in ({"name": "a"}, {"kind": "tree", "group_id": "x", "name": "a"}, "a"):
            with pytest.raises(ValueError, match=r"leftovers\[0\] is none: "):
                client.delete_leftovers([wrong])  # type: ignore[list-item]
        with pytest.raises(errors.ValidationError):
            client.find_leftovers(name_prefix="my_")
        assert [request for request in emulator.requests if request["endpoint"] != "token"] == []
