"""One Airflow and one emulator for all tests; between tests the emulator's clusters and requests are forgotten."""

import json
import pathlib
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parents[2] / "examples" / "airflow"
sys.path[:0] = [str(HERE), str(HERE.parent)]

from airflow_process import Airflow  # noqa: E402
from postgres import postgres  # noqa: E402
from versions import AIRFLOW_3, adapted  # noqa: E402

from atlas_serverless import Emulator  # noqa: E402

collect_ignore = ["dags", *([] if AIRFLOW_3 else ["test_processes.py"])]

DATABASE_PASSWORD = "of-the-database-4711"

#: Every DAG of the folder, so that one that cannot be read is noticed.
DAG_IDS = {
    "atlas_connection",
    "atlas_flex_cluster",
    "atlas_fleet",
    "atlas_migrate_serverless",
    "atlas_nightly_clean_up",
    "atlas_sweep",
    "deferred",
    "wrong_credentials",
    *({"together", "forks", "ends"} if AIRFLOW_3 else ()),
}


@pytest.fixture(scope="session")
def atlas():
    """Atlas' own limits hold, of tokens too: ten a minute for a service account."""
    with Emulator(provisioning_seconds=1, clusters_per_project=100) as running:
        yield running


@pytest.fixture(scope="session")
def database():
    """Airflow 3's tasks reach the database through one process, so that a file does; those of 2.11 do not."""
    if AIRFLOW_3:
        yield None
    else:
        with postgres() as url:
            yield url


@pytest.fixture(scope="session")
def airflow(atlas, database, tmp_path_factory):
    """With the Connection `atlas_default` in its database, as `airflow connections add` puts it there."""
    home = tmp_path_factory.mktemp("airflow")
    running = Airflow(home, copy_dags(home), database)
    running.run("db", "migrate")
    for conn_id, secret in (("atlas_default", atlas.client_secret), ("atlas_wrong", "not-the-secret")):
        running.run(
            *("connections", "add", conn_id, "--conn-type", "mongodbatlas", "--conn-host", atlas.url),
            *("--conn-login", atlas.client_id, "--conn-password", secret),
            *("--conn-extra", json.dumps({"group_id": atlas.group_id})),
        )
    running.run("pools", "set", "atlas", "16", "creates at once")
    running.run("variables", "set", "database_password", DATABASE_PASSWORD)
    try:
        running.start(DAG_IDS, scheduler=atlas.environment() | {"USE_ATLAS_IN_THE_SCHEDULER": "1"})
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def clean(request):
    if "airflow" in request.fixturenames:  # else nothing is started for a test that needs no Airflow
        request.getfixturevalue("airflow")
        request.getfixturevalue("atlas").reset()


def copy_dags(home):
    """The DAGs under test and the examples, in a folder of their own."""
    dags = home / "dags"
    ignored = ["__pycache__"] if AIRFLOW_3 else ["__pycache__", "atlas_under_test.py"]
    shutil.copytree(HERE / "dags", dags, ignore=shutil.ignore_patterns(*ignored))
    for example in sorted(EXAMPLES.glob("*.py")):
        dags.joinpath(example.name).write_text(adapted(example.read_text(encoding="utf-8")), encoding="utf-8")
    return dags
