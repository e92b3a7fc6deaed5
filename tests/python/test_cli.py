"""The command line, with a client that only notes what it is asked."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import atlas_serverless
from atlas_serverless import cli, errors

GROUP = "32b6e34b3d91647abb20e7b8"
INSTANCE = {"name": "orders", "stateName": "IDLE", "detail": "é"}


class FakeClient:
    """A Client whose every method notes its call and answers with INSTANCE, or with what a test puts in its place."""

    calls: list[tuple[Any, ...]]
    answer: Any

    def __init__(self, **options: Any) -> None:
        self.calls.append(("Client", options))

    def __enter__(self) -> FakeClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.calls.append(("close",))

    def __getattr__(self, name: str) -> Any:
        def method(*args: Any, **keywords: Any) -> Any:
            self.calls.append((name, *args, keywords))
            if isinstance(self.answer, BaseException):
                raise self.answer
            return iter([INSTANCE, INSTANCE]) if name.startswith("list_") else self.answer

        return method


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> type[FakeClient]:
    fake = type("FakeClient", (FakeClient,), {"calls": [], "answer": INSTANCE})
    monkeypatch.setattr(atlas_serverless, "Client", fake, raising=False)
    return fake


def call_of(client: type[FakeClient], command: str) -> tuple[Any, ...]:
    client.calls.clear()
    assert cli.main(command.split()) == 0
    opened, call, closed = client.calls
    assert (opened, closed) == (("Client", {}), ("close",))
    return call


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
    ("flex delete GROUP orders --wait", "delete_flex_cluster", {"wait": True, "progress": False}),
    (
        "serverless wait GROUP orders",
        "wait_for_serverless_instance",
        {"state": "IDLE", "timeout": 1800.0, "progress": False},
    ),
    (
        "flex wait GROUP orders --state UPDATING --timeout 5 --interval 0.5",
        "wait_for_flex_cluster",
        {"state": "UPDATING", "timeout": 5.0, "interval": 0.5, "progress": False},
    ),
]


@pytest.mark.parametrize(("command", "method", "keywords"), CALLS, ids=[call[0] for call in CALLS])
def test_a_command_is_one_call_of_the_client(
    client: type[FakeClient], command: str, method: str, keywords: dict[str, Any]
) -> None:
    name = [] if "create" in command or "list" in command else ["orders"]
    assert call_of(client, command.replace("GROUP", GROUP)) == (method, GROUP, *name, keywords)


def test_results_are_json(client: type[FakeClient], capsys: pytest.CaptureFixture[str]) -> None:
    call_of(client, f"flex get {GROUP} orders")
    assert capsys.readouterr().out == '{\n  "name": "orders",\n  "stateName": "IDLE",\n  "detail": "é"\n}\n'
    call_of(client, f"flex list {GROUP} --compact")
    assert capsys.readouterr().out == json.dumps([INSTANCE] * 2, separators=(",", ":"), ensure_ascii=False) + "\n"
    call_of(client, f"flex delete {GROUP} orders")
    assert capsys.readouterr() == ("", "")


def test_the_spec_can_be_a_file(client: type[FakeClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = {"name": "orders", "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}, "x": 1}
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    assert call_of(client, f"flex create {GROUP} --spec {path}")[2] == spec
    changed = call_of(client, f"flex create {GROUP} --spec {path} --region EU_WEST_1 --name bills --tag a=b")[2]
    assert changed == {
        "name": "bills",
        "provider_settings": {"backing_provider_name": "AWS", "regionName": "EU_WEST_1"},
        "x": 1,
        "tags": {"a": "b"},
    }
    monkeypatch.setattr("sys.stdin", io.StringIO('{"name": "piped"}'))
    assert call_of(client, f"flex create {GROUP} --spec -")[2] == {"name": "piped"}


def test_access_is_passed_on(client: type[FakeClient]) -> None:
    assert cli.main(["flex", "list", GROUP, "--profile", "work", "--base-url", "http://127.0.0.1:8080"]) == 0
    assert client.calls[0] == ("Client", {"profile": "work", "base_url": "http://127.0.0.1:8080"})


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "usage: atlas-serverless"),
        ("unknown", "invalid choice: 'unknown'"),
        ("flex", "the following arguments are required: ACTION"),
        ("flex get GROUP", "the following arguments are required: NAME"),
        ("flex create GROUP --tag env", "argument --tag: invalid KEY=VALUE value: 'env'"),
        ("flex create GROUP --tag a=1 --tag a=2", "atlas-serverless: a key of --tag is given twice\n"),
        ("flex create GROUP --provider IBM", "invalid choice: 'IBM'"),
        ("flex create GROUP --on-retired flex", "unrecognized arguments: --on-retired flex"),
        ("flex create GROUP --timeout 5", "atlas-serverless: --timeout is for --wait\n"),
        ("flex wait GROUP orders --timeout -1", "argument --timeout: invalid number of seconds value: '-1'"),
        ("flex wait GROUP orders --timeout nan", "argument --timeout: invalid number of seconds value: 'nan'"),
        ("flex update GROUP orders", "atlas-serverless: nothing to change: give --tag, --no-tags or "),
        (
            "flex update GROUP orders --tag a=1 --no-tags",
            "atlas-serverless: --tag and --no-tags contradict each other\n",
        ),
        ("flex create GROUP --spec /no/such/file", "atlas-serverless: --spec /no/such/file: [Errno 2] No such file"),
    ],
)
def test_a_command_line_that_cannot_be_understood(
    client: type[FakeClient], capsys: pytest.CaptureFixture[str], command: str, said: str
) -> None:
    assert cli.main(command.replace("GROUP", GROUP).split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert client.calls == []


@pytest.mark.parametrize("text", ["[1]", "{", '{"provider_settings": 1}'])
def test_a_spec_that_is_none(
    client: type[FakeClient], capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    (tmp_path / "spec.json").write_text(text, encoding="utf-8")
    command = ["flex", "create", GROUP, "--spec", str(tmp_path / "spec.json"), "--region", "US_EAST_1"]
    assert cli.main(command) == 2
    assert capsys.readouterr().err.startswith(f"atlas-serverless: --spec {tmp_path}/spec.json: ")
    assert client.calls == []


def test_an_error_is_one_sentence(client: type[FakeClient], capsys: pytest.CaptureFixture[str]) -> None:
    client.answer = errors.DuplicateClusterName(detail="There is one.", method="POST", url="https://h/api?x=1")
    assert cli.main(["flex", "create", GROUP, "--name", "orders"]) == 1
    assert capsys.readouterr() == (
        "",
        "atlas-serverless: POST /api answered 400 DUPLICATE_CLUSTER_NAME: There is one\n",
    )
    assert client.calls[-1] == ("close",)


def test_a_warning_is_one_sentence(
    client: type[FakeClient], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def warned(*_: Any, **__: Any) -> dict[str, Any]:
        warnings.warn("the region EU_NOWHERE_1 is not known", errors.RegionWarning, stacklevel=2)
        return INSTANCE

    monkeypatch.setattr(client, "create_flex_cluster", warned, raising=False)
    before = warnings.showwarning
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert cli.main(["flex", "create", GROUP, "--compact"]) == 0
    assert capsys.readouterr().err == "atlas-serverless: warning: the region EU_NOWHERE_1 is not known\n"
    assert warnings.showwarning is before


def test_ctrl_c(client: type[FakeClient], capsys: pytest.CaptureFixture[str]) -> None:
    client.answer = KeyboardInterrupt()
    assert cli.main(["flex", "create", GROUP, "--name", "orders", "--wait"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_bar_only_for_a_person(client: type[FakeClient], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert call_of(client, f"flex wait {GROUP} orders")[3]["progress"] is True


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"atlas-serverless {atlas_serverless.__version__}\n"
    assert cli.main(["version"]) == 0
    assert capsys.readouterr().out.startswith(f"atlas-serverless {atlas_serverless.__version__} (CPython 3.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert cli.main(["completion", shell]) == 0
    out = capsys.readouterr().out
    assert "--termination-protection" in out or shell == "tcsh"
    assert "serverless" in out


def test_completion_without_shtab(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert cli.main(["completion", "bash"]) == 1
    assert capsys.readouterr() == (
        "",
        "atlas-serverless: completion needs shtab: pip install 'atlas-serverless[cli]'\n",
    )


def test_colour_only_for_a_person(
    client: type[FakeClient], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    call_of(client, f"flex get {GROUP} orders")
    colour = re.compile("\x1b\\[[0-9;]*m")
    out = capsys.readouterr().out
    assert colour.search(out)
    assert json.loads(colour.sub("", out)) == INSTANCE
    monkeypatch.setitem(sys.modules, "rich", None)
    call_of(client, f"flex get {GROUP} orders")
    assert json.loads(capsys.readouterr().out) == INSTANCE


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    parser, owners = cli.build_parser()
    assert list(owners) == list(parser._subparsers._group_actions[0].choices)  # type: ignore[union-attr, arg-type]
    for command in owners:
        assert cli.main([command, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"usage: atlas-serverless {command}")


# --- as a process ----------------------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(atlas_serverless.__file__).parent.parent)}


def test_as_a_module() -> None:
    command = [sys.executable, "-m", "atlas_serverless", "version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    assert done.stdout.startswith("atlas-serverless ")


def test_a_reader_that_has_gone() -> None:
    """As in `atlas-serverless flex list … | head -0`: no traceback, neither at once nor at exit."""
    code = (
        "import sys, atlas_serverless.cli.version as v\n"
        "from atlas_serverless.cli import main\n"
        "v.run = lambda args: print('x' * 100_000) or 0\n"
        "sys.exit(main(['version']))"
    )
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment(),
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_ctrl_c_in_a_process() -> None:
    code = (
        "import os, signal, sys, time, atlas_serverless.cli.version as v\n"
        "from atlas_serverless.cli import main\n"
        "v.run = lambda args: os.kill(os.getpid(), signal.SIGINT) or time.sleep(60)\n"
        "sys.exit(main(['version']))"
    )
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # a child would inherit that
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(), timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\n")
