"""The provider where Airflow is not installed: its description is there, and asks for nothing of Airflow."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

from atlas_serverless.integrations import airflow

PACKAGE = Path(airflow.__file__).parent


def test_the_description_names_what_there_is() -> None:
    info = airflow.get_provider_info()
    assert info["package-name"] == "atlas-serverless"
    modules = [
        entry["python-modules"] for part in ("hooks", "operators", "sensors", "triggers") for entry in info[part]
    ]
    classes = [entry["hook-class-name"] for entry in info["connection-types"]] + info["extra-links"]
    for module in [name for names in modules for name in names] + [name.rpartition(".")[0] for name in classes]:
        assert PACKAGE.joinpath(module.rpartition(".")[2] + ".py").is_file(), module


def test_airflow_finds_the_description_by_its_entry_point() -> None:
    (entry,) = importlib.metadata.distribution("atlas-serverless").entry_points.select(group="apache_airflow_provider")
    assert entry.load() is airflow.get_provider_info


def test_it_imports_nothing_of_airflow() -> None:
    assert importlib.util.find_spec("airflow") is None
    program = "import sys, atlas_serverless.integrations.airflow as a; a.get_provider_info(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = done.stdout.split()
    assert [name for name in loaded if name.partition(".")[0] == "airflow"] == []
    ours = [name for name in loaded if name.startswith("atlas_serverless.integrations")]
    assert ours == ["atlas_serverless.integrations", "atlas_serverless.integrations.airflow"]
