"""Programs around SDKs that we did not write: each goes from create to delete and prints what it got."""

import dataclasses
import json
import subprocess
import sys

import pytest
from prepare import GO_PROGRAM

from atlas_serverless import Emulator
from conftest import HERE, environment

SERVERLESS = [
    "createServerlessInstance",
    "getServerlessInstance",
    "listServerlessInstances",
    "updateServerlessInstance",
    "deleteServerlessInstance",
]
FLEX = [
    "createGroupFlexCluster",
    "getGroupFlexCluster",
    "listGroupFlexClusters",
    "updateGroupFlexCluster",
    "deleteGroupFlexCluster",
]
PROJECTS = ["listGroups", "getGroup"]


@dataclasses.dataclass(frozen=True)
class Program:
    client: str
    auth: str
    command: tuple
    calls: tuple
    calendar: str = "2025"

    def __str__(self):
        return f"{self.client}, {self.auth}"

    @property
    def operations(self):
        return (*self.calls, "createToken") if self.auth == "service account" else self.calls

    @property
    def label(self):
        return " ".join(str(each).rpartition("/")[2] for each in self.command[-2:])


GO = "`go.mongodb.org/atlas` 0.38 (MongoDB's Go client) with the Go SDK's {}"
DIGEST, OAUTH = GO.format("`mongodb-forks/digest` 1.1"), GO.format("`x/oauth2` 0.37")
PYATLAS = "`pyatlassdk` 0.1.0 (Python)"
PROGRAMS = [
    Program(DIGEST, "API key", (GO_PROGRAM, "serverless"), (*SERVERLESS, *PROJECTS)),
    Program(DIGEST, "API key", (GO_PROGRAM, "flex"), tuple(FLEX)),
    Program(OAUTH, "service account", (GO_PROGRAM, "serverless"), (*SERVERLESS, *PROJECTS)),
    Program(OAUTH, "service account", (GO_PROGRAM, "flex"), tuple(FLEX)),
    Program(
        "`@mongodb-js/mcp-atlas-api-client` 3.0.4 (MongoDB's TypeScript client)",
        "service account",
        ("node", HERE / "node/flex_calls.mjs"),
        (*[each for each in FLEX if each != "updateGroupFlexCluster"], *PROJECTS, "revokeToken"),
    ),
    *[
        Program(
            PYATLAS,
            auth,
            (sys.executable, HERE / "pyatlassdk_calls.py"),
            ("listServerlessInstances", "getServerlessInstance", *FLEX, *PROJECTS, "listRateLimits"),
            calendar="2026",
        )
        for auth in ("API key", "service account")
    ],
    Program("`requests` 2.34 (Python)", "API key", (sys.executable, HERE / "requests_calls.py"), tuple(SERVERLESS)),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: f"{program.label}-{program.auth}")
def test_program(outcomes, program):
    outcomes.expect(str(program), program.operations)
    with Emulator(provisioning_seconds=0.3, calendar=program.calendar) as emulator:
        environ, command = environment(emulator, program.auth), list(map(str, program.command))
        ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=90, check=False)
        tokens = [request["status"] for request in emulator.requests if request["operation"] == "createToken"]
    printed = [json.loads(line)["operation"] for line in ended.stdout.splitlines()]
    printed += ["createToken"] * tokens.count(200)
    for operation in set(printed) & set(program.operations):
        outcomes.passed(str(program), operation)
    assert ended.returncode == 0, f"after {printed}: {ended.stderr[-3000:]}"
    assert set(program.operations) <= set(printed)
    assert tokens == ([200] if program.auth == "service account" else [])
