"""The types: what checkers and editors say, what Python says at run time, and the values that the client hands out."""

from __future__ import annotations

import ast
import inspect
import json
import os
import pickle
import re
import subprocess
import sys
import typing
from datetime import datetime, timezone
from pathlib import Path

import pytest

import atlas_serverless
from atlas_serverless import types

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "tests/python/typing"
RECORDINGS = ROOT / "tests/fixtures/recordings"
PACKAGE = Path(types.__file__).parents[1]
MODULES = [PACKAGE / f"{name}.py" for name in ("types/__init__", "types/_replies", "types/_protocols", "types/_values")]


def expected_errors() -> set[tuple[str, int]]:
    lines = (PROGRAMS / "refused.txt").read_text(encoding="utf-8").splitlines()
    return {("refused.py", number) for number, line in enumerate(lines, 1) if line.endswith("  # wrong")}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The sample programs in a folder of their own; the wrong one is kept as text, out of the way of other checks."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for program in PROGRAMS.iterdir():
        (folder / program.name).with_suffix(".py").write_bytes(program.read_bytes())
    return folder


def test_mypy_accepts_both_spellings_and_refuses_wrong_keys(tmp_path: Path, programs: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--python-version=3.10", f"--cache-dir={tmp_path}", "-O=json"]
    environment = {**os.environ, "MYPYPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [*command, programs / "accepted.py", programs / "refused.py"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        cwd=tmp_path,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    found = {(Path(one["file"]).name, one["line"]) for one in said if one["severity"] == "error"}
    assert found == expected_errors(), done.stdout + done.stderr


def test_pyright_accepts_both_spellings_and_refuses_wrong_keys(tmp_path: Path, programs: Path) -> None:
    """basedpyright is pyright with its own Node.js, so that pip alone installs it."""
    project = {"typeCheckingMode": "strict", "pythonVersion": "3.10", "include": [str(programs)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(project | {"extraPaths": [str(PACKAGE.parent)]}))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--project", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)["generalDiagnostics"]
    found = {(Path(one["file"]).name, one["range"]["start"]["line"] + 1) for one in said if one["severity"] == "error"}
    assert found == expected_errors(), done.stdout + done.stderr


def test_the_stub_of_errors_is_what_python_sees(tmp_path: Path) -> None:
    environment = {**os.environ, "MYPYPATH": str(PACKAGE.parent), "PYTHONPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-m", "mypy.stubtest", "atlas_serverless.errors"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_name_is_there() -> None:
    assert sorted(types.__all__) == sorted(set(types.__all__))
    for name in types.__all__:
        assert getattr(types, name) is not None
    ours = {
        name for name, value in vars(types).items() if getattr(value, "__module__", "").startswith("atlas_serverless")
    }
    assert {name for name in ours if not name.startswith("_")} <= set(types.__all__)


SENT = [
    types.ServerlessInstanceSpec,
    types.ServerlessInstanceUpdate,
    types.ServerlessProviderSettingsSpec,
    types.ServerlessBackupOptionsSpec,
    types.FlexClusterSpec,
    types.FlexClusterUpdate,
    types.FlexClusterUpgrade,
    types.FlexProviderSettingsSpec,
    types.AccessListEntrySpec,
    types.ProjectSpec,
    types.FlexRestoreJobSpec,
]


@pytest.mark.parametrize("spec", SENT, ids=[spec.__name__ for spec in SENT])
def test_every_field_has_its_twin(spec: type) -> None:
    hints = typing.get_type_hints(spec)
    camel = {name for name in hints if "_" not in name}
    for name in camel:
        twin = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        assert hints[twin] == hints[name]
    assert len(hints) == len(camel | {"".join(f"_{c.lower()}" if c.isupper() else c for c in n) for n in camel})


def test_only_the_name_is_required() -> None:
    assert types.ServerlessInstanceSpec.__required_keys__ == {"name"}
    assert types.FlexClusterSpec.__required_keys__ == {"name"}
    assert not types.FlexClusterUpdate.__required_keys__


OPERATIONS = [
    ("flex", types.FlexClusterOperation, types.FlexClusterSpec, "create_flex_cluster"),
    ("serverless", types.ServerlessInstanceOperation, types.ServerlessInstanceSpec, "create_serverless_instance"),
]


@pytest.mark.parametrize(("kind", "operation", "spec", "method"), OPERATIONS, ids=[kind for kind, *_ in OPERATIONS])
def test_an_operation_of_create_many_takes_the_options_of_a_create(
    kind: str, operation: type, spec: type, method: str
) -> None:
    options = typing.get_type_hints(operation).keys() - typing.get_type_hints(spec).keys() - {"group_id", "kind"}
    signature = inspect.signature(getattr(atlas_serverless.Client, method)).parameters
    assert options == signature.keys() - {"self", "group_id", "spec", "progress"}
    place = {"backingProviderName": "AWS", "regionName": "US_EAST_1"}
    given = {"group_id": "32b6e34b3d91647abb20e7b8", "kind": kind, "name": "orders", "providerSettings": place}
    with atlas_serverless.Client(access_token="t") as client:
        for option in [*sorted(options), "no_option"]:
            [result] = client.create_many([{**given, option: object()}])  # refused: nothing is sent
            known = "is no field of" not in str(result.error) and f"{option}" in str(result.error)
            assert known is (option != "no_option"), (option, result.error)


@pytest.mark.parametrize("kind", ["serverless", "flex"])
def test_the_recorded_replies_fit(kind: str) -> None:
    entity = {"serverless": types.ServerlessInstance, "flex": types.FlexCluster}[kind]
    recorded = sorted(RECORDINGS.glob(f"{kind}-*-20[01]*.http"))
    names = [path for path in recorded if "snapshot" not in path.name and "restore" not in path.name]
    assert len(names) >= 3
    for recording in names:
        body = recording.read_text(encoding="utf-8").replace("\r\n", "\n").partition("\n\n")[2]
        reply = json.loads(body or "{}")
        for one in reply.get("results", [reply] if "id" in reply else []):
            fits(one, entity, recording.name, one["stateName"])


def fits(value: dict[str, typing.Any], entity: type, where: str, state: str) -> None:
    hints = typing.get_type_hints(entity)
    until_idle = {"connectionStrings", "standard"} if state != "IDLE" else set()
    assert entity.__required_keys__ <= value.keys() | until_idle, where  # type: ignore[attr-defined]
    assert value.keys() <= hints.keys(), where
    for name, item in value.items():
        if isinstance(item, dict):
            fits(item, hints[name], f"{where} {name}", state)


def test_nothing_is_needed_but_the_standard_library() -> None:
    """typing.Unpack and NotRequired come with Python 3.11; this package runs on 3.10 and without typing_extensions."""
    code = (
        "import sys; sys.modules['typing_extensions'] = None; import atlas_serverless.types as t; print(t.Tag.__name__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "Tag\n"
    imported = [re.findall(r"^from typing import (.*)", path.read_text(encoding="utf-8"), re.M) for path in MODULES]
    names = {name.strip() for lines in imported for line in lines for name in line.split(",")}
    assert names <= {"TYPE_CHECKING", "Any", "Literal", "Protocol", "TypeVar", "TypedDict", "Union", "overload"}


Definition = ast.FunctionDef | ast.AsyncFunctionDef


def raw_methods(owner: str) -> dict[str, list[Definition]]:
    """The methods of `RawClient` or `AsyncRawClient`, each with its overloads, of which nothing is left at run time."""
    tree = ast.parse((PACKAGE / "types/_protocols.py").read_text(encoding="utf-8"))
    [protocol] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == owner]
    methods: dict[str, list[Definition]] = {}
    for node in protocol.body:
        if isinstance(node, Definition):
            methods.setdefault(node.name, []).append(node)
    return methods


def test_both_raw_clients_have_the_same_methods() -> None:
    sync, asynchronous = raw_methods("RawClient"), raw_methods("AsyncRawClient")
    assert len(sync) == 44
    for name, forms in sync.items():
        assert [ast.unparse(form.args) for form in forms] == [ast.unparse(form.args) for form in asynchronous[name]]
        gives_many = name.startswith("list_") or name.endswith("_many")
        for form in asynchronous[name]:
            assert isinstance(form, ast.FunctionDef if gives_many else ast.AsyncFunctionDef), name
    assert sync.keys() == asynchronous.keys()


def test_the_raw_clients_are_as_the_client_is() -> None:
    for name, forms in raw_methods("RawClient").items():
        real = list(inspect.signature(getattr(atlas_serverless.Client, name)).parameters.values())[1:]
        for form in forms:
            args = form.args
            ours = [arg.arg for arg in (*args.args[1:], *args.kwonlyargs)] + ([args.kwarg.arg] if args.kwarg else [])
            assert ours == [parameter.name for parameter in real], name
        if len(forms) == 1:
            given = [*args.defaults, *(default for default in args.kw_defaults if default is not None)]
            defaults = [parameter.default for parameter in real if parameter.default is not parameter.empty]
            assert [ast.literal_eval(default) for default in given] == defaults, name


def test_a_response() -> None:
    sunset = datetime(2026, 1, 15, tzinfo=timezone.utc)
    response = types.Response({"name": "a"}, status=201, headers=[("Date", "now")], elapsed=0.25, sunset=sunset)
    assert (response.data, response.status, response.headers["date"]) == ({"name": "a"}, 201, "now")
    assert (response.attempts, response.reconciled, response.elapsed) == (1, False, 0.25)
    assert (response.deprecation, response.sunset) == (None, sunset)
    assert repr(response) == "<Response 201 a, attempts=1, elapsed=0.250 s>"
    assert vars(pickle.loads(pickle.dumps(response))) == vars(response)
    assert types.Response[int] is types.Response


def test_a_poll_and_a_conversion() -> None:
    poll = types.Poll(state="CREATING", elapsed=3.14, polls=2, name="orders", kind="flex")
    assert (poll.state, poll.polls, poll.last_error) == ("CREATING", 2, None)
    assert repr(poll) == "<Poll 2: flex 'orders' is CREATING after 3.1 s>"
    conversion = types.FlexConversion({"name": "a"}, lost=[{"field": "f", "value": 1, "why": "w"}])
    assert (conversion.spec, conversion.changed) == ({"name": "a"}, [])
    assert (
        repr(conversion)
        == "FlexConversion(spec={'name': 'a'}, lost=[{'field': 'f', 'value': 1, 'why': 'w'}], changed=[])"
    )
