"""Anything that Python can hand over, and that a server can send: found by hypothesis, the same in every run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas_serverless import Client, errors, to_flex_spec
from canned import GROUP, Canned, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: No deadline: other work on the machine is no failure.
bounded = settings(max_examples=100, deadline=None, derandomize=True, database=None)

texts = st.text(max_size=20)
numbers = st.integers() | st.floats() | st.booleans() | st.none()
strange = st.binary(max_size=5) | st.sets(st.integers(), max_size=2) | st.complex_numbers() | st.just(object())
names = (
    st.sampled_from(["name", "providerSettings", "provider_settings", "regionName", "tags", "key", "positional"])
    | texts
)
anything: st.SearchStrategy[Any] = st.recursive(
    texts | numbers | strange,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.integers(), inner, max_size=4),
    max_leaves=20,
)
exact = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
as_json: st.SearchStrategy[Any] = st.recursive(
    texts | exact,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=25,
)


@pytest.fixture(scope="module")
def mirror() -> Iterator[Client]:
    """A client of a server that answers with what it was sent."""
    with Canned(answer=lambda request: reply(200, request.body)) as server, server.client(max_retries=0) as client:
        yield client


def result(call: Callable[[], Any]) -> Any:
    """What a call returns, or the error that it may raise; any other is a failure."""
    try:
        return call()
    except (errors.AtlasError, TypeError) as error:
        return error


@bounded
@given(value=as_json)
def test_a_value_comes_back_as_it_was_sent(mirror: Client, value: Any) -> None:
    sent = {"value": value}
    got = mirror.request("POST", "/api/atlas/v2/anything", json=sent)
    assert json.dumps(got) == json.dumps(sent)


@bounded
@given(spec=anything)
def test_a_conversion_is_a_spec_or_a_sentence(spec: Any) -> None:
    outcome = result(lambda: to_flex_spec(spec).spec)
    if isinstance(outcome, errors.ValidationError):
        assert outcome.violations
        assert str(outcome)
    else:
        assert set(outcome) >= {"name", "providerSettings"}


@bounded
@given(fields=st.dictionaries(texts, anything, max_size=4))
def test_a_create_is_sent_or_refused(mirror: Client, fields: dict[str, Any]) -> None:
    assert str(result(lambda: mirror.create_flex_cluster(GROUP, **fields)))


@bounded
@given(depth=st.integers(1, 2000), kind=st.sampled_from([list, dict]), cyclic=st.booleans())
def test_depth_and_cycles_are_refused_and_end(mirror: Client, depth: int, kind: type, cyclic: bool) -> None:
    bottom: Any = kind()
    value = bottom
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    if cyclic and kind is list:
        bottom.append(value)
    elif cyclic:
        bottom["a"] = value
    if depth < 60 and not cyclic:
        assert mirror.request("POST", "/api/atlas/v2/anything", json={"value": value}) == {"value": value}
    elif depth > 130 or cyclic:
        with pytest.raises((errors.ValidationError, ValueError)):
            mirror.request("POST", "/api/atlas/v2/anything", json={"value": value})
