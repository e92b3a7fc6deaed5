"""Triggers and the sensor: what is stored of them, how they end, and that a process's triggers share a client."""

import asyncio
import json
import time

import pytest
from airflow.exceptions import AirflowException, AirflowFailException, AirflowSensorTimeout, TaskDeferred
from triggering import fire

from atlas_serverless import AsyncClient, errors
from atlas_serverless.integrations.airflow import _clients
from atlas_serverless.integrations.airflow.sensors import AtlasFlexClusterSensor
from atlas_serverless.integrations.airflow.triggers import (
    AtlasFlexClusterStateTrigger,
    AtlasServerlessInstanceStateTrigger,
)


def trigger(name="orders", **fields):
    return AtlasFlexClusterStateTrigger(**{"name": name, "poke_interval": 0.05} | fields)


def sensor(**fields):
    return AtlasFlexClusterSensor(
        **{"task_id": "wait", "name": "orders", "poke_interval": 0.05, "timeout": 30} | fields
    )


def test_what_is_stored_has_no_secret(atlas):
    classpath, fields = trigger(group_id=atlas.group_id, deadline=1e9).serialize()
    assert classpath == "atlas_serverless.integrations.airflow.triggers.AtlasFlexClusterStateTrigger"
    assert fields == {
        "name": "orders",
        "group_id": atlas.group_id,
        "state": "IDLE",
        "deadline": 1e9,
        "poke_interval": 0.05,
        "absent_ok": False,
        "atlas_conn_id": "atlas_default",
    }
    text = json.dumps(fields) + repr(trigger())
    assert [secret for secret in (atlas.client_secret, atlas.client_id) if secret in text] == []
    _, fields = AtlasServerlessInstanceStateTrigger("old", on_retired="flex").serialize()
    assert (fields["name"], fields["on_retired"]) == ("old", "flex")


def test_each_ending(atlas):
    atlas.add_instance("orders")
    event = fire(trigger())
    assert (event["status"], event["resource"]["name"]) == ("success", "orders")
    event = fire(trigger(deadline=time.time() - 60, state="DELETED"))
    assert event["status"] == "timeout"
    atlas.fail_next("status", operation="getGroupFlexCluster", status=403, error_code="USER_UNAUTHORIZED", times=None)
    event = fire(trigger())
    assert (event["status"], event["message"].partition(":")[0]) == ("final", "ForbiddenError")


def test_it_goes_on_through_transient_failures(atlas):
    atlas.add_instance("orders")
    for status in (500, 502, 429):
        atlas.fail_next("status", operation="getGroupFlexCluster", status=status)
    assert fire(trigger())["status"] == "success"


def test_a_wrong_secret_ends_it(atlas, connect):
    connect(login=atlas.client_id, password="wrong-secret")
    event = fire(trigger())
    assert (event["status"], event["message"].partition(":")[0]) == ("final", "AuthenticationError")
    assert "wrong-secret" not in str(event)


def test_cancelling_ends_it_and_leaves_no_client(atlas):
    atlas.settings(provisioning="manual")
    atlas.client().create_flex_cluster(
        atlas.group_id, name="orders", provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    )

    async def cancelled():
        async def run():
            return [event async for event in trigger(poke_interval=60).run()]

        task = asyncio.create_task(run())
        while not [request for request in atlas.requests if request["method"] == "GET"]:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(cancelled(), 30))
    assert _clients._clients == {}


def test_a_hundred_triggers_share_a_client_and_a_token(atlas, connect):
    atlas.add_instance("orders")
    connect(
        login=atlas.client_id, password=atlas.client_secret, extra={"group_id": atlas.group_id, "token_cache": "memory"}
    )
    most = 0

    async def run(one):
        nonlocal most
        async for event in one.run():
            most = max(most, len(_clients._clients))
            return event.payload["status"]

    async def all_of_them():
        return await asyncio.gather(*(run(trigger()) for _ in range(100)))

    assert asyncio.run(all_of_them()) == ["success"] * 100
    assert most == 1
    assert len([request for request in atlas.requests if request["endpoint"] == "token"]) == 1
    assert _clients._clients == {}


def test_the_sensor_looks_at_what_is_not_there_yet(atlas, context):
    one = sensor()
    assert one.poke(context).is_done is False
    atlas.add_instance("orders")
    assert one.execute(context)["name"] == "orders"
    assert context["ti"].pushed["atlas_project"]["group_id"] == atlas.group_id


def test_the_sensor_waits_for_an_absence(atlas, context):
    assert sensor(state="DELETED").execute(context) is None


def test_the_sensor_times_out(atlas, context):
    with pytest.raises(AirflowSensorTimeout):
        sensor(timeout=0.1).execute(context)


def test_the_sensor_fails_for_good(atlas, context, connect):
    connect(login=atlas.client_id, password="wrong-secret")
    with pytest.raises(AirflowFailException, match="AuthenticationError"):
        sensor().execute(context)


def test_a_deferred_sensor(atlas, context):
    one = sensor(deferrable=True)
    with pytest.raises(TaskDeferred) as caught:
        one.execute(context)
    assert caught.value.trigger.absent_ok is True
    atlas.add_instance("orders")
    event = fire(caught.value.trigger)
    assert one.execute_complete(context, event)["name"] == "orders"
    assert one.execute(context)["name"] == "orders"
    with pytest.raises(AirflowSensorTimeout, match="late"):
        one.execute_complete(context, {"status": "timeout", "message": "late"})
    with pytest.raises(AirflowException, match="broken"):
        one.execute_complete(context, {"status": "failed", "message": "broken"})


def test_a_deferred_sensor_waits_for_what_is_made_later(atlas, monkeypatch):
    """Longer than the client itself waits for a name that nobody has."""
    waits = []

    async def wait_for_flex_cluster(self, **options):
        waits.append(options["name"])
        if len(waits) == 3:
            return {"name": options["name"]}
        raise errors.WaitFailedError("never seen")

    monkeypatch.setattr(AsyncClient, "wait_for_flex_cluster", wait_for_flex_cluster)
    assert fire(trigger(absent_ok=True))["resource"] == {"name": "orders"}
    assert waits == ["orders"] * 3
    waits.clear()
    assert fire(trigger())["status"] == "failed"
