"""One Airflow and one emulator for all tests; between tests the emulator's clusters and requests are forgotten."""

import json
import pathlib
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parents[1] / "examples" / "airflow_dag.py"
sys.path.insert(0, str(HERE))

from airflow_process import Airflow  # noqa: E402

from atlas_serverless import Emulator  # noqa: E402


@pytest.fixture(scope="session")
def atlas():
    """Atlas' own limits hold, of tokens too: ten a minute for a service account."""
    with Emulator(provisioning_seconds=1) as running:
        yield running


@pytest.fixture(scope="session")
def airflow(atlas, tmp_path_factory):
    """With the Connection `atlas_default` in its database, as `airflow connections add` puts it there."""
    home = tmp_path_factory.mktemp("airflow")
    dags = home / "dags"
    shutil.copytree(HERE / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
    dags.joinpath(EXAMPLE.name).write_text(example(), encoding="utf-8")
    running = Airflow(home, dags)
    running.run("db", "migrate")
    running.run(
        *("connections", "add", "atlas_default", "--conn-type", "generic"),
        *("--conn-login", atlas.client_id, "--conn-password", atlas.client_secret, "--conn-host", atlas.url),
        *("--conn-extra", json.dumps({"group_id": atlas.group_id})),
    )
    try:
        running.start(scheduler=atlas.environment() | {"USE_ATLAS_IN_THE_SCHEDULER": "1"})
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def clean(request):
    if "airflow" in request.fixturenames:  # else nothing is started for a test that needs no Airflow
        request.getfixturevalue("airflow")
        request.getfixturevalue("atlas").reset()


def example():
    """The example as it is, but for the pause before a retry."""
    text = EXAMPLE.read_text(encoding="utf-8")
    pause = '"retry_delay": timedelta(seconds=30)'
    assert text.count(pause) == 1
    return text.replace(pause, '"retry_delay": timedelta(seconds=1)')
