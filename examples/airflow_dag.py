"""A Flex cluster for the length of one DAG run: made or found, used, deleted whatever happened in between.

Copy it into your DAGs folder, and give Airflow the credentials of a service account once:

    airflow connections add atlas_default --conn-type generic \
        --conn-login "$CLIENT_ID" --conn-password "$CLIENT_SECRET" --conn-host https://cloud.mongodb.com \
        --conn-extra '{"group_id": "32b6e34b3d91647abb20e7b8"}'

Without that Connection the workers' environment is used: MONGODB_ATLAS_CLIENT_ID, _CLIENT_SECRET and _PROJECT_ID.
docs/airflow.md explains the rest.
"""

import logging
from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Connection, dag, get_current_context, task, teardown
from airflow.sdk.exceptions import AirflowNotFoundException

# Reads no configuration and opens nothing: milliseconds beside the seconds that airflow.sdk takes. Credentials are read
# inside the tasks, so that parsing this file, which Airflow does again and again, asks nobody for anything.
import atlas_serverless

log = logging.getLogger(__name__)

# The delete looks for this tag, so that it never takes a cluster that this DAG did not make.
TAGS = {"managed-by": "airflow atlas_flex_cluster"}


def atlas() -> tuple[atlas_serverless.Client, str]:
    """A client, and the project to work in. One token serves all tasks of this machine (`token_cache`)."""
    try:
        connection = Connection.get("atlas_default")
    except AirflowNotFoundException:
        client = atlas_serverless.Client(token_cache="file")
        group_id = client.default_group_id
    else:
        client = atlas_serverless.Client(
            client_id=connection.login,
            client_secret=connection.password,
            base_url=connection.host or None,
            token_cache="file",
        )
        group_id = connection.extra_dejson.get("group_id") or client.default_group_id
    if group_id is None:
        raise ValueError('which project? {"group_id": …} in the Connection\'s extra, or MONGODB_ATLAS_PROJECT_ID')
    return client, group_id


def log_poll(poll) -> None:
    log.info("%s: %s after %.0f s, waiting for %s", poll.name, poll.state, poll.elapsed, poll.wanted)


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,  # two runs at once would share the cluster, and one would delete it under the other
    params={"cluster": "airflow-example", "provider": "AWS", "region": "US_EAST_1"},
    default_args={
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "execution_timeout": timedelta(minutes=40),  # longer than the client's own deadline, whose error says more
    },
)
def atlas_flex_cluster():
    @task
    def ensure_cluster() -> str:
        params = get_current_context()["params"]
        client, group_id = atlas()
        with client:
            cluster = client.create_flex_cluster(
                group_id,
                name=params["cluster"],
                provider_settings={"backing_provider_name": params["provider"], "region_name": params["region"]},
                tags=TAGS,
                if_exists="return",  # what an earlier try has made is taken, not made again
                wait=True,
                timeout=1800,
                progress=log_poll,
            )
        return cluster["connectionStrings"]["standardSrv"]  # no user and no password in it

    @task
    def use_cluster(connection_string: str) -> None:
        log.info("the cluster is at %s", connection_string)

    # A teardown runs after all tasks, however they ended. It is not tied to a setup, on purpose: Airflow leaves out the
    # teardown of a setup that failed, and an ensure_cluster that failed may have made a cluster that nobody waits for.
    @teardown(on_failure_fail_dagrun=True)
    def delete_cluster() -> None:
        name = get_current_context()["params"]["cluster"]
        client, group_id = atlas()
        with client:
            try:
                cluster = client.get_flex_cluster(group_id, name)
                if cluster["stateName"] != "DELETING":  # by an earlier try; Atlas then shows no tags any more
                    if {tag["key"]: tag["value"] for tag in cluster["tags"]} != TAGS:
                        log.warning("%s is not of this DAG and stays", name)
                        return
                    client.delete_flex_cluster(group_id, name)
                client.wait_for_flex_cluster(group_id, name, state="DELETED", timeout=1800, progress=log_poll)
            except atlas_serverless.errors.NotFoundError:
                log.info("%s is gone", name)

    # A run is what its last tasks are. With on_failure_fail_dagrun the teardown is one of them: a cluster left behind
    # is a failed run. The empty task beside it makes a failed use_cluster one too, which a good teardown would hide.
    use_cluster(ensure_cluster()) >> [delete_cluster(), EmptyOperator(task_id="used")]


atlas_flex_cluster()
