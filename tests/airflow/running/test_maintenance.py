"""The examples for what exists already: serverless specs made again as Flex clusters, and the nightly clean-up."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from runs import operations, states

VARIABLE = "atlas_serverless_specs"
MIGRATE = "atlas_migrate_serverless"
CLEAN_UP = "atlas_nightly_clean_up"
AWS = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
SPECS = [
    {
        "name": "orders",
        "providerSettings": {
            "backingProviderName": "AWS",
            "providerName": "SERVERLESS",
            "regionName": "US_EAST_1",
        },
        "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": True},
        "tags": [{"key": "env", "value": "prod"}],
    },
    {"name": "carts", "provider_settings": AWS},
    {"name": "there-already", "provider_settings": AWS},
]


@pytest.fixture
def specs(airflow):
    """Stores the list that the example reads."""

    def store(wanted):
        airflow.run("variables", "set", VARIABLE, json.dumps(wanted))

    yield store
    airflow.run("variables", "delete", VARIABLE)


def test_serverless_specs_become_flex_clusters(airflow, atlas, specs):
    atlas.set_calendar("2026")
    atlas.add_instance("there-already", provider="AWS", region="US_EAST_1")
    specs(SPECS)
    for _ in range(2):  # the second run finds what the first has made
        run = airflow.trigger(MIGRATE)
        assert airflow.finish(MIGRATE, run) == "success", airflow.task_log(MIGRATE, run)
        assert airflow.result(MIGRATE, run, "report") == ["carts", "orders", "there-already"]
        assert atlas.counters["created"] == 2
    assert set(states(airflow, MIGRATE, run).values()) == {"success"}
    found = {one["name"]: (one["kind"], one["state"], one["tags"]) for one in atlas.instances()}
    assert found == {
        "carts": ("flex", "IDLE", {}),
        "orders": ("flex", "IDLE", {"env": "prod"}),
        "there-already": ("flex", "IDLE", {}),
    }
    log = airflow.task_log(MIGRATE, run)
    assert "ConversionWarning" in log  # of the backup that a Flex cluster has not
    assert "EndpointDeprecatedWarning" in log


def test_a_spec_that_cannot_be_converted_stops_all_before_any_is_made(airflow, atlas, specs):
    atlas.set_calendar("2026")
    specs([*SPECS, {"name": "no name!", "provider_settings": AWS}])
    run = airflow.trigger(MIGRATE)
    assert airflow.finish(MIGRATE, run) == "failed"
    assert states(airflow, MIGRATE, run) == {
        "specs": "failed",
        "create": "upstream_failed",
        "report": "upstream_failed",
    }
    assert "ValidationError" in airflow.task_log(MIGRATE, run)
    assert operations(atlas, "createGroupFlexCluster") == []


def test_the_clean_up_deletes_by_tag_and_age(airflow, atlas):
    now = datetime.now(timezone.utc)
    old, young = (f"{now - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (25, 23))
    atlas.add_instance("old-1", tags={"env": "test"}, created=old)
    atlas.add_instance("old-2", tags={"env": "test", "team": "search"}, created=old)
    atlas.add_instance("young", tags={"env": "test"}, created=young)
    atlas.add_instance("untagged", created=old)
    atlas.add_instance("production", tags={"env": "prod"}, created=old)
    run = airflow.trigger(CLEAN_UP)
    assert airflow.finish(CLEAN_UP, run) == "success", airflow.task_log(CLEAN_UP, run)
    assert airflow.result(CLEAN_UP, run, "too_old") == ["old-1", "old-2"]
    assert states(airflow, CLEAN_UP, run) == {"too_old": "success", "delete[0]": "success", "delete[1]": "success"}
    assert sorted(one["name"] for one in atlas.instances()) == ["production", "untagged", "young"]
    assert atlas.counters["deleted"] == 2

    run = airflow.trigger(CLEAN_UP)  # the next night, in which there is nothing to delete
    assert airflow.finish(CLEAN_UP, run) == "success", airflow.task_log(CLEAN_UP, run)
    assert states(airflow, CLEAN_UP, run) == {"too_old": "success", "delete": "skipped"}
    assert atlas.counters["deleted"] == 2
