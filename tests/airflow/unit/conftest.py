"""Tests of the provider without a running Airflow: an emulator, a Connection in the environment, and a context."""

import json
import logging
import os

import pytest

from atlas_serverless import Emulator

logging.getLogger("airflow").setLevel(logging.INFO)


@pytest.fixture(scope="session")
def emulator():
    with Emulator(provisioning_seconds=0.05, token_requests_per_minute=None, live_tokens=None) as running:
        yield running


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(("MONGODB_", "AIRFLOW_CONN_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def atlas(emulator, connect):
    """A clean emulator, which the Connection `atlas_default` leads to."""
    emulator.reset()
    connect(login=emulator.client_id, password=emulator.client_secret)
    return emulator


@pytest.fixture
def connect(monkeypatch, emulator):
    """Makes a Connection to the emulator of what it is given."""

    def connect(conn_id="atlas_default", extra=None, **fields):
        whole = {"conn_type": "mongodbatlas", "host": emulator.url, "extra": {"group_id": emulator.group_id}} | fields
        if extra is not None:
            whole["extra"] = extra
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(whole))

    return connect


class TaskInstance:
    """What operators use of one."""

    def __init__(self):
        self.pushed = {}

    def xcom_push(self, key, value):
        self.pushed[key] = value


@pytest.fixture
def context():
    return {"ti": TaskInstance()}
