"""The requests that MongoDB's own tools send: bodies, queries and versions taken from them.

The module registry that these tests use does not serve the tools themselves.
"""

import http.client
import json
import urllib.parse

import pytest

OLD, FLEX, LIMITS = "2023-01-01", "2024-11-13", "2025-03-12"
PLACE = {"backingProviderName": "AWS", "regionName": "US_EAST_1"}
ZERO_DATE = "0001-01-01T00:00:00Z"

# Tool, method, path, the version that the tool asks for, body, status. In this order, on one emulator.
CLI = [
    ("GET", "/orgs?includeCount=true&itemsPerPage=100&name=&pageNum=0", OLD, None, 200),
    ("GET", "/groups?includeCount=true&itemsPerPage=100&pageNum=0", OLD, None, 200),
    ("GET", "/orgs/{org}/groups?includeCount=true&itemsPerPage=100&pageNum=1", OLD, None, 200),
    ("GET", "/groups/{group}/clusters/provider/regions?providers=AWS&tier=M10&pageNum=1", OLD, None, 200),
    (
        "POST",
        "/groups/{group}/flexClusters",
        FLEX,
        {"name": "cli", "providerSettings": {**PLACE, "providerName": "FLEX"}, "terminationProtectionEnabled": False,
         "tags": [{"key": "env", "value": "test"}]},
        201,
    ),
    ("GET", "/groups/{group}/clusters/cli", "2023-02-01", None, 400),
    ("GET", "/groups/{group}/flexClusters/cli", FLEX, None, 200),
    ("GET", "/groups/{group}/flexClusters?includeCount=true&itemsPerPage=100&pageNum=1", FLEX, None, 200),
    (
        "PATCH",
        "/groups/{group}/flexClusters/cli",
        FLEX,
        {"tags": [{"key": "env", "value": "test"}, {"key": "env", "value": "prod"}]},
        200,
    ),
    ("DELETE", "/groups/{group}/clusters/cli", "2023-02-01", None, 400),
    ("DELETE", "/groups/{group}/flexClusters/cli", FLEX, None, 204),
]  # fmt: skip
# Paths and versions of the tool, bodies as they are documented.
USER = {"databaseName": "admin", "groupId": "{group}", "roles": [{"databaseName": "admin", "roleName": "readWrite"}],
        "username": "app"}  # fmt: skip
ACCESS = [
    ("POST", "/groups/{group}/databaseUsers", OLD, {**USER, "password": "at-least-8-characters"}, 201),
    ("GET", "/groups/{group}/databaseUsers?includeCount=true&itemsPerPage=100&pageNum=1", OLD, None, 200),
    ("GET", "/groups/{group}/databaseUsers/admin/app", OLD, None, 200),
    ("PATCH", "/groups/{group}/databaseUsers/admin/app", OLD, {**USER, "description": "of the shop"}, 200),
    ("DELETE", "/groups/{group}/databaseUsers/admin/app", OLD, None, 204),
    ("POST", "/groups/{group}/accessList", OLD, [{"comment": "office", "ipAddress": "192.0.2.7"}], 201),
    ("GET", "/groups/{group}/accessList?includeCount=true&itemsPerPage=100&pageNum=1", OLD, None, 200),
    ("GET", "/groups/{group}/accessList/192.0.2.7%2F32", OLD, None, 200),
    ("DELETE", "/groups/{group}/accessList/192.0.2.7", OLD, None, 204),
    ("POST", "/groups/{group}/flexClusters", FLEX, {"name": "cli", "providerSettings": PLACE}, 201),
    ("GET", "/groups/{group}/flexClusters/cli/backup/snapshots?itemsPerPage=100&pageNum=1", FLEX, None, 200),
    ("GET", "/groups/{group}/flexClusters/cli/backup/restoreJobs?itemsPerPage=100&pageNum=1", FLEX, None, 200),
]  # fmt: skip
GO_SDK = [
    (
        "POST",
        "/groups?projectOwnerId=a0123456789abcdef012345a",
        OLD,
        {"clusterCount": 0, "created": ZERO_DATE, "name": "made-by-the-sdk", "orgId": "{org}"},
        201,
    ),
    ("PATCH", "/groups/{created}", OLD, {"name": "renamed", "tags": [{"key": "env", "value": "test"}]}, 200),
    ("GET", "/groups/{created}", OLD, None, 200),
    ("GET", "/groups/{created}/teams?includeCount=true&itemsPerPage=100&pageNum=1", OLD, None, 200),
    ("GET", "/groups/{created}/settings", OLD, None, 200),
    ("DELETE", "/groups/{created}", OLD, None, 202),
    ("GET", "/rateLimits/flexClusters_group?groupId={group}", LIMITS, None, 200),
]
TERRAFORM = [
    (
        "POST",
        "/groups/{group}/serverless",
        OLD,
        {"name": "tf", "providerSettings": {**PLACE, "providerName": "SERVERLESS"},
         "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": True}, "terminationProtectionEnabled": False},
        201,
    ),
    ("GET", "/groups/{group}/serverless/tf", OLD, None, 200),
    ("GET", "/groups/{group}/serverless/tf/performanceAdvisor/autoIndexing", OLD, None, 200),
    ("GET", "/groups/{group}/serverless?includeCount=true&itemsPerPage=0&pageNum=0", OLD, None, 200),
    ("DELETE", "/groups/{group}/serverless/tf", OLD, None, 202),
]  # fmt: skip
TOOLS = {"Atlas CLI": CLI, "Atlas CLI, access and backups": ACCESS, "Go SDK": GO_SDK, "Terraform provider": TERRAFORM}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_requests_of_a_tool(emulator, tool):
    ids = {"org": emulator.org_id, "group": emulator.group_id}
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(emulator.url).netloc, timeout=20)
    for method, path, version, body, expected in TOOLS[tool]:
        media_type = f"application/vnd.atlas.{version}+json"
        headers = {"Accept": media_type, "Authorization": f"Bearer {emulator.access_token}"}
        content = None
        if body is not None:
            headers["Content-Type"] = media_type
            content = json.dumps(body).replace("{org}", ids["org"]).replace("{group}", ids["group"])
        connection.request(method, f"/api/atlas/v2{path.format(**ids)}", content, headers)
        reply = connection.getresponse()
        text = reply.read().decode()
        assert reply.status == expected, f"{method} {path}: {reply.status} {text}"
        if reply.status == 400:
            assert json.loads(text)["errorCode"] == "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"
        elif path.endswith("autoIndexing"):
            assert json.loads(text) in (True, False)
        elif text:
            answered = json.loads(text)
            if expected == 201:
                ids["created"] = answered.get("id")
            if path.startswith(("/orgs", "/groups?")) and method == "GET":
                assert "pageNum=1&itemsPerPage=100" in answered["links"][0]["href"]
    connection.close()
