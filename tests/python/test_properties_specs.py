"""Specs, tags, query parameters, journals: valid ones are sent alike whatever they are made of, others are refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_serverless import to_flex_spec
from canned import GROUP, Canned, Request, reply
from strange_values import (
    Stored,
    Text,
    bounded,
    chances,
    dressed,
    dressed_values,
    json_values,
    numbers,
    same,
    spoiled,
    texts,
)
from test_properties import PATH, Border, one_of, one_of_asynchronous

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Fields = dict[str, Any]

TAGS = {"kept": "1", "changed": "2"}


def answer(request: Request) -> bytes:
    if request.method == "GET":
        tags = [{"key": key, "value": value} for key, value in TAGS.items()]
        return reply(200, {"name": "orders", "id": "a1", "stateName": "IDLE", "tags": tags, "results": []})
    sent = json.loads(request.body) if request.body else {}
    described = {"name": "orders", "id": "a1", "stateName": "IDLE"} | (sent if isinstance(sent, dict) else {})
    return reply(201 if request.method == "POST" else 200, described)


@pytest.fixture(scope="module")
def border() -> Iterator[Border]:
    with Canned(answer=answer) as server:
        yield (border := Border(server))
        border.close()


# --- specs -----------------------------------------------------------------------------------------------------------

words = st.text("abcxyz019", min_size=1, max_size=12)
tag_texts = st.text("abc ÄöΩ09.+-_@;", min_size=1, max_size=12).filter(lambda text: text == text.strip())
tag_maps = st.dictionaries(tag_texts, tag_texts, max_size=4)
SPELLINGS = {
    "providerSettings": "provider_settings",
    "backingProviderName": "backing_provider_name",
    "regionName": "region_name",
    "terminationProtectionEnabled": "termination_protection_enabled",
    "serverlessBackupOptions": "serverless_backup_options",
    "serverlessContinuousBackupEnabled": "serverless_continuous_backup_enabled",
}


@st.composite
def specs(draw: st.DrawFn, serverless: bool) -> tuple[Fields, Fields]:
    """Fields in other classes and spellings, and the body that they are."""
    wanted: Fields = {
        "name": draw(words.map("a{}".format)),
        "providerSettings": {
            "backingProviderName": "AWS",
            "regionName": draw(st.sampled_from(["US_EAST_1", "EU_WEST_1"])),
        },
        "terminationProtectionEnabled": draw(st.booleans()),
    }
    if serverless:
        wanted["serverlessBackupOptions"] = {"serverlessContinuousBackupEnabled": draw(st.booleans())}
    tags, chance = draw(tag_maps), draw(chances)
    fields = {respelt(key, chance): dressed(respelt(value, chance), chance) for key, value in wanted.items()}
    listed = [{"key": key, "value": value} for key, value in tags.items()]
    wanted["tags"], fields["tags"] = listed, dressed(chance.choice([tags, listed]), chance)
    return fields, wanted


def respelt(value: Any, chance: random.Random) -> Any:
    """Names in either spelling."""
    if isinstance(value, dict):
        return {respelt(key, chance): inner for key, inner in value.items()}
    return chance.choice([value, SPELLINGS[value]]) if isinstance(value, str) and value in SPELLINGS else value


CREATES: dict[str, tuple[Callable[[Border, Fields], object], bool]] = {
    "flex": (lambda b, spec: b.client.create_flex_cluster(GROUP, **spec), False),
    "serverless": (lambda b, spec: b.client.create_serverless_instance(GROUP, **spec), True),
    "flex, asynchronous": (lambda b, spec: b.awaited(lambda c: c.create_flex_cluster(GROUP, **spec)), False),
    "serverless, unchecked": (
        lambda b, spec: b.client.create_serverless_instance(GROUP, validate=False, **spec),
        True,
    ),
    "many": (lambda b, spec: one_of(b.client.create_many([{"group_id": GROUP, **spec}])), False),
    "many, of another mapping": (
        lambda b, spec: one_of(b.client.create_many(iter([Stored({"group_id": Text(GROUP), **spec})]))),
        False,
    ),
    "many, asynchronous": (
        lambda b, spec: b.awaited(
            lambda c: one_of_asynchronous(c.create_many([{"kind": "serverless", "group_id": GROUP, **spec}]))
        ),
        True,
    ),
}


@pytest.mark.parametrize("face", CREATES)
def test_a_valid_spec_is_sent_whatever_it_is_made_of(border: Border, face: str) -> None:
    create, serverless = CREATES[face]

    @bounded(60)
    @given(spec=specs(serverless))
    def sent(spec: tuple[Fields, Fields]) -> None:
        fields, wanted = spec
        [body] = border.bodies(lambda: create(border, fields))
        assert same(body, wanted)

    sent()


@pytest.mark.parametrize("face", CREATES)
def test_one_bad_value_in_a_valid_spec_is_refused(border: Border, face: str) -> None:
    create, serverless = CREATES[face]

    @bounded(40)
    @given(spec=specs(serverless), at=st.integers(0, 4), value=spoiled(json_values))
    def refused(spec: tuple[Fields, Fields], at: int, value: Any) -> None:
        fields, _ = spec
        border.refused(lambda: create(border, fields | {[*fields][at % len(fields)]: value}))

    refused()


@pytest.mark.filterwarnings("ignore::atlas_serverless.errors.ConversionWarning")
@bounded(100)
@given(spec=specs(serverless=True))
def test_a_conversion_does_not_depend_on_classes(spec: tuple[Fields, Fields]) -> None:
    fields, wanted = spec
    given, plain = to_flex_spec(fields), to_flex_spec(wanted)
    assert same([given.spec, given.lost, given.changed], [plain.spec, plain.lost, plain.changed])


@bounded(60)
@given(value=spoiled(json_values), spec=specs(serverless=True), at=st.integers(0, 4))
def test_a_conversion_of_what_no_json_can_hold_is_refused(value: Any, spec: tuple[Fields, Fields], at: int) -> None:
    fields, _ = spec
    with pytest.raises(ValueError, match=r"\S{3}"):
        to_flex_spec(fields | {[*fields][at % len(fields)]: value})


# --- tags ------------------------------------------------------------------------------------------------------------


@bounded(80)
@given(tags=tag_maps.filter(bool), removed=st.lists(tag_texts, max_size=3, unique=True), chance=chances)
def test_single_tags_are_changed_whatever_they_are_made_of(
    border: Border, tags: dict[str, str], removed: list[str], chance: random.Random
) -> None:
    removed = [key for key in [*removed, "kept"] if key not in tags]
    listed = [{"key": key, "value": value} for key, value in tags.items()]
    changes = {"add_tags": dressed(chance.choice([tags, listed]), chance), "remove_tags": dressed(removed, chance)}
    update = chance.choice([border.client.update_flex_cluster, border.client.update_serverless_instance])
    body = border.bodies(lambda: update(GROUP, "orders", **changes))[-1]
    after = [(key, tags.get(key, value)) for key, value in TAGS.items() if key not in removed]
    after += [(key, value) for key, value in tags.items() if key not in TAGS]
    assert [(tag["key"], tag["value"]) for tag in body["tags"]] == after


BAD_TAGS: dict[str, Callable[[Border, Any], object]] = {
    "tags": lambda b, bad: b.client.update_flex_cluster(GROUP, "orders", tags=bad),
    "add_tags": lambda b, bad: b.client.update_flex_cluster(GROUP, "orders", add_tags=bad),
    "remove_tags": lambda b, bad: b.client.update_serverless_instance(GROUP, "orders", remove_tags=bad),
    "remove_tags, unchecked": lambda b, bad: one_of(
        b.client.update_many([{"group_id": GROUP, "name": "orders", "remove_tags": bad, "validate": False}])
    ),
    "list": lambda b, bad: list(b.client.list_flex_clusters(GROUP, tags=bad)),
    "leftovers": lambda b, bad: b.client.find_leftovers(GROUP, tags=bad),
    "delete leftovers": lambda b, bad: b.client.delete_leftovers(
        [{"kind": "flex", "group_id": GROUP, "name": "orders", "tags": bad}]
    ),
    "name of a leftover": lambda b, bad: b.client.delete_leftovers([{"kind": "flex", "group_id": GROUP, "name": bad}]),
    "id of a leftover": lambda b, bad: b.client.delete_leftovers(
        [{"kind": "flex", "group_id": GROUP, "name": "orders", "id": bad}]
    ),
    "up, tags": lambda b, bad: b.client.up("orders", group_id=GROUP, tags=bad),
    "up, access": lambda b, bad: b.client.up("orders", group_id=GROUP, access=bad),
    "up, roles": lambda b, bad: b.client.up("orders", group_id=GROUP, roles=bad),
    "database user": lambda b, bad: b.client.create_database_user(GROUP, username="ada", password="p" * 8, roles=bad),
    "access list": lambda b, bad: b.client.create_access_list_entry(GROUP, ip_address=bad),
}


@pytest.mark.parametrize("face", BAD_TAGS)
def test_bad_tags_and_bad_texts_are_refused_and_nothing_is_sent(border: Border, face: str) -> None:
    @bounded(60)
    @given(bad=spoiled(json_values))
    def refused(bad: Any) -> None:
        border.refused(lambda: BAD_TAGS[face](border, bad))

    refused()


# --- query parameters ------------------------------------------------------------------------------------------------


def as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@bounded(100)
@given(
    params=st.dictionaries(texts, st.none() | texts | numbers | st.booleans() | st.lists(texts | numbers, max_size=3)),
    chance=chances,
)
def test_parameters_are_sent_by_their_values(border: Border, params: Fields, chance: random.Random) -> None:
    border.server.requests.clear()
    border.client.request("GET", PATH, params=dressed(params, chance))
    [request] = border.server.requests
    wanted = []
    for name, value in params.items():
        items = value if isinstance(value, list) else [] if value is None else [value]
        wanted += [(name, as_text(item)) for item in items]
    assert parse_qsl(urlsplit(request.target).query, keep_blank_values=True) == wanted


@bounded(100)
@given(value=spoiled(json_values), name=texts)
def test_parameters_that_are_none_are_refused(border: Border, value: Any, name: str) -> None:
    border.refused(lambda: border.client.request("GET", PATH, params={name: [value, [value]]}))


# --- journals --------------------------------------------------------------------------------------------------------


@bounded(30)
@given(fleet=st.lists(specs(serverless=False), min_size=1, max_size=3), other=specs(serverless=False))
def test_a_journal_knows_operations_by_what_they_ask_for(
    border: Border,
    tmp_path_factory: pytest.TempPathFactory,
    fleet: list[tuple[Fields, Fields]],
    other: tuple[Fields, Fields],
) -> None:
    journal = Path(tmp_path_factory.mktemp("journal")) / "fleet"

    def run(operations: list[Fields]) -> None:
        given = [{"group_id": GROUP, **fields} for fields in operations]
        assert [result.error for result in border.client.create_many(given, journal=journal)] == [None] * len(given)

    assert len(border.bodies(lambda: run([fields for fields, _ in fleet]))) == len(fleet)
    border.server.requests.clear()
    plain = [{"group_id": GROUP, **wanted} for _, wanted in fleet]
    assert list(border.client.create_many(plain, journal=journal)) == []
    assert border.server.requests == []
    if other[1] != fleet[-1][1]:
        border.refused(
            lambda: list(border.client.create_many([*plain[:-1], {"group_id": GROUP, **other[0]}], journal=journal))
        )


@bounded(40)
@given(value=dressed_values(json_values))
def test_a_journal_knows_every_value_again(
    border: Border, tmp_path_factory: pytest.TempPathFactory, value: tuple[Any, Any]
) -> None:
    journal = Path(tmp_path_factory.mktemp("journal")) / "fleet"
    given, plain = value
    operation = {"group_id": GROUP, "name": "orders", "validate": False}
    one_of(border.client.create_many([{**operation, "xa": given}], journal=journal))
    border.server.requests.clear()
    assert list(border.client.create_many([{**operation, "xa": plain}], journal=journal)) == []
    assert border.server.requests == []
