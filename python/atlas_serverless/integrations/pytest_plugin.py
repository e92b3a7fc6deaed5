"""Fixtures for tests that need an Atlas. pytest finds them by itself once atlas-serverless is installed.

    def test_orders(atlas_client):
        atlas_client.create_flex_cluster(
            name="orders", provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"}, wait=True
        )

======================= ===========================================================================================
`atlas_emulator`        a clean :class:`atlas_serverless.Emulator`
`atlas_client`          a :class:`atlas_serverless.Client` of it
`async_atlas_client`    an :class:`atlas_serverless.AsyncClient` of it
`atlas_project`         the id of its project
`atlas_environment`     every client that the test makes (this package's, `requests`, a subprocess, the Atlas CLI)
                        reaches the emulator, and the machine's own credentials are gone
======================= ===========================================================================================

One emulator serves a whole session (each worker of pytest-xdist has its own) and is reset before each test. To choose
its options, override `atlas_emulator_options` in `conftest.py`:

    @pytest.fixture(scope="session")
    def atlas_emulator_options():
        return {"calendar": "2026", "provisioning": "at_once"}

A fault that a test orders and no request meets fails the test, unless it is marked
``@pytest.mark.atlas(unmet_faults="allow")`` or the option ``atlas_unmet_faults = allow`` stands in pytest's
configuration. A failing test's report ends with what the emulator was asked. ``@pytest.mark.atlas(auth="api_key")``
chooses the credentials of `atlas_client`, `async_atlas_client` and `atlas_environment`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from atlas_serverless import AsyncClient, Client
    from atlas_serverless.emulator import Emulator

_EMULATOR = pytest.StashKey["Emulator"]()
_MARK = {"auth": "service_account", "unmet_faults": None}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `atlas_unmet_faults`."""
    parser.addini("atlas_unmet_faults", "faults that no request has met: error or allow", default="error")


def pytest_configure(config: pytest.Config) -> None:
    """Announce the mark, for `--strict-markers`."""
    config.addinivalue_line("markers", 'atlas(auth="service_account", unmet_faults="error"): how Atlas is emulated')


@pytest.fixture(scope="session")
def atlas_emulator_options() -> dict[str, Any]:
    """Options of the session's emulator; override it to choose others."""
    return {}


@pytest.fixture(scope="session")
def _atlas_emulator_session(atlas_emulator_options: dict[str, Any]) -> Iterator[Emulator]:
    from atlas_serverless.emulator import Emulator
    from atlas_serverless.testing import FOR_TESTS

    with Emulator(**{**FOR_TESTS, **atlas_emulator_options}) as emulator:
        yield emulator


@pytest.fixture
def atlas_emulator(request: pytest.FixtureRequest, _atlas_emulator_session: Emulator) -> Emulator:
    """A clean :class:`atlas_serverless.Emulator`: its credentials stay the same, everything else is new."""
    _atlas_emulator_session.reset()
    request.node.stash[_EMULATOR] = _atlas_emulator_session
    return _atlas_emulator_session


@pytest.fixture
def atlas_client(request: pytest.FixtureRequest, atlas_emulator: Emulator) -> Iterator[Client]:
    """A :class:`atlas_serverless.Client` of the emulator, as its service account."""
    with atlas_emulator.client(_marked(request.node, "auth")) as client:
        yield client


@pytest.fixture
def async_atlas_client(request: pytest.FixtureRequest, atlas_emulator: Emulator) -> AsyncClient:
    """An :class:`atlas_serverless.AsyncClient` of the emulator, for tests that pytest-asyncio or anyio run in asyncio.

    It is not closed: that would need the test's event loop, which has ended. Its connections end with it.
    """
    return atlas_emulator.async_client(_marked(request.node, "auth"))


@pytest.fixture
def atlas_project(atlas_emulator: Emulator) -> str:
    """The id of the emulator's project, which holds nothing yet."""
    return atlas_emulator.group_id


@pytest.fixture
def atlas_environment(request: pytest.FixtureRequest, atlas_emulator: Emulator) -> Iterator[dict[str, str]]:
    """Every client that is made during the test reaches the emulator; the variables that are set for that."""
    from atlas_serverless.testing import environment

    with environment(atlas_emulator, _marked(request.node, "auth")) as variables:
        yield variables


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test that has passed fails if it ordered a fault that no request has met."""
    result = yield
    emulator = item.stash.get(_EMULATOR, None)
    if emulator is not None:
        unmet = _marked(item, "unmet_faults") or item.config.getini("atlas_unmet_faults")
        if unmet not in ("error", "allow"):
            pytest.fail(f"atlas_unmet_faults is error or allow, not {unmet!r}", pytrace=False)
        if unmet == "error":
            from atlas_serverless.testing._report import UnmetFaultsError, check_faults

            try:
                check_faults(emulator)
            except UnmetFaultsError as error:
                text = str(error)
            else:
                return result
            pytest.fail(text.partition("\nThe emulator was asked:")[0], pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The report of a test that has failed ends with what the emulator was asked."""
    report = yield
    emulator = item.stash.get(_EMULATOR, None)
    if emulator is not None and report.failed:
        from atlas_serverless.testing._report import requests_text

        report.sections.append(("requests to the Atlas emulator", requests_text(emulator)))
    return report


def _marked(item: Any, name: str) -> Any:
    """What the marks of a test say, the closest first."""
    for mark in item.iter_markers("atlas"):
        unknown = set(mark.kwargs) - set(_MARK)
        if unknown or mark.args:
            given = ", ".join([*map(repr, mark.args), *sorted(unknown)])
            pytest.fail(f"@pytest.mark.atlas takes {' and '.join(_MARK)} as keywords, not {given}", pytrace=False)
        if name in mark.kwargs:
            return mark.kwargs[name]
    return _MARK[name]
