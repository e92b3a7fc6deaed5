"""What the service announces in `Deprecation` and `Sunset`: one warning for each endpoint and process, and dates."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from atlas_serverless import _core, errors
from canned import GROUP, Canned, refusal, reply

QUIET = pytest.mark.filterwarnings("ignore::atlas_serverless.errors.AtlasWarning")


@pytest.fixture(autouse=True)
def fresh() -> None:
    _core.forget_deprecations()


HEADERS = {"Deprecation": "Wed, 10 Dec 2025 00:00:00 GMT", "Sunset": "Thu, 15 Jan 2026 00:00:00 GMT"}
IDLE = {"id": "a", "stateName": "IDLE"}


def test_one_warning_for_each_endpoint_and_process() -> None:
    with Canned(reply(200, IDLE, **HEADERS)) as server, pytest.warns(errors.EndpointDeprecatedWarning) as caught:
        for _ in range(3):
            with server.client() as client:
                client.get_serverless_instance(GROUP, "one")
                client.get_serverless_instance(GROUP, "two")
                client.update_serverless_instance(GROUP, "one", tags={})
                client.request("GET", f"/api/atlas/v2/groups/{GROUP}/clusters/one")
                client.request("GET", f"/api/atlas/v2/groups/{GROUP}/clusters/two")
                client.request("GET", f"/api/atlas/v2/groups/{GROUP}/clusters")
    assert [str(warning.message).partition(" deprecated")[0] for warning in caught] == [
        "Atlas calls getServerlessInstance",
        "Atlas calls updateServerlessInstance",
        "Atlas calls GET /api/atlas/v2/groups/*/clusters/*",
        "Atlas calls GET /api/atlas/v2/groups/*/clusters",
    ]


def test_an_error_that_is_deprecated_warns_too() -> None:
    refused = refusal(404, "SERVERLESS_INSTANCE_NOT_FOUND").replace(
        b"\r\n\r\n", b"\r\nSunset: %s\r\n\r\n" % HEADERS["Sunset"].encode()
    )

    async def run(server: Canned) -> None:
        async with server.async_client() as client:
            await client.get_serverless_instance(GROUP, "one")

    for asynchronous in (False, True):
        _core.forget_deprecations()
        with Canned(refused) as server:
            with pytest.warns(errors.EndpointDeprecatedWarning, match="15 Jan 2026") as caught:
                with pytest.raises(errors.ServerlessInstanceNotFound):
                    if asynchronous:
                        asyncio.run(run(server))
                    else:
                        server.client().get_serverless_instance(GROUP, "one")
        assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("headers", "deprecation", "sunset"),
    [
        ({}, None, None),
        (HEADERS, "2025-12-10T00:00:00+00:00", "2026-01-15T00:00:00+00:00"),
        ({"Deprecation": "@1765324800"}, "2025-12-10T00:00:00+00:00", None),
        ({"Deprecation": "true"}, None, None),
        ({"Sunset": "soon"}, None, None),
    ],
)
@QUIET
def test_dates_in_raw_responses(headers: dict[str, str], deprecation: str | None, sunset: str | None) -> None:
    with Canned(reply(200, IDLE, **headers)) as server, server.client() as client:
        response = client.with_raw_response.get_serverless_instance(GROUP, "one")
    dates = [None if date is None else date.isoformat() for date in (response.deprecation, response.sunset)]
    assert dates == [deprecation, sunset]


def test_the_warning_is_visible_by_default() -> None:
    with Canned(reply(200, IDLE, **HEADERS)) as server:
        code = f"""
import atlas_serverless
def ask(client):
    client.get_serverless_instance({GROUP!r}, "one")
client = atlas_serverless.Client(base_url={server.url!r}, access_token="t")
ask(client); ask(client)
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.count("EndpointDeprecatedWarning") == 1
