"""The example of a connection, in a running Airflow: made, used and taken back though answers are lost; the sweep."""

from runs import events, look_for_secrets, operations, states, tokens

from conftest import DATABASE_PASSWORD

NAME = "airflow-shop"


def test_a_database_is_made_used_and_taken_back(airflow, atlas):
    atlas.fail_next("close", operation="createGroupFlexCluster", after_store=True)
    atlas.fail_next("close", operation="createDatabaseUser", after_store=True)
    run = airflow.trigger("atlas_connection")
    assert airflow.finish("atlas_connection", run) == "success", airflow.task_log("atlas_connection", run)
    assert set(states(airflow, "atlas_connection", run).values()) == {"success"}
    did = airflow.result("atlas_connection", run, "make_database")
    assert [(step["what"], step["how"]) for step in did] == [("cluster", "made"), ("user", "made"), ("access", "made")]
    log = airflow.task_log("atlas_connection", run)
    assert events(log, f"the database is at <Connection {NAME}: mongodb+srv://{NAME}:******@")
    for taken in ("access 192.0.2.7/32", f"user {NAME}", f"cluster {NAME}"):
        assert events(log, f"{taken}: deleted")
    assert (atlas.counters["created"], atlas.counters["deleted"], atlas.instances()) == (1, 1, [])
    assert len(operations(atlas, "createDatabaseUser")) == 1
    lines = ("databaseUsers (attempt 1)", "flexClusters (attempt 1)")
    look_for_secrets(airflow, [DATABASE_PASSWORD, atlas.client_secret, *tokens(airflow)], lines)


def test_the_sweep_lists_and_deletes_only_when_told(airflow, atlas):
    atlas.add_instance("airflow-left")
    atlas.add_instance("somebody-elses")
    for conf, expected, left in (
        ({"older_than_hours": 1, "delete": True}, [], 2),
        ({"older_than_hours": 0.0001}, [{"name": "airflow-left", "how": "to be deleted"}], 2),
        ({"older_than_hours": 0.0001, "delete": True}, [{"name": "airflow-left", "how": "deleted"}], 1),
    ):
        run = airflow.trigger("atlas_sweep", **conf)
        assert airflow.finish("atlas_sweep", run) == "success", airflow.task_log("atlas_sweep", run)
        assert airflow.result("atlas_sweep", run, "sweep") == expected
        airflow.until(lambda: len([i for i in atlas.instances() if i["state"] != "DELETING"]) == left, "the deletion")  # noqa: B023
