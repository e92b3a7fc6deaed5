"""What a user and an editor see: signatures, docstrings, stubs, repr; and what an import costs."""

from __future__ import annotations

import ast
import copy
import doctest
import inspect
import pickle
import pydoc
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import atlas_serverless
from atlas_serverless import AsyncClient, Client, Emulator, to_flex_spec
from atlas_serverless.types import AsyncRawClient, RawClient

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent.parent
STUB = ast.parse((ROOT / "python/atlas_serverless/_core.pyi").read_text(encoding="utf-8"))
RAW_STUB = ast.parse((ROOT / "python/atlas_serverless/types/_protocols.py").read_text(encoding="utf-8"))


def class_of(stub: ast.Module, name: str) -> ast.ClassDef:
    [found] = [node for node in stub.body if isinstance(node, ast.ClassDef) and node.name == name]
    return found


CLIENT_STUB = class_of(STUB, "Client")
RAW_STUBS = [class_of(RAW_STUB, "RawClient"), class_of(RAW_STUB, "AsyncRawClient")]
PUBLIC = sorted(name for name in vars(Client) if not name.startswith("_"))  # in one order for all workers
CONSTRUCTORS = ["from_env", "from_profile"]
METHODS = [name for name in PUBLIC if callable(getattr(Client, name)) and name not in CONSTRUCTORS]
OPERATIONS = [name for name in METHODS if name != "close"]

Parameters = list[tuple[str, Any, Any]]


def parameters(of: Callable[..., Any]) -> Parameters:
    return [(p.name, p.kind, p.default) for p in inspect.signature(of).parameters.values() if p.name != "self"]


Function = ast.FunctionDef | ast.AsyncFunctionDef


def stubs_of(name: str, owner: ast.ClassDef = CLIENT_STUB) -> list[Function]:
    return [node for node in owner.body if isinstance(node, Function) and node.name == name]


def stub_parameters(stub: Function) -> Parameters:
    """A parameter without a default is required."""
    arguments = stub.args
    required: list[ast.expr | None] = [None] * (len(arguments.args) - len(arguments.defaults))
    found: Parameters = []
    for argument, default in [
        *zip(arguments.args, [*required, *arguments.defaults], strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]:
        keyword = argument in arguments.kwonlyargs
        kind = inspect.Parameter.KEYWORD_ONLY if keyword else inspect.Parameter.POSITIONAL_OR_KEYWORD
        value = inspect.Parameter.empty if default is None else ast.literal_eval(default)
        found.append((argument.arg, kind, value))
    if arguments.kwarg:
        found.append((arguments.kwarg.arg, inspect.Parameter.VAR_KEYWORD, inspect.Parameter.empty))
    return found[1:]


def names(given: Parameters) -> list[str]:
    """What else than the project is positional, where the project comes first."""
    (first, _, _), *rest = given or [("", None, None)]
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [name for name, kind, _ in rest if kind is positional] if first == "group_id" else []


def with_required_name(given: Parameters, *, alone: bool) -> Parameters:
    """How the stub says that a name is needed: after the project, or as `name=` without one."""
    (group_id, kind, none), *rest = given
    how = inspect.Parameter.KEYWORD_ONLY if alone else kind
    needed = [(name, how, inspect.Parameter.empty) for name in names(given)]
    project = none if alone else inspect.Parameter.empty
    return [(group_id, kind, project), *needed, *rest[len(needed) :]]


@pytest.mark.parametrize("name", [*CONSTRUCTORS, *METHODS])
def test_one_signature_in_every_place(name: str) -> None:
    expected = parameters(getattr(Client, name))
    assert parameters(getattr(AsyncClient, name)) == expected
    forms = [expected]
    if names(expected):
        forms = [with_required_name(expected, alone=alone) for alone in (False, True)]
    for owner in [CLIENT_STUB, *(RAW_STUBS if name in OPERATIONS else [])]:
        assert [stub_parameters(stub) for stub in stubs_of(name, owner)] == forms


def test_both_clients_have_the_same_members_and_constructors() -> None:
    assert {name for name in vars(AsyncClient) if not name.startswith("_")} == set(PUBLIC)
    assert parameters(AsyncClient) == parameters(Client) == stub_parameters(stubs_of("__new__")[0])
    for raw in (RawClient, AsyncRawClient):
        assert {name for name in vars(raw) if not name.startswith("_")} == set(OPERATIONS)
    for name in METHODS:
        one_by_one = name.startswith("list_") or name.endswith("_many")
        assert inspect.iscoroutinefunction(getattr(AsyncClient, name)) is not one_by_one


def test_the_stubs_are_made_of_one_source() -> None:
    command = [sys.executable, str(ROOT / "scripts/generate_stubs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def described() -> list[tuple[str, Any]]:
    return [("Client", Client), *((name, getattr(Client, name)) for name in PUBLIC), ("to_flex_spec", to_flex_spec)]


@pytest.mark.parametrize(("name", "described"), described())
def test_the_docstring_is_that_of_the_stub(name: str, described: Any) -> None:
    where: ast.ClassDef | ast.FunctionDef = CLIENT_STUB
    if name != "Client":
        places = [*CLIENT_STUB.body, *STUB.body]
        where = next(node for node in places if isinstance(node, ast.FunctionDef) and node.name == name)
    assert inspect.getdoc(described) == ast.get_docstring(where)
    if name in METHODS + CONSTRUCTORS:
        assert getattr(AsyncClient, name).__doc__ == described.__doc__


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_docstring_says_what_a_caller_needs(name: str) -> None:
    doc = inspect.getdoc(getattr(Client, name)) or ""
    assert "Raises " in doc
    assert "Source: https://www.mongodb.com/docs/" in doc
    for parameter, kind, _ in parameters(getattr(Client, name)):
        stars = "**" if kind is inspect.Parameter.VAR_KEYWORD else ""
        assert f"`{stars}{parameter}`" in doc, f"{name} does not describe {parameter}"
    assert all(len(line) <= 112 for line in doc.splitlines())


def test_the_constructor_is_described_and_shows_nothing_private() -> None:
    doc = inspect.getdoc(Client) or ""
    assert all(f"`{name}`" in doc for name, _, _ in parameters(Client))
    for shown in (pydoc.render_doc(Client), str(inspect.signature(Client)), str(inspect.signature(AsyncClient))):
        assert "_asynchronous" not in shown
        assert "_clock" not in shown
        assert "_sources" not in shown


SNAPSHOT = {
    "id": "6a6f78e0cab84da5c4476b25",
    "status": "COMPLETED",
    "mongoDBVersion": "8.0.29",
    "scheduledTime": "2026-08-02T17:05:10Z",
    "startTime": "2026-08-02T17:05:37Z",
    "finishTime": "2026-08-02T17:06:56Z",
    "expiration": "2026-08-10T17:05:10Z",
}


def before_example(emulator: Emulator, client: Client, name: str) -> None:
    """What an example finds there."""
    if "backup" in name or "restore" in name:
        emulator.add_instance("orders", backups={"snapshots": [SNAPSHOT]})
        if not name.startswith("create"):
            client.create_flex_restore_job(
                name="orders", snapshot_id=SNAPSHOT["id"], target_deployment_item_name="orders"
            )
    elif name.startswith(("create", "list_projects")) or name in ("up", "down"):
        return
    elif "database_user" in name:
        roles = [{"role_name": "read", "database_name": "shop"}]
        client.create_database_user(username="reader", password="s3cret/@:x", roles=roles)
    elif "access_list" in name:
        client.create_access_list_entry(cidr_block="198.51.100.0/24", comment="office")
    else:
        add: Any = client.create_serverless_instance if "serverless" in name else client.create_flex_cluster
        place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
        add(emulator.group_id, name="orders", provider_settings=place, wait=True)


@pytest.mark.parametrize(("name", "described"), described())
def test_examples_in_docstrings_run(name: str, described: Any) -> None:
    doc = inspect.getdoc(described) or ""
    examples = doctest.DocTestParser().get_examples(doc)
    if name in OPERATIONS:
        assert examples, f"{name} has no example"
    if not examples:
        return
    calendar = "2024" if "serverless" in name else "2025"
    with Emulator(provisioning="at_once", calendar=calendar) as emulator, emulator.client() as client:
        before_example(emulator, client, name)
        known = {**emulator.description, "base_url": emulator.url, "client": client}
        test = doctest.DocTest(examples, known, name, None, None, None)
        said: list[str] = []
        result = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
        assert result.failed == 0, "".join(said)


def test_repr_says_where_credentials_come_from_and_no_secret() -> None:
    with Emulator() as emulator:
        for auth in ("service_account", "api_key", "access_token"):
            clients: list[Any] = [emulator.client(auth), emulator.async_client(auth)]
            clients += [client.with_raw_response for client in clients]
            for client in clients:
                assert repr(client).startswith((f"<Client {emulator.url} with ", f"<AsyncClient {emulator.url} with "))
                assert " from arguments (" in repr(client)
                for secret in (emulator.client_secret, emulator.private_key, emulator.access_token):
                    assert secret not in repr(client) + str(client) + str(vars(type(client)))


def test_a_client_is_not_pickled_and_not_copied() -> None:
    for client in (Client(access_token="t"), AsyncClient(access_token="t")):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="cannot be pickled: it holds secrets and connections; make one where"):
                attempt(client)


def test_a_client_can_be_subclassed() -> None:
    class Ours(Client):
        team = "billing"

    class OursToo(AsyncClient):
        pass

    assert Ours(access_token="t").team == "billing"
    assert isinstance(OursToo(access_token="t").with_raw_response, OursToo)


def test_unknown_and_wrong_options_are_said() -> None:
    both: list[Any] = [Client, AsyncClient]
    for made in both:
        with pytest.raises(TypeError, match="unexpected keyword argument 'time_out'"):
            made(access_token="t", time_out=3)
        with pytest.raises(ValueError, match="timeout must be more than 0 seconds, not -1"):
            made(access_token="t", timeout=-1)
        with pytest.raises(ValueError, match="max_retries must be a number of attempts, 0 or more, not -1"):
            made(access_token="t", max_retries=-1)
        with pytest.raises(ValueError, match='on_retired must be "raise" or "flex", not "no"'):
            made(access_token="t", on_retired="no")


# --- the cost of an import -------------------------------------------------------------------------------------------


def started(code: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
    return time.perf_counter() - begun


def test_an_import_costs_little() -> None:
    """3 ms is the aim; 15 are allowed, since the machine has other things to do. The best of many starts counts."""
    where = str(Path(atlas_serverless.__file__).parent.parent)
    bare, with_it = [], []
    for _ in range(15):
        bare.append(started(f"import sys; sys.path.insert(0, {where!r})"))
        with_it.append(started(f"import sys; sys.path.insert(0, {where!r}); import atlas_serverless"))
    cost = min(statistics.median(with_it) - statistics.median(bare), min(with_it) - min(bare))
    assert cost < 0.015, f"{cost * 1000:.1f} ms"


def test_an_import_brings_nothing_heavy() -> None:
    where = str(Path(atlas_serverless.__file__).parent.parent)
    code = f"import sys; sys.path.insert(0, {where!r}); b = set(sys.modules); import atlas_serverless; "
    code += "print(sorted(m for m in set(sys.modules) - b))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    # Modules in C, for the exit hook and for the refusal of subinterpreters, which Python itself refuses from 3.12 on.
    small = ["atexit"] if sys.version_info >= (3, 12) else ["_xxsubinterpreters", "atexit"]
    assert ast.literal_eval(done.stdout) == [*small, "atlas_serverless", "atlas_serverless._core"]
