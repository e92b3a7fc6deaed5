"""What Airflow reads of the provider: its description, its form, and what an import costs."""

import json
import os
import pathlib
import subprocess
import sys

import airflow
import jsonschema
from airflow.providers_manager import ProvidersManager

from atlas_serverless.integrations.airflow import get_provider_info
from atlas_serverless.integrations.airflow.hooks import AtlasHook


def test_the_description_follows_airflows_schema():
    schema = json.loads(pathlib.Path(airflow.__file__).with_name("provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_airflow_finds_it_and_its_modules():
    manager = ProvidersManager()
    info = manager.providers["atlas-serverless"].data
    assert get_provider_info().items() <= info.items()
    for part in ("hooks", "operators", "sensors", "triggers"):
        (entry,) = info[part]
        for module in entry["python-modules"]:
            __import__(module)
    assert manager.hooks["mongodbatlas"].hook_class_name == f"{AtlasHook.__module__}.AtlasHook"
    assert "atlas_serverless.integrations.airflow.links.AtlasProjectLink" in manager.extra_links_class_names


def test_the_connections_form():
    manager = ProvidersManager()
    fields = [name for name in manager.connection_form_widgets if name.startswith("extra__mongodbatlas__")]
    assert sorted(fields) == ["extra__mongodbatlas__credentials", "extra__mongodbatlas__group_id"]
    behaviour = manager.field_behaviours["mongodbatlas"]
    assert behaviour["relabeling"]["login"] == "Client ID or public key"
    assert behaviour["hidden_fields"] == ["port", "schema"]
    assert not any("secret" in text for text in behaviour["placeholders"].values())


def test_a_dag_file_that_uses_it_asks_nobody_and_imports_little(tmp_path):
    """Counted, not timed: milliseconds are other processes' too. docs/airflow.md has the time."""
    program = """
import socket, sys
try:  # what a DAG file imports of Airflow
    from airflow.sdk import BaseHook, BaseOperator, BaseOperatorLink, BaseSensorOperator, dag
except ImportError:
    from airflow import DAG
    from airflow.hooks.base import BaseHook
    from airflow.models import BaseOperator, Connection
    from airflow.models.baseoperatorlink import BaseOperatorLink
    from airflow.sensors.base import BaseSensorOperator
    DAG("any")
BaseSensorOperator(task_id="any")
before = set(sys.modules)
socket.socket.connect = None
from atlas_serverless.integrations.airflow.hooks import AtlasHook
from atlas_serverless.integrations.airflow.operators import AtlasCreateFlexClusterOperator
from atlas_serverless.integrations.airflow.sensors import AtlasFlexClusterSensor
AtlasCreateFlexClusterOperator(task_id="create", name="n", provider_settings={})
AtlasFlexClusterSensor(task_id="wait", name="n")
new = set(sys.modules) - before
print("new:", *sorted(name for name in new if not name.startswith("atlas_serverless")))
print("ours:", *sorted(name for name in new if name.startswith("atlas_serverless")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    lines = dict(line.split(":", 1) for line in done.stdout.splitlines() if line.startswith(("new:", "ours:")))
    assert len(lines["new"].split()) <= 10, lines["new"]
    assert len(lines["ours"].split()) <= 30, lines["ours"]
    assert "atlas_serverless.integrations.airflow.triggers" not in lines["ours"].split()
