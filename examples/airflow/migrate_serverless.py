"""Serverless instances that Atlas has retired, made again as Flex clusters from the specs that created them.

`on_retired="flex"` converts each spec, and warns in the task's log of what a Flex cluster has not. What is there
already is taken as it is, so that the DAG may run until all are done.
"""

from datetime import timedelta

from airflow.sdk import Variable, dag, task  # Airflow 2: from airflow.decorators …, airflow.models import Variable

from atlas_serverless.integrations.airflow.hooks import AtlasHook
from atlas_serverless.integrations.airflow.operators import AtlasCreateServerlessInstanceOperator


@dag(schedule=None, catchup=False, default_args={"retries": 3, "retry_delay": timedelta(seconds=30)})
def atlas_migrate_serverless():
    @task
    def specs() -> list[dict]:
        """As `create_serverless_instance` took them, in either spelling; here from a Variable with a JSON list."""
        from atlas_serverless import to_flex_spec

        specs = Variable.get("atlas_serverless_specs", deserialize_json=True)
        for spec in specs:
            to_flex_spec(spec)  # a spec that cannot be converted fails here, before anything is made
        return [
            {
                "name": spec["name"],
                "provider_settings": spec.get("provider_settings") or spec["providerSettings"],
                "tags": spec.get("tags"),
            }
            for spec in specs
        ]

    instances = AtlasCreateServerlessInstanceOperator.partial(
        task_id="create",
        on_retired="flex",
        deferrable=True,
        map_index_template="{{ task.name }}",
    ).expand_kwargs(specs())

    @task
    def report() -> list[str]:
        with AtlasHook().get_conn() as client:
            return sorted(cluster["name"] for cluster in client.list_flex_clusters())

    instances >> report()


atlas_migrate_serverless()
