"""Whatever Python hands over as a body is sent as `json.dumps` would write it, or refused before anything is sent.

Found by hypothesis, the same in every run. Each face of the client has both properties.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_serverless import errors
from canned import GROUP, Canned, Request, reply
from strange_values import (
    DEPTH,
    DICTS,
    bounded,
    chances,
    cycle,
    dressed,
    dressed_values,
    json_values,
    nested,
    own_names,
    same,
    spoiled,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    Fields = dict[str, Any]
    Face = Callable[["Border", Fields], object]

PATH = "/api/atlas/v2/anything"
PLACE: dict[str, Any] = {"backingProviderName": "AWS", "regionName": "US_EAST_1"}
SPEC: dict[str, Any] = {"name": "orders", "providerSettings": PLACE}
DEDICATED: dict[str, Any] = {"clusterType": "REPLICASET", "replicationSpecs": [{"zoneName": "Zone 1"}]}
REFUSALS = (errors.AtlasError, TypeError, ValueError)


class Border:
    """A client of each kind before a server that keeps what it is sent."""

    def __init__(self, server: Canned) -> None:
        self.server = server
        self.client: Any = server.client(max_retries=0)
        self.asynchronous: Any = server.async_client(max_retries=0)
        self.loop = asyncio.new_event_loop()

    def close(self) -> None:
        self.client.close()
        self.awaited(lambda client: client.close())
        self.loop.close()

    def awaited(self, call: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        return self.loop.run_until_complete(call(self.asynchronous))

    def bodies(self, call: Callable[[], object]) -> list[Any]:
        """What the server got while this ran."""
        self.server.requests.clear()
        call()
        return [json.loads(request.body) for request in self.server.requests if request.body]

    def refused(self, call: Callable[[], object]) -> Exception:
        """The error with which this is refused, before anything is sent."""
        self.server.requests.clear()
        with pytest.raises(REFUSALS) as caught:
            call()
        assert self.server.requests == []
        return caught.value


def answer(request: Request) -> bytes:
    """What was sent, with what a description has beside it."""
    if request.path == PATH:
        return reply(200, request.body)
    ident = GROUP if request.path.endswith(GROUP) else "a1"
    body = json.loads(request.body)
    described = {"name": "orders", "id": ident, "stateName": "IDLE"} | (body if isinstance(body, dict) else {})
    return reply(201 if request.method == "POST" else 200, described)


@pytest.fixture(scope="module")
def border() -> Iterator[Border]:
    with Canned(answer=answer) as server:
        border = Border(server)
        yield border
        border.close()


def one_of(results: Any) -> None:
    """The one result of many operations, raised if it is an error."""
    [result] = results
    if result.error is not None:
        raise result.error


async def one_of_asynchronous(results: Any) -> None:
    one_of([result async for result in results])


def unchecked(client: Any, method: str, fields: Fields) -> Any:
    return getattr(client, method)(GROUP, validate=False, **fields)


FACES: dict[str, tuple[Face, Fields]] = {
    "request": (lambda b, x: b.client.request("POST", PATH, json=x), {}),
    "request, asynchronous": (lambda b, x: b.awaited(lambda c: c.request("PUT", PATH, json=x)), {}),
    "request, raw": (lambda b, x: b.client.with_raw_response.request("PATCH", PATH, json=x), {}),
    "create flex": (lambda b, x: b.client.create_flex_cluster(GROUP, **SPEC, extra_fields=x), SPEC),
    "create serverless": (lambda b, x: b.client.create_serverless_instance(GROUP, **SPEC, extra_fields=x), SPEC),
    "create flex, unchecked": (lambda b, x: unchecked(b.client, "create_flex_cluster", SPEC | x), SPEC),
    "create serverless, unchecked": (lambda b, x: unchecked(b.client, "create_serverless_instance", SPEC | x), SPEC),
    "create flex, asynchronous": (
        lambda b, x: b.awaited(lambda c: c.create_flex_cluster(GROUP, **SPEC, extra_fields=x)),
        SPEC,
    ),
    "create serverless, asynchronous, unchecked": (
        lambda b, x: b.awaited(lambda c: unchecked(c, "create_serverless_instance", SPEC | x)),
        SPEC,
    ),
    "create many": (
        lambda b, x: one_of(b.client.create_many([{"group_id": GROUP, **SPEC, "extra_fields": x}])),
        SPEC,
    ),
    "create many, unchecked": (
        lambda b, x: one_of(
            b.client.create_many([{"kind": "serverless", "group_id": GROUP, **SPEC, **x, "validate": False}])
        ),
        SPEC,
    ),
    "create many, asynchronous": (
        lambda b, x: b.awaited(
            lambda c: one_of_asynchronous(c.create_many([{"group_id": GROUP, **SPEC, "extra_fields": x}]))
        ),
        SPEC,
    ),
    "update flex": (
        lambda b, x: b.client.update_flex_cluster(GROUP, "orders", termination_protection_enabled=True, extra_fields=x),
        {"terminationProtectionEnabled": True},
    ),
    "update serverless, unchecked": (
        lambda b, x: b.client.update_serverless_instance(GROUP, "orders", validate=False, xy=1, **{"extra_fields": x}),
        {"xy": 1},
    ),
    "update serverless, asynchronous": (
        lambda b, x: b.awaited(
            lambda c: c.update_serverless_instance(GROUP, "orders", extra_fields={"serverlessBackupOptions": x})
        ),
        {},
    ),
    "update many": (
        lambda b, x: one_of(
            b.client.update_many([{"group_id": GROUP, "name": "orders", "validate": False, **{"xy": 1}, **x}])
        ),
        {"xy": 1},
    ),
    "upgrade flex": (
        lambda b, x: b.client.upgrade_flex_cluster(GROUP, "orders", **DEDICATED, extra_fields=x),
        {"name": "orders", **DEDICATED},
    ),
    "create project": (
        lambda b, x: b.client.create_project(name="shop", org_id="a" * 24, extra_fields=x),
        {"name": "shop", "orgId": "a" * 24},
    ),
    "update project": (
        lambda b, x: b.client.update_project(GROUP, name="shop", extra_fields=x),
        {"name": "shop"},
    ),
}
"""A call with fields of one's own, and what is sent beside them."""

own_fields = st.dictionaries(own_names.filter(lambda name: name != "xy"), json_values, max_size=3)


@pytest.mark.parametrize("face", FACES)
def test_a_body_arrives_as_it_was_given(border: Border, face: str) -> None:
    call, beside = FACES[face]

    @bounded(25)
    @given(fields=own_fields, chance=chances)
    def arrives(fields: Fields, chance: Any) -> None:
        given = {key: dressed(value, chance) for key, value in fields.items()}
        [body] = border.bodies(lambda: call(border, given))
        if face == "update serverless, asynchronous":
            body = body["serverlessBackupOptions"]
        assert same(body, beside | fields)

    arrives()


@pytest.mark.parametrize("face", FACES)
def test_what_no_json_can_hold_is_refused_and_nothing_is_sent(border: Border, face: str) -> None:
    call, _ = FACES[face]

    @bounded(25)
    @given(fields=own_fields, name=own_names, value=spoiled(json_values))
    def refused(fields: Fields, name: str, value: Any) -> None:
        error = border.refused(lambda: call(border, fields | {name: value}))
        assert not isinstance(error, UnicodeError)
        assert len(str(error)) > 10

    refused()


@pytest.mark.parametrize("face", FACES)
def test_so_many_levels_are_sent_and_not_one_more(border: Border, face: str) -> None:
    call, _ = FACES[face]
    # The body itself is one; that of this face is within another.
    most = DEPTH - (2 if face == "update serverless, asynchronous" else 1)
    for kind in (0, 0b10101010, 255):
        [body] = border.bodies(partial(call, border, {"xa": nested(most, kind)}))
        assert nested(most, kind) in (body.get("xa"), body.get("serverlessBackupOptions", {}).get("xa"))
        for depth in (most + 1, most + 2, 130, 2000):
            border.refused(partial(call, border, {"xa": nested(depth, kind)}))
        for depth in (0, 1, most, 200):
            border.refused(partial(call, border, {"xa": cycle(depth, kind)}))


@bounded(150)
@given(value=dressed_values(json_values))
def test_a_value_comes_back_as_it_was_sent(border: Border, value: tuple[Any, Any]) -> None:
    given, plain = value
    assert same(border.client.request("POST", PATH, json={"value": given}), {"value": plain})


anything: st.SearchStrategy[Any] = st.recursive(
    json_values | spoiled(json_values),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(own_names, inner, max_size=3),
    max_leaves=6,
)
known = st.sampled_from(["name", "providerSettings", "provider_settings", "regionName", "tags", "key"])
LIKE_CREATES = ["create_flex_cluster", "create_serverless_instance"]


@pytest.mark.parametrize("method", LIKE_CREATES)
def test_a_spec_is_checked_whatever_it_is_made_of(border: Border, method: str) -> None:
    @bounded(60)
    @given(fields=st.dictionaries(known | own_names, anything, max_size=4))
    def refused(fields: Fields) -> None:
        error = border.refused(lambda: getattr(border.client, method)(GROUP, **fields))
        assert isinstance(error, errors.ValidationError)
        # All at once: each field that there is not, and the name that is missing.
        paths = [violation["path"] for violation in error.violations]
        assert len(paths) >= sum(name.startswith("x") for name in fields)
        assert "name" in fields or "name" in paths

    refused()


@bounded(60)
@given(operation=st.sampled_from(DICTS).flatmap(own_fields.map) | anything)
def test_an_operation_that_is_none_is_a_result_and_nothing_is_sent(border: Border, operation: Any) -> None:
    border.refused(lambda: one_of(border.client.create_many([operation])))
    border.refused(lambda: one_of(border.client.update_many([operation])))
    border.refused(lambda: one_of(border.client.delete_many([operation])))
    for many in (border.client.create_many, border.client.update_many):
        [result] = many([operation])
        assert result.operation is operation
