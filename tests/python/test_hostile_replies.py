"""Whatever a server sends: a value, or one of our own errors, for calls of every kind."""

from __future__ import annotations

import asyncio
import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import AsyncClient, _core, errors
from canned import GROUP, Canned, refusal, reply

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.filterwarnings("ignore::atlas_serverless.errors.AtlasWarning")

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
CREATED = {
    "id": "a",
    "name": "orders",
    "groupId": GROUP,
    "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
    "stateName": "IDLE",
}
DATES = (
    "@1765324800000",
    "@253402300800",
    "@18446744073709551615",
    "@99999999999999999999",
    "@-1",
    "Sat, 01 Jan 10000 00:00:00 GMT",
)
UNREADABLE = (
    '{"a":1e999}',
    '{"a":"\\ud800"}',
    '{"\\udc00":0}',
    '{"a":' + "[" * 200 + "]" * 200 + "}",
)


def sync_call(server: Canned, call: Callable[[Any], Any], **options: Any) -> Any:
    with server.client(**options) as client:
        return call(client)


def async_call(server: Canned, call: Callable[[Any], Any], **options: Any) -> Any:
    async def run() -> Any:
        async with server.async_client(**options) as client:
            return await call(client)

    return asyncio.run(run())


BOTH = pytest.mark.parametrize("run", [sync_call, async_call])


@BOTH
@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("header", ["Deprecation", "Sunset"])
def test_no_date_takes_the_result_away(run: Any, header: str, date: str) -> None:
    _core.forget_deprecations()
    with Canned(reply(201, CREATED, **{header: date})) as server:
        create = lambda client: client.create_flex_cluster(GROUP, name="orders", provider_settings=PLACE)  # noqa: E731
        assert run(server, create)["id"] == "a"
        raw = run(server, lambda client: client.with_raw_response.get_flex_cluster(GROUP, "orders"))
        assert (raw.deprecation, raw.sunset) == (None, None)
        assert raw.headers[header.lower()] == date


@pytest.mark.parametrize("date", DATES)
def test_no_date_takes_results_from_many_creates(date: str) -> None:
    _core.forget_deprecations()

    def answer(request: Any) -> bytes:
        return reply(201, {**CREATED, "name": json.loads(request.body)["name"]}, Deprecation=date, Sunset=date)

    given = [{"group_id": GROUP, "name": f"n{i}", "kind": "flex", "provider_settings": PLACE} for i in range(10)]
    with Canned(answer=answer) as server:
        with server.client() as client:
            found = {result.index: result.value["name"] for result in client.create_many(given)}
        assert found == {i: f"n{i}" for i in range(10)}

        async def run() -> dict[int, str]:
            async with server.async_client() as client:
                return {result.index: result.value["name"] async for result in client.create_many(given)}

        assert asyncio.run(run()) == found


@BOTH
@pytest.mark.parametrize("body", UNREADABLE)
def test_what_cannot_be_a_value_is_a_protocol_error(run: Any, body: str) -> None:
    async def all_of(pages: Any) -> list[Any]:
        return [entry async for entry in pages]

    def projects(client: Any) -> Any:
        pages = client.list_projects()
        return all_of(pages) if isinstance(client, AsyncClient) else list(pages)

    calls: list[Callable[[Any], Any]] = [
        lambda client: client.request("POST", "/api/atlas/v2/x"),
        lambda client: client.with_raw_response.request("POST", "/api/atlas/v2/x"),
        lambda client: client.get_flex_cluster(GROUP, "orders"),
        lambda client: client.get_project(GROUP),
    ]
    with Canned(reply(200, body)) as server:
        for call in calls:
            with pytest.raises(errors.ProtocolError):
                run(server, call, max_retries=0)
    with Canned(reply(200, f'{{"results":[{body}],"totalCount":1}}')) as server:
        with pytest.raises(errors.ProtocolError):
            run(server, projects, max_retries=0)


@pytest.mark.parametrize("body", UNREADABLE)
def test_what_cannot_be_a_value_is_the_error_of_its_own_create(body: str) -> None:
    def answer(request: Any) -> bytes:
        if request.method == "GET":
            return refusal(404, "CLUSTER_NOT_FOUND")
        name = json.loads(request.body)["name"]
        return reply(201, body if name == "n3" else {**CREATED, "name": name})

    given = [{"group_id": GROUP, "name": f"n{i}", "kind": "flex", "provider_settings": PLACE} for i in range(6)]
    with Canned(answer=answer) as server, server.client(max_retries=0) as client:
        results = {result.index: result for result in client.create_many(given)}
    assert sorted(results) == list(range(6))
    assert isinstance(results[3].error, errors.ProtocolError)
    assert [results[i].value["name"] for i in (0, 1, 2, 4, 5)] == ["n0", "n1", "n2", "n4", "n5"]


@BOTH
def test_a_large_error_costs_little(run: Any) -> None:
    body = '{"errorCode":"INVALID_ATTRIBUTE","badRequestDetail":{"fields":[' + ",".join(["{}"] * 100_000) + "]}}"
    with Canned(reply(400, body)) as server:
        with pytest.raises(errors.InvalidAttribute) as caught:
            run(server, lambda client: client.request("GET", "/api/atlas/v2/x"))
        assert len(caught.value.violations) == 100
    with Canned(reply(400, body[:-1] + ',"detail":"' + "x" * (16 << 20) + '"}')) as server:
        with pytest.raises(errors.BadRequestError) as too_large:
            run(server, lambda client: client.request("GET", "/api/atlas/v2/x"))
    assert (too_large.value.status, too_large.value.error_code) == (400, None)


@BOTH
@pytest.mark.parametrize("field", ["errorCode", "reason", "detail"])
def test_a_sentence_is_short_however_long_its_words_are(run: Any, field: str) -> None:
    with Canned(reply(400, {"error": 400, field: "x" * 900_000})) as server:
        with pytest.raises(errors.BadRequestError) as caught:
            run(server, lambda client: client.request("GET", "/api/atlas/v2/x"))
    assert len(str(caught.value)) < 1000
    assert len(caught.value.error_code or caught.value.reason or "") in (0, 200)


@BOTH
def test_a_reply_about_another_is_not_returned(run: Any) -> None:
    other = {**CREATED, "name": "another"}
    calls: list[Callable[[Any], Any]] = [
        lambda client: client.get_flex_cluster(GROUP, "orders"),
        lambda client: client.update_flex_cluster(GROUP, "orders", tags={}),
        lambda client: client.wait_for_flex_cluster(GROUP, "orders", interval=0.01, timeout=5),
        lambda client: client.find(GROUP, "orders"),
        lambda client: client.with_raw_response.get_flex_cluster(GROUP, "orders"),
        lambda client: client.get_flex_cluster(GROUP, "orders", envelope=True),
    ]
    for call in calls:
        wrapped = {"status": 200, "content": other} if call is calls[-1] else other
        with Canned(reply(200, wrapped)) as server:
            with pytest.raises(errors.ProtocolError, match='describes name "another", not "orders"'):
                run(server, call, max_retries=0)


OTHER_ID = "32b6e34b3d91647abb20e7ff"


@BOTH
@pytest.mark.parametrize(
    ("call", "other", "said"),
    [
        (
            lambda client: client.get_flex_backup_snapshot(GROUP, "orders", GROUP),
            {"id": OTHER_ID},
            f'id "{OTHER_ID}", not "{GROUP}"',
        ),
        (
            lambda client: client.get_flex_restore_job(GROUP, "orders", GROUP),
            {"id": OTHER_ID},
            f'id "{OTHER_ID}", not "{GROUP}"',
        ),
        (
            lambda client: client.get_access_list_entry(GROUP, "192.0.2.7"),
            {"cidrBlock": "192.0.2.8/32", "ipAddress": "192.0.2.8"},
            'cidrBlock "192.0.2.8/32", not "192.0.2.7"',
        ),
        (
            lambda client: client.get_database_user(GROUP, "app"),
            {"username": "other"},
            'username "other", not "app"',
        ),
        (lambda client: client.get_project(GROUP), {"id": OTHER_ID}, f'id "{OTHER_ID}", not "{GROUP}"'),
    ],
)
def test_a_reply_about_another_part_of_a_project_is_not_returned(
    run: Any, call: Callable[[Any], Any], other: dict[str, str], said: str
) -> None:
    with Canned(reply(200, other)) as server, pytest.raises(errors.ProtocolError, match=f"describes {said}"):
        run(server, call, max_retries=0)


@BOTH
def test_a_create_of_a_user_believes_no_reply_about_another(run: Any) -> None:
    roles = [{"roleName": "read", "databaseName": "shop"}]

    def create(client: Any) -> Any:
        return client.create_database_user(GROUP, "app", password="a-long-secret", roles=roles)

    with Canned(reply(201, {"username": "other"})) as server, pytest.raises(errors.OutcomeUnknownError):
        run(server, create, max_retries=0)
    ours = {"username": "app", "databaseName": "admin", "groupId": GROUP, "roles": roles}
    with Canned(reply(201, {"username": "other"}), reply(200, ours)) as server:
        assert run(server, create) == ours
        assert [request.method for request in server.requests] == ["POST", "GET"]


def in_json_in_json(password: str) -> str:
    return json.dumps(json.dumps({"password": password}))


def in_hexadecimal(password: str) -> str:
    return f"bytes {password.encode().hex()} or {password.encode().hex(' ').upper()}"


@BOTH
@pytest.mark.parametrize("show", [in_json_in_json, in_hexadecimal])
def test_a_password_that_a_later_reply_shows_is_hidden(run: Any, show: Callable[[str], str]) -> None:
    """A look-up carries no password, but the server knows it by then."""
    password = 'zqx"jvké\\wfb'
    shown = show(password)

    def create(client: Any) -> Any:
        roles = [{"roleName": "read", "databaseName": "shop"}]
        return client.create_database_user(GROUP, "app", password=password, roles=roles)

    with Canned(reply(500, {"detail": shown, "error": 500})) as server:
        with pytest.raises(errors.OutcomeUnknownError) as caught:
            run(server, create, max_retries=0)
        assert [request.method for request in server.requests] == ["POST", "GET"]
    text = "".join(traceback.format_exception(caught.value))
    assert "******" in text
    parts = [part for word in ("zqx", "jvk", "wfb") for part in (word, word.encode().hex(), word.encode().hex(" "))]
    assert [part for part in parts if part in text.lower()] == []


@BOTH
def test_control_characters_do_not_reach_a_terminal(run: Any) -> None:
    with Canned(refusal(400, "A\x1b[2J", "B\x1b]0;x\x07\nC")) as server:
        with pytest.raises(errors.BadRequestError) as caught:
            run(server, lambda client: client.request("GET", "/api/atlas/v2/x"))
    assert "\x1b" not in f"{caught.value}{caught.value.error_code}{caught.value.detail}"
    assert caught.value.error_code == "A\\u001b[2J"


def test_paths_stay_below_the_api() -> None:
    with Canned(reply(200, {})) as server, server.client() as client:
        for path in ("/api/.\n./x", "/api/.\t./x", "/api/.\r./x", "/api/%2e\n%2e/x", "/api/x\x00", "/api/\x85"):
            with pytest.raises(errors.ValidationError):
                client.request("GET", path)
        for name in (".", ".."):
            with pytest.raises(errors.AtlasError):
                client.create_flex_cluster(
                    GROUP, name=name, provider_settings=PLACE, validate=False, if_exists="return"
                )
    assert [request.target for request in server.requests if request.method != "POST"] == []


@pytest.mark.parametrize("path", ["/api/" + "a" * 100_000, "/api/atlas/v2/groups"])
def test_a_sentence_about_a_long_path_is_short(path: str) -> None:
    params = {} if len(path) > 100_000 else {"a": "b" * 100_000}
    with Canned(reply(200, {})) as server, server.client() as client:
        with pytest.raises(errors.ConfigurationError, match=r"cannot be asked for \(uri too long\)") as caught:
            client.request("GET", path, params=params)
        assert len(str(caught.value)) < 300
        assert server.requests == []
