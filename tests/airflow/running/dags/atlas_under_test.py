"""What the example does not do, but users' DAGs do: processes at the same instant, fork, timeouts, a wrong secret."""

import os
import pathlib
import time
from datetime import timedelta

from airflow.sdk import Connection, dag, get_current_context, task
from airflow.sdk.log import mask_secret

import atlas_serverless


def atlas() -> tuple[atlas_serverless.Client, str]:
    connection = Connection.get("atlas_default")
    client = atlas_serverless.Client(
        client_id=connection.login, client_secret=connection.password, base_url=connection.host, token_cache="file"
    )
    return client, connection.extra_dejson["group_id"]


def create(client: atlas_serverless.Client, group_id: str, name: str, **options: object) -> dict:
    provider = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    return client.create_flex_cluster(group_id, name=name, provider_settings=provider, **options)


def clusters(client: atlas_serverless.Client, group_id: str) -> list[str]:
    return sorted(cluster["name"] for cluster in client.list_flex_clusters(group_id))


@dag(schedule=None)
def together():
    """`processes` tasks that wait for each other, then create the same cluster at once."""

    @task
    def member(number: int) -> dict:
        context = get_current_context()
        client, group_id = atlas()
        room = pathlib.Path(context["params"]["room"])
        (room / str(number)).touch()
        deadline = time.monotonic() + 120
        while len(list(room.iterdir())) < context["params"]["processes"]:
            if time.monotonic() > deadline:
                raise TimeoutError("the others did not come")
            time.sleep(0.01)
        cluster = create(client, group_id, "together", wait=True, if_exists="return")
        return {"pid": os.getpid(), "id": cluster["id"]}

    member.expand(number=list(range(8)))


@dag(schedule=None)
def forks():
    """Children made by fork after their parent used the client: the child of a task, and a task itself."""

    @task
    def child_of_a_task() -> list[str]:
        client, group_id = atlas()
        create(client, group_id, "forks")
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writer, " ".join(clusters(client, group_id)).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as said:
            names = said.read().split()
        os.waitpid(child, 0)
        if names != clusters(client, group_id):
            raise RuntimeError(f"the child saw {names}")
        return names

    @task
    def child_of_the_scheduler() -> dict:
        import airflow_local_settings as scheduler  # it used this client before Airflow forked

        return {
            "used_in": scheduler.USED_IN,
            "pid": os.getpid(),
            "clusters": clusters(scheduler.CLIENT, scheduler.GROUP_ID),
        }

    child_of_a_task() >> child_of_the_scheduler()


@dag(schedule=None)
def ends():
    """Ways to end badly. Each ends by itself."""

    @task(execution_timeout=timedelta(seconds=4))
    def execution_timeout() -> None:
        client, group_id = atlas()
        create(client, group_id, "stuck", wait=True)

    @task
    def deadline() -> None:
        client, group_id = atlas()
        create(client, group_id, "late", wait=True, timeout=2)

    @task
    def wrong_secret() -> None:
        connection = Connection.get("atlas_default")
        # Not the Connection's own: Airflow masks that one, whoever prints it.
        secret = pathlib.Path(get_current_context()["params"]["secret_file"]).read_text()
        client = atlas_serverless.Client(
            client_id=connection.login, client_secret=secret, base_url=connection.host, token_cache="memory"
        )
        client.get_flex_cluster(connection.extra_dejson["group_id"], "any")

    @task
    def control() -> None:
        """What Airflow would mask: if it is not in the log as it is here, no search of the log says anything."""
        mask_secret("known-to-airflow")
        print("control: known-to-airflow eyJsb29rcy5saWtlIjoidG9rZW4ifQ.a.b")

    control()
    execution_timeout()
    deadline()
    wrong_secret()


together()
forks()
ends()
