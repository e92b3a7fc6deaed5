"""What comes beside a result: progress, warnings, log lines."""

from __future__ import annotations

import asyncio
import linecache
import logging
import os
import subprocess
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import Client, errors
from atlas_serverless._core import VirtualClock, forget_deprecations, to_flex_spec
from atlas_serverless._runtime import progress
from canned import GROUP, Canned

if TYPE_CHECKING:
    from atlas_serverless import Emulator

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
NOWHERE: Any = {"backing_provider_name": "AWS", "region_name": "ATLANTIS_1"}
IGNORED: Any = {"serverless_backup_options": {"serverless_continuous_backup_enabled": True}}


def said_of(warning: warnings.WarningMessage) -> str:
    """The line that a warning points at, if it is in this file."""
    assert warning.filename == __file__
    return linecache.getline(warning.filename, warning.lineno).strip()


# --- progress --------------------------------------------------------------------------------------------------------


def test_a_progress_callable_gets_every_poll(atlas_emulator: Emulator) -> None:
    atlas_emulator.settings(provisioning={"reads": 2})
    seen: list[Any] = []
    with atlas_emulator.client(_clock=VirtualClock()) as client:
        client.create_flex_cluster(
            atlas_emulator.group_id, name="orders", provider_settings=PLACE, wait=True, progress=seen.append
        )
    assert [(poll.state, poll.done, poll.polls) for poll in seen] == [
        ("CREATING", False, 1),
        ("CREATING", False, 2),
        ("IDLE", True, 3),
    ]
    assert {(poll.kind, poll.name, poll.wanted) for poll in seen} == {("flex", "orders", "IDLE")}


@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), StopIteration("mine"), KeyboardInterrupt("mine")])
def test_what_a_progress_callable_raises_comes_out_and_ends_the_wait(
    atlas_emulator: Emulator, error: BaseException
) -> None:
    def fail(_: Any) -> None:
        raise error

    atlas_emulator.settings(provisioning="manual")
    with atlas_emulator.client() as client:
        client.create_flex_cluster(atlas_emulator.group_id, name="orders", provider_settings=PLACE)
        with pytest.raises(type(error)) as caught:
            client.wait_for_flex_cluster(atlas_emulator.group_id, "orders", progress=fail)
        assert caught.value is error
        assert "fail" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert atlas_emulator.requests[-1]["method"] == "GET"


@pytest.mark.parametrize("wrong", ["yes", 1, 0.5, []])
def test_a_wrong_progress_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="progress must be True, False, None or a callable"):
        Client(access_token="t").wait_for_flex_cluster(GROUP, "orders", progress=wrong)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_line_for_each_state_where_there_is_no_terminal(
    atlas_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asynchronous: bool,
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    atlas_emulator.settings(provisioning={"reads": 1})
    make: dict[str, Any] = {"name": "orders", "provider_settings": PLACE, "wait": True, "progress": True}
    group = atlas_emulator.group_id
    if asynchronous:
        asyncio.run(atlas_emulator.async_client(_clock=VirtualClock()).create_flex_cluster(group, **make))
    else:
        atlas_emulator.client(_clock=VirtualClock()).create_flex_cluster(group, **make)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert [line.partition(" [")[0] for line in lines] == ["orders → IDLE: CREATING", "orders → IDLE: IDLE"]


def test_a_bar_with_tqdm(
    atlas_emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert isinstance(progress.display(), progress._Bar)
    atlas_emulator.settings(provisioning={"reads": 1})
    with atlas_emulator.client(_clock=VirtualClock()) as client:
        client.create_flex_cluster(
            atlas_emulator.group_id, name="orders", provider_settings=PLACE, wait=True, progress=True
        )
    err = capsys.readouterr().err
    assert "orders → IDLE: CREATING" in err
    assert "orders → IDLE: IDLE" in err
    assert err.endswith("\n")


# --- warnings --------------------------------------------------------------------------------------------------------


def test_warnings_point_at_the_callers_line(atlas_emulator: Emulator) -> None:
    group = atlas_emulator.group_id
    spec: Any = {"name": "a", "providerSettings": {"backingProviderName": "AWS", "regionName": "ATLANTIS_1"}}
    with atlas_emulator.client() as client:
        with pytest.warns(errors.FieldIgnoredWarning) as after:
            client.create_serverless_instance(group, name="a", provider_settings=PLACE, **IGNORED)
        with pytest.warns(errors.RegionWarning) as before, pytest.raises(errors.BadRequestError):
            client.create_flex_cluster(group, name="b", provider_settings=NOWHERE)
        atlas_emulator.set_calendar("2025-12")
        forget_deprecations()
        with pytest.warns(errors.EndpointDeprecatedWarning) as listed:
            list(client.list_serverless_instances(group))
    with pytest.warns(errors.RegionWarning) as pure:
        to_flex_spec(spec)
    assert [said_of(one) for warned in (after, before, listed, pure) for one in warned] == [
        'client.create_serverless_instance(group, name="a", provider_settings=PLACE, **IGNORED)',
        'client.create_flex_cluster(group, name="b", provider_settings=NOWHERE)',
        "list(client.list_serverless_instances(group))",
        "to_flex_spec(spec)",
    ]


def test_warnings_of_coroutines_point_at_the_line_that_awaits(atlas_emulator: Emulator) -> None:
    group = atlas_emulator.group_id

    async def main() -> None:
        async with atlas_emulator.async_client() as client:
            await client.create_serverless_instance(group, name="a", provider_settings=PLACE, **IGNORED)
            with pytest.raises(errors.BadRequestError):
                await client.create_flex_cluster(group, name="b", provider_settings=NOWHERE)
            call = client.create_serverless_instance(group, name="c", provider_settings=PLACE, **IGNORED)
            await asyncio.create_task(call)

    with pytest.warns(errors.AtlasWarning) as warned:
        asyncio.run(main())
    assert [(one.category, said_of(one)) for one in warned] == [
        (
            errors.FieldIgnoredWarning,
            'await client.create_serverless_instance(group, name="a", provider_settings=PLACE, **IGNORED)',
        ),
        (errors.RegionWarning, 'await client.create_flex_cluster(group, name="b", provider_settings=NOWHERE)'),
        # A task has no caller: what it warns of is said of the line that runs the event loop.
        (errors.FieldIgnoredWarning, "asyncio.run(main())"),
    ]


def test_with_wait_no_warning_is_lost(atlas_emulator: Emulator) -> None:
    atlas_emulator.settings(provisioning={"reads": 2})
    with atlas_emulator.client(_clock=VirtualClock()) as client, pytest.warns(errors.FieldIgnoredWarning) as warned:
        client.create_serverless_instance(
            atlas_emulator.group_id, name="orders", provider_settings=PLACE, wait=True, **IGNORED
        )
    assert len(warned) == 1


def test_a_warning_made_an_error_carries_the_result(atlas_emulator: Emulator) -> None:
    group = atlas_emulator.group_id
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with atlas_emulator.client() as client:
            with pytest.raises(errors.FieldIgnoredWarning) as caught:
                client.create_serverless_instance(group, name="a", provider_settings=PLACE, **IGNORED)
            assert caught.value.result["name"] == "a"
            with pytest.raises(errors.FieldIgnoredWarning) as raw:
                client.with_raw_response.create_serverless_instance(group, name="b", provider_settings=PLACE, **IGNORED)
            assert raw.value.result.status == 201
            with pytest.raises(errors.RegionWarning) as nothing:
                client.create_flex_cluster(group, name="c", provider_settings=NOWHERE)
            assert nothing.value.result is None

        async def main() -> None:
            async with atlas_emulator.async_client() as client:
                await client.create_serverless_instance(group, name="d", provider_settings=PLACE, **IGNORED)

        with pytest.raises(errors.FieldIgnoredWarning) as awaited:
            asyncio.run(main())
        assert awaited.value.result["name"] == "d"
    assert sorted(found["name"] for found in atlas_emulator.instances()) == ["a", "b", "d"]


# --- logging ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("auth", ["service_account", "api_key", "access_token"])
def test_log_lines_say_what_is_attempted_and_no_secret(
    atlas_emulator: Emulator, caplog: pytest.LogCaptureFixture, auth: Any, asynchronous: bool
) -> None:
    group = atlas_emulator.group_id
    path = f"/api/atlas/v2/groups/{group}/flexClusters"
    atlas_emulator.fail_next("status", status=503, method="POST", endpoint="flex")
    secrets = [atlas_emulator.client_secret, atlas_emulator.private_key, atlas_emulator.access_token]
    with caplog.at_level(logging.DEBUG):
        make: dict[str, Any] = {"name": "orders", "provider_settings": PLACE}
        if asynchronous:
            client = atlas_emulator.async_client(auth, _clock=VirtualClock())
            asyncio.run(client.create_flex_cluster(group, **make))
        else:
            atlas_emulator.client(auth, _clock=VirtualClock()).create_flex_cluster(group, **make)
    records = [record for record in caplog.records if record.name == "atlas_serverless"]
    lines = [(record.levelname, record.getMessage()) for record in records]
    assert ("DEBUG", f"POST {path} (attempt 1)") in lines
    assert ("DEBUG", f"POST {path} (attempt 2)") in lines
    assert ("DEBUG", f"POST {path} answered 201") in lines
    assert any(level == "INFO" and "attempt 1" in line and "503" in line for level, line in lines)
    said = "\n".join(line for _, line in lines)
    assert not [secret for secret in secrets if secret in said]
    assert "Bearer" not in said
    assert "Authorization" not in said


@pytest.mark.parametrize("how", ["level", "disable", "logger"])
def test_no_log_line_is_made_where_its_level_is_off(
    atlas_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    logger = logging.getLogger("atlas_serverless")
    handled: list[Any] = []
    monkeypatch.setattr(logger, "log", lambda *arguments: handled.append(arguments))
    if how == "level":
        monkeypatch.setattr(logger, "level", logging.WARNING)
    elif how == "disable":
        monkeypatch.setattr(logger.manager, "disable", logging.WARNING)
        monkeypatch.setattr(logger, "level", logging.DEBUG)
    else:
        monkeypatch.setattr(logger, "disabled", True)
        monkeypatch.setattr(logger, "level", logging.DEBUG)
    logger.manager._clear_cache()  # type: ignore[attr-defined]
    atlas_emulator.fail_next("status", status=503)
    with atlas_emulator.client(_clock=VirtualClock()) as client:
        client.get_project(atlas_emulator.group_id)

    async def main() -> None:
        async with atlas_emulator.async_client() as client:
            await client.get_project(atlas_emulator.group_id)

    asyncio.run(main())
    logger.manager._clear_cache()  # type: ignore[attr-defined]
    assert handled == []


def test_a_log_record_names_the_caller(server: Canned, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="atlas_serverless"):
        server.client().get_flex_cluster(GROUP, "orders")
    [first, *_] = [record for record in caplog.records if record.name == "atlas_serverless"]
    assert (first.pathname, first.funcName) == (__file__, "test_a_log_record_names_the_caller")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_broken_log_filter_breaks_no_call(server: Canned, asynchronous: bool) -> None:
    logger = logging.getLogger("atlas_serverless")

    def broken(_: logging.LogRecord) -> bool:
        raise ZeroDivisionError

    logger.addFilter(broken)
    logger.setLevel(logging.DEBUG)
    try:
        if asynchronous:
            found = asyncio.run(server.async_client().get_flex_cluster(GROUP, "orders"))
        else:
            found = server.client().get_flex_cluster(GROUP, "orders")
        assert found["name"] == "orders"
    finally:
        logger.removeFilter(broken)
        logger.setLevel(logging.NOTSET)


def test_a_program_without_logging_stays_without(server: Canned) -> None:
    code = (
        "import sys, atlas_serverless\n"
        f"atlas_serverless.Client(access_token='t', base_url={server.url!r}).get_flex_cluster({GROUP!r}, 'orders')\n"
        "print('logging' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert (done.stdout, done.stderr) == ("False\n", "")
