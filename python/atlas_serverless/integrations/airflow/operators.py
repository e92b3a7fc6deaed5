"""Operators: create, update and delete Flex clusters and serverless instances. Each may run any number of times.

AtlasCreateFlexClusterOperator(
    task_id="create",
    name="orders-{{ ds_nodash }}",
    provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
    tags={"env": "dev"},
    deferrable=True,
)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from atlas_serverless import errors

from ._airflow import AirflowSkipException
from ._base import AtlasOperator

_COMMON = ("atlas_conn_id", "group_id", "name")


class _Create(AtlasOperator):
    def __init__(
        self,
        *,
        provider_settings: Mapping[str, str],
        tags: Mapping[str, str] | Sequence[Mapping[str, str]] | None = None,
        termination_protection_enabled: bool | None = None,
        extra_fields: Mapping[str, Any] | None = None,
        if_exists: str = "return",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.provider_settings = provider_settings
        self.tags = tags
        self.termination_protection_enabled = termination_protection_enabled
        self.extra_fields = extra_fields
        self.if_exists = if_exists

    def _spec(self) -> dict[str, Any]:
        return {
            "provider_settings": self.provider_settings,
            "tags": self.tags,
            "termination_protection_enabled": self.termination_protection_enabled,
        }

    def execute(self, context: Any) -> Any:
        """Creates it, or finds what an earlier try has created. Returns the plain dict that Atlas sent."""
        with self._client(context) as client:
            resource = self._call(
                client,
                "create",
                if_exists=self.if_exists,
                extra_fields=self.extra_fields,
                **_given(self._spec()),
                **self._wait(),
            )
        if self.wait_for_completion and resource.get("stateName") != "IDLE":
            self._defer("IDLE")
        return resource


class _Update(AtlasOperator):
    def __init__(
        self,
        *,
        tags: Mapping[str, str] | Sequence[Mapping[str, str]] | None = None,
        termination_protection_enabled: bool | None = None,
        extra_fields: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tags = tags
        self.termination_protection_enabled = termination_protection_enabled
        self.extra_fields = extra_fields

    def execute(self, context: Any) -> Any:
        """Changes it. Returns the plain dict that Atlas sent."""
        changes = {"tags": self.tags, "termination_protection_enabled": self.termination_protection_enabled}
        with self._client(context) as client:
            resource = self._call(client, "update", extra_fields=self.extra_fields, **_given(changes), **self._wait())
        if self.wait_for_completion and resource.get("stateName") != "IDLE":
            self._defer("IDLE")
        return resource


class _Delete(AtlasOperator):
    def __init__(self, *, only_tagged: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.only_tagged = only_tagged

    def execute(self, context: Any) -> None:
        """Deletes it, or goes on waiting for a deletion that has begun. That it is gone is a success."""
        with self._client(context) as client:
            try:
                self._delete(client)
            except errors.GroupNotFound:
                raise
            except errors.NotFoundError:
                self.log.info("%s is gone", self.name)
                return
        if self.wait_for_completion and self.deferrable:
            self._defer("DELETED")

    def _delete(self, client: Any) -> None:
        resource = self._call(client, "get")
        if resource.get("stateName") == "DELETING":  # begun by an earlier try; Atlas shows no tags any more
            if self._waits_here():
                self._call(client, "wait_for", state="DELETED", **self._wait_options())
            return
        has = {tag.get("key"): tag.get("value") for tag in resource.get("tags") or ()}
        if self.only_tagged and not self.only_tagged.items() <= has.items():
            raise AirflowSkipException(f"{self.name} stays: its tags are {has}, not {dict(self.only_tagged)}")
        self._call(client, "delete", **self._wait())

    def execute_complete(self, context: Any, event: dict[str, Any]) -> None:
        """Called when the trigger has fired."""
        super().execute_complete(context, event)


class AtlasCreateFlexClusterOperator(_Create):
    """Creates a Flex cluster and waits until it is IDLE. XCom: the dict that Atlas sent.

    ================================ ================================================================================
    `name`                           the cluster's name
    `provider_settings`              ``{"backing_provider_name": "AWS", "region_name": "US_EAST_1"}``
    `tags`                           a mapping, or the API's list of ``{"key": …, "value": …}``. Default None
    `termination_protection_enabled` default None: Atlas' own, False
    `extra_fields`                   fields that this version does not know
    `if_exists`                      default ``"return"``: a cluster of that name that is as asked is the result, one
                                     that differs fails the task. ``"error"``: any cluster of that name does
    ================================ ================================================================================

    Also the arguments of every operator: see :class:`._base.AtlasOperator`.
    """

    template_fields: Sequence[str] = (*_COMMON, "provider_settings", "tags", "extra_fields")


class AtlasUpdateFlexClusterOperator(_Update):
    """Changes `tags` (all of them are replaced) or `termination_protection_enabled` of a Flex cluster."""

    template_fields: Sequence[str] = (*_COMMON, "tags", "extra_fields")


class AtlasDeleteFlexClusterOperator(_Delete):
    """Deletes a Flex cluster and waits until it is gone. That there is none is a success.

    `only_tagged`: tags that it must have; if it has others, the task is skipped and the cluster stays.
    """

    template_fields: Sequence[str] = (*_COMMON, "only_tagged")


class _Serverless(AtlasOperator):
    """What differs for serverless instances. `on_retired="flex"` works with the Flex clusters that replaced them."""

    resource: ClassVar[str] = "serverless_instance"
    trigger: ClassVar[str] = "AtlasServerlessInstanceStateTrigger"

    def __init__(self, *, on_retired: str = "raise", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_retired = on_retired

    def _client_options(self) -> dict[str, Any]:
        return {"on_retired": self.on_retired}


class AtlasCreateServerlessInstanceOperator(_Serverless, _Create):
    """Creates a serverless instance, or with ``on_retired="flex"`` the Flex cluster that replaces it.

    Atlas retired serverless instances in January 2026: ``on_retired="raise"``, the default, fails the task since then.
    Takes what :class:`AtlasCreateFlexClusterOperator` takes, and `serverless_backup_options`.
    """

    template_fields: Sequence[str] = (
        *_COMMON,
        "provider_settings",
        "tags",
        "extra_fields",
        "serverless_backup_options",
    )

    def __init__(self, *, serverless_backup_options: Mapping[str, bool] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.serverless_backup_options = serverless_backup_options

    def _spec(self) -> dict[str, Any]:
        return super()._spec() | {"serverless_backup_options": self.serverless_backup_options}


class AtlasUpdateServerlessInstanceOperator(_Serverless, _Update):
    """Changes `tags` or `termination_protection_enabled` of a serverless instance."""

    template_fields: Sequence[str] = (*_COMMON, "tags", "extra_fields")


class AtlasDeleteServerlessInstanceOperator(_Serverless, _Delete):
    """Deletes a serverless instance and waits until it is gone; `only_tagged` as for a Flex cluster."""

    template_fields: Sequence[str] = (*_COMMON, "only_tagged")


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
