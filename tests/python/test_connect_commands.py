"""The commands that lead to a connection: `up`, `down`, `sweep`, `dbusers` and `accesslist`, against the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import Emulator, cli

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "s3cret/@:x-MARK"


@pytest.fixture
def emulator(atlas_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Emulator:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ATLAS_SERVERLESS_TOKEN_CACHE", "memory")
    monkeypatch.setenv("ATLAS_SERVERLESS_DB_PASSWORD", PASSWORD)
    for name, value in atlas_emulator.environment().items():
        monkeypatch.setenv(name, value)
    return atlas_emulator


class Shell:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, command: str, code: int = 0) -> Any:
        assert cli.main(command.split()) == code, self.capsys.readouterr()
        done = self.capsys.readouterr()
        self.err = done.err
        assert "MARK" not in done.err
        return json.loads(done.out) if done.out else None


@pytest.fixture
def shell(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


UP = "up orders --provider AWS --region US_EAST_1 --username app --role readWrite@shop --access 192.0.2.7 --tag a=b"


def test_up_prints_what_was_done_and_no_password_unless_asked(shell: Shell) -> None:
    planned = shell(f"{UP} --dry-run")
    assert {step["how"] for step in planned["did"]} == {"to be made"}
    made = shell(f"{UP} --interval 0.05")
    assert [(step["what"], step["how"]) for step in made["did"]] == [
        ("cluster", "made"),
        ("user", "made"),
        ("access", "made"),
    ]
    assert made["uri"].startswith("mongodb+srv://app:******@")
    assert "MARK" not in json.dumps(made)
    shown = shell(f"{UP} --show-password")
    assert shown["uri"].startswith("mongodb+srv://app:s3cret%2F%40%3Ax-MARK@")
    assert {step["how"] for step in shown["did"]} == {"found"}
    gone = shell("down orders --wait --interval 0.05")
    assert [(step["what"], step["how"]) for step in gone] == [
        ("access", "deleted"),
        ("user", "deleted"),
        ("cluster", "deleted"),
    ]


def test_a_generated_password_is_shown_once_or_said(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATLAS_SERVERLESS_DB_PASSWORD")
    shell("up orders --provider AWS --region US_EAST_1 --access 192.0.2.7 --interval 0.05")
    assert "the password was generated and is not shown again" in shell.err
    again = shell("up orders")
    assert again["uri"] is None
    new = shell("up orders --reset-password --show-password")
    assert new["uri"].startswith("mongodb+srv://orders:")
    assert "******" not in new["uri"]


def test_sweep_lists_and_deletes_only_when_told(shell: Shell, emulator: Emulator) -> None:
    emulator.add_instance("ci-1", tags={"ci": "1"}, created="2025-01-01T00:00:00Z")
    emulator.add_instance("ci-2", tags={"ci": "1"}, created="2025-01-02T00:00:00Z", termination_protection=True)
    emulator.add_instance("live")
    listed = shell("sweep --tag ci=1 --older-than 7d")
    assert [(one["name"], one["how"]) for one in listed] == [("ci-1", "to be deleted"), ("ci-2", "protected")]
    assert len(shell("sweep")) == 3
    done = shell("sweep --tag ci=1 --delete")
    assert [(one["name"], one["how"]) for one in done] == [("ci-1", "deleted"), ("ci-2", "protected")]
    emulator.fail_next("status", method="DELETE", status=403, error_code="ACCESS_FORBIDDEN")
    assert shell("sweep --name-prefix live --delete", code=1)[0]["how"] == "failed"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("sweep --delete", "it would delete every cluster"),
        ("sweep --older-than soon", "invalid age value"),
        ("up orders --tag a=b --tag a=c", "a key of --tag is given twice"),
        ("up", "the following arguments are required: NAME"),
        ("dbusers create app --role read@shop --database-name admin --password", "unrecognized arguments"),
    ],
)
def test_an_invalid_command_line_is_said(shell: Shell, command: str, said: str) -> None:
    assert cli.main(command.split()) == 2
    assert said in shell.capsys.readouterr().err


def test_database_users(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    made = shell("dbusers create app --role readWrite@shop --role backup --scope orders --description of-the-shop")
    assert made["roles"] == [
        {"roleName": "readWrite", "databaseName": "shop"},
        {"roleName": "backup", "databaseName": "admin"},
    ]
    assert made["scopes"] == [{"name": "orders", "type": "CLUSTER"}]
    external = shell("dbusers create CN=app --role read@shop --x509-type MANAGED")
    assert external["databaseName"] == "$external"
    assert [user["username"] for user in shell("dbusers list")] == ["app", "CN=app"]
    assert shell("dbusers get CN=app --database-name $external")["x509Type"] == "MANAGED"
    assert shell("dbusers update app --role read@shop --password")["roles"][0]["roleName"] == "read"
    assert shell("dbusers delete app") is None
    assert len(shell("dbusers list")) == 1
    monkeypatch.delenv("ATLAS_SERVERLESS_DB_PASSWORD")
    shell("dbusers create other --role read@shop", code=2)
    assert "ATLAS_SERVERLESS_DB_PASSWORD, which is not set" in shell.err


def test_the_access_list(shell: Shell) -> None:
    assert shell("accesslist create 192.0.2.7 --comment office")["totalCount"] == 1
    assert shell("accesslist create 198.51.100.0/24")["totalCount"] == 2
    assert shell("accesslist create sg-0123abcd")["totalCount"] == 3
    assert shell("accesslist get 192.0.2.7")["comment"] == "office"
    assert shell("accesslist status 198.51.100.0/24") == {"STATUS": "ACTIVE"}
    assert shell("accesslist delete 192.0.2.7") is None
    assert len(shell("accesslist list --compact")) == 2
    shell("accesslist get 192.0.2.7", code=4)
    assert "ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND" in shell.err
