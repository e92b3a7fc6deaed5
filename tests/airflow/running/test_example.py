"""The example of a cluster for a run, in a running Airflow against the emulator: run twice, killed, given up."""

import pytest
from airflow_process import Airflow
from runs import events, kill, look_for_secrets, operations, states, tokens

from conftest import copy_dags

DAG = "atlas_flex_cluster"
NAME = "airflow-example"


def test_the_example_makes_uses_and_deletes_a_cluster(airflow, atlas):
    run = airflow.trigger(DAG)
    assert airflow.finish(DAG, run) == "success", airflow.task_log(DAG, run)
    assert set(states(airflow, DAG, run).values()) == {"success"}
    assert (atlas.counters["created"], atlas.counters["deleted"], atlas.instances()) == (1, 1, [])
    log = airflow.task_log(DAG, run)
    assert events(log, "the cluster is at mongodb+srv://")
    assert events(log, f"{NAME}: CREATING after")
    assert events(log, f"{NAME}: IDLE after")
    assert events(log, f"{NAME}: DELETED after")


def test_a_task_that_runs_again_finds_its_cluster(airflow, atlas):
    atlas.add_instance(NAME, tags={"managed-by": "airflow atlas_flex_cluster"})
    run = airflow.trigger(DAG)
    assert airflow.finish(DAG, run) == "success", airflow.task_log(DAG, run)
    assert (atlas.counters["created"], len(operations(atlas, "createGroupFlexCluster", 201))) == (0, 0)
    assert atlas.instances() == []


def test_two_runs_one_after_the_other(airflow, atlas):
    runs = [airflow.trigger(DAG), airflow.trigger(DAG)]  # the second waits: max_active_runs=1
    assert [airflow.finish(DAG, run) for run in runs] == ["success", "success"]
    most = 0
    stored = 0
    for request in atlas.requests:
        stored += (request["operation"], request["status"]) == ("createGroupFlexCluster", 201)
        stored -= (request["operation"], request["status"]) == ("deleteGroupFlexCluster", 204)
        most = max(most, stored)
    assert (atlas.counters["created"], most, stored) == (2, 1, 0)


def test_a_strangers_cluster_is_neither_taken_nor_deleted(airflow, atlas):
    atlas.add_instance(NAME, tags={"owner": "somebody"})
    run = airflow.trigger(DAG)
    assert airflow.finish(DAG, run) == "failed"
    assert [(cluster["name"], cluster["state"]) for cluster in atlas.instances()] == [(NAME, "IDLE")]
    assert operations(atlas, "deleteGroupFlexCluster") == []
    assert "DUPLICATE_CLUSTER_NAME" in airflow.task_log(DAG, run)
    assert f"{NAME} stays: its tags are {{'owner': 'somebody'}}" in airflow.task_log(DAG, run)
    assert states(airflow, DAG, run)["delete_cluster"] == "skipped"
    assert airflow.tasks(DAG, run)["ensure_cluster"]["try_number"] == 1  # no retry cures it


@pytest.mark.parametrize("moment", ["create is stored, reply is not sent", "create arrives late", "while it waits"])
def test_a_killed_task_is_retried_and_leaves_one_cluster(airflow, atlas, moment):
    atlas.settings(provisioning={"seconds": 6})
    seen, late = "createGroupFlexCluster", moment == "create arrives late"
    if moment == "while it waits":
        seen = "getGroupFlexCluster"
    else:  # carried out though nobody listens any more, when the emulator's clock has moved on
        atlas.clock.freeze()
        atlas.fail_next("delay", operation="createGroupFlexCluster", seconds=4, after_store=not late)
    run = airflow.trigger(DAG)
    airflow.until(lambda: operations(atlas, seen), moment)
    kill(airflow, DAG, run, "ensure_cluster")
    if late:
        airflow.until(lambda: operations(atlas, "createGroupFlexCluster", 201), "the retry's create")
    atlas.clock.advance(4)
    atlas.clock.resume()
    assert airflow.finish(DAG, run) == "success", airflow.task_log(DAG, run)
    assert airflow.tasks(DAG, run)["ensure_cluster"]["try_number"] == 2
    first, second = operations(atlas, "createGroupFlexCluster")
    assert (first["status"], second["status"]) == ((400, 201) if late else (201, 400))
    assert (atlas.counters["created"], atlas.counters["deleted"], atlas.instances()) == (1, 1, [])


def test_a_killed_teardown_is_retried_and_leaves_none(airflow, atlas):
    atlas.settings(deletion={"seconds": 4})
    run = airflow.trigger(DAG)
    airflow.until(lambda: operations(atlas, "deleteGroupFlexCluster", 204), "the delete")
    kill(airflow, DAG, run, "delete_cluster")
    assert airflow.finish(DAG, run) == "success", airflow.task_log(DAG, run)
    assert airflow.tasks(DAG, run)["delete_cluster"]["try_number"] == 2
    assert (atlas.counters["created"], atlas.counters["deleted"], atlas.instances()) == (1, 1, [])


def test_the_cluster_is_deleted_though_the_ensure_fails_for_good(airflow, atlas):
    atlas.settings(provisioning="manual", deletion={"seconds": 0})
    run = airflow.trigger(DAG)
    for retry in range(4):
        airflow.until(lambda: operations(atlas, "createGroupFlexCluster")[retry:], "the create")  # noqa: B023
        kill(airflow, DAG, run, "ensure_cluster")
    assert airflow.finish(DAG, run) == "failed"
    assert states(airflow, DAG, run) == {
        "ensure_cluster": "failed",
        "use_cluster": "upstream_failed",
        "used": "upstream_failed",
        "delete_cluster": "success",
    }
    assert (atlas.counters["created"], atlas.instances()) == (1, [])


def test_a_cluster_left_behind_fails_the_run(airflow, atlas):
    atlas.fail_next("status", operation="deleteGroupFlexCluster", status=403, error_code="ACCESS_FORBIDDEN", times=None)
    run = airflow.trigger(DAG)
    assert airflow.finish(DAG, run) == "failed"
    assert states(airflow, DAG, run) == {
        "ensure_cluster": "success",
        "use_cluster": "success",
        "used": "success",
        "delete_cluster": "failed",
    }
    assert [cluster["name"] for cluster in atlas.instances()] == [NAME]


def test_dags_test_with_credentials_of_the_environment(atlas, tmp_path):
    """`airflow dags test`, as one tries a DAG on a laptop: no Connection, no processes, no logs but what it prints."""
    atlas.reset()
    laptop = Airflow(tmp_path, copy_dags(tmp_path), "sqlite:///" + str(tmp_path / "airflow.db"))
    laptop.run("db", "migrate")
    printed = laptop.run("dags", "test", DAG, environment=atlas.environment())
    assert (atlas.counters["created"], atlas.counters["deleted"], atlas.instances()) == (1, 1, [])
    assert "the cluster is at mongodb+srv://" in printed
    assert f"{NAME}: DELETED after" in printed
    look_for_secrets(laptop, [atlas.client_secret, *tokens(laptop)])
