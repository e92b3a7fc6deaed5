"""What all operators have in common: the Connection, waiting and deferring, the link, and the last words in the log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from ._airflow import AirflowException, AirflowFailException, BaseOperator, conf
from ._failures import final_failures
from ._polls import log_poll
from .links import AtlasProjectLink, push_project

if TYPE_CHECKING:
    from atlas_serverless import Client

#: Airflow's own limit of a deferral, beyond the trigger's: it ends the task if no triggerer runs.
GRACE = timedelta(minutes=5)


class AtlasOperator(BaseOperator):
    """Base of the operators; its arguments are those of all of them.

    ===================== ===========================================================================================
    `atlas_conn_id`       the Connection. Default ``"atlas_default"``
    `group_id`            the project. Default None: the Connection's
    `wait_for_completion` False returns as soon as Atlas has accepted the request. Default True
    `deferrable`          True waits in the triggerer and holds no worker. Default: ``[operators] default_deferrable``
    `poke_interval`       seconds between looks. Default None: 1 at first, growing to 15
    `timeout`             seconds or a timedelta: the limit of the wait. Default 1800
    ===================== ===========================================================================================

    A failure that no retry can cure (an invalid request, 401, 402, 403, a name that something else has) raises
    AirflowFailException; all others leave retrying to Airflow.
    """

    operator_extra_links = (AtlasProjectLink(),)
    ui_color = "#e3fcf7"

    #: The client's methods are create_…, get_…, wait_for_… of this.
    resource: ClassVar[str] = "flex_cluster"
    #: The class in `triggers`, which is imported only where a task is deferred.
    trigger: ClassVar[str] = "AtlasFlexClusterStateTrigger"

    def __init__(
        self,
        *,
        name: str,
        group_id: str | None = None,
        atlas_conn_id: str | None = "atlas_default",
        wait_for_completion: bool = True,
        deferrable: bool | None = None,
        poke_interval: float | None = None,
        timeout: float | timedelta = 1800.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.group_id = group_id
        self.atlas_conn_id = atlas_conn_id
        self.wait_for_completion = wait_for_completion
        self.deferrable = is_deferrable(deferrable)
        self.poke_interval = poke_interval
        self.timeout = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout

    # What the operators use

    def _client_options(self) -> dict[str, Any]:
        """Options of the client, and of the trigger, beside those of the Connection."""
        return {}

    @contextmanager
    def _client(self, context: Any) -> Iterator[Client]:
        """A client, whose project the task's link then opens. Failures for good are raised as AirflowFailException."""
        from .hooks import AtlasHook

        with (
            final_failures(),
            AtlasHook(self.atlas_conn_id, group_id=self.group_id, **self._client_options()).get_conn() as client,
        ):
            self._log_what = f"{self.resource} {self.name} in project {client.default_group_id}"
            push_project(context, client.base_url, client.default_group_id)
            yield client

    def _call(self, client: Client, method: str, **arguments: Any) -> Any:
        """`create`, `get`, `update`, `delete` or `wait_for` of the operator's resource."""
        if method in {"create", "update", "delete"}:
            self._log_step = f"the {method} was on its way; whether Atlas carries it out is not known"
        return getattr(client, f"{method}_{self.resource}")(name=self.name, **arguments)

    def _waits_here(self) -> bool:
        return self.wait_for_completion and not self.deferrable

    def _wait_options(self) -> dict[str, Any]:
        return {"timeout": self.timeout, "interval": self.poke_interval, "progress": self._log_poll}

    def _wait(self) -> dict[str, Any]:
        """Arguments with which create, update and delete wait on this worker, or nothing."""
        return {"wait": True, **self._wait_options()} if self._waits_here() else {}

    def _defer(self, state: str) -> None:
        """Frees the worker until the resource has this state; does not return."""
        from . import triggers

        self.log.info("%s waits for %s in the triggerer", self.name, state)
        trigger = getattr(triggers, self.trigger)(
            name=self.name,
            group_id=self.group_id,
            state=state,
            deadline=time.time() + self.timeout,
            poke_interval=self.poke_interval,
            atlas_conn_id=self.atlas_conn_id,
            **self._client_options(),
        )
        timeout = timedelta(seconds=self.timeout) + GRACE
        self.defer(trigger=trigger, method_name="execute_complete", timeout=timeout)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Called when the trigger has fired. Returns the resource as Atlas described it last."""
        return resource_of(event)

    # What is known when the task is ended from outside

    _log_what: str | None = None
    _log_step: str | None = None

    def _log_poll(self, poll: Any) -> None:
        if poll.state:
            self._log_step = f"{poll.state} was seen {poll.elapsed:.0f} s into the wait for {poll.wanted}"
        log_poll(self.log, poll)

    def on_kill(self) -> None:
        """Says what is known. Nothing is undone: the next try finds what this one has begun."""
        if self._log_what is None:
            self.log.warning("ended before anything was sent to Atlas")
        else:
            self.log.warning("ended; %s: %s. Atlas goes on", self._log_what, self._log_step or "nothing was sent")


def is_deferrable(deferrable: bool | None) -> bool:
    """The argument, or the installation's default."""
    if deferrable is not None:
        return deferrable
    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))


def resource_of(event: dict[str, Any]) -> Any:
    """What a trigger has found; its failures are raised here, in the task."""
    if event["status"] == "success":
        return event["resource"]
    raise (AirflowFailException if event["status"] == "final" else AirflowException)(event["message"])
