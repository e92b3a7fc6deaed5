"""The provider in a running Airflow: a triggerer that dies, a mapped fleet, refusals, the Connection's form."""

import json

import pytest
from runs import operations, states
from versions import AIRFLOW_3

BUTTON = "[...document.querySelectorAll('button')].find(one => one.innerText.includes('Add Connection'))"
TYPE = "document.querySelector('[role=dialog] input[role=combobox]')"


def test_a_deferred_task_outlives_its_triggerer(airflow, atlas):
    atlas.settings(provisioning="manual", deletion={"seconds": 1})
    run = airflow.trigger("deferred")
    airflow.until(lambda: states(airflow, "deferred", run)["create"] == "deferred", "the task to be deferred")
    airflow.until(lambda: operations(atlas, "getGroupFlexCluster", 200), "the trigger to look")
    airflow.kill_process("triggerer")
    atlas.set_state("deferred", "IDLE")
    assert states(airflow, "deferred", run)["create"] == "deferred"
    airflow.start_process("triggerer")
    assert airflow.finish("deferred", run) == "success", airflow.task_log("deferred", run)
    tasks = airflow.tasks("deferred", run)
    assert sorted(tasks) == ["create", "delete", "polled", "seen"]
    assert {(task["state"], task["try_number"]) for task in tasks.values()} == {("success", 1)}
    assert airflow.result("deferred", run, "create")["stateName"] == "IDLE"
    assert airflow.result("deferred", run, "seen")["name"] == "deferred"
    assert (atlas.counters["created"], atlas.counters["deleted"], atlas.instances()) == (1, 1, [])
    assert len(operations(atlas, "createGroupFlexCluster")) == 1


def test_a_mapped_fleet_of_fifty(airflow, atlas):
    run = airflow.trigger("atlas_fleet", team="search", count=50)
    assert airflow.finish("atlas_fleet", run, 900) == "success", airflow.task_log("atlas_fleet", run)[-20_000:]
    made = sorted(instance["name"] for instance in atlas.instances())
    assert made == [f"search-{number:03}" for number in range(50)]
    assert atlas.counters["created"] == 50
    tokens = [request for request in atlas.requests if request["endpoint"] == "token"]
    assert len(tokens) <= 1  # one for all tasks of the machine; that of an earlier test may still be good
    tasks = airflow.tasks("atlas_fleet", run)
    assert [task["state"] for task in tasks.values()] == ["success"] * 51
    assert {task["rendered_map_index"] for task in tasks.values()} == {*made, None}


def test_wrong_credentials_fail_without_a_retry(airflow, atlas):
    run = airflow.trigger("wrong_credentials")
    assert airflow.finish("wrong_credentials", run) == "failed"
    task = airflow.tasks("wrong_credentials", run)["create"]
    assert (task["state"], task["try_number"]) == ("failed", 1)
    log = airflow.task_log("wrong_credentials", run)
    assert "AirflowFailException" in log
    assert "AuthenticationError" in log
    assert atlas.instances() == []


@pytest.mark.parametrize(("secret", "works"), [(None, True), ("not-the-secret", False)])
def test_the_button_that_tests_a_connection(airflow, atlas, secret, works):
    connection = {
        "connection_id": "in_the_form",
        "conn_type": "mongodbatlas",
        "login": atlas.client_id,
        "password": secret or atlas.client_secret,
        "host": atlas.url,
        "extra": json.dumps({"group_id": atlas.group_id}),
    }
    answer = airflow.request("POST", "/connections/test", connection)
    assert answer["status"] is works
    assert (atlas.group_id if works else "AuthenticationError") in answer["message"]


def test_the_link_to_the_project(airflow, atlas):
    run = airflow.trigger("wrong_credentials")
    airflow.finish("wrong_credentials", run)
    path = f"/dags/wrong_credentials/dagRuns/{run}/taskInstances/create/links"
    links = airflow.request("GET", path)
    links = links["extra_links"] if AIRFLOW_3 else links
    assert links == {"Project in Atlas": f"{atlas.url}/v2/{atlas.group_id}#/clusters"}


def test_the_connections_form(airflow, tmp_path):
    if not AIRFLOW_3:  # a page that is whole when it comes
        shown = airflow.page("/connection/add")
    else:
        from browser import page

        with page(f"{airflow.url}/connections", tmp_path) as form:
            form.until(f"{BUTTON} !== undefined")
            form.value(f"{BUTTON}.click()")
            form.until(f"{TYPE} !== null")
            form.value(f"{TYPE}.focus()")
            form.command("Input.insertText", text="MongoDB Atlas")
            form.until("document.querySelector('[role=option]') !== null")
            for kind in ("rawKeyDown", "keyUp"):
                form.command("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13)
            form.until("document.body.innerText.includes('Client ID or public key')")
            shown = form.text()
    for text in ("MongoDB Atlas", "Client ID or public key", "Client secret, private key or token", "Base URL"):
        assert text in shown, text
