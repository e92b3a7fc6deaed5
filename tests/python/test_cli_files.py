"""`--file`: many creates, updates and deletions from a list, dry runs of it, and its journal."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Literal

import pytest

from atlas_serverless import Emulator, cli
from terminals import terminal

pytestmark = pytest.mark.usefixtures("atlas_environment")
CREATE = "flex create --name orders --provider AWS --region US_EAST_1 --tag env=dev"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command that ends with an exit code, and gives its stdout."""

    def run(command: str, code: int = 0) -> str:
        assert cli.main(command.split()) == code, capsys.readouterr().err
        return capsys.readouterr().out

    return run


FILES = {
    "fleet.json": '[{"name": "a", "provider": "AWS", "region": "US_EAST_1", "tags": {"env": "x"}},'
    '{"name": "b", "providerSettings": {"backingProviderName": "GCP", "regionName": "CENTRAL_US"}}]',
    "fleet.jsonl": '{"name": "a", "provider": "AWS", "region": "US_EAST_1", "tags": "env=x"}\n\n'
    '{"name": "b", "provider": "GCP", "region": "CENTRAL_US"}\n',
    "fleet.csv": "name,provider,region,tags\na,AWS,US_EAST_1,env=x\nb,GCP,CENTRAL_US,\n",
    "fleet.yaml": "- {name: a, provider: AWS, region: US_EAST_1, tags: {env: x}}\n"
    "- {name: b, provider: GCP, region: CENTRAL_US}\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_many(name: str, run: Any, atlas_emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(FILES[name], encoding="utf-8")
    created = json.loads(run(f"flex create --file {file} --wait"))
    assert created == [{"name": name, "result": "created", "state": "IDLE"} for name in ("a", "b")]
    stored = [(one["name"], one["provider"], one["tags"]) for one in atlas_emulator.instances()]
    assert sorted(stored) == [("a", "AWS", {"env": "x"}), ("b", "GCP", {})]
    assert [one["result"] for one in json.loads(run(f"flex create --file {file}", 5))] == ["failed", "failed"]
    assert [one["result"] for one in json.loads(run(f"flex create --file {file} --if-exists return"))] == [
        "created"
    ] * 2
    deleted = json.loads(run(f"flex delete --file {file} --wait"))
    assert [one["result"] for one in deleted] == ["deleted", "deleted"]
    assert atlas_emulator.instances() == []


def test_updates_from_standard_input(run: Any, atlas_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        atlas_emulator.add_instance(name)
    monkeypatch.setattr(
        "sys.stdin", io.StringIO('{"name": "a", "tags": {"t": "1"}}\n{"name": "c", "tags": {"t": "2"}}\n')
    )
    rows = json.loads(run("flex update --file - --wait", 4))
    assert [(row["name"], row["result"]) for row in rows] == [("a", "updated"), ("c", "failed")]
    assert [instance["tags"] for instance in atlas_emulator.instances()] == [{"t": "1"}, {}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "it is empty"),
        ("{", "Expecting property name"),
        ('[{"provider": "AWS"}]', "entry 1: no name"),
        ('["a"]', "not a list of objects"),
        ('[{"name": "a", "tags": "x"}]', "tags are KEY=VALUE"),
    ],
)
def test_a_file_that_makes_no_sense(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.json").write_text(text)
    assert cli.main(["flex", "create", "--file", str(tmp_path / "f.json")]) == 2
    assert said in capsys.readouterr().err
    assert cli.main(["flex", "create", "--file", str(tmp_path / "f.json"), "--name", "x"]) == 2
    assert "--file has all of it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "--file FILE: the JSON is nested too deep"),
        ('[{"name": ["a"]}]', "--file FILE, entry 1: the name is no text"),
        ('[{"name": "a"}, {"name": "b", "wait": 5}]', "--file FILE, entry 2: wait is no field of the API; give --wait"),
        ('[{"name": "a", "validate": false}]', "--file FILE, entry 1: validate is no field of the API"),
        (
            '[{"name": "a", "provider": "AWS", "providerSettings": 5}]',
            "--file FILE, entry 1: providerSettings is no object",
        ),
    ],
)
def test_what_an_entry_cannot_be(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], atlas_emulator: Emulator
) -> None:
    path = tmp_path / "f.json"
    path.write_text(text, encoding="utf-8")
    assert cli.main(["flex", "create", "--file", str(path)]) == 2
    assert capsys.readouterr() == ("", f"atlas-serverless: {said.replace('FILE', str(path))}\n")
    assert atlas_emulator.instances() == []


@pytest.mark.parametrize("key", ["groupId", "group_id"])
def test_an_entry_is_deleted_in_its_own_project_only(
    key: str, run: Any, atlas_emulator: Emulator, tmp_path: Path
) -> None:
    """A list that was printed for one project, and the command run where another is the default."""
    other = atlas_emulator.add_project("other")
    run(CREATE)
    path = tmp_path / "f.json"
    path.write_text(
        json.dumps([{"name": "orders", key: other}, {"name": "\ud800"}, {"name": "gone"}]), encoding="utf-8"
    )
    rows = json.loads(run(f"flex delete --file {path}", 4))
    assert [row["result"] for row in rows] == ["failed", "failed", "failed"]
    assert rows[1]["why"] == "name has a lone surrogate, which is no character"
    assert [instance["name"] for instance in atlas_emulator.instances()] == ["orders"]


@pytest.mark.parametrize("ending", ["txt", "-"])
def test_names_are_enough_to_delete(
    ending: str, run: Any, atlas_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `flex list -o name | flex delete --file -`."""
    for name in ("a", "b", "c"):
        atlas_emulator.add_instance(name)
    (tmp_path / "names.txt").write_text("a\nb\n\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("a\nb\n\n"))
    file = "-" if ending == "-" else tmp_path / "names.txt"
    rows = json.loads(run(f"flex delete --file {file} --wait"))
    assert rows == [{"name": "a", "result": "deleted"}, {"name": "b", "result": "deleted"}]
    assert [instance["name"] for instance in atlas_emulator.instances()] == ["c"]


@pytest.mark.parametrize(
    ("text", "command", "said"),
    [
        (
            "orders\ncarts\n",
            "flex delete --file FILE.csv",
            "the first line of a CSV names its columns, and none is called name",
        ),
        ("orders\n", "flex create --file -", "names alone are enough to delete; give JSON, JSONL, YAML or CSV"),
        ("", "flex delete --file -", "it is empty"),
    ],
)
def test_a_list_without_its_form(
    text: str,
    command: str,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "f.csv").write_text(text)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    words = command.replace("FILE", str(tmp_path / "f")).split()
    assert cli.main(words) == 2
    assert capsys.readouterr().err == f"atlas-serverless: --file {words[-1]}: {said}\n"


def test_csv_on_standard_input(run: Any, atlas_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(FILES["fleet.csv"]))
    rows = json.loads(run("flex create --file -"))
    assert [(row["name"], row["result"]) for row in rows] == [("a", "created"), ("b", "created")]


def test_a_dry_run_of_a_list(
    run: Any, atlas_emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "fleet.csv"
    file.write_text("name,provider,region\na,AWS,US_EAST_1\nnot a name,AWS,US_EAST_1\n")
    first, second = json.loads(run(f"flex create --file {file} --dry-run", 2))
    assert (first["name"], first["valid"], first["request"]["method"]) == ("a", True, "POST")
    assert first["request"]["body"] == {
        "name": "a",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
    }
    assert (second["valid"], second["why"].partition(" has ")[0]) == (False, "name:")
    shown = run(f"flex delete --file {file} --dry-run -o table", 2).splitlines()
    path = f"/api/atlas/v2/groups/{atlas_emulator.group_id}/flexClusters/a"
    assert shown[0] == f"DELETE {atlas_emulator.url}{path}"
    assert shown[-1] == "1 valid, 1 not. Nothing was sent."
    assert atlas_emulator.requests == []


def posted(emulator: Emulator, method: str) -> list[str]:
    """The names that were asked for with a method, and answered well."""
    asked = [request for request in emulator.requests if request["method"] == method and request["endpoint"] == "flex"]
    done = [request for request in asked if request["status"] < 300]
    return sorted(
        request["body"]["name"] if method == "POST" else request["path"].rpartition("/")[2] for request in done
    )


def fleet(path: Path, *names: str, **more: Any) -> Path:
    path.write_text(json.dumps([{"name": name, "provider": "AWS", "region": "US_EAST_1"} | more for name in names]))
    return path


def test_a_journal_goes_on_where_a_list_ended(
    run: Any, atlas_emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, journal = fleet(tmp_path / "f.json", "a", "b", "c"), tmp_path / "f.journal"
    atlas_emulator.fail_next("status", status=403, error_code="USER_UNAUTHORIZED", method="POST", name="b")
    command = f"flex create --file {file} --journal {journal}"
    assert [row["result"] for row in json.loads(run(command, 3))] == ["created", "failed", "created"]
    before = {"result": "skipped", "why": "done before, by the journal"}
    assert cli.main(command.split()) == 0
    again = capsys.readouterr()
    assert json.loads(again.out) == [
        {"name": "a", **before},
        {"name": "b", "result": "created", "state": "CREATING"},
        {"name": "c", **before},
    ]
    assert again.err == "1 done, 0 failed, 2 done before\n"
    assert posted(atlas_emulator, "POST") == ["a", "b", "c"]
    longer = fleet(file, "a", "b", "c", "d")
    assert [row["result"] for row in json.loads(run(f"flex create --file {longer} --journal {journal}"))] == [
        "skipped",
        "skipped",
        "skipped",
        "created",
    ]


def test_updates_and_deletions_have_a_journal_too(run: Any, atlas_emulator: Emulator, tmp_path: Path) -> None:
    for name in ("a", "b"):
        atlas_emulator.add_instance(name)
    file = tmp_path / "f.json"
    file.write_text('[{"name": "a", "tags": {"t": "1"}}, {"name": "b", "tags": {"t": "1"}}]')
    steps: tuple[tuple[str, str, Literal["PATCH", "DELETE"]], ...] = (
        ("update", "updated", "PATCH"),
        ("delete", "deleted", "DELETE"),
    )
    for action, done, method in steps:
        atlas_emulator.fail_next("status", status=403, error_code="USER_UNAUTHORIZED", method=method, name="b")
        command = f"flex {action} --file {file} --journal {tmp_path / action} --wait"
        assert [row["result"] for row in json.loads(run(command, 3))] == [done, "failed"]
        assert [row["result"] for row in json.loads(run(command))] == ["skipped", done]
        assert posted(atlas_emulator, method) == ["a", "b"]


REFUSED = {
    "names": 'operation 0 is "b" in project ',
    "fields": 'operation 0 is "a" in project ',
    "kind": 'operation 0 is "a" in project ',
    "action": "it is of creates, not of deletes\n",
}


@pytest.mark.parametrize("changed", REFUSED)
def test_a_journal_of_another_list_is_refused(
    changed: str, run: Any, atlas_emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, journal = fleet(tmp_path / "f.json", "a", "b"), tmp_path / "f.journal"
    run(f"flex create --file {file} --journal {journal}")
    asked = len(atlas_emulator.requests)
    if changed == "names":
        fleet(file, "b", "a")
    if changed == "fields":
        fleet(file, "a", "b", tags={"x": "y"})
    words = {"kind": "serverless create", "action": "flex delete"}.get(changed, "flex create")
    assert cli.main(f"{words} --file {file} --journal {journal}".split()) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"atlas-serverless: --journal {journal}: {REFUSED[changed]}")
    assert said.count("\n") == 1
    assert len(atlas_emulator.requests) == asked


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("flex create --name a --provider AWS --region US_EAST_1 --journal j", "--journal is for --file"),
        ("flex create --file FILE --dry-run --journal j", "--journal is not for --dry-run, which does nothing"),
        (
            "flex create --file FILE --journal /no/such/folder/j",
            "--journal /no/such/folder/j: No such file or directory",
        ),
    ],
)
def test_where_a_journal_cannot_be(
    command: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], atlas_emulator: Emulator
) -> None:
    file = fleet(tmp_path / "f.json", "a")
    assert cli.main(command.replace("FILE", str(file)).split()) == 2
    assert capsys.readouterr().err == f"atlas-serverless: {said}\n"
    assert atlas_emulator.instances() == []


def test_a_list_at_a_terminal(atlas_emulator: Emulator, tmp_path: Path) -> None:
    """The table has what went wrong in its last column, without the path of the request."""
    atlas_emulator.add_instance("b")
    file = fleet(tmp_path / "f.json", "a", "b")
    code, shown = terminal(f"flex create --file {file}", environment={"NO_COLOR": "1"})
    lines = shown.replace("\r", "\n").splitlines()
    assert code == 5
    assert any("2/2" in line for line in lines)  # tqdm's bar
    assert lines[-4].split() == ["NAME", "RESULT", "STATE", "WHY"]
    assert lines[-3].split() == ["a", "created", "CREATING"]
    assert lines[-2].split()[:4] == ["b", "failed", "400", "DUPLICATE_CLUSTER_NAME:"]
    assert lines[-1] == "1 done, 1 failed"
