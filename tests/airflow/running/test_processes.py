"""What users' DAGs do beside the operators (Airflow 3): processes at one instant, fork, timeouts, a wrong secret."""

import shutil
import time

from runs import events, look_for_secrets, operations, states, tokens


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
