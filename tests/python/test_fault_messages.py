"""What a person is told: warnings once, log lines with reasons and no secret, and what a call given up may leave."""

from __future__ import annotations

import _thread
import asyncio
import logging
import re
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from atlas_serverless import Emulator, errors
from atlas_serverless._core import VirtualClock

SPEC: dict[str, Any] = {"provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(provisioning={"reads": 3}) as started:
        yield started


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize("lost", [False, True])
def test_an_ignored_field_is_warned_of_once(emulator: Emulator, wait: bool, lost: bool) -> None:
    """However many looks there were."""
    if lost:
        emulator.fail_next("close", method="POST", endpoint="serverless", after_store=True)
    client = emulator.client(_clock=VirtualClock())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client.create_serverless_instance(
            emulator.group_id,
            name="orders",
            wait=wait,
            serverless_backup_options={"serverless_continuous_backup_enabled": True},
            **SPEC,
        )
    told = [str(one.message) for one in caught if issubclass(one.category, errors.FieldIgnoredWarning)]
    assert len(told) == 1
    assert "asked for true, got false" in told[0]
    assert all(one.filename == __file__ for one in caught)


def test_levels_and_reasons(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """Attempts at DEBUG, retries and look-ups at INFO, what was found behind one's back at WARNING."""
    caplog.set_level(logging.DEBUG, "atlas_serverless")
    client = emulator.client(_clock=VirtualClock())
    lost = {"kind": "close", "method": "POST", "endpoint": "flex", "after_store": True}
    emulator.fail_next("html", status=502, method="POST", endpoint="flex", then=[lost])
    client.create_flex_cluster(emulator.group_id, name="orders", **SPEC)
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert {record.name for record in caplog.records} == {"atlas_serverless"}
    path = f"/api/atlas/v2/groups/{emulator.group_id}/flexClusters"
    assert ("DEBUG", f"POST {path} (attempt 1)") in lines
    assert ("DEBUG", f"POST {path} answered 502") in lines
    told = [line for level, line in lines if level != "DEBUG"]
    assert told[0] == "createGroupFlexCluster attempt 1: 502; the outcome is unknown, looking up orders"
    assert told[1] == "createGroupFlexCluster attempt 1: 502; again in 0.5 s"
    assert told[2].startswith("createGroupFlexCluster attempt 2: the connection broke")
    assert [level for level, _ in lines[-2:]] == ["WARNING", "INFO"]
    assert told[3] == "createGroupFlexCluster: orders was created by an attempt whose answer was lost"
    assert told[4:] == [f"the Flex cluster orders in project {emulator.group_id} is CREATING after 0.5 s"]


@pytest.mark.parametrize("auth", ["service_account", "api_key", "access_token"])
@pytest.mark.parametrize("level", [1, logging.DEBUG, logging.INFO, logging.WARNING])
def test_no_secret_in_any_level(caplog: pytest.LogCaptureFixture, auth: str, level: int) -> None:
    """Secrets are marked by what they are: none of them, and no token, is in any line, exception or repr."""
    with Emulator(provisioning="at_once") as emulator:
        caplog.set_level(level, "atlas_serverless")
        secrets = [
            emulator.client_secret,
            emulator.private_key,
            emulator.access_token,
            "mdb_sa_sk_",
            "response=",
        ]
        said = []
        client = emulator.client(auth, max_retries=1, _clock=VirtualClock())  # type: ignore[arg-type]
        for kind, order in [
            ("unauthorized", {"endpoint": "flex", "times": 5}),
            ("half_body", {"endpoint": "token", "times": 5}),
            ("expire_tokens", {"endpoint": "flex", "times": 5}),
            ("stale_nonce", {"endpoint": "flex", "times": 5}),
            ("close", {"method": "POST", "times": 5}),
        ]:
            emulator.control("DELETE", "faults")
            emulator.control("POST", "faults", {"kind": kind, **order})
            try:
                client.create_flex_cluster(emulator.group_id, name="orders", **SPEC)
            except errors.AtlasError as error:
                said += [str(error), repr(error), repr(vars(error))]
        said += [repr(client), caplog.text]
        for secret in secrets:
            assert not any(secret in text for text in said), secret
        # A token begins so, has a dot, and is longer than what a nonce could look like by chance.
        assert not any(re.search(r"eyJ[\w-]{10,}\.", text) for text in said)
        levels = {record.levelno for record in caplog.records}
        # With an API key two creates go through in the end, the second by what a lost one had left: a warning.
        heard = {logging.DEBUG, logging.INFO} | ({logging.WARNING} if auth == "api_key" else set())
        assert levels == {each for each in heard if each >= level}


def wait_for_request(emulator: Emulator, method: str) -> None:
    for _ in range(500):
        if any(request["method"] == method for request in emulator.requests if request["endpoint"] != "token"):
            return
        time.sleep(0.01)
    raise AssertionError("no request came")


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize("wait", [False, True])
def test_ctrl_c_during_a_create_says_what_may_exist(
    emulator: Emulator, caplog: pytest.LogCaptureFixture, wait: bool
) -> None:
    """Nothing that may exist is left behind without a word."""
    emulator.fail_next("stall", method="GET" if wait else "POST", endpoint="flex", after_store=True)

    def interrupt() -> None:
        wait_for_request(emulator, "GET" if wait else "POST")
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        emulator.client().create_flex_cluster(emulator.group_id, name="orders", wait=wait, **SPEC)
    thread.join()
    group = emulator.group_id
    assert warned(caplog) == [
        f"The Flex cluster orders was created in project {group}; nobody waits for it any more"
        if wait
        else f"The create of Flex cluster orders in project {group} was given up: orders may exist now or later"
    ]
    assert [instance["name"] for instance in emulator.instances()] == ["orders"]


@pytest.mark.parametrize("ends", ["the call", "the loop"])
def test_a_cancelled_create_says_what_may_exist(
    emulator: Emulator, caplog: pytest.LogCaptureFixture, ends: str
) -> None:
    """Also where the loop ends with it and hears nothing more."""
    emulator.fail_next("stall", method="POST", after_store=True)

    async def main() -> None:
        client = emulator.async_client("access_token")
        create = asyncio.ensure_future(client.create_flex_cluster(emulator.group_id, name="orders", **SPEC))
        await asyncio.to_thread(wait_for_request, emulator, "POST")
        create.cancel()
        if ends == "the call":
            with pytest.raises(asyncio.CancelledError):
                await create
            await asyncio.sleep(0.1)
        else:
            await create

    if ends == "the call":
        asyncio.run(main())
    else:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(main())
    group = emulator.group_id
    assert warned(caplog) == [
        f"The create of Flex cluster orders in project {group} was given up: orders may exist now or later"
    ]


def test_a_cancelled_look_up_says_nothing(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """There is nothing to look after."""
    emulator.fail_next("stall", method="GET")

    async def main() -> None:
        client = emulator.async_client("access_token")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get_flex_cluster(emulator.group_id, "orders"), 0.1)

    asyncio.run(main())
    assert warned(caplog) == []


def test_exceptions_tell_attempts_and_time(emulator: Emulator) -> None:
    """And a create that is not known says name, project and what to do."""
    client = emulator.client("access_token", max_retries=2, _clock=VirtualClock())
    emulator.fail_next("rate_limited", method="POST", retry_after=5, times=3)
    with pytest.raises(errors.RateLimitedError) as limited:
        client.create_flex_cluster(emulator.group_id, name="orders", **SPEC)
    assert (limited.value.attempts, limited.value.elapsed, limited.value.retry_after) == (3, 10.0, 5.0)
    assert "no retries are left" in str(limited.value)
    client = emulator.client("access_token", max_retries=2, _clock=VirtualClock())
    emulator.fail_next("close", method="POST", then=[{"kind": "html", "method": "GET", "times": 3}])
    with pytest.raises(errors.OutcomeUnknownError) as unknown:
        client.create_flex_cluster(emulator.group_id, name="orders", **SPEC)
    error = unknown.value
    assert (error.operation, error.name, error.group_id) == ("createGroupFlexCluster", "orders", emulator.group_id)
    assert "orders" in str(error)
    assert 'if_exists="return"' in str(error)


def test_a_status_in_the_place_of_a_kind_says_how_it_is_given() -> None:
    kind: Any = 503
    with Emulator() as emulator, pytest.raises(ValueError, match=r'^kind takes the name of a kind, such as "status", '):
        emulator.fail_next(kind)
