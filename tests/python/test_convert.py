"""`to_flex_spec` and `atlas-serverless convert`: what is kept, what is lost, what is said."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from atlas_serverless import Emulator, cli, errors, to_flex_spec
from canned import RECORDINGS, Recording

SPEC = {
    "name": "orders",
    "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
    "tags": [{"key": "env", "value": "dev"}],
    "terminationProtectionEnabled": True,
}
BACKUP = {"serverlessContinuousBackupEnabled": True}
OLD = {**SPEC, "providerSettings": {**SPEC["providerSettings"], "providerName": "SERVERLESS"}}  # type: ignore[dict-item]
SNAKE = {
    "name": "orders",
    "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
    "tags": {"env": "dev"},
    "termination_protection_enabled": True,
}
LINE = (
    "atlas serverless create orders --provider AWS --region US_EAST_1 --tag env=dev --enableTerminationProtection "
    "--enableServerlessContinuousBackup --projectId 32b6e34b3d91647abb20e7b8 -o json"
)
WHY = "Flex clusters have fixed backups, which can't be configured"
QUIET = pytest.mark.filterwarnings("ignore::atlas_serverless.errors.ConversionWarning")


@pytest.mark.parametrize(
    "spec", [SPEC, SNAKE, OLD, dict(SPEC.items())], ids=["API's", "snake", "with provider", "dict"]
)
def test_a_create_spec_in_either_spelling(spec: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        conversion = to_flex_spec(spec, strict=True)
    assert json.dumps(conversion.spec) == json.dumps(SPEC)
    assert conversion.lost == []
    changed = {"field": "providerSettings.providerName", "from": "SERVERLESS", "to": "FLEX"}
    assert [{k: v for k, v in one.items() if k != "why"} for one in conversion.changed] == (
        [changed] if spec is OLD else []
    )
    assert pickle.loads(pickle.dumps(conversion)).spec == conversion.spec


def test_what_is_lost_is_listed_and_told() -> None:
    with pytest.warns(errors.ConversionWarning, match="without serverlessBackupOptions") as caught:
        conversion = to_flex_spec({**SPEC, "serverlessBackupOptions": BACKUP})
    assert conversion.spec == SPEC
    assert conversion.lost == [{"field": "serverlessBackupOptions", "value": BACKUP, "why": WHY}]
    assert [warning.filename for warning in caught] == [__file__]


def test_strict_refuses_a_loss() -> None:
    with pytest.raises(errors.ValidationError) as caught:
        to_flex_spec({**SPEC, "serverlessBackupOptions": BACKUP, "autoIndexing": True}, strict=True)
    assert [(v["path"], v["rule"], v["value"]) for v in caught.value.violations] == [
        ("autoIndexing", "lost", True),
        ("serverlessBackupOptions", "lost", BACKUP),
    ]
    assert f"is lost: {WHY}" in str(caught.value)


@QUIET
@pytest.mark.parametrize("name", sorted(path.name for path in RECORDINGS.glob("serverless-*-20[01]*.http")))
def test_recorded_instances(name: str) -> None:
    body = json.loads(Recording.read(name).body)
    for one in body.get("results", [body]):
        conversion = to_flex_spec(one)
        assert list(conversion.spec) == ["name", "providerSettings", "tags", "terminationProtectionEnabled"]
        assert conversion.spec["providerSettings"] == {"backingProviderName": "AWS", "regionName": "US_EAST_1"}
        assert [lost["field"] for lost in conversion.lost] == ["serverlessBackupOptions"]


@QUIET
@pytest.mark.parametrize(
    "given",
    [
        LINE,
        LINE.split(),
        tuple(LINE.split()[3:]),
        {
            "name": "orders",
            "provider": "AWS",
            "region": "US_EAST_1",
            "tag": "env=dev",
            "enableTerminationProtection": True,
            "enableServerlessContinuousBackup": True,
            "projectId": "32b6e34b3d91647abb20e7b8",
        },
    ],
    ids=["text", "words", "arguments", "options"],
)
def test_the_arguments_of_the_atlas_cli(given: Any) -> None:
    conversion = to_flex_spec(given)
    assert conversion.spec == SPEC
    assert [(lost["field"], lost["value"]) for lost in conversion.lost] == [("serverlessBackupOptions", BACKUP)]
    assert [(one["field"], one["to"]) for one in conversion.changed] == [("projectId", None)]


def test_a_region_without_flex_names_the_nearest_that_has() -> None:
    old = {"name": "orders", "providerSettings": {"backingProviderName": "AZURE", "regionName": "US_EAST"}}
    with pytest.warns(errors.RegionWarning, match=r"nearest AZURE region that does is US_EAST_2 \(Virginia"):
        assert to_flex_spec(old, strict=True).spec == old


@pytest.mark.parametrize("wrong", [None, 5, [], {}, {"name": "orders"}, "", "ls -l", ["ls"], [SPEC], b"x"])
def test_a_wrong_spec_is_a_validation_error(wrong: Any) -> None:
    with pytest.raises(errors.ValidationError):
        to_flex_spec(wrong)


@QUIET
def test_the_result_is_what_create_flex_cluster_takes() -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client() as client:
        old = client.create_serverless_instance(emulator.group_id, **SNAKE, wait=True)  # type: ignore[arg-type]
        spec = to_flex_spec(old).spec | {"name": "orders-flex"}
        flex = client.create_flex_cluster(emulator.group_id, **spec)
    assert flex["tags"] == old["tags"]
    assert flex["terminationProtectionEnabled"] is True


# --- the command -----------------------------------------------------------------------------------------------------


def convert(text: str, *options: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    code = cli.main(["convert", "-", *options])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def test_one_spec(capsys: Any, monkeypatch: Any) -> None:
    given = json.dumps({**OLD, "serverlessBackupOptions": BACKUP})
    code, spec, said = convert(given, capsys=capsys, monkeypatch=monkeypatch)
    assert (code, spec) == (0, SPEC)
    assert said.splitlines() == [
        f"atlas-serverless: orders: lost serverlessBackupOptions = {json.dumps(BACKUP)}: {WHY}",
        'atlas-serverless: orders: providerSettings.providerName = "SERVERLESS" is left out: '
        "the service sets it, so it is not sent",
    ]


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_list_of_specs(capsys: Any, monkeypatch: Any, wrapped: bool) -> None:
    specs = [SPEC, {**SPEC, "name": "other"}]
    given = json.dumps({"links": [], "results": specs, "totalCount": 2} if wrapped else specs)
    assert convert(given, capsys=capsys, monkeypatch=monkeypatch) == (0, specs, "")


def test_command_lines(capsys: Any, monkeypatch: Any) -> None:
    more = "atlas serverless create b \\\n  --provider GCP \\\n  --region CENTRAL_US"
    script = f"#!/bin/sh\n# serverless\nset -e\n{LINE}\n{more}\necho done\n"
    code, specs, said = convert(script, "--compact", capsys=capsys, monkeypatch=monkeypatch)
    other = {"name": "b", "providerSettings": {"backingProviderName": "GCP", "regionName": "CENTRAL_US"}}
    assert (code, specs) == (0, [SPEC, other])
    assert said.count("lost serverlessBackupOptions") == 1
    assert convert(LINE, capsys=capsys, monkeypatch=monkeypatch)[1] == SPEC
    assert convert(json.dumps(LINE.split()), capsys=capsys, monkeypatch=monkeypatch)[1] == SPEC


@pytest.mark.parametrize(
    ("given", "options", "code", "said"),
    [
        ({**SPEC, "serverlessBackupOptions": BACKUP}, ["--strict"], 2, "is lost"),
        ({"name": "orders"}, [], 2, "providerSettings"),
        ([SPEC, 5], [], 2, "must be a spec"),
        ([], [], 2, "nothing to convert"),
    ],
)
def test_refusals(capsys: Any, monkeypatch: Any, given: Any, options: list[str], code: int, said: str) -> None:
    ended = convert(json.dumps(given), *options, capsys=capsys, monkeypatch=monkeypatch)
    assert (ended[0], ended[1]) == (code, None)
    assert said in ended[2]
    assert ended[2].startswith("atlas-serverless: ")


def test_files(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(SPEC), encoding="utf-8")
    assert cli.main(["convert", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == SPEC
    file.write_bytes(b"\xff\xfe{")
    for path in (file, tmp_path / "missing.json", tmp_path):
        assert cli.main(["convert", str(path)]) == 2
        assert str(path) in capsys.readouterr().err
    file.write_text("nonsense", encoding="utf-8")
    assert cli.main(["convert", str(file)]) == 2
    assert "neither JSON" in capsys.readouterr().err


def test_warnings_of_regions_go_to_stderr_in_a_process_too(tmp_path: Path) -> None:
    file = tmp_path / "spec.json"
    file.write_text(json.dumps({**SPEC, "providerSettings": {"backingProviderName": "AZURE", "regionName": "US_EAST"}}))
    command = [sys.executable, "-m", "atlas_serverless", "convert", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["name"] == "orders"
    assert done.stderr.count("does not offer Flex clusters") == 1
