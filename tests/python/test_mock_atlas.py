"""`mock_atlas`: for plain functions, coroutine functions, classes and unittest; and tests at the speed of tests."""

from __future__ import annotations

import asyncio
import io
import os
import unittest
from typing import Any

import pytest

from atlas_serverless import Client, Emulator
from atlas_serverless.testing import UnmetFaultsError, mock_atlas

CREATE: dict[str, Any] = {
    "name": "orders",
    "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
}


def create() -> str:
    """What the code under test does."""
    with Client() as client:
        return str(client.create_flex_cluster(**CREATE, wait=True)["stateName"])


def test_functions() -> None:
    @mock_atlas
    def plain(emulator: Emulator) -> str:
        assert os.environ["MONGODB_ATLAS_BASE_URL"] == emulator.url
        return create()

    @mock_atlas(auth="api_key", calendar="2026")
    async def coroutine(number: int, emulator: Emulator) -> int:
        assert "MONGODB_ATLAS_PUBLIC_KEY" in os.environ
        assert emulator.settings()["calendar"] == "2026"
        return number + 1

    before = dict(os.environ)
    assert plain() == "IDLE"  # type: ignore[call-arg]
    assert asyncio.run(coroutine(1)) == 2  # type: ignore[call-arg]
    assert dict(os.environ) == before


def test_a_context_manager() -> None:
    with mock_atlas() as emulator, mock_atlas() as inner:
        create()
        assert [len(each.instances()) for each in (emulator, inner)] == [0, 1]


def test_faults_that_no_request_meets() -> None:
    with pytest.raises(UnmetFaultsError, match=r"no request has met this fault that the test ordered:\n  html .*flex"):
        with mock_atlas() as emulator:
            emulator.fail_next("html", endpoint="flex")
    with mock_atlas(unmet_faults="allow") as emulator:
        emulator.fail_next("html", endpoint="flex")
    with pytest.raises(ZeroDivisionError) as raised:
        with mock_atlas() as emulator:
            emulator.fail_next("html", endpoint="flex")
            raise ZeroDivisionError
    if hasattr(raised.value, "__notes__"):
        assert raised.value.__notes__ == ["The emulator was asked:\n  nothing"]
    with pytest.raises(ValueError, match="unmet_faults"):
        mock_atlas(unmet_faults="allowed")


def test_cases_of_unittest() -> None:
    @mock_atlas(calendar="2026")
    class Case(unittest.TestCase):
        emulator: Emulator

        def setUp(self) -> None:
            self.url = os.environ["MONGODB_ATLAS_BASE_URL"]

        def test_one(self) -> None:
            assert self.url == self.emulator.url
            assert create() == "IDLE"

        def test_two(self) -> None:
            assert self.emulator.instances() == []

        def test_unmet(self) -> None:
            self.emulator.fail_next("close", endpoint="flex")

    result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(Case))
    assert result.testsRun == 3
    assert result.errors == []
    [(case, text)] = result.failures
    assert case.id().endswith("test_unmet")
    assert "no request has met this fault" in text
    assert "MONGODB_ATLAS_BASE_URL" not in os.environ


def test_plain_classes() -> None:
    @mock_atlas
    class Tests:
        def test_it(self, emulator: Emulator) -> int:
            create()
            return len(emulator.instances())

        def helper(self) -> bool:
            return "MONGODB_ATLAS_BASE_URL" in os.environ

    assert Tests().test_it() == 1  # type: ignore[call-arg]
    assert not Tests().helper()


def test_a_fault_without_a_target_does_not_meet_the_token_endpoint(atlas_emulator: Emulator) -> None:
    orders: tuple[Any, ...] = ({}, {"method": "POST"})
    for order in orders:
        with atlas_emulator.client(max_retries=0) as client:
            atlas_emulator.fail_next("status", status=400, **order)
            with pytest.raises(Exception, match="400"):
                client.create_flex_cluster(**CREATE)
        hit = [request for request in atlas_emulator.requests if request["fault"]]
        assert [request["endpoint"] for request in hit] == ["flex"]
        atlas_emulator.reset()
    with atlas_emulator.client(max_retries=0) as client:
        atlas_emulator.fail_next("status", status=400, endpoint="token")
        with pytest.raises(Exception, match="400"):
            client.create_flex_cluster(**CREATE)


def test_a_clock_that_waits_move() -> None:
    with Emulator(clock="auto", provisioning_seconds=1800) as emulator, emulator.client() as client:
        start = emulator.clock.now
        created = client.create_flex_cluster(**CREATE, wait=True, timeout=60)
        assert created["stateName"] == "IDLE"
        assert (emulator.clock.now - start).total_seconds() == pytest.approx(1800)
        polls = [request for request in emulator.requests if request["operation"] == "getGroupFlexCluster"]
        assert len(polls) == 2
        emulator.fail_next("delay", seconds=7200, endpoint="flex")
        assert client.get_flex_cluster(name="orders")["stateName"] == "IDLE"
        assert (emulator.clock.now - start).total_seconds() == pytest.approx(9000)
        client.delete_flex_cluster(name="orders", wait=True)
        assert (emulator.clock.now - start).total_seconds() == pytest.approx(10800)
        assert emulator.control("GET", "clock")["mode"] == "auto"
        emulator.clock.freeze()
        assert emulator.control("GET", "clock")["mode"] == "manual"


def test_a_wait_on_this_machine_polls_in_milliseconds() -> None:
    with Emulator(provisioning={"reads": 4}) as emulator, emulator.client() as client:
        client.create_flex_cluster(**CREATE, wait=True, timeout=1.0)  # at Atlas' intervals: 1 + 1.5 + 2.25 + 3.4 s
        polls = [request for request in emulator.requests if request["operation"] == "getGroupFlexCluster"]
    assert len(polls) == 5
