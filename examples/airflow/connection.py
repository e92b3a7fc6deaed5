"""A database to connect to for the length of one DAG run: cluster, user and access list by `up`; and a daily sweep.

It needs the Connection `atlas_default` (docs/airflow.md), or MONGODB_ATLAS_CLIENT_ID, _CLIENT_SECRET and _PROJECT_ID in
the workers' environment; and the password of the database user as the Variable `database_password`, which Airflow
masks: every task knows it, and none passes it on. docs/connect.md explains the rest.
"""

import logging
from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Variable, dag, task

from atlas_serverless.integrations.airflow.hooks import AtlasHook

log = logging.getLogger(__name__)

PREFIX = "airflow-"  # of the clusters that the sweep may delete
ARGUMENTS = {
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "execution_timeout": timedelta(minutes=40),  # longer than the client's own deadline, whose error says more
}


def connect(client, params):
    """The same call makes what is missing and finds what is there, so that each task gets its connection by it."""
    return client.up(
        params["cluster"],
        provider=params["provider"],
        region=params["region"],
        access=params["access"],
        password=Variable.get("database_password"),
        timeout=1800,
    )


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,  # two runs at once would share the cluster, and one would delete it under the other
    params={"cluster": "airflow-shop", "provider": "AWS", "region": "US_EAST_1", "access": ["192.0.2.7"]},
    default_args=ARGUMENTS,
)
def atlas_connection():
    @task
    def make_database(params: dict | None = None) -> list[dict]:
        with AtlasHook().get_conn() as client:
            return connect(client, params).did  # made, found, changed. The address with its password stays out of XCom

    @task
    def use_database(params: dict | None = None) -> None:
        with AtlasHook().get_conn() as client:
            connection = connect(client, params)
        # pymongo.MongoClient(connection.uri) is the way on; what is logged here has ****** for the password.
        log.info("the database is at %s", connection)

    @task
    def take_database_down(params: dict | None = None) -> None:
        with AtlasHook().get_conn() as client:
            for step in client.down(params["cluster"], wait=True, timeout=1800):
                log.info("%s %s: %s", step["what"], step["name"], step["how"])

    # A teardown of no setup, and an empty task beside it: cluster_for_a_run.py says why.
    last = take_database_down()
    last.as_teardown(on_failure_fail_dagrun=True)
    make_database() >> use_database() >> [last, EmptyOperator(task_id="used")]


@dag(
    schedule="0 4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    params={"older_than_hours": 24, "delete": False},
    default_args=ARGUMENTS,
)
def atlas_sweep():
    """What runs left behind whose workers and teardowns are gone. It only lists, unless `delete` is true."""

    @task
    def sweep(params: dict | None = None) -> list[dict]:
        with AtlasHook().get_conn() as client:
            older_than = params["older_than_hours"] * 3600
            found = client.find_leftovers(client.default_group_id, name_prefix=PREFIX, older_than=older_than)
            done = client.delete_leftovers(found, dry_run=not params["delete"])
        if failed := [f"{one['name']}: {one['why']}" for one in done if one["how"] == "failed"]:
            raise RuntimeError(f"not deleted: {failed}")
        return [{"name": one["name"], "how": one["how"]} for one in done]

    sweep()


atlas_connection()
atlas_sweep()
