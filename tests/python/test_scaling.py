"""The model behind docs/scaling.md: the page has its table; an emulator with a clock moved by hand answers like it."""

from __future__ import annotations

import http.client
import json
import re
from pathlib import Path
from typing import Any

import pytest

import scaling
from atlas_serverless import Emulator
from scaling import Fleet, Outcome

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scaling.md"
START = 1_785_000_000
PLACE: Any = {"backingProviderName": "AWS", "regionName": "US_EAST_1"}


def replay(fleet: Fleet, outcome: Outcome) -> tuple[int, int, int]:
    """Sends every request of a fleet at its moment. Returns how many were refused, and how many clusters there are and
    are IDLE in the end."""
    projects = [{"id": f"{number:024x}", "name": f"p{number}"} for number in range(fleet.projects)]
    account = {"client_id": "mdb_sa_id_0123456789abcdef01234567", "client_secret": "mdb_sa_sk_example"}
    seed = {"projects": projects, "service_accounts": [account | {"role": "Project Owner"}]}
    refused = 0
    with Emulator(
        seed=seed, clock=START, provisioning_seconds=scaling.PROVISIONING, token_lifetime_seconds=10_000_000
    ) as emulator:
        # Not by the client, which would itself keep the limits, in real seconds.
        connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
        accept = "application/vnd.atlas.2025-03-12+json"
        headers = {"Accept": accept, "Content-Type": accept, "Authorization": f"Bearer {emulator.access_token}"}
        now = 0.0
        for request in outcome.requests:
            if request.at > now:
                emulator.clock.advance(request.at - now)
                now = request.at
            path = f"/api/atlas/v2/groups/{projects[request.project]['id']}/flexClusters"
            name = f"c{request.cluster}"
            if request.look == 0:
                connection.request("POST", path, json.dumps({"name": name, "providerSettings": PLACE}), headers)
            else:
                connection.request("GET", f"{path}/{name}", headers=headers)
            reply = connection.getresponse()
            body = reply.read()
            assert reply.status in {200, 201, 429}, body
            assert (reply.status == 429) == request.refused, request
            refused += reply.status == 429
        connection.close()
        states = [instance["state"] for group in projects for instance in emulator.instances(str(group["id"]))]
    return refused, len(states), states.count("IDLE")


@pytest.mark.parametrize(
    "fleet",
    [
        Fleet(projects=10, clusters_per_project=20, workers=7),
        Fleet(projects=1_000, clusters_per_project=2, workers=1, wait=False),
        # Looked at so often that the limit is met: the model has to know when.
        Fleet(projects=1, clusters_per_project=20, workers=1),
    ],
)
def test_an_emulator_answers_as_the_model_expects(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    if fleet.projects == 1:
        monkeypatch.setattr(scaling, "interval", lambda _look: 0.25)
        monkeypatch.setattr(scaling, "PROVISIONING", 45.0)
    outcome = scaling.run(fleet)
    refused, there, idle = replay(fleet, outcome)
    assert refused == outcome.refused
    assert (refused > 0) == (fleet.projects == 1)
    assert (there, idle) == (fleet.clusters, fleet.clusters if fleet.wait else 0)


def test_the_page_has_the_models_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| [\d,]+ \|.*$", text, re.MULTILINE)
    small = [fleet for fleet in scaling.FLEETS if fleet.projects <= 1_000]
    assert rows[: len(small)] == [scaling.row(fleet, scaling.run(fleet)) for fleet in small]
    assert len(rows) == len(scaling.FLEETS)
