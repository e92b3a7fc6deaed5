"""The operators, deferred and refused. It imports of Airflow what both generations have in the same place."""

from datetime import timedelta

from airflow import DAG

from atlas_serverless.integrations.airflow.operators import (
    AtlasCreateFlexClusterOperator,
    AtlasDeleteFlexClusterOperator,
)
from atlas_serverless.integrations.airflow.sensors import AtlasFlexClusterSensor

AWS = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}

with DAG("deferred", schedule=None, default_args={"retries": 1, "retry_delay": timedelta(seconds=1)}):
    create = AtlasCreateFlexClusterOperator(
        task_id="create", name="deferred", provider_settings=AWS, deferrable=True, poke_interval=1
    )
    # `seen` begins before there is anything to see.
    seen = AtlasFlexClusterSensor(task_id="seen", name="deferred", deferrable=True, poke_interval=1, timeout=600)
    polled = AtlasFlexClusterSensor(task_id="polled", name="deferred", mode="reschedule", poke_interval=1, timeout=600)
    delete = AtlasDeleteFlexClusterOperator(task_id="delete", name="deferred", deferrable=True, poke_interval=1)
    [create, seen] >> polled >> delete

with DAG("wrong_credentials", schedule=None, default_args={"retries": 3, "retry_delay": timedelta(seconds=1)}):
    AtlasCreateFlexClusterOperator(task_id="create", name="never", provider_settings=AWS, atlas_conn_id="atlas_wrong")
