"""The command line against the emulator: what its commands do and print."""

from __future__ import annotations

import json
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import cli

if TYPE_CHECKING:
    from atlas_serverless import Emulator

GROUP = "32b6e34b3d91647abb20e7b8"
CREATE = "--name orders --provider AWS --region US_EAST_1"


@pytest.fixture
def emulator(atlas_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Emulator:
    """An emulator whose credentials the environment holds, as a user of the command line has it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, value in atlas_emulator.environment().items():
        monkeypatch.setenv(name, value)
    return atlas_emulator


@pytest.mark.parametrize("kind", ["flex", "serverless"])
def test_many_commands_need_one_token(emulator: Emulator, kind: str) -> None:
    for _ in range(12):
        assert cli.main([kind, "list"]) == 0
    assert sum(request["operation"] == "createToken" for request in emulator.requests) == 1
    assert cli.main([kind, "list", "--no-token-cache"]) == 0
    assert sum(request["operation"] == "createToken" for request in emulator.requests) == 2


@pytest.mark.parametrize(
    "command",
    [
        ["flex", "get", GROUP, "\udcff"],
        ["flex", "list", "--name-prefix", "\udcff"],
        ["flex", "list", "--state", "\udcff"],
        ["flex", "list", "--profile", "\udcff"],
        ["flex", "list", "--base-url", "http://\udcff"],
        ["doctor", "--group-id", "\udcff"],
        ["logout", "--profile", "\udcff"],
    ],
)
def test_an_argument_that_is_no_text(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert cli.main(command) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("atlas-serverless: ")
    assert err.endswith(" has a lone surrogate, which is no character\n")
    assert emulator.requests == []


def printed(capsys: pytest.CaptureFixture[str], command: str) -> Any:
    """What a command that succeeds prints, as JSON; None for nothing."""
    assert cli.main(command.split()) == 0, capsys.readouterr().err
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out) if out else None


@pytest.mark.parametrize("kind", ["serverless", "flex"])
def test_from_create_to_delete(kind: str, emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    emulator.set_calendar("2024")
    emulator.settings(provisioning="at_once")
    group = emulator.group_id
    place = "--name orders --provider AWS --region US_EAST_1"
    created = printed(capsys, f"{kind} create {group} {place} --tag env=dev --termination-protection --wait")
    assert (created["stateName"], created["tags"]) == ("IDLE", [{"key": "env", "value": "dev"}])
    assert printed(capsys, f"{kind} get {group} orders") == created
    assert printed(capsys, f"{kind} list {group}") == [created]
    assert (
        printed(capsys, f"{kind} create {group} {place} --tag env=dev --termination-protection --if-exists return")
        == created
    )
    changed = printed(capsys, f"{kind} update {group} orders --no-tags --no-termination-protection")
    assert (changed["tags"], changed["terminationProtectionEnabled"]) == ([], False)
    assert printed(capsys, f"{kind} wait {group} orders")["stateName"] == "IDLE"
    assert printed(capsys, f"{kind} delete {group} orders --wait") is None
    assert printed(capsys, f"{kind} list {group}") == []
    assert emulator.instances() == []


def test_results_are_json(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    emulator.add_instance("orders", state="IDLE", tags={"env": "é"})
    with emulator.client() as client:
        cluster = client.get_flex_cluster(emulator.group_id, "orders")
    assert cli.main(["flex", "get", emulator.group_id, "orders"]) == 0
    assert capsys.readouterr().out == json.dumps(cluster, indent=2, ensure_ascii=False) + "\n"
    assert cli.main(["flex", "list", emulator.group_id, "--compact"]) == 0
    assert capsys.readouterr().out == json.dumps([cluster], separators=(",", ":"), ensure_ascii=False) + "\n"


def test_an_error_is_one_sentence(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    emulator.add_instance("orders")
    assert cli.main(f"flex create {emulator.group_id} {CREATE}".split()) == 5
    out, err = capsys.readouterr()
    path = f"/api/atlas/v2/groups/{emulator.group_id}/flexClusters"
    assert out == ""
    assert err.startswith(f"atlas-serverless: POST {path} answered 400 DUPLICATE_CLUSTER_NAME: ")
    assert err.count("\n") == 1


def test_a_warning_is_one_sentence(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    emulator.settings(regions="any")
    before = warnings.showwarning
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert cli.main(f"flex create {emulator.group_id} {CREATE} --region EU_NOWHERE_1".split()) == 0
    said = "this version knows no AWS region 'EU_NOWHERE_1', and sends it as it is"
    assert capsys.readouterr().err == f"atlas-serverless: warning: {said}\n"
    assert warnings.showwarning is before


def test_colour_only_in_a_terminal(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.add_instance("orders", state="IDLE")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    colour = re.compile("\x1b\\[[0-9;]*m")
    assert cli.main(["flex", "get", emulator.group_id, "orders"]) == 0
    assert colour.search(capsys.readouterr().out)
    assert cli.main(["flex", "get", emulator.group_id, "orders", "-o", "json"]) == 0
    coloured = capsys.readouterr().out
    assert colour.search(coloured)
    monkeypatch.setitem(sys.modules, "rich", None)
    assert cli.main(["flex", "get", emulator.group_id, "orders", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(colour.sub("", coloured))
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            assert cli.main(["flex", "get", "orders"]) == 0
            assert cli.main(["doctor"]) == 0
            assert not colour.search(capsys.readouterr().out)
