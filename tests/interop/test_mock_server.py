"""What our client sends is accepted by a mock server that is not ours: Prism, driven by MongoDB's own document.

Prism answers with the recorded replies, so that a call also has to bring one back unchanged.
"""

import json
import re
import socket
import subprocess
import threading

import openapi
import pytest
import requests

from atlas_serverless import Client
from conftest import HERE
from test_recordings import RECORDINGS, recorded

# The recorded reply is another cluster's, and our client says so.
pytestmark = pytest.mark.filterwarnings("ignore::atlas_serverless.errors.FieldIgnoredWarning")

PRISM = HERE / "node/node_modules/.bin/prism"
GROUP = "32b6e34b3d91647abb20e7b8"
SETTINGS = {"backingProviderName": "AWS", "providerName": "SERVERLESS", "regionName": "US_EAST_1"}
FLEX_SETTINGS = {"backing_provider_name": "GCP", "region_name": "CENTRAL_US"}
REPLIES = {
    operation: json.loads(recorded(RECORDINGS / f"{name}.http")[2])
    for operation, name in {
        "createServerlessInstance": "serverless-create-201-2025",
        "getServerlessInstance": "serverless-get-200-idle-2025",
        "listServerlessInstances": "serverless-list-200-2025",
        "updateServerlessInstance": "serverless-update-200-2025",
        "createGroupFlexCluster": "flex-create-201",
        "getGroupFlexCluster": "flex-get-200",
        "updateGroupFlexCluster": "flex-get-200",
        "tenantGroupFlexClusterUpgrade": "flex-get-200",
        "getGroup": "group-create-201",
    }.items()
}


@pytest.fixture(scope="module")
def prism(tmp_path_factory):
    """Prism on a free port; it refuses what the document does not allow."""
    document = tmp_path_factory.mktemp("prism") / "atlas.json"
    document.write_text(json.dumps(openapi.for_mock_server(REPLIES)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [PRISM, "mock", "--errors", "--host", "127.0.0.1", "--port", str(port), document]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        seen = []
        for line in process.stdout:
            seen.append(line)
            if "Prism is listening" in line:
                break
        else:
            pytest.fail(f"Prism did not start in 60 s: {''.join(seen[-20:])}")
        watchdog.cancel()
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        yield f"http://127.0.0.1:{port}"
        process.kill()
        drain.join(10)
    finally:
        watchdog.cancel()
        process.kill()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def client(prism):
    with Client(access_token="a-token", base_url=prism, max_retries=0, timeout=10) as client:
        yield client


@pytest.mark.parametrize(
    ("body", "violation"),
    [({"name": "x"}, "providerSettings"), ({"name": 7, "providerSettings": SETTINGS}, "string"), ({}, "name")],
)
def test_prism_refuses_a_wrong_body(prism, body, violation):
    """The judge is awake: without this, the tests below would prove nothing."""
    headers = {"Accept": "application/vnd.atlas.2025-03-12+json", "Authorization": "Bearer a-token"}
    url = f"{prism}/api/atlas/v2/groups/{GROUP}/serverless"
    reply = requests.post(url, json=body, headers=headers, timeout=10)
    assert reply.status_code == 400
    assert re.search(violation, reply.headers["sl-violations"])
    assert requests.post(url, json=body, headers=headers | {"Authorization": ""}, timeout=10).status_code == 401


SPECS = {
    "as the API writes it": {"name": "cluster-743", "providerSettings": SETTINGS},
    "snake case": {"name": "cluster-743", "provider_settings": FLEX_SETTINGS},
    "everything": {
        "name": "cluster-743",
        "providerSettings": SETTINGS,
        "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": True},
        "tags": {"env": "dev", "team": "data"},
        "terminationProtectionEnabled": True,
    },
}


@pytest.mark.parametrize("spec", SPECS)
def test_create_serverless_instance(client, spec):
    reply = client.with_raw_response.create_serverless_instance(GROUP, **SPECS[spec])
    assert reply.status == 201
    assert reply.data == REPLIES["createServerlessInstance"]


def project(operation):
    """The project of the recorded reply: a reply about another one than was asked for is refused."""
    return REPLIES[operation]["groupId"]


CALLS = {
    "getServerlessInstance": lambda c: c.get_serverless_instance(project("getServerlessInstance"), "cluster-743"),
    "updateServerlessInstance": lambda c: c.update_serverless_instance(
        project("updateServerlessInstance"), "cluster-743", tags={"a": "b"}
    ),
    "createGroupFlexCluster": lambda c: c.create_flex_cluster(
        GROUP, name="cluster-83", provider_settings=FLEX_SETTINGS, tags={"a": "b"}, termination_protection_enabled=True
    ),
    "getGroupFlexCluster": lambda c: c.get_flex_cluster(project("getGroupFlexCluster"), "cluster-83"),
    "updateGroupFlexCluster": lambda c: c.update_flex_cluster(
        project("updateGroupFlexCluster"), "cluster-83", tags=[{"key": "a", "value": "b"}]
    ),
    "tenantGroupFlexClusterUpgrade": lambda c: c.upgrade_flex_cluster(
        GROUP, "cluster-83", cluster_type="REPLICASET", replication_specs=[{"region_configs": [{"priority": 7}]}]
    ),
    "getGroup": lambda c: c.get_project(REPLIES["getGroup"]["id"]),
}


@pytest.mark.parametrize("operation", CALLS)
def test_an_entity(client, operation):
    assert CALLS[operation](client) == REPLIES[operation]


def test_lists(client):
    assert list(client.list_serverless_instances(GROUP)) == REPLIES["listServerlessInstances"]["results"]


def test_deletions(client):
    client.delete_serverless_instance(GROUP, "cluster-743")
    client.delete_flex_cluster(GROUP, "cluster-83")
