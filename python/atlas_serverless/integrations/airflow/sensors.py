"""A sensor for the state of a Flex cluster."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from atlas_serverless import errors

from ._airflow import AirflowSensorTimeout, BaseSensorOperator, PokeReturnValue
from ._base import GRACE, is_deferrable, resource_of
from ._failures import final_failures
from .links import AtlasProjectLink, push_project


class AtlasFlexClusterSensor(BaseSensorOperator):
    """Waits until a Flex cluster has a state, whoever made it. XCom: the dict that Atlas sent.

    =============== =================================================================================================
    `name`          the cluster's name; it need not exist yet
    `group_id`      the project. Default None: the Connection's
    `state`         default ``"IDLE"``; ``"DELETED"`` waits until it is gone
    `atlas_conn_id` the Connection. Default ``"atlas_default"``
    `deferrable`    True waits in the triggerer. Default: ``[operators] default_deferrable``
    =============== =================================================================================================

    And what every sensor takes: `poke_interval`, `timeout`, `mode`, `soft_fail` …
    """

    template_fields: Sequence[str] = ("atlas_conn_id", "group_id", "name", "state")
    operator_extra_links = (AtlasProjectLink(),)
    ui_color = "#e3fcf7"

    def __init__(
        self,
        *,
        name: str,
        group_id: str | None = None,
        state: str = "IDLE",
        atlas_conn_id: str | None = "atlas_default",
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.group_id = group_id
        self.state = state
        self.atlas_conn_id = atlas_conn_id
        self.deferrable = is_deferrable(deferrable)

    def poke(self, context: Any) -> PokeReturnValue:
        """One look."""
        from .hooks import AtlasHook

        with final_failures(), AtlasHook(self.atlas_conn_id, group_id=self.group_id).get_conn() as client:
            push_project(context, client.base_url, client.default_group_id)
            try:
                cluster = client.get_flex_cluster(name=self.name)
            except errors.ClusterNotFound:
                cluster = None
        state = cluster.get("stateName") if cluster is not None else "DELETED"
        self.log.info("%s: %s, waiting for %s", self.name, state if cluster else "absent", self.state)
        return PokeReturnValue(is_done=state == self.state, xcom_value=cluster)

    def execute(self, context: Any) -> Any:
        """Looks once, and then waits in the triggerer if the sensor is deferrable."""
        if not self.deferrable:
            return super().execute(context)
        first = self.poke(context)
        if first.is_done:
            return first.xcom_value
        from .triggers import AtlasFlexClusterStateTrigger

        trigger = AtlasFlexClusterStateTrigger(
            name=self.name,
            group_id=self.group_id,
            state=self.state,
            deadline=time.time() + self.timeout,
            poke_interval=self.poke_interval,
            absent_ok=True,
            atlas_conn_id=self.atlas_conn_id,
        )
        self.defer(trigger=trigger, method_name="execute_complete", timeout=timedelta(seconds=self.timeout) + GRACE)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Called when the trigger has fired. Returns the cluster as Atlas described it last."""
        if event["status"] == "timeout":
            raise AirflowSensorTimeout(event["message"])
        return resource_of(event)
