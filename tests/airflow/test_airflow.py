"""The example DAG, and what users' DAGs do beside it, in a running Airflow against the emulator."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from airflow_process import Airflow

from conftest import EXAMPLE, example

DAG = "atlas_flex_cluster"
NAME = "airflow-example"
OWN = [{"key": "managed-by", "value": "airflow atlas_flex_cluster"}]


def operations(atlas, operation, status=None):
    return [
        request
        for request in atlas.requests
        if request["operation"] == operation and status in (None, request["status"])
    ]


def states(airflow, dag_id, run_id):
    return {name: task["state"] for name, task in airflow.tasks(dag_id, run_id).items()}


def running_pid(airflow, run_id, task_id, dag_id=DAG):
    """The process that a task runs in."""
    task = airflow.tasks(dag_id, run_id)[task_id]
    return task["pid"] if task["state"] == "running" else None


def kill(airflow, run_id, task_id):
    pid = running_pid(airflow, run_id, task_id)
    assert pid
    assert airflow.owns(pid)
    os.kill(pid, signal.SIGKILL)


def events(text, event):
    """Lines of a task log, which are JSON, with that beginning."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line["event"] for line in lines if str(line["event"]).startswith(event)]


def test_parsing_the_example_costs_little_and_asks_nobody(tmp_path):
    measure = (
        "import sys, time; began = time.perf_counter(); import atlas_serverless as a; a.Client; "
        "ours = time.perf_counter() - began; import airflow.sdk; theirs = time.perf_counter() - began - ours; "
        f"sys.path.insert(0, {str(EXAMPLE.parent)!r}); import socket; socket.socket.connect = None; "
        "import airflow_dag; "
        "print('import:', ours, theirs)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MONGODB_")}
    done = subprocess.run(
        [sys.executable, "-c", measure],
        env=environment | {"AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    ours, theirs = map(float, re.search(r"import: (\S+) (\S+)", done.stdout).groups())
    assert ours < theirs / 10, f"{ours * 1000:.0f} ms of {theirs * 1000:.0f}"


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
    assert events(airflow.task_log(DAG, run), f"{NAME} is not of this DAG and stays")


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
    kill(airflow, run, "ensure_cluster")
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
    kill(airflow, run, "delete_cluster")
    assert airflow.finish(DAG, run) == "success", airflow.task_log(DAG, run)
    assert airflow.tasks(DAG, run)["delete_cluster"]["try_number"] == 2
    assert (atlas.counters["created"], atlas.counters["deleted"], atlas.instances()) == (1, 1, [])


def test_the_cluster_is_deleted_though_the_ensure_fails_for_good(airflow, atlas):
    atlas.settings(provisioning="manual", deletion={"seconds": 0})
    run = airflow.trigger(DAG)
    for retry in range(4):
        airflow.until(lambda: operations(atlas, "createGroupFlexCluster")[retry:], "the create")  # noqa: B023
        kill(airflow, run, "ensure_cluster")
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


def test_eight_processes_at_once_fetch_one_token_and_make_one_cluster(airflow, atlas, tmp_path):
    cache = airflow.home / "cache"
    shutil.move(cache / "atlas-serverless", cache / "earlier")  # kept: no log may have those tokens either
    run = airflow.trigger("together", room=str(tmp_path), processes=8)
    assert airflow.finish("together", run) == "success", airflow.task_log("together", run)
    results = [airflow.result("together", run, "member", number) for number in range(8)]
    assert len({result["pid"] for result in results}) == 8
    assert len({result["id"] for result in results}) == 1
    assert len([request for request in atlas.requests if request["endpoint"] == "token"]) == 1
    assert atlas.counters["created"] == 1
    assert len(operations(atlas, "createGroupFlexCluster")) == 8


def test_fork_after_the_parent_used_the_client(airflow, atlas):
    run = airflow.trigger("forks")
    assert airflow.finish("forks", run) == "success", airflow.task_log("forks", run)
    assert airflow.result("forks", run, "child_of_a_task") == ["forks"]
    child = airflow.result("forks", run, "child_of_the_scheduler")
    assert child["used_in"] == airflow.processes["scheduler"].pid != child["pid"]
    assert child["clusters"] == ["forks"]


def test_timeouts_end_a_task_and_no_log_has_a_secret(airflow, atlas, tmp_path):
    atlas.settings(provisioning="manual")
    wrong = tmp_path / "secret"
    wrong.write_text("mdb_sa_sk_" + "wrongbutsecret0123456789abcdefghijklmnop", encoding="utf-8")
    began = time.monotonic()
    run = airflow.trigger("ends", secret_file=str(wrong))
    assert airflow.finish("ends", run) == "failed"
    assert time.monotonic() - began < 90
    assert states(airflow, "ends", run) == {
        "control": "success",
        "deadline": "failed",
        "execution_timeout": "failed",
        "wrong_secret": "failed",
    }
    log = airflow.task_log("ends", run)
    for expected in ("AirflowTaskTimeout", "WaitTimeoutError", "AuthenticationError"):
        assert expected in log
    assert events(log, "control: ") == ["control: known-to-airflow eyJsb29rcy5saWtlIjoidG9rZW4ifQ.a.b"]
    duration = airflow.tasks("ends", run)["execution_timeout"]["duration"]
    assert 4 <= duration < 30
    look_for_secrets(airflow, [atlas.client_secret, wrong.read_text(encoding="utf-8"), *tokens(airflow)])


def test_dags_test_with_credentials_of_the_environment(atlas, tmp_path):
    """`airflow dags test`, as one tries a DAG on a laptop: no Connection, no processes, no logs but what it prints."""
    atlas.reset()
    dags = tmp_path / "dags"
    dags.mkdir()
    dags.joinpath(EXAMPLE.name).write_text(example(), encoding="utf-8")
    laptop = Airflow(tmp_path, dags)
    laptop.run("db", "migrate")
    printed = laptop.run("dags", "test", DAG, environment=atlas.environment())
    assert (atlas.counters["created"], atlas.counters["deleted"], atlas.instances()) == (1, 1, [])
    assert "the cluster is at mongodb+srv://" in printed
    assert f"{NAME}: DELETED after" in printed
    look_for_secrets(laptop, [atlas.client_secret, *tokens(laptop)])


def tokens(airflow):
    """The tokens that its tasks used."""
    files = (airflow.home / "cache").rglob("*.json")
    found = [json.loads(path.read_text(encoding="utf-8"))["access_token"] for path in files]
    assert found
    return found


def look_for_secrets(airflow, secrets):
    """In every file of logs, with the client's own lines at DEBUG and nothing masked by Airflow; a token also by its
    signature alone."""
    needles = {part for secret in secrets for part in (secret, secret.rsplit(".", 1)[-1])}
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in airflow.logs()}
    everything = "".join(texts.values())
    for line in ("POST /api/oauth/token (attempt 1)", "flexClusters answered 201"):
        assert line in everything, "the client's lines at DEBUG are not in what is searched"
    assert [path.name for path, text in texts.items() if any(needle in text for needle in needles)] == []
