"""Triggers: a task that waits for a state of Atlas is a coroutine of the triggerer and holds no worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

from atlas_serverless import errors

from ._clients import shared_client
from ._failures import is_final
from ._polls import log_poll
from .hooks import AtlasHook


class AtlasFlexClusterStateTrigger(BaseTrigger):
    """Fires when a Flex cluster has a state, cannot get it any more, or the time is up.

    =============== =================================================================================================
    `name`          the cluster's name
    `group_id`      the project. Default None: the Connection's
    `state`         such as ``"IDLE"``, or ``"DELETED"`` for its absence
    `deadline`      seconds since the epoch (`time.time()`) at which the wait ends, however often the triggerer was
                    restarted. Default None: half an hour after each start
    `poke_interval` seconds between looks. Default None: 1 at first, growing to 15
    `absent_ok`     True waits for a cluster that is not there yet, as a sensor does. Default False: an error
    `atlas_conn_id` the Connection; its credentials are read in the triggerer and are no part of the trigger
    =============== =================================================================================================

    The event is ``{"status": "success", "resource": {…}}``, or ``"timeout"``, ``"failed"`` (a retry may help) or
    ``"final"`` (none will) with a ``"message"``.
    """

    #: The method of the client that waits.
    wait_method: ClassVar[str] = "wait_for_flex_cluster"

    def __init__(
        self,
        name: str,
        *,
        group_id: str | None = None,
        state: str = "IDLE",
        deadline: float | None = None,
        poke_interval: float | None = None,
        absent_ok: bool = False,
        atlas_conn_id: str | None = "atlas_default",
    ) -> None:
        super().__init__()
        self.name = name
        self.group_id = group_id
        self.state = state
        self.deadline = deadline
        self.poke_interval = poke_interval
        self.absent_ok = absent_ok
        self.atlas_conn_id = atlas_conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """All that is stored of the trigger: no credentials."""
        fields = ("name", "group_id", "state", "deadline", "poke_interval", "absent_ok", "atlas_conn_id")
        return f"{type(self).__module__}.{type(self).__qualname__}", {field: getattr(self, field) for field in fields}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Waits. Cancelling it (the task is cleared or marked, the triggerer stops) cancels its request."""
        try:
            options = await self._hook()._async_client_options()
            async with shared_client(options) as client:
                resource = await self._wait(client)
        except errors.WaitTimeoutError as error:
            event = {"status": "timeout", "message": str(error)}
        except errors.AtlasError as error:
            status = "final" if is_final(error) else "failed"
            event = {"status": status, "message": f"{type(error).__name__}: {error}"}
        else:
            event = {"status": "success", "resource": resource}
        yield TriggerEvent(event)

    def _hook(self) -> AtlasHook:
        return AtlasHook(self.atlas_conn_id, group_id=self.group_id)

    async def _wait(self, client: Any) -> Any:
        while True:
            resource = await self._wait_once(client)
            if not isinstance(resource, errors.AtlasError):
                return resource
            # Not there yet; a wait has looked for a while already when it says so.
            await asyncio.sleep(self.poke_interval or 15)

    async def _wait_once(self, client: Any) -> Any:
        """The resource, or the error of one that may still be made."""
        try:
            return await getattr(client, self.wait_method)(
                name=self.name,  # group_id is the client's
                state=self.state,
                timeout=self._seconds_left(),
                interval=self.poke_interval,
                progress=self._log_poll,
            )
        except (errors.WaitFailedError, errors.ClusterNotFound) as error:
            if not self.absent_ok or is_final(error):
                raise
            return error

    def _seconds_left(self) -> float | None:
        # Time for a look even after the deadline: the state may have been reached while no triggerer ran.
        return None if self.deadline is None else max(5.0, self.deadline - time.time())

    def _log_poll(self, poll: Any) -> None:
        log_poll(self.log, poll)


class AtlasServerlessInstanceStateTrigger(AtlasFlexClusterStateTrigger):
    """The same for a serverless instance. `on_retired="flex"` looks at the Flex cluster that replaces it."""

    wait_method: ClassVar[str] = "wait_for_serverless_instance"

    def __init__(self, name: str, *, on_retired: str = "raise", **fields: Any) -> None:
        super().__init__(name, **fields)
        self.on_retired = on_retired

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """As that of a Flex cluster, and `on_retired`."""
        classpath, fields = super().serialize()
        return classpath, fields | {"on_retired": self.on_retired}

    def _hook(self) -> AtlasHook:
        return AtlasHook(self.atlas_conn_id, group_id=self.group_id, on_retired=self.on_retired)
