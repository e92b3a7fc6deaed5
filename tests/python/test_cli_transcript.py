"""Every command of the command line as a process: at a terminal, and in a pipe. Output forms and exit codes in both."""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atlas_serverless import Emulator
from atlas_serverless.cli import build_parser
from terminals import COLOUR, COMMAND, Terminal, pipe, terminal
from test_cli_codes import CASES, set_up

pytestmark = pytest.mark.usefixtures("atlas_environment")

PLACE = "--provider AWS --region US_EAST_1"
UPGRADE = {
    "replicationSpecs": [
        {
            "regionConfigs": [
                {
                    "providerName": "AWS",
                    "regionName": "US_EAST_1",
                    "priority": 7,
                    "electableSpecs": {"instanceSize": "M10", "nodeCount": 3},
                }
            ]
        }
    ]
}

CLUSTER = {"name", "stateName", "connectionStrings"}
# Command; what a terminal shows in its last line (a pattern); what a pipe gets: keys of the JSON object or of the first
# of a list, a text that it begins with, or nothing. In this order, on one emulator.
SCRIPT: list[tuple[str, str, Any]] = [
    ("version", r"atlas-serverless \d.*", "atlas-serverless "),
    ("--version", r"atlas-serverless \d.*", "atlas-serverless "),
    ("regions --flex --provider azure", r"\w+ +AZURE +yes .*", {"name", "provider", "flex"}),
    ("errors CLUSTER_NOT_FOUND", r"exit code +4 .*", {"name", "status", "class", "advice", "exit_code"}),
    ("errors", r"\w+ +\d+ +\w+", {"name", "status", "class"}),
    ("completion bash", r"complete -o default .*", "_atlas_serverless() {"),
    ("convert OLD", r"}", {"name", "providerSettings"}),
    ("doctor", r"All well\.", "Credentials: service account"),
    (f"flex create --name orders {PLACE} --tag env=dev --wait", r"orders +IDLE +AWS .*", CLUSTER),
    (f"flex create --name carts {PLACE} --dry-run", r"It is valid\. Nothing was sent\.", {"dry_run", "request"}),
    ("flex get orders", r"orders +IDLE .*", CLUSTER),
    ("flex list", r"orders +IDLE .*", CLUSTER),
    ("flex update orders --add-tag team=data --wait", r"orders +IDLE .* env=dev, team=data .*", CLUSTER),
    ("flex wait orders", r"orders +IDLE .*", CLUSTER),
    ("api GET groups/{groupId}/flexClusters", r"orders .*", {"results", "totalCount"}),
    ("flex upgrade orders --spec UPGRADE", r"orders +UPDATING .*", {"name", "stateName"}),
    (f"flex create --name carts {PLACE} --wait", r"carts +IDLE .*", CLUSTER),
    ("flex delete carts --wait --yes", r"carts is deleted\.", None),
    ("flex create --file LIST --wait", r"2 done, 0 failed", {"name", "result", "state"}),
    ("flex update --file LIST2", r"2 done, 0 failed", {"name", "result"}),
    ("flex delete --file LIST --yes --wait", r"2 done, 0 failed", {"name", "result"}),
    (f"serverless create --name old {PLACE} --wait", r"old +IDLE .*", CLUSTER),
    ("serverless get old", r"old +IDLE .*", CLUSTER),
    ("serverless list", r"old +IDLE .*", CLUSTER),
    ("serverless update old --tag a=b --wait", r"old +IDLE .*", CLUSTER),
    ("serverless wait old", r"old +IDLE .*", CLUSTER),
    ("serverless delete old --wait --yes", r"old is deleted\.", None),
    ("projects list", r"Emulated-Project .*", {"name", "id", "clusterCount"}),
    ("projects get", r"Emulated-Project .*", {"name", "id", "clusterCount"}),
    ("dbusers create app --role readWrite@shop", r"app +admin +readWrite@shop", {"username", "roles"}),
    ("dbusers get app", r"app +admin +readWrite@shop", {"username", "roles"}),
    ("dbusers update app --role read@shop --description x", r"app +admin +read@shop +x", {"username", "roles"}),
    ("dbusers list", r"app +admin +read@shop +x", {"username", "roles"}),
    ("dbusers delete app --yes", r"app is deleted\.", None),
    ("accesslist create 192.0.2.7 --comment office", r"192\.0\.2\.7 +office", {"results"}),
    ("accesslist list", r"192\.0\.2\.7 +office", {"ipAddress", "comment"}),
    ("accesslist get 192.0.2.7", r"192\.0\.2\.7 +office", {"ipAddress", "comment"}),
    ("accesslist status 192.0.2.7", r"ACTIVE", {"STATUS"}),
    ("accesslist delete 192.0.2.7 --yes", r"192\.0\.2\.7 is deleted\.", None),
    (
        f"up shop {PLACE} --access 192.0.2.8 --tag ci=1",
        r"shop +\w+ +shop +mongodb\+srv://shop:\*{6}@.*",
        {"name", "uri", "did"},
    ),
    ("sweep --tag ci=1", r"shop +flex +Emulated-Project +IDLE +\d+\w .*to be deleted", {"name", "kind", "age", "how"}),
    ("down shop --yes", r"cluster +shop +deleted", {"what", "how"}),
    ("demo --provisioning-seconds 0.05", r"Next: .*", "An emulator of Atlas runs at"),
    ("logout", r".*The token was revoked and deleted\.", ""),
]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, atlas_environment: None) -> dict[str, str]:
    """The files that commands name, a password, and a cache of tokens for `logout`."""
    old = {"name": "old", "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}}
    (tmp_path / "old.json").write_text(json.dumps(old))
    (tmp_path / "upgrade.json").write_text(json.dumps(UPGRADE))
    (tmp_path / "list.csv").write_text("name,provider,region\na,AWS,US_EAST_1\nb,GCP,CENTRAL_US\n")
    (tmp_path / "list2.csv").write_text("name,tags\na,x=y\nb,x=y\n")
    monkeypatch.setenv("ATLAS_SERVERLESS_DB_PASSWORD", "at-least-8-characters")
    monkeypatch.setenv("ATLAS_SERVERLESS_TOKEN_CACHE", str(tmp_path / "tokens"))
    names = {"OLD": "old.json", "UPGRADE": "upgrade.json", "LIST2": "list2.csv", "LIST": "list.csv"}
    return {name: str(tmp_path / file) for name, file in names.items()}


def with_files(command: str, files: dict[str, str]) -> str:
    return " ".join(files.get(word, word) for word in command.split())


def test_every_command_at_a_terminal(files: dict[str, str], atlas_emulator: Emulator) -> None:
    for command, last_line, _ in SCRIPT:
        code, shown = terminal(with_files(command, files))
        assert code == 0, (command, shown)
        last = COLOUR.sub("", shown).replace("\r", "\n").splitlines()[-1].strip()
        assert re.fullmatch(last_line, last), (command, last)
        assert "at-least-8-characters" not in shown
        assert atlas_emulator.client_secret not in shown


def test_every_command_in_a_pipe(files: dict[str, str], atlas_emulator: Emulator) -> None:
    for command, _, expected in SCRIPT:
        code, out, err = pipe(with_files(command, files))
        assert code == 0, (command, err)
        assert "\x1b" not in out + err, command
        assert "at-least-8-characters" not in out + err
        assert atlas_emulator.client_secret not in out + err
        if isinstance(expected, set):
            value = json.loads(out)
            first = value[0] if isinstance(value, list) else value
            assert expected <= first.keys(), command
            assert err == "", command
        else:
            assert out.startswith(expected or ""), command
            assert bool(out) == bool(expected is not None), command


def test_the_script_has_every_command() -> None:
    def leaves(parser: argparse.ArgumentParser, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        if not inner:
            yield path
        for action in inner:
            for name, choice in action.choices.items():
                yield from leaves(choice, (*path, name))

    commands = set(leaves(build_parser()[0], ()))
    met = {path for command, _, _ in SCRIPT for path in commands if tuple(command.split()[: len(path)]) == path}
    assert commands - met == {("emulator",)}  # which does not end by itself: below


FORMS: dict[str, str] = {
    "json": r'\[\n  {\n    "backupSettings".*\n\]\n',
    "table": r"NAME +STATE .*\norders +IDLE .*\n",
    "yaml": r"- backupSettings:\n.*versionReleaseSystem: LTS\n",
    "name": r"orders\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_output_in_both(form: str, atlas_emulator: Emulator) -> None:
    atlas_emulator.add_instance("orders")
    code, shown = terminal(f"flex list -o {form}")
    assert code == 0
    assert re.fullmatch(FORMS[form], COLOUR.sub("", shown), re.DOTALL)
    plain_code, plain, err = pipe(f"flex list -o {form}")
    assert (plain_code, err) == (0, "")
    assert re.fullmatch(FORMS[form], plain, re.DOTALL)


ONCE = (1, 3)  # cases whose fault hits one request


@pytest.mark.parametrize("code", [code for code in CASES if code != 8])
def test_every_exit_code_in_both(code: int, atlas_emulator: Emulator) -> None:
    command = set_up(atlas_emulator, code)
    at_terminal, shown = terminal(command, environment={"NO_COLOR": "1"})
    assert at_terminal == code
    assert shown.replace("\r", "\n").splitlines()[-1].startswith("atlas-serverless: ")
    if code in ONCE:
        set_up(atlas_emulator, code)
    in_pipe, out, err = pipe(command)
    assert (in_pipe, out, err.count("\n")) == (code, "", 1)
    if code in ONCE:
        set_up(atlas_emulator, code)
    as_json, out, err = pipe(f"{command} -o json")
    assert (as_json, out, err.count("\n")) == (code, "", 1)
    assert json.loads(err)["error"]["exit_code"] == code


def test_no_usable_reply_in_both() -> None:
    """A host that nobody knows is given up after a second or two."""
    command = "flex list --base-url https://atlas.invalid"
    code, shown = terminal(command)
    assert (code, shown.count("\n")) == (8, 1)
    code, out, err = pipe(f"{command} -o json")
    assert (code, out, err.count("\n")) == (8, "", 1)
    assert json.loads(err)["error"]["exit_code"] == 8


def test_ctrl_c_in_both(atlas_emulator: Emulator) -> None:
    atlas_emulator.add_instance("orders", state="CREATING")
    atlas_emulator.settings(provisioning="manual")
    wait = [*COMMAND, "flex", "wait", "orders"]
    run = Terminal(wait)
    run.until("orders → IDLE: CREATING")
    run.type("\x03")
    assert run.end()[0] == 130
    polls = len(atlas_emulator.requests)
    with subprocess.Popen(wait, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while len(atlas_emulator.requests) < polls + 2:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_the_emulator_in_both() -> None:
    run = Terminal([*COMMAND, "emulator"])
    run.until("access_token ")
    run.type("\x03")
    code, shown = run.end()
    assert code == 0
    assert shown.startswith("Atlas emulator at http://127.0.0.1:")
    with subprocess.Popen([*COMMAND, "emulator", "-o", "json"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["url"].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_a_failing_command_says_one_line(atlas_emulator: Emulator) -> None:
    """Five repetitions, and a region that is not known, are not told beside the error."""
    create = "flex create --name orders --provider AWS --region US_EAST_11"
    code, out, err = pipe(create)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "did you mean US_EAST_1?" in err
    code, out, err = pipe(f"{create} --debug")
    assert (code, out) == (2, "")
    assert "warning: this version knows no AWS region 'US_EAST_11'" in err
    assert "DEBUG atlas_serverless: " in err
    code, out, err = pipe(f"{create} --dry-run")
    assert (code, json.loads(out)["valid"]) == (0, True)
    assert err.startswith("atlas-serverless: warning: this version knows no AWS region 'US_EAST_11'")
