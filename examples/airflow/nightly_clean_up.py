"""Deletes clusters that carry a tag and are older than they may be. Every night; nothing to delete is a good night."""

from datetime import datetime, timedelta, timezone

from airflow.sdk import dag, task  # Airflow 2: from airflow.decorators import dag, task

from atlas_serverless.integrations.airflow.hooks import AtlasHook
from atlas_serverless.integrations.airflow.operators import AtlasDeleteFlexClusterOperator

TAGS = {"env": "test"}


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    params={"max_age_hours": 24},
    default_args={"retries": 3, "retry_delay": timedelta(seconds=30)},
)
def atlas_nightly_clean_up():
    @task
    def too_old(params: dict | None = None) -> list[str]:
        limit = datetime.now(timezone.utc) - timedelta(hours=params["max_age_hours"])
        limit = limit.strftime("%Y-%m-%dT%H:%M:%SZ")  # as Atlas writes it, so that texts compare
        with AtlasHook().get_conn() as client:
            return [
                cluster["name"]
                for cluster in client.list_flex_clusters(tags=TAGS)
                if cluster["stateName"] != "DELETING" and cluster["createDate"] < limit
            ]

    AtlasDeleteFlexClusterOperator.partial(
        task_id="delete",
        only_tagged=TAGS,  # looked at again: tags may have changed since the list was made
        deferrable=True,
        map_index_template="{{ task.name }}",
    ).expand(name=too_old())


atlas_nightly_clean_up()
