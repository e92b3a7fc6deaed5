"""A cluster for each entry of a list, by dynamic task mapping: as many workers as there are share the work.

Atlas limits how many requests a minute it takes. The pool keeps tasks that would only wait for that off the workers:

    airflow pools set atlas 16 "creates at once"
"""

from datetime import timedelta

from airflow.sdk import dag, task  # Airflow 2: from airflow.decorators import dag, task

from atlas_serverless.integrations.airflow.operators import AtlasCreateFlexClusterOperator


@dag(
    schedule=None,
    catchup=False,
    params={"team": "search", "count": 8, "group_ids": []},
    default_args={"retries": 5, "retry_delay": timedelta(seconds=30), "retry_exponential_backoff": True},
)
def atlas_fleet():
    @task
    def wanted(params: dict | None = None) -> list[dict]:
        """What is to be there. The same run makes the same list again: mapped tasks are told apart by their place."""
        projects = params["group_ids"] or [None]  # None: the Connection's
        return [
            {
                "name": f"{params['team']}-{number:03}",
                "group_id": projects[number % len(projects)],
                "tags": {"team": params["team"], "managed-by": "airflow atlas_fleet"},
            }
            for number in range(params["count"])
        ]

    AtlasCreateFlexClusterOperator.partial(
        task_id="create",
        provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
        pool="atlas",
        deferrable=True,  # creating takes minutes, in which no worker is held
        map_index_template="{{ task.name }}",
    ).expand_kwargs(wanted())


atlas_fleet()
