"""Commands beside create, get, list, update and delete of one; dry runs; files; what completion offers."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest

from atlas_serverless import Client, Emulator, _core, cli
from atlas_serverless.cli import _dry_run
from canned import Canned, reply

pytestmark = pytest.mark.usefixtures("atlas_environment")
PYTHON = re.compile(r"\w=\"|\w=(True|False|…)|\w\(|\b(?!api_version)[a-z]+_[a-z_]+\b")
CREATE = "flex create --name orders --provider AWS --region US_EAST_1 --tag env=dev"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command that ends with 0, and gives its stdout."""

    def run(command: str, code: int = 0) -> str:
        assert cli.main(command.split()) == code, capsys.readouterr().err
        return capsys.readouterr().out

    return run


def test_forms_of_output(run: Any) -> None:
    created = json.loads(run(CREATE))
    assert json.loads(run("flex get orders -o json"))["id"] == created["id"]
    assert run("flex get orders --compact").count("\n") == 1
    assert run("flex list -o name") == "orders\n"
    assert run("flex get orders -o yaml").splitlines()[0] == "backupSettings:"
    head, row = run("flex list -o table").splitlines()
    assert head.split() == ["NAME", "STATE", "PROVIDER", "REGION", "CREATED", "TAGS", "CONNECTION"]
    assert row.split()[0] == "orders"
    assert "env=dev" in row


def test_yaml_without_pyyaml(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    assert cli.main(["regions", "-o", "yaml"]) == 1
    assert capsys.readouterr().err == ("atlas-serverless: -o yaml needs PyYAML: pip install 'atlas-serverless[cli]'\n")


def test_projects(run: Any, atlas_project: str) -> None:
    assert [project["id"] for project in json.loads(run("projects list"))] == [atlas_project]
    assert json.loads(run("projects get"))["id"] == atlas_project
    assert json.loads(run(f"projects get {atlas_project}"))["id"] == atlas_project
    assert run("projects list -o table").split()[:2] == ["NAME", "ID"]


def test_the_project_by_option(run: Any, atlas_emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    other = atlas_emulator.add_project("other")
    for option in ("--project-id", "--projectId"):
        assert cli.main(f"flex list {option} {other}".split()) == 3  # nobody has a role in it
        assert other in capsys.readouterr().err
    assert cli.main(f"flex list {atlas_emulator.group_id} --project-id {other}".split()) == 2
    assert "contradict each other" in capsys.readouterr().err


def test_regions(run: Any) -> None:
    all_regions = json.loads(run("regions"))
    flex = json.loads(run("regions --flex --provider GCP"))
    assert len(all_regions) > 100
    assert {region["provider"] for region in flex} == {"GCP"}
    assert {region["flex"] for region in flex} == {"yes"}
    assert "US_EAST_1" in run("regions --provider AWS --flex -o name").splitlines()


def test_api(run: Any, atlas_emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        atlas_emulator.add_instance(f"c{number}")
    path = "groups/{groupId}/flexClusters"
    assert json.loads(run(f"api GET {path}"))["totalCount"] == 3
    assert run(f"api get /api/atlas/v2/{path} -o name").split() == ["c0", "c1", "c2"]
    assert run(f"api GET {path} --paginate -f itemsPerPage=2 -o name").split() == ["c0", "c1", "c2"]
    pages = [request["query"] for request in atlas_emulator.requests if "pageNum" in (request["query"] or "")]
    assert len([query for query in pages if "itemsPerPage=2" in query]) == 2
    assert json.loads(run("api PATCH groups/{groupId} -f name=shop"))["name"] == "shop"
    spec = {"name": "orders", "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    command = f"api POST {path} --input {tmp_path / 'spec.json'} -f terminationProtectionEnabled=true"
    assert json.loads(run(command))["terminationProtectionEnabled"] is True
    for command, said in [
        ("api GET x --input f", "f: No such file or directory\n"),
        ("api POST x --paginate", "--paginate is for GET"),
        ("api GET x -f nonsense", "--field takes KEY=VALUE"),
    ]:
        assert cli.main(command.split()) == 2
        assert said in capsys.readouterr().err


def test_errors(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    explained = json.loads(run("errors DUPLICATE_CLUSTER_NAME"))
    assert explained == {
        "name": "DUPLICATE_CLUSTER_NAME",
        "status": 400,
        "class": "DuplicateClusterName",
        "bases": ["BadRequestError", "ApiError"],
        "known": "documented by Atlas",
        "repeated": False,
        "advice": "Choose another name, or pass --if-exists return.",
        "exit_code": 5,
        "exit_code_means": "it exists already, or is in a state that does not permit this",
    }
    assert json.loads(run("errors ClusterNotFound")) == json.loads(run("errors cluster_not_found"))
    assert run("errors RATE_LIMITED -o table").splitlines()[-3:] == [
        "repeated    yes, by the client itself",
        "what to do  Run fewer commands at a time.",
        "exit code   6 (rate limited)",
    ]
    assert [status for status in range(100, 600) if _core.is_transient(status)] == [408, 425, 429, 500, 502, 503, 504]
    assert len(json.loads(run("errors"))) > 700
    assert cli.main(["errors", "DUPLICATE_CLUSTR_NAME"]) == 2
    assert "did you mean DUPLICATE_CLUSTER_NAME?" in capsys.readouterr().err
    assert cli.main(["errors", "cluster_name"]) == 2
    assert capsys.readouterr().err == (
        "atlas-serverless: no error code cluster_name; these have it: ATLAS_RESERVED_CLUSTER_NAME, "
        "CLUSTER_NAME_INVALID, CLUSTER_NAME_PREFIX_INVALID, CLUSTER_NAME_TOO_LONG, DUPLICATE_CLUSTER_NAME, "
        "DUPLICATE_CLUSTER_NAME_PREFIX, CLUSTER_NAME_NOT_FOUND\n"
    )


def test_every_error_code_is_explained(run: Any) -> None:
    from atlas_serverless.cli import error_codes
    from atlas_serverless.errors import _codes

    for code in _codes.CODES:
        explained = error_codes._explained(code)
        assert all(explained[key] for key in explained.keys() - {"repeated"}), code
        assert not PYTHON.search(explained["advice"]), explained["advice"]


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("json", '{\n  "dry_run": true,\n  "request": null,\n  "valid": true\n}\n'),
        ("yaml", "dry_run: true\nrequest: null\nvalid: true\n"),
        ("table", "It is valid, and there is nothing to send.\n"),
    ],
)
def test_a_dry_run_of_what_sends_nothing(
    atlas_client: Client, capsys: pytest.CaptureFixture[str], output: str, shown: str
) -> None:
    args = argparse.Namespace(output=output, compact=False)
    assert _dry_run.show(args, atlas_client, lambda client: client.credentials.explain()) == 0
    assert capsys.readouterr().out == shown


def test_a_dry_run_shows_the_request_that_would_be_sent(run: Any, atlas_emulator: Emulator) -> None:
    shown = json.loads(run(f"{CREATE} --dry-run"))
    assert atlas_emulator.requests == []
    run(CREATE)
    [sent] = [request for request in atlas_emulator.requests if request["operation"] == "createGroupFlexCluster"]
    assert shown["request"]["method"] == "POST"
    assert shown["request"]["url"] == atlas_emulator.url + sent["path"]
    assert shown["request"]["body"] == sent["body"]
    assert shown["request"]["headers"] == {name: sent["headers"][name] for name in ("accept", "content-type")}
    text = run("flex update orders --tag a=b --dry-run -o table")
    assert text.startswith(f"PATCH {atlas_emulator.url}{sent['path']}/orders\n")
    assert text.endswith("It is valid. Nothing was sent.\n")
    assert json.loads(run("flex delete orders --wait --dry-run"))["request"]["method"] == "DELETE"
    assert json.loads(run("serverless delete orders --on-retired flex --dry-run"))["request"]["body"] is None
    assert run("flex create --name a_b --dry-run", 2) == ""
    assert [instance["tags"] for instance in atlas_emulator.instances()] == [{"env": "dev"}]


CHANGES = [
    ("create --name orders --provider AWS --region US_EAST_1", "POST", False),
    ("create --name orders --provider AWS --region US_EAST_1 --if-exists update --tag a=b", "POST", False),
    ("create --name orders --provider AWS --region US_EAST_1 --wait --on-timeout delete", "POST", False),
    ("update orders --tag a=b", "PATCH", False),
    ("update orders --no-tags", "PATCH", False),
    ("update orders --no-termination-protection --wait", "PATCH", False),
    ("update orders --add-tag a=b", "PATCH", True),
    ("update orders --remove-tag env", "PATCH", True),
    ("update orders --add-tag a=b --remove-tag env --no-termination-protection --wait", "PATCH", True),
    ("delete orders --yes", "DELETE", False),
    ("delete orders --yes --wait --missing-ok", "DELETE", False),
]


@pytest.mark.parametrize("kind", ["flex", "serverless"])
@pytest.mark.parametrize(("words", "method", "reads_first"), CHANGES)
def test_a_dry_run_shows_what_would_change_something(
    run: Any, atlas_emulator: Emulator, kind: str, words: str, method: str, reads_first: bool
) -> None:
    atlas_emulator.set_calendar("2024")
    if method != "POST":
        run(f"{kind} create --name orders --provider AWS --region US_EAST_1 --tag env=dev --wait")
    before = len(atlas_emulator.requests)
    shown = json.loads(run(f"{kind} {words} --dry-run"))
    assert len(atlas_emulator.requests) == before
    assert (shown["request"]["method"], shown["valid"], "note" in shown) == (method, True, reads_first)
    assert ("\nThe tags that it has are read before: " in run(f"{kind} {words} --dry-run -o table")) is reads_first
    run(f"{kind} {words}")
    sent = [request for request in atlas_emulator.requests[before:] if request["endpoint"] in ("flex", "serverless")]
    assert (sent[0]["method"] == "GET") is reads_first
    changing = next(request for request in sent if request["method"] != "GET")
    assert shown["request"]["url"] == atlas_emulator.url + changing["path"]
    if "--remove-tag" not in words and reads_first:  # what it has already comes before
        changing["body"]["tags"].remove({"key": "env", "value": "dev"})
    assert shown["request"]["body"] == changing["body"]


def test_a_dry_run_of_an_upgrade_and_of_a_list_shows_what_would_change_something(
    run: Any, atlas_emulator: Emulator, tmp_path: Path
) -> None:
    spec, file = tmp_path / "spec.json", tmp_path / "fleet.json"
    file.write_text(json.dumps([{"name": "a", "add_tags": {"a": "b"}}, {"name": "b", "remove_tags": ["c"]}]))
    first, second = json.loads(run(f"flex update --file {file} --dry-run"))
    assert [one["request"]["method"] for one in (first, second)] == ["PATCH", "PATCH"]
    assert [one["request"]["body"] for one in (first, second)] == [{"tags": [{"key": "a", "value": "b"}]}, {"tags": []}]
    assert first["note"] == second["note"]
    assert run(f"flex update --file {file} --dry-run -o table").count(first["note"]) == 2
    region = {"providerName": "AWS", "regionName": "US_EAST_1", "priority": 7}
    region["electableSpecs"] = {"instanceSize": "M10", "nodeCount": 3}
    replication = [{"regionConfigs": [region]}]
    spec.write_text(json.dumps({"clusterType": "REPLICASET", "replicationSpecs": replication}))
    shown = json.loads(run(f"flex upgrade orders --spec {spec} --dry-run"))
    assert shown["request"]["url"].endswith("/flexClusters:tenantUpgrade")
    assert (shown["request"]["method"], "note" in shown) == ("POST", False)
    assert atlas_emulator.requests == []


def test_api_takes_no_page_for_ever(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    command = "api GET groups/{groupId}/flexClusters --paginate"
    for size in ("0", "-1", "[1]", "x", "true", "501"):
        assert cli.main(f"{command} -f itemsPerPage={size}".split()) == 2
        assert capsys.readouterr().err == "atlas-serverless: itemsPerPage is a whole number from 1 to 500\n"
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"MONGODB_ATLAS_{name}")
    monkeypatch.setenv("MONGODB_ATLAS_ACCESS_TOKEN", "token")
    same = reply(200, {"results": [{"id": "a"}], "totalCount": 5})
    for answer, said in (
        (same, "answers every page with the same results"),
        (reply(200, [1]), "answers is no list"),
        (reply(200, {"results": None}), "answers is no list"),
    ):
        with Canned(answer) as server:
            assert cli.main([*command.split(), "-f", "itemsPerPage=1", "--base-url", server.url]) == 1
        assert said in capsys.readouterr().err


def test_api_takes_no_bottomless_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text("[" * 100_000, encoding="utf-8")
    assert cli.main(["api", "POST", "groups", "--input", str(path)]) == 2
    assert capsys.readouterr().err == f"atlas-serverless: --input {path}: the JSON is nested too deep\n"


def test_demo(run: Any) -> None:
    shown = run("demo --provisioning-seconds 0.05")
    assert shown.count("$ atlas-serverless flex") == 4
    assert "orders" in shown
    assert "Next: `atlas-serverless doctor`" in shown


def offered(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    cli.main(["__complete", *words])
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_what_completion_offers(capsys: pytest.CaptureFixture[str], atlas_emulator: Emulator) -> None:
    atlas_emulator.add_instance("orders")
    atlas_emulator.add_instance("outlet")
    assert offered(capsys, "fl") == ["flex"]
    assert offered(capsys, "flex", "u") == ["update", "upgrade"]
    assert offered(capsys, "flex", "create", "--prov") == ["--provider"]
    assert offered(capsys, "flex", "create", "--provider", "") == ["AWS", "AZURE", "GCP"]
    assert offered(capsys, "flex", "create", "--provider", "GCP", "--region", "CENT") == ["CENTRAL_US"]
    assert offered(capsys, "flex", "list", "-o", "y") == ["yaml"]
    assert offered(capsys, "flex", "delete", "o") == ["orders", "outlet"]
    assert offered(capsys, "flex", "list", "--project-id", "") == [atlas_emulator.group_id]
    assert offered(capsys, "flex", "list", "-P", "") == ["default"]
    assert offered(capsys, "emulator", "--calendar", "2025") == ["2025", "2025-12"]
    assert offered(capsys, "errors", "DUPLICATE_CLUSTER_NAME_") == ["DUPLICATE_CLUSTER_NAME_PREFIX"]
    assert offered(capsys, "flex", "wait", "x", "--state", "ID") == ["IDLE"]
    assert "__complete" not in offered(capsys, "")
    atlas_emulator.fail_next("stall", endpoint="flex")
    assert offered(capsys, "flex", "get", "o") == []  # after two seconds, and without a word
