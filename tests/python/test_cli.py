"""The command line: what each command asks of a client."""

from __future__ import annotations

import inspect
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import call, create_autospec

import pytest

import atlas_serverless
from atlas_serverless import Client, cli
from atlas_serverless.types import RawClient

if TYPE_CHECKING:
    pass

GROUP = "32b6e34b3d91647abb20e7b8"


class Recorder:
    """In the place of `Client`: `methods` takes what the real methods take, and notes it."""

    def __init__(self) -> None:
        # The arguments of the raw client are those of Client (test_face.py), and in Python, where a mock can see them.
        self.methods = create_autospec(RawClient, instance=True)
        self.options: list[dict[str, Any]] = []
        self.closed = 0

    def __call__(self, **options: Any) -> Recorder:
        inspect.signature(Client).bind(**options)
        self.options.append(options)
        return self

    def __enter__(self) -> Any:
        return self.methods

    def __exit__(self, *_: object) -> None:
        self.closed += 1

    def asked(self, command: str) -> Any:
        """The one call that a command makes."""
        self.methods.reset_mock()
        assert cli.main(command.split()) == 0
        assert self.closed == len(self.options)
        [made] = self.methods.method_calls
        return made


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    for name in ("serverless_instance", "flex_cluster"):
        for verb in ("create", "get", "update", "delete", "wait_for"):
            getattr(recorder.methods, f"{verb}_{name}").return_value = {"name": "orders"}
        getattr(recorder.methods, f"list_{name}s").return_value = iter([])
    monkeypatch.setattr(atlas_serverless, "Client", recorder, raising=False)
    return recorder


CALLS = [
    (
        "serverless create GROUP --name orders --provider AWS --region US_EAST_1 --tag env=dev --tag team=a=b --wait",
        "create_serverless_instance",
        {
            "name": "orders",
            "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
            "tags": {"env": "dev", "team": "a=b"},
            "wait": True,
            "progress": False,
        },
    ),
    (
        "flex create GROUP --name orders --provider GCP --region EUROPE_WEST_1 --termination-protection "
        "--if-exists return",
        "create_flex_cluster",
        {
            "name": "orders",
            "providerSettings": {"backingProviderName": "GCP", "regionName": "EUROPE_WEST_1"},
            "terminationProtectionEnabled": True,
            "if_exists": "return",
        },
    ),
    (
        "serverless create GROUP --name orders --on-retired flex --wait --timeout 90",
        "create_serverless_instance",
        {"name": "orders", "on_retired": "flex", "wait": True, "timeout": 90.0, "progress": False},
    ),
    ("serverless get GROUP orders", "get_serverless_instance", {}),
    ("flex get GROUP orders", "get_flex_cluster", {}),
    ("serverless list GROUP", "list_serverless_instances", {}),
    ("flex list GROUP", "list_flex_clusters", {}),
    ("flex update GROUP orders --tag env=prod", "update_flex_cluster", {"tags": {"env": "prod"}}),
    (
        "serverless update GROUP orders --no-tags --no-termination-protection",
        "update_serverless_instance",
        {"tags": [], "terminationProtectionEnabled": False},
    ),
    ("serverless delete GROUP orders", "delete_serverless_instance", {}),
    (
        "flex delete GROUP orders --wait",
        "delete_flex_cluster",
        {"wait": True, "progress": False, "missing_ok": True},
    ),
    (
        "serverless delete GROUP orders --wait --no-missing-ok",
        "delete_serverless_instance",
        {"wait": True, "progress": False},
    ),
    ("flex delete GROUP orders --missing-ok", "delete_flex_cluster", {"missing_ok": True}),
    (
        "serverless list GROUP --name-prefix ci- --state IDLE --tag env=dev --tag team=a",
        "list_serverless_instances",
        {"name_prefix": "ci-", "state": "IDLE", "tags": {"env": "dev", "team": "a"}},
    ),
    (
        "flex update GROUP orders --add-tag env=prod --add-tag a=b --remove-tag old --remove-tag x",
        "update_flex_cluster",
        {"add_tags": {"env": "prod", "a": "b"}, "remove_tags": ["old", "x"]},
    ),
    (
        "serverless wait GROUP orders",
        "wait_for_serverless_instance",
        {"progress": False},
    ),
    (
        "flex wait GROUP orders --state UPDATING --timeout 5 --interval 0.5",
        "wait_for_flex_cluster",
        {"state": "UPDATING", "timeout": 5.0, "interval": 0.5, "progress": False},
    ),
]


@pytest.mark.parametrize(("command", "method", "keywords"), CALLS, ids=[call[0] for call in CALLS])
def test_a_command_is_one_call_of_the_client(
    client: Recorder, command: str, method: str, keywords: dict[str, Any]
) -> None:
    name = [] if "create" in command or "list" in command else ["orders"]
    assert client.asked(command.replace("GROUP", GROUP)) == getattr(call, method)(GROUP, *name, **keywords)
    assert client.options == [{"token_cache": "file"}]


@pytest.mark.parametrize(("command", "method", "keywords"), CALLS, ids=[call[0] for call in CALLS])
def test_the_project_may_be_left_out_and_stand_anywhere(
    client: Recorder, command: str, method: str, keywords: dict[str, Any]
) -> None:
    name = [] if "create" in command or "list" in command else ["orders"]
    kind, action, _, *rest = command.split()
    assert client.asked(" ".join([kind, action, *rest])) == getattr(call, method)(None, *name, **keywords)
    for words in (["--compact", GROUP, *rest], [GROUP, "--compact", *rest]):
        assert client.asked(" ".join([kind, action, *words])) == getattr(call, method)(GROUP, *name, **keywords)


def test_the_spec_can_be_a_file(client: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = {"name": "orders", "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}, "x": 1}
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    assert client.asked(f"flex create {GROUP} --spec {path}").kwargs == spec
    changed = client.asked(f"flex create {GROUP} --spec {path} --region EU_WEST_1 --name bills --tag a=b").kwargs
    assert changed == {
        "name": "bills",
        "provider_settings": {"backing_provider_name": "AWS", "regionName": "EU_WEST_1"},
        "x": 1,
        "tags": {"a": "b"},
    }
    monkeypatch.setattr("sys.stdin", io.StringIO('{"name": "piped"}'))
    assert client.asked(f"flex create {GROUP} --spec -").kwargs == {"name": "piped"}


def test_access_is_passed_on(client: Recorder) -> None:
    client.asked(f"flex list {GROUP} --profile work --base-url http://127.0.0.1:8080")
    assert client.options == [{"profile": "work", "base_url": "http://127.0.0.1:8080", "token_cache": "file"}]


def test_the_token_is_shared_unless_it_is_said_otherwise(client: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    client.asked(f"flex list {GROUP} --no-token-cache")
    monkeypatch.setenv("ATLAS_SERVERLESS_TOKEN_CACHE", "/var/tmp/tokens")
    client.asked(f"flex list {GROUP}")
    client.asked(f"flex list {GROUP} --no-token-cache")
    assert client.options == [{"token_cache": "memory"}, {}, {"token_cache": "memory"}]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "usage: atlas-serverless"),
        ("unknown", "invalid choice: 'unknown'"),
        ("flex", "the following arguments are required: ACTION"),
        ("flex get GROUP", "the following arguments are required: NAME"),
        ("flex get", "the following arguments are required: NAME"),
        ("flex get GROUP orders more", "unrecognized arguments: more"),
        ("flex list GROUP more", "unrecognized arguments: more"),
        ("flex list GROUP --nope", "unrecognized arguments: --nope"),
        ("flex create GROUP --tag env", "argument --tag: invalid KEY=VALUE value: 'env'"),
        ("flex create GROUP --tag a=1 --tag a=2", "atlas-serverless: a key of --tag is given twice\n"),
        ("flex create GROUP --provider IBM", "invalid choice: 'IBM'"),
        ("flex create GROUP --on-retired flex", "unrecognized arguments: --on-retired flex"),
        ("flex create GROUP --timeout 5", "atlas-serverless: --timeout is for --wait\n"),
        ("flex wait GROUP orders --timeout -1", "argument --timeout: invalid number of seconds value: '-1'"),
        ("flex wait GROUP orders --timeout nan", "argument --timeout: invalid number of seconds value: 'nan'"),
        ("flex update GROUP orders", "atlas-serverless: nothing to change: give --tag, --no-tags, --add-tag, "),
        (
            "flex update GROUP orders --tag a=1 --no-tags",
            "atlas-serverless: --tag and --no-tags contradict each other\n",
        ),
        ("flex create GROUP --spec /no/such/file", "atlas-serverless: --spec /no/such/file: No such file or directory"),
    ],
)
def test_a_command_line_that_cannot_be_understood(
    client: Recorder, capsys: pytest.CaptureFixture[str], command: str, said: str
) -> None:
    assert cli.main(command.replace("GROUP", GROUP).split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert client.options == []


@pytest.mark.parametrize("text", ["[1]", "{", '{"provider_settings": 1}'])
def test_a_file_that_holds_no_spec_is_refused(
    client: Recorder, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    (tmp_path / "spec.json").write_text(text, encoding="utf-8")
    command = ["flex", "create", GROUP, "--spec", str(tmp_path / "spec.json"), "--region", "US_EAST_1"]
    assert cli.main(command) == 2
    assert capsys.readouterr().err.startswith(f"atlas-serverless: --spec {tmp_path}/spec.json: ")
    assert client.options == []


@pytest.mark.parametrize("kind", ["flex", "serverless"])
@pytest.mark.parametrize(
    ("field", "option"),
    [
        ("group_id", ""),
        ("wait", "; give --wait"),
        ("timeout", "; give --timeout"),
        ("if_exists", "; give --if-exists"),
        ("on_timeout", "; give --on-timeout"),
        ("validate", ""),
        ("progress", ""),
        ("self", ""),
    ],
)
def test_what_is_no_field_does_not_act_as_an_argument(
    client: Recorder, capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str, field: str, option: str
) -> None:
    path = tmp_path / "spec.json"
    path.write_text(json.dumps({"name": "orders", field: 5}), encoding="utf-8")
    assert cli.main([kind, "create", GROUP, "--spec", str(path)]) == 2
    message = f"atlas-serverless: --spec {path}: {field} is no field of the API{option}\n"
    assert capsys.readouterr() == ("", message)
    assert client.options == []


def test_a_field_of_any_other_name_is_the_clients_to_judge(client: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    fields = {"name": "orders", "positional": [1], "extra_fields": {"a": 1}}
    path.write_text(json.dumps(fields), encoding="utf-8")
    assert client.asked(f"flex create {GROUP} --spec {path}") == call.create_flex_cluster(GROUP, **fields)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("host=5", "--setting host: it is an option of its own, --host"),
        ("state_dir=5", "--setting state_dir: it is an option of its own, --state-dir"),
        ("\udcff=1", "--setting '\\udcff': there is no setting of that name"),
    ],
)
def test_a_setting_that_is_none(capsys: pytest.CaptureFixture[str], setting: str, said: str) -> None:
    assert cli.main(["emulator", "--setting", setting]) == 2
    assert capsys.readouterr() == ("", f"atlas-serverless: {said}\n")


def test_a_setting_that_the_emulator_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["emulator", "--setting", "self=1"]) == 1
    assert capsys.readouterr() == ("", 'atlas-serverless: The emulator has no option "self".\n')


def test_ctrl_c(client: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    client.methods.create_flex_cluster.side_effect = KeyboardInterrupt
    assert cli.main(["flex", "create", GROUP, "--name", "orders", "--wait"]) == 130
    assert capsys.readouterr() == ("", "\n")
    assert client.closed == 1


def test_a_progress_bar_only_in_a_terminal(client: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert client.asked(f"flex wait {GROUP} orders").kwargs["progress"] is True


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"atlas-serverless {atlas_serverless.__version__}\n"
    assert cli.main(["version"]) == 0
    assert capsys.readouterr().out.startswith(f"atlas-serverless {atlas_serverless.__version__} (CPython 3.")


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    parser, owners = cli.build_parser()
    assert list(owners) == list(parser._subparsers._group_actions[0].choices)  # type: ignore[union-attr, arg-type]
    for command in owners:
        assert cli.main([command, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"usage: atlas-serverless {command}")
