"""The link of a task to its project in Atlas."""

from __future__ import annotations

from typing import Any

from ._airflow import BaseOperatorLink

XCOM_KEY = "atlas_project"
ATLAS = "https://cloud.mongodb.com"


class AtlasProjectLink(BaseOperatorLink):
    """Opens the project's clusters in Atlas. Shown once the task has found out which project it works in."""

    name = "Project in Atlas"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The URL, or nothing if the task has not run."""
        project = _xcom().get_value(key=XCOM_KEY, ti_key=ti_key)
        return f"{project['base_url']}/v2/{project['group_id']}#/clusters" if project else ""


def push_project(context: Any, base_url: str | None, group_id: str | None) -> None:
    """Notes for the link which project a task works in."""
    if group_id:
        project = {"base_url": (base_url or ATLAS).rstrip("/"), "group_id": group_id}
        context["ti"].xcom_push(key=XCOM_KEY, value=project)


def _xcom() -> Any:
    try:
        from airflow.sdk.execution_time.xcom import XCom
    except ImportError:
        from airflow.models.xcom import XCom
    return XCom
