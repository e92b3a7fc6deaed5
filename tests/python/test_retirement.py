"""The retired endpoint: what says that it is gone, what does not, and what `on_retired="flex"` makes of it."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from atlas_serverless import Emulator, _core, errors
from canned import GROUP, Canned, Request, refusal, reply

SPEC: dict[str, Any] = {
    "name": "orders",
    "provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
}
PATH = f"/api/atlas/v2/groups/{GROUP}/serverless"
QUIET = pytest.mark.filterwarnings("ignore::atlas_serverless.errors.AtlasWarning")


@pytest.fixture(autouse=True)
def fresh() -> None:
    _core.forget_deprecations()


@pytest.fixture
def retired() -> Iterator[Emulator]:
    with Emulator(calendar="2026", provisioning="at_once") as emulator:
        yield emulator


def writes(emulator: Emulator) -> list[str]:
    ours = [r for r in emulator.requests if r["endpoint"] in ("serverless", "flex") and r["method"] != "GET"]
    return [f"{r['method']} {r['endpoint']} {r['status']}" for r in ours]


GONE = {
    "410": refusal(410, "VERSION_GONE", "Version 2023-01-01 is no longer available."),
    "410 page": reply(410, "<html>Gone</html>"),
    "404 path": refusal(404, "RESOURCE_NOT_FOUND", f"Cannot find resource {PATH}.", [PATH]),
    "404 without a code": refusal(404, None, "HTTP 404 Not Found"),
    "404 without a body": reply(404),
    "405": refusal(405, "METHOD_NOT_ALLOWED"),
    "405 without a body": reply(405),
}
NOT_GONE = {
    "the project": (refusal(404, "GROUP_NOT_FOUND", f"No group with ID {GROUP} exists."), errors.GroupNotFound),
    "a resource": (refusal(404, "RESOURCE_NOT_FOUND", "Cannot find resource AWS.", ["AWS"]), errors.ResourceNotFound),
    "a name": (refusal(404, "CLUSTER_NOT_FOUND"), errors.ClusterNotFound),
    "a proxy's page": (reply(404, "<html>404 Not Found</html>"), errors.NotFoundError),
    "a proxy's other page": (reply(405, "<html>405</html>"), errors.MethodNotAllowedError),
    "a router's text": (reply(404, "404 page not found"), errors.NotFoundError),
}


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("answer", GONE)
def test_an_endpoint_that_is_gone_is_named_with_its_successor(answer: str, asynchronous: bool) -> None:
    async def run(server: Canned) -> None:
        async with server.async_client() as client:
            await client.create_serverless_instance(GROUP, **SPEC)

    with Canned(GONE[answer]) as server, pytest.raises(errors.EndpointRetired) as caught:
        if asynchronous:
            asyncio.run(run(server))
        else:
            server.client().create_serverless_instance(GROUP, **SPEC)
    error = caught.value
    assert isinstance(error, errors.GoneError)
    assert error.status == int(answer[:3])
    assert not error.retryable
    for word in ("create_flex_cluster", "to_flex_spec", 'on_retired="flex"', "January 2026"):
        assert word in str(error)
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", NOT_GONE)
def test_what_else_is_not_found_is_not_the_endpoint(answer: str) -> None:
    given, kind = NOT_GONE[answer]
    with Canned(given) as server, server.client(on_retired="flex") as client:
        for _ in range(2):
            with pytest.raises(kind) as caught:
                client.create_serverless_instance(GROUP, **SPEC)
            assert not isinstance(caught.value, errors.EndpointRetired)
    assert server.asked == ["POST serverless"] * 2


@pytest.mark.parametrize("method", ["create", "update", "delete"])
def test_a_client_asks_only_once(method: str) -> None:
    def call(client: Any) -> None:
        if method == "create":
            client.create_serverless_instance(GROUP, **SPEC)
        elif method == "update":
            client.update_serverless_instance(GROUP, "orders", tags={})
        else:
            client.delete_serverless_instance(GROUP, "orders")

    with Canned(GONE["410"]) as server, server.client() as client:
        with pytest.raises(errors.EndpointRetired) as first:
            call(client)
        with pytest.raises(errors.EndpointRetired, match="not sent: this client was told so before") as second:
            call(client)
    assert len(server.requests) == 1
    assert (first.value.attempts, second.value.attempts) == (1, 0)
    assert second.value.method == {"create": "POST", "update": "PATCH", "delete": "DELETE"}[method]
    instead = {"create": "create_flex_cluster", "update": "update_flex_cluster", "delete": "delete_flex_cluster"}
    assert instead[method] in str(second.value)


@pytest.mark.parametrize("reply_status", [410, 404, 405])
def test_a_flex_cluster_is_created_instead(retired: Emulator, reply_status: Any) -> None:
    retired.set_calendar("2026", retired_reply=reply_status)
    with retired.client() as client:
        with pytest.warns(errors.AtlasWarning) as caught:
            created = client.create_serverless_instance(
                retired.group_id,
                **SPEC,
                tags={"env": "dev"},
                termination_protection_enabled=True,
                serverless_backup_options={"serverless_continuous_backup_enabled": True},
                on_retired="flex",
            )
        assert created["providerSettings"]["providerName"] == "FLEX"
        assert (created["tags"], created["terminationProtectionEnabled"]) == ([{"key": "env", "value": "dev"}], True)
        kinds = {warning.category: str(warning.message) for warning in caught}
        assert "the Flex cluster orders is created instead" in kinds[errors.EndpointDeprecatedWarning]
        assert "without serverlessBackupOptions (Flex clusters have fixed backups" in kinds[errors.ConversionWarning]
        assert {warning.filename for warning in caught} == {__file__}
        with pytest.warns(errors.EndpointDeprecatedWarning):
            client.create_serverless_instance(retired.group_id, **SPEC | {"name": "other"}, on_retired="flex")
    assert writes(retired) == [f"POST serverless {reply_status}", "POST flex 201", "POST flex 201"]
    sent = next(r["body"] for r in retired.requests if r["endpoint"] == "flex")
    assert sent == {
        "name": "orders",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
        "tags": [{"key": "env", "value": "dev"}],
        "terminationProtectionEnabled": True,
    }


@QUIET
def test_on_retired_of_a_call_comes_before_that_of_the_client(retired: Emulator) -> None:
    with retired.client(on_retired="flex") as client:
        with pytest.raises(errors.EndpointRetired):
            client.create_serverless_instance(retired.group_id, **SPEC, on_retired="raise")
        assert client.create_serverless_instance(retired.group_id, **SPEC)["name"] == "orders"
        raw = client.with_raw_response
        assert raw.create_serverless_instance(retired.group_id, **SPEC | {"name": "raw"}).status == 201
        with pytest.raises(ValueError, match="on_retired must be"):
            client.create_serverless_instance(retired.group_id, **SPEC, on_retired="maybe")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="on_retired must be"):
        retired.client(on_retired="maybe")


@QUIET
@pytest.mark.parametrize("asynchronous", [False, True])
def test_with_if_exists_wait_and_envelope(retired: Emulator, asynchronous: bool) -> None:
    options: dict[str, Any] = {**SPEC, "if_exists": "return", "wait": True, "envelope": True}

    async def twice() -> list[Any]:
        async with retired.async_client(on_retired="flex") as client:
            return [await client.create_serverless_instance(retired.group_id, **options) for _ in range(2)]

    if asynchronous:
        results = asyncio.run(twice())
    else:
        with retired.client(on_retired="flex") as client:
            results = [client.create_serverless_instance(retired.group_id, **options) for _ in range(2)]
    assert [result["content"]["stateName"] for result in results] == ["IDLE", "IDLE"]
    assert results[0]["content"]["id"] == results[1]["content"]["id"]
    assert writes(retired)[:4] == ["POST serverless 410", "POST flex 201", "POST flex 400"]


@QUIET
def test_what_this_version_does_not_know_is_lost_and_told(retired: Emulator) -> None:
    with retired.client(on_retired="flex") as client:
        with pytest.warns(errors.ConversionWarning, match="shiny .as far as this version knows"):
            client.create_serverless_instance(retired.group_id, **SPEC, extra_fields={"shiny": True})
        with pytest.warns(errors.ConversionWarning, match="autoIndexing"):
            free = SPEC | {"name": "free", "autoIndexing": True, "id": "1"}
            client.create_serverless_instance(retired.group_id, **free, validate=False)


@QUIET
def test_warnings_as_errors_lose_nothing(retired: Emulator) -> None:
    with retired.client(on_retired="flex") as client, warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(errors.EndpointDeprecatedWarning) as caught:
            client.create_serverless_instance(retired.group_id, **SPEC)
    assert caught.value.result["name"] == "orders"


# --- the other operations --------------------------------------------------------------------------------------------


def test_the_other_operations_follow_the_client(retired: Emulator) -> None:
    group = retired.group_id
    retired.add_instance("orders", state="IDLE")
    with retired.client(on_retired="flex") as client:
        with pytest.warns(errors.EndpointDeprecatedWarning) as caught:
            assert client.get_serverless_instance(group, "orders")["providerSettings"]["providerName"] == "FLEX"
            updated = client.update_serverless_instance(group, "orders", tags={"a": "b"}, wait=True)
            assert (updated["tags"], updated["stateName"]) == ([{"key": "a", "value": "b"}], "IDLE")
            assert [one["name"] for one in client.list_serverless_instances(group)] == ["orders"]
            waited = client.wait_for_serverless_instance(group, "orders")
            assert waited is not None
            assert waited["stateName"] == "IDLE"
            assert client.delete_serverless_instance(group, "orders", wait=True) is None
        with pytest.raises(errors.ClusterNotFound):
            client.get_serverless_instance(group, "orders")
    told = [str(warning.message).partition(" ")[0] for warning in caught]
    assert told == [
        "Atlas",  # the emulator's own headers, with the 404 of the get
        "getServerlessInstance",
        "updateServerlessInstance",
        "listServerlessInstances",
        "deleteServerlessInstance",
    ]
    assert writes(retired) == ["PATCH serverless 410", "PATCH flex 200", "DELETE flex 204"]


@QUIET
def test_the_other_operations_of_a_client_that_raises(retired: Emulator) -> None:
    group = retired.group_id
    retired.add_instance("orders", state="IDLE")
    with retired.client() as client:
        with pytest.raises(errors.NotFoundError, match="find"):
            client.get_serverless_instance(group, "orders")
        with pytest.raises(errors.EndpointRetired, match="update_flex_cluster"):
            client.update_serverless_instance(group, "orders", tags={})
        with pytest.raises(errors.EndpointRetired, match="delete_flex_cluster"):
            client.delete_serverless_instance(group, "orders")
        assert list(client.list_serverless_instances(group)) == []
        assert client.find(group, "orders")[0] == "flex"
        retired.set_calendar("2027")
        with pytest.raises(errors.EndpointRetired, match="get_flex_cluster"):
            client.get_serverless_instance(group, "orders")
        with pytest.raises(errors.EndpointRetired, match="list_flex_clusters"):
            list(client.list_serverless_instances(group))
        with pytest.raises(errors.EndpointRetired):
            client.wait_for_serverless_instance(group, "orders")
        assert client.find(group, "orders")[0] == "flex"


@QUIET
@pytest.mark.parametrize("calendar", ["2026", "2027"])
def test_a_fresh_client_finds_what_is_left(retired: Emulator, calendar: str) -> None:
    retired.set_calendar(calendar)
    retired.add_instance("orders", state="IDLE")

    def client() -> Any:
        return retired.client(on_retired="flex")

    assert client().get_serverless_instance(retired.group_id, "orders")["name"] == "orders"
    assert [one["name"] for one in client().list_serverless_instances(retired.group_id)] == ["orders"]
    [page] = client().with_raw_response.list_serverless_instances(retired.group_id)
    assert page.data["totalCount"] == 1
    assert client().wait_for_serverless_instance(retired.group_id, "orders")["name"] == "orders"
    with pytest.raises(errors.NotFoundError):
        client().get_serverless_instance(retired.group_id, "missing")


def test_an_empty_list_before_the_end_is_an_empty_list() -> None:
    with (
        Emulator(calendar="2025", clock="2025-06-01T00:00:00Z") as emulator,
        emulator.client(on_retired="flex") as client,
    ):
        emulator.add_instance("native", state="IDLE")
        assert list(client.list_serverless_instances(emulator.group_id)) == []


@QUIET
def test_an_update_of_which_nothing_is_left_changes_nothing(retired: Emulator) -> None:
    retired.add_instance("orders", state="IDLE")
    options: Any = {"serverless_continuous_backup_enabled": False}
    with retired.client(on_retired="flex") as client:
        with pytest.warns(errors.ConversionWarning, match="serverlessBackupOptions"):
            same = client.update_serverless_instance(retired.group_id, "orders", serverless_backup_options=options)
    assert same["name"] == "orders"
    assert writes(retired) == ["PATCH serverless 410"]


@QUIET
def test_a_wait_that_is_under_way_when_the_endpoint_ends() -> None:
    """A deletion through the old path: once that is gone, only the new one knows whether the cluster is."""
    flex = iter(["DELETING", "DELETING"])

    def answer(request: Request) -> bytes:
        if "/serverless" in request.path:
            return reply(202, {}) if request.method == "DELETE" else GONE["410"]
        state = next(flex, None)
        return refusal(404, "CLUSTER_NOT_FOUND") if state is None else reply(200, {"id": "a", "stateName": state})

    with Canned(answer=answer) as server:
        with server.client(on_retired="flex", _clock=_core.VirtualClock()) as client:
            assert client.delete_serverless_instance(GROUP, "orders", wait=True) == {}
        with server.client(_clock=_core.VirtualClock()) as client, pytest.raises(errors.WaitFailedError) as caught:
            client.delete_serverless_instance(GROUP, "orders", wait=True)
    assert isinstance(caught.value.__cause__, errors.EndpointRetired)


@QUIET
def test_create_many_goes_on_with_flex_clusters(retired: Emulator) -> None:
    fleet = [{"group_id": retired.group_id, "kind": "serverless", **SPEC, "name": f"n{n}"} for n in range(4)]
    with retired.client(on_retired="flex") as client:
        results = list(client.create_many(fleet, max_in_flight=1))
    assert [result.error for result in results] == [None] * 4
    assert writes(retired) == ["POST serverless 410", *["POST flex 201"] * 4]
