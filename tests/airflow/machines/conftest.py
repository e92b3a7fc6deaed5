"""Airflow 3.3 with CeleryExecutor over Redis and PostgreSQL, two workers with homes of their own, and the emulator."""

import base64
import json
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parents[2] / "examples" / "airflow" / "fleet.py"
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "running")]

from airflow_process import Airflow  # noqa: E402
from postgres import postgres  # noqa: E402
from servers import AtlasProcess, redis  # noqa: E402
from versions import adapted  # noqa: E402

CLIENT_ID = "mdb_sa_id_0123456789abcdef01234567"
CLIENT_SECRET = "mdb_sa_sk_example"
PROJECTS = [f"b0123456789abcdef01234{number:02}" for number in range(15)]
WORKERS = ("worker-1", "worker-2")
SLOTS = 4  # of each worker


@pytest.fixture
def atlas(tmp_path):
    """Atlas' own limits of tokens; of requests to Flex clusters a project has 100, and gets 50 more each minute."""
    seed = {
        "projects": [{"id": group_id, "name": f"project-{n}"} for n, group_id in enumerate(PROJECTS)],
        "service_accounts": [{"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "role": "Project Owner"}],
    }
    sizes = {"flexClusters_group": {"capacity": 100, "refill": 50, "seconds": 60}}
    running = AtlasProcess(tmp_path / "atlas", seed, 60, {"rate_limit_sizes": sizes})
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def airflow(atlas, tmp_path):
    """With the example of a fleet, whose tasks look every two seconds, so that they meet the limit."""
    home = tmp_path / "airflow"
    dags = home / "dags"
    dags.mkdir(parents=True)
    text = adapted(EXAMPLE.read_text(encoding="utf-8"))
    assert text.count("        deferrable=True,") == 1
    text = text.replace("        deferrable=True,", "        deferrable=True,\n        poke_interval=2,")
    dags.joinpath("fleet.py").write_text(text, encoding="utf-8")
    with postgres() as database, redis() as broker:
        running = Airflow(home, dags, database, settings(database, broker))
        running.run("db", "migrate")
        running.run(
            *("connections", "add", "atlas_default", "--conn-type", "mongodbatlas", "--conn-host", atlas.url),
            *("--conn-login", CLIENT_ID, "--conn-password", CLIENT_SECRET),
            *("--conn-extra", json.dumps({"group_id": PROJECTS[0]})),
        )
        running.run("pools", "set", "atlas", "16", "creates at once")
        try:
            for name in WORKERS:
                start_worker(running, name)
            running.start({"atlas_fleet"})
            yield running
        finally:
            running.stop()


def settings(database, broker):
    """What differs from the Airflow of the other tests: the executor, and how soon a lost worker is noticed."""
    return {
        "AIRFLOW__API_AUTH__JWT_SECRET": random_key(),  # else each home has one of its own
        "AIRFLOW__API__SECRET_KEY": random_key(),
        "AIRFLOW__CELERY__BROKER_URL": broker,
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(SLOTS),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__FERNET_KEY": random_key(),
        "AIRFLOW__CORE__PARALLELISM": "16",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "45",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "90",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "30",
    }


def random_key():
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def start_worker(airflow, name):
    """A worker with a home, a cache of tokens and a host name of its own, as it has on a machine of its own."""
    home = airflow.home.with_name(name)
    home.mkdir()
    own = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "machine_name.machine_name",
        "HOME": str(home),
        "MACHINE": name,
        "PYTHONPATH": str(HERE),
        "XDG_CACHE_HOME": str(home / "cache"),
    }
    options = ("--skip-serve-logs", "--without-gossip", "--without-mingle", "--celery-hostname", f"{name}@localhost")
    airflow.start_process(name, own, ("celery", "worker", *options))
