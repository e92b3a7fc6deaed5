"""What tests look at: requests that Atlas got, states of tasks, lines of logs, secrets in them."""

import json
import os
import signal

from versions import AIRFLOW_3


def operations(atlas, operation, status=None):
    return [
        request
        for request in atlas.requests
        if request["operation"] == operation and status in (None, request["status"])
    ]


def states(airflow, dag_id, run_id):
    return {name: task["state"] for name, task in airflow.tasks(dag_id, run_id).items()}


def running_pid(airflow, dag_id, run_id, task_id):
    """The process that a task runs in."""
    task = airflow.tasks(dag_id, run_id)[task_id]
    return task["pid"] if task["state"] == "running" else None


def kill(airflow, dag_id, run_id, task_id):
    """SIGKILL for the process of a running task."""
    pid = airflow.until(lambda: running_pid(airflow, dag_id, run_id, task_id), f"the process of {task_id}", 30)
    assert airflow.owns(pid)
    os.kill(pid, signal.SIGKILL)


def events(text, event):
    """Lines of a task log, which are JSON in Airflow 3, with that beginning."""
    if AIRFLOW_3:
        lines = [json.loads(line)["event"] for line in text.splitlines() if line.startswith("{")]
    else:
        lines = [line.partition(" - ")[2] for line in text.splitlines()]
    return [line for line in lines if str(line).startswith(event)]


def tokens(airflow):
    """The tokens that its tasks used."""
    files = (airflow.home / "cache").rglob("*.json")
    found = [json.loads(path.read_text(encoding="utf-8"))["access_token"] for path in files]
    assert found
    return found


def look_for_secrets(airflow, secrets, lines=("POST /api/oauth/token (attempt 1)", "flexClusters answered 201")):
    """In every file of logs, with the client's own lines at DEBUG (`lines`), and nothing masked by Airflow; a token
    also by its signature alone."""
    needles = {part for secret in secrets for part in (secret, secret.rsplit(".", 1)[-1])}
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in airflow.logs()}
    everything = "".join(texts.values())
    for line in lines:
        assert line in everything, "the client's lines at DEBUG are not in what is searched"
    assert [path.name for path, text in texts.items() if any(needle in text for needle in needles)] == []
