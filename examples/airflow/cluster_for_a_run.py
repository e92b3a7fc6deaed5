"""A Flex cluster for the length of one DAG run: made or found, used, deleted whatever happened in between.

It needs the Connection `atlas_default` (docs/airflow.md), or MONGODB_ATLAS_CLIENT_ID, _CLIENT_SECRET and _PROJECT_ID in
the workers' environment.
"""

import logging
from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import dag, task  # Airflow 2: from airflow.decorators import dag, task

from atlas_serverless.integrations.airflow.operators import (
    AtlasCreateFlexClusterOperator,
    AtlasDeleteFlexClusterOperator,
)

log = logging.getLogger(__name__)

# The delete looks for this tag, so that it never takes a cluster that this DAG did not make.
TAGS = {"managed-by": "airflow atlas_flex_cluster"}


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,  # two runs at once would share the cluster, and one would delete it under the other
    params={"cluster": "airflow-example", "provider": "AWS", "region": "US_EAST_1"},
    default_args={
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "execution_timeout": timedelta(minutes=40),  # longer than the operators' own timeout, whose error says more
    },
)
def atlas_flex_cluster():
    ensure_cluster = AtlasCreateFlexClusterOperator(
        task_id="ensure_cluster",
        name="{{ params.cluster }}",
        provider_settings={"backing_provider_name": "{{ params.provider }}", "region_name": "{{ params.region }}"},
        tags=TAGS,
    )

    @task
    def use_cluster(cluster: dict) -> None:
        # No user and no password in it.
        log.info("the cluster is at %s", cluster["connectionStrings"]["standardSrv"])

    # A teardown runs after all tasks, however they ended. It is not tied to a setup, on purpose: Airflow leaves out the
    # teardown of a setup that failed, and an ensure_cluster that failed may have made a cluster that nobody waits for.
    delete_cluster = AtlasDeleteFlexClusterOperator(
        task_id="delete_cluster",
        name="{{ params.cluster }}",
        only_tagged=TAGS,
    ).as_teardown(on_failure_fail_dagrun=True)

    # A run is what its last tasks are. With on_failure_fail_dagrun the teardown is one of them: a cluster left behind
    # is a failed run. The empty task beside it makes a failed use_cluster one too, which a good teardown would hide.
    use_cluster(ensure_cluster.output) >> [delete_cluster, EmptyOperator(task_id="used")]


atlas_flex_cluster()
