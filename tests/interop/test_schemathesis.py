"""Hundreds of requests, made from the API's description to be right and to be wrong, the same in every run."""

import json
import pathlib
import subprocess
import sys

import openapi
import requests

from atlas_serverless import Emulator

ACCEPT = "application/vnd.atlas.2025-03-12+json"
OPTIONS = {
    "--checks": "not_a_server_error,response_schema_conformance",
    "--phases": "examples,coverage,fuzzing",
    "--max-examples": 50,
    "--request-timeout": 10,
    "--warnings": "off",
}
SETTINGS = {"backingProviderName": "AWS", "regionName": "US_EAST_1"}


def document():
    """The API's description, narrowed so that requests get far: known providers and regions, and no `envelope`, whose
    form it does not describe (test_replies.py has that)."""
    envelope = json.dumps({"$ref": "#/components/parameters/envelope"})
    text = json.dumps(openapi.DOCUMENT).replace(f"{envelope}, ", "").replace(f", {envelope}", "")
    narrowed = json.loads(text)
    for name in ("ServerlessProviderSettings", "FlexProviderSettingsCreate20241113"):
        for field, value in SETTINGS.items():
            narrowed["components"]["schemas"][name]["properties"][field]["enum"] = [value]
    upgrade = narrowed["components"]["schemas"]["AtlasTenantClusterUpgradeRequest20240805"]
    upgrade["properties"]["name"]["enum"] = ["to-upgrade"]
    return narrowed


def create(emulator, kind, name):
    """Something protected for {name} to point at."""
    body = {"name": name, "providerSettings": SETTINGS, "terminationProtectionEnabled": True}
    headers = {"Authorization": f"Bearer {emulator.access_token}", "Accept": ACCEPT}
    url = f"{emulator.url}/api/atlas/v2/groups/{emulator.group_id}/{kind}"
    assert requests.post(url, json=body, headers=headers, timeout=10).status_code == 201


def test_no_request_makes_a_server_error(tmp_path):
    (tmp_path / "atlas.json").write_text(json.dumps(document()))
    # Without limits: else most requests would not get as far as their bodies.
    with Emulator(provisioning="at_once", rate_limits=False, clusters_per_project=1000) as emulator:
        config = f'[parameters]\ngroupId = "{emulator.group_id}"\n'
        for kind in ("serverless", "flexClusters"):
            create(emulator, kind, f"a-{kind}")
            config += f'[[operations]]\ninclude-path-regex = "/{kind}/"\nparameters = {{ "path.name" = "a-{kind}" }}\n'
        create(emulator, "flexClusters", "to-upgrade")
        (tmp_path / "schemathesis.toml").write_text(config)
        command = [
            pathlib.Path(sys.executable).with_name("schemathesis"),
            *("run", "atlas.json", "--url", emulator.url, "--generation-deterministic", "--no-color"),
            *("--header", f"Authorization: Bearer {emulator.access_token}", "--header", f"Accept: {ACCEPT}"),
            *(part for option in OPTIONS.items() for part in option),
        ]
        ended = subprocess.run(
            list(map(str, command)), cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
        )
        statuses = {(request["operation"], request["status"]) for request in emulator.requests}
    assert ended.returncode == 0, ended.stdout[-6_000:] + ended.stderr[-2_000:]
    reached = {operation for operation, status in statuses if status < 300}
    assert len(reached) == len(list(openapi.operations())), statuses  # every one of them was also asked well
