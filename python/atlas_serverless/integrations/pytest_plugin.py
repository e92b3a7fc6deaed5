"""Fixtures for tests that need an Atlas: `atlas_emulator`, `atlas_client`, `atlas_project`.

pytest finds them by itself once atlas-serverless is installed (entry point ``pytest11``).

    def test_orders(atlas_client, atlas_project):
        atlas_client.create_flex_cluster(
            atlas_project, name="orders", provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
        )

One emulator serves a whole session (each worker of pytest-xdist has its own) and is reset before each test. To choose
its options, override `atlas_emulator_options` in `conftest.py`:

    @pytest.fixture(scope="session")
    def atlas_emulator_options():
        return {"calendar": "2026", "provisioning": "at_once"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atlas_serverless import Client
    from atlas_serverless.emulator import Emulator


@pytest.fixture(scope="session")
def atlas_emulator_options() -> dict[str, Any]:
    """Options of the session's emulator; override it to choose others."""
    return {}


@pytest.fixture(scope="session")
def _atlas_emulator_session(atlas_emulator_options: dict[str, Any]) -> Iterator[Emulator]:
    from atlas_serverless.emulator import Emulator

    # Many tests make many clients, which together would exceed the token limits.
    options = {"provisioning_seconds": 0.05, "token_requests_per_minute": None, "live_tokens": None}
    with Emulator(**{**options, **atlas_emulator_options}) as emulator:
        yield emulator


@pytest.fixture
def atlas_emulator(_atlas_emulator_session: Emulator) -> Emulator:
    """A clean :class:`atlas_serverless.Emulator`: its credentials stay the same, everything else is new."""
    _atlas_emulator_session.reset()
    return _atlas_emulator_session


@pytest.fixture
def atlas_client(atlas_emulator: Emulator) -> Iterator[Client]:
    """A :class:`atlas_serverless.Client` of the emulator, as its service account."""
    with atlas_emulator.client() as client:
        yield client


@pytest.fixture
def atlas_project(atlas_emulator: Emulator) -> str:
    """The id of the emulator's project, which holds nothing yet."""
    return atlas_emulator.group_id
