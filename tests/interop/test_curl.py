"""curl, with an API key and with a bearer token, for every operation; each reply held against the API's description."""

import json
import os
import subprocess
import time

import openapi
import pytest

from conftest import environment

ACCEPT = "Accept: application/vnd.atlas.2025-03-12+json"
SERVERLESS = {
    "name": "interop-curl",
    "providerSettings": {"backingProviderName": "AWS", "providerName": "SERVERLESS", "regionName": "US_EAST_1"},
    "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": True},
    "tags": [{"key": "env", "value": "interop"}],
    "terminationProtectionEnabled": False,
}
FLEX = {
    "name": "interop-curl",
    "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
    "tags": [{"key": "env", "value": "interop"}],
    "terminationProtectionEnabled": False,
}
CHANGE = {"tags": [{"key": "env", "value": "updated"}]}

# As the operation's page gives them; only the base URL is changed, and <Payload> and {groupId} are filled in.
PAGE = {
    "API key": """curl --user "${PUBLIC_KEY}:${PRIVATE_KEY}" \\
  --digest \\
  --header "Accept: application/vnd.atlas.2025-03-12+json" \\
  --header "Content-Type: application/json" \\
  -X POST "https://cloud.mongodb.com/api/atlas/v2/groups/{groupId}/serverless" \\
  -d '{ <Payload> }'""",
    "token": """curl --header "Authorization: Bearer ${ACCESS_TOKEN}" \\
  --header "Accept: application/vnd.atlas.2025-03-12+json" \\
  --header "Content-Type: application/json" \\
  -X POST "https://cloud.mongodb.com/api/atlas/v2/groups/{groupId}/serverless" \\
  -d '{ <Payload> }'""",
}


@pytest.mark.parametrize("auth", PAGE)
def test_the_command_of_the_operations_page(emulator, auth):
    command = (
        PAGE[auth]
        .replace("https://cloud.mongodb.com", emulator.url)
        .replace("{groupId}", emulator.group_id)
        .replace("{ <Payload> }", json.dumps(SERVERLESS))
    )
    keys = {
        "PUBLIC_KEY": emulator.public_key,
        "PRIVATE_KEY": emulator.private_key,
        "ACCESS_TOKEN": emulator.access_token,
    }
    ended = subprocess.run(
        ["sh", "-c", command], env=os.environ | keys, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 0, ended.stderr
    created = openapi.check_reply(
        "createServerlessInstance", 201, "application/vnd.atlas.2023-01-01+json", ended.stdout
    )
    assert created["name"] == "interop-curl"
    assert created["groupId"] == emulator.group_id


class Curl:
    """One curl process per call; a reply that the API's description does not allow fails the test."""

    def __init__(self, emulator, auth, outcomes):
        self.url, self.env, self.outcomes = emulator.url, environment(emulator, auth), outcomes
        self.client = f"curl, {auth}"
        if auth == "API key":
            self.auth = ["--digest", "--user", f"{emulator.public_key}:{emulator.private_key}"]
        else:
            self.auth = ["--header", f"Authorization: Bearer {emulator.access_token}"]
        self.paths = {operation: (method, path) for operation, method, path in openapi.operations()}
        self.group = emulator.group_id

    def raw(self, *arguments):
        """Status, Content-Type and body."""
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--max-time",
            "20",
            "--write-out",
            "\n%{http_code} %{content_type}",
            *arguments,
        ]
        ended = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=30, check=False)
        assert ended.returncode == 0, ended.stderr
        body, _, last = ended.stdout.rpartition("\n")
        status, _, content_type = last.partition(" ")
        return int(status), content_type, body

    def __call__(self, operation, expect, body=None, query="", name="interop-curl"):
        method, path = self.paths[operation]
        arguments = [*self.auth, "--header", ACCEPT, "-X", method]
        if body is not None:
            arguments += ["--header", "Content-Type: application/json", "-d", json.dumps(body)]
        status, content_type, text = self.raw(*arguments, self.url + path.format(groupId=self.group, name=name) + query)
        assert status == expect, f"{operation}: {status} {text}"
        value = openapi.check_reply(operation, status, content_type, text)
        if status < 400:
            self.outcomes.passed(self.client, operation)
        return value

    def until(self, operation, state):
        deadline = time.monotonic() + 20
        while self(operation, 200)["stateName"] != state:
            assert time.monotonic() < deadline, f"not {state} after 20 s"
            time.sleep(0.1)


@pytest.mark.parametrize("auth", ["API key", "token"])
def test_every_operation(emulator, outcomes, auth):
    curl = Curl(emulator, auth, outcomes)
    outcomes.expect(curl.client, curl.paths)

    created = curl("createServerlessInstance", 201, SERVERLESS)
    assert curl("createServerlessInstance", 400, SERVERLESS)["errorCode"] == "DUPLICATE_CLUSTER_NAME"
    curl.until("getServerlessInstance", "IDLE")
    assert curl("getServerlessInstance", 200, query="?pretty=true")["id"] == created["id"]
    assert curl("listServerlessInstances", 200, query="?pageNum=1&itemsPerPage=1")["totalCount"] == 1
    assert curl("updateServerlessInstance", 200, CHANGE)["tags"] == CHANGE["tags"]
    curl("deleteServerlessInstance", 202)
    assert curl("getServerlessInstance", 404, name="never-there")["error"] == 404

    flex = curl("createGroupFlexCluster", 201, FLEX | {"name": "interop-flex"})
    deadline = time.monotonic() + 20
    while curl("getGroupFlexCluster", 200, name="interop-flex")["stateName"] != "IDLE":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert flex["id"] in [each["id"] for each in curl("listGroupFlexClusters", 200)["results"]]
    assert curl("updateGroupFlexCluster", 200, CHANGE, name="interop-flex")["tags"] == CHANGE["tags"]
    curl("deleteGroupFlexCluster", 204, name="interop-flex")
    assert curl("getGroupFlexCluster", 404, name="never-there")["errorCode"] == "CLUSTER_NOT_FOUND"

    curl("createGroupFlexCluster", 201, FLEX | {"name": "interop-up"})
    target = {"name": "interop-up", "clusterType": "REPLICASET", "replicationSpecs": []}
    deadline = time.monotonic() + 20
    while curl("getGroupFlexCluster", 200, name="interop-up")["stateName"] != "IDLE":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert curl("tenantGroupFlexClusterUpgrade", 200, target)["name"] == "interop-up"

    assert curl.group in [each["id"] for each in curl("listGroups", 200)["results"]]
    assert curl("getGroup", 200, query="?pretty=true")["id"] == curl.group
    assert curl("listRateLimits", 200)["results"]


def test_service_account_token(emulator, outcomes):
    """The two commands of MongoDB's page on service accounts: a token, and its revocation."""
    curl = Curl(emulator, "token", outcomes)
    outcomes.expect(curl.client, ["createToken", "revokeToken"])
    basic = ["--user", f"{emulator.client_id}:{emulator.client_secret}"]
    form = ["--header", "Content-Type: application/x-www-form-urlencoded", "--header", "Accept: application/json"]
    status, content_type, body = curl.raw(
        *basic, *form, "-X", "POST", "-d", "grant_type=client_credentials", f"{emulator.url}/api/oauth/token"
    )
    token = json.loads(body)
    assert (status, content_type.split(";")[0], token["token_type"]) == (200, "application/json", "Bearer"), body
    assert token["expires_in"] == 3600
    outcomes.passed(curl.client, "createToken")

    curl.auth = ["--header", f"Authorization: Bearer {token['access_token']}"]
    curl("getGroup", 200)
    data = f"token={token['access_token']}&token_type_hint=access_token"
    status, _, body = curl.raw(*basic, *form, "-X", "POST", "-d", data, f"{emulator.url}/api/oauth/revoke")
    assert status == 200, body
    curl("getGroup", 401)
    outcomes.passed(curl.client, "revokeToken")
