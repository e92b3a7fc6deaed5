"""Which project a call is about: its own argument, else the client's; and what is said where neither names one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import AsyncClient, Client, Emulator, errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLACE = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
OTHER = "0123456789abcdef01234567"
KINDS = ["flex_cluster", "serverless_instance"]
OF_PROJECT = ["get_project", *(f"list_{kind}s" for kind in KINDS)]
WITH_NAME = ["find", *(f"{do}_{kind}" for kind in KINDS for do in ("get", "update", "delete", "wait_for"))]
CREATES = [f"create_{kind}" for kind in KINDS]
NO_PROJECT = (
    "no project is named: give group_id= to the call, or once to Client(group_id=…), or set MONGODB_ATLAS_PROJECT_ID "
    "(or project_id in the Atlas CLI's profile)"
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(provisioning="at_once", calendar="2024") as running:
        yield running


def fields(method: str) -> dict[str, Any]:
    if method.startswith("create"):
        return {"name": "orders", "provider_settings": PLACE}
    return {"tags": {"env": "dev"}} if method.startswith("update") else {}


def sync_call(client: Client, method: str, *args: Any, **options: Any) -> None:
    found = getattr(client, method)(*args, **options)
    if method.startswith("list"):
        list(found)


def raw_call(client: Client, method: str, *args: Any, **options: Any) -> None:
    sync_call(client.with_raw_response, method, *args, **options)  # type: ignore[arg-type]


def async_call(client: Client, method: str, *args: Any, **options: Any) -> None:
    async def called() -> None:
        credentials: dict[str, Any] = {"access_token": "t", "base_url": client.base_url, "max_retries": 0}
        async with AsyncClient(**credentials, group_id=client.default_group_id) as ours:
            found = getattr(ours, method)(*args, **options)
            if method.startswith("list"):
                async for _ in found:
                    pass
            else:
                await found

    asyncio.run(called())


FACES = [sync_call, raw_call, async_call]


@pytest.mark.parametrize("method", [*OF_PROJECT, *WITH_NAME, *CREATES])
@pytest.mark.parametrize("call", FACES)
def test_without_a_project_the_remedies_are_named(call: Callable[..., None], method: str) -> None:
    name = {"name": "orders"} if method in WITH_NAME else {}
    with Client(access_token="t", base_url="http://127.0.0.1:9") as client:
        for group_id in ({}, {"group_id": None}):
            with pytest.raises(errors.ConfigurationError) as caught:
                call(client, method, **group_id, **name, **fields(method))
            assert str(caught.value) == NO_PROJECT


@pytest.mark.parametrize("method", [*OF_PROJECT, *WITH_NAME, *CREATES])
@pytest.mark.parametrize("call", FACES)
def test_the_clients_project_is_used_unless_the_call_names_one(
    call: Callable[..., None], method: str, emulator: Emulator
) -> None:
    """The replies are refusals: only the path of the request counts."""
    name = {"name": "orders"} if method in WITH_NAME else {}
    options: dict[str, Any] = {"access_token": "t", "base_url": emulator.url, "max_retries": 0}
    for given, expected in (
        ({}, emulator.group_id),
        ({"group_id": None}, emulator.group_id),
        ({"group_id": OTHER}, OTHER),
    ):
        with Client(**options, group_id=emulator.group_id) as client, pytest.raises(errors.UnauthorizedError):
            call(client, method, **given, **name, **fields(method))
        assert f"/groups/{expected}" in emulator.requests[-1]["path"]


@pytest.mark.parametrize("method", WITH_NAME)
@pytest.mark.parametrize("call", FACES)
def test_a_missing_name_says_how_it_is_given(call: Callable[..., None], method: str) -> None:
    single = 'name: is required: the first positional argument is the project, group_id; give the name as name="orders"'
    missing = "name: is required and was not given, or was None: give it as name=…"
    with Client(access_token="t", group_id=OTHER) as client:
        cases: list[tuple[tuple[Any, ...], str]] = [(("orders",), single), ((), missing), ((OTHER, None), missing)]
        for positional, expected in cases:
            with pytest.raises(errors.ValidationError) as caught:
                call(client, method, *positional, **fields(method))
            assert expected in str(caught.value)
            assert [(v["path"], v["rule"]) for v in caught.value.violations] == [("name", "required")]


@pytest.mark.parametrize("kind", ["flex_cluster", "serverless_instance"])
@pytest.mark.parametrize("call", FACES)
def test_a_create_says_it_too(call: Callable[..., None], kind: str) -> None:
    single = 'name: is required: the first positional argument is the project, group_id; give the name as name="orders"'
    place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    with Client(access_token="t", group_id=OTHER) as client:
        with pytest.raises(errors.ValidationError) as caught:
            call(client, f"create_{kind}", "orders", provider_settings=place)
        assert str(caught.value) == single
        with pytest.raises(errors.ValidationError) as caught:
            call(client, f"create_{kind}", "orders", name="carts", provider_settings=place)
        assert [violation["path"] for violation in caught.value.violations] == ["groupId"]


def test_a_project_that_cannot_be_one_is_refused_by_the_constructor() -> None:
    for wrong, why in (("orders", "has 'o' as character 1"), ("", "this is empty"), (OTHER.upper(), "capital letters")):
        for made in (Client, AsyncClient):
            with pytest.raises(errors.ConfigurationError, match=f"^group_id must be the project's id: .*{why}"):
                made(access_token="t", group_id=wrong)


def test_the_argument_wins_over_environment_and_profile(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    with Client() as client, Client(group_id=OTHER) as other, Client.from_env(group_id=OTHER) as from_env:
        assert client.default_group_id == emulator.group_id
        assert other.default_group_id == OTHER
        assert from_env.default_group_id == OTHER
        assert client.get_project()["id"] == emulator.group_id


@pytest.mark.parametrize("kind", ["flex", "serverless"])
def test_operations_of_create_many_may_leave_it_out(kind: str, emulator: Emulator) -> None:
    operation: dict[str, Any] = {"kind": kind, "provider_settings": PLACE}
    with emulator.client() as client:
        plan = [operation | {"name": f"{kind}-a"}, operation | {"name": f"{kind}-b", "group_id": None}]
        results = list(client.create_many(plan))
        assert [result.error for result in results] == [None, None]
        assert {result.value["groupId"] for result in results} == {emulator.group_id}
    with emulator.client(group_id=None) as client:
        [result] = client.create_many([operation | {"name": "c"}])
        assert (type(result.error), str(result.error)) == (errors.ConfigurationError, NO_PROJECT)
