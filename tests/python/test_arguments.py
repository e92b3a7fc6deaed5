"""Arguments that no request can carry: each is an error before anything is sent, and ends no process.

The table of every public call and odd value is `argument_table.py`. It runs in a process of its own, since what it
looks for is a segfault.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import Client, Emulator, to_flex_spec
from canned import GROUP, Canned, entity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def remembering() -> Iterator[Canned]:
    with Canned(entity("IDLE")) as server:
        yield server


@pytest.fixture
def client(remembering: Canned) -> Client:
    return remembering.client()


def cycle() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def deep() -> list[Any]:
    made: list[Any] = []
    for _ in range(100_000):
        made = [made]
    return made


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "cycle": (cycle(), ValueError, "json['a'][0]: a list that contains itself"),
    "set": ({1}, TypeError, "json['a']: a set cannot be sent as JSON"),
    "bytes": (b"x", TypeError, "json['a']: bytes cannot be sent as JSON"),
    "nan": (float("nan"), ValueError, "json['a']: NaN is no number that JSON has"),
    "huge": (10**5000, ValueError, "json['a']: an enormous number"),
    "large": (2**64, ValueError, "json['a']: an integer of more than 64 bits"),
    "surrogate": ("\ud800", ValueError, "json['a']: text with a lone surrogate, which cannot be sent"),
    "key": ({5: 1}, TypeError, "json['a']: keys must be text, not the number 5"),
}


@pytest.mark.parametrize(("value", "kind", "text"), REFUSED.values(), ids=REFUSED)
def test_what_json_cannot_represent_is_refused_with_its_place(
    client: Client, remembering: Canned, value: Any, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as caught:
        client.request("POST", "/api/atlas/v2/groups", json={"a": value})
    assert str(caught.value) == text
    assert remembering.requests == []


def test_json_that_is_nested_too_deep_is_refused(client: Client, remembering: Canned) -> None:
    with pytest.raises(ValueError, match=r"json(\[0\]){64}: a value nested too deep; the limit is 64 levels"):
        client.request("POST", "/api/atlas/v2/groups", json=deep())
    assert remembering.requests == []


def test_json_is_sent_as_it_is(client: Client, remembering: Canned) -> None:
    client.request("POST", "/api/atlas/v2/groups", json={"b": [1, (2.5, True)], "a": {"x": None, "y": 2**64 - 1}})
    assert [request.body for request in remembering.requests] == [
        b'{"b":[1,[2.5,true]],"a":{"x":null,"y":18446744073709551615}}'
    ]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (cycle(), TypeError, 'params["a"] must be text, a number, a flag or a list of them, not list'),
        ({"b": 1}, TypeError, 'params["a"] must be text, a number, a flag or a list of them, not dict'),
        (b"x", TypeError, 'params["a"] must be text, a number, a flag or a list of them, not bytes'),
        (float("inf"), ValueError, 'params["a"] is not a finite number'),
        ("\ud800", ValueError, 'params["a"] has a lone surrogate'),
    ],
)
def test_what_is_no_query_parameter_is_refused(
    client: Client, remembering: Canned, value: Any, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as caught:
        client.request("GET", "/api/atlas/v2/groups", params={"a": value})
    assert str(caught.value) == text
    assert remembering.requests == []


@pytest.mark.parametrize("made", [cycle, deep])
def test_the_emulator_refuses_a_seed_and_an_order_without_end(atlas_emulator: Emulator, made: Any) -> None:
    with pytest.raises(ValueError, match=r"contains itself|nested too deep"):
        Emulator(seed={"projects": made()})
    with pytest.raises(ValueError, match=r"contains itself|nested too deep"):
        atlas_emulator.faults.order(body=made())


class Growing:
    """Asked for its class, it adds to what holds it: as another thread can, while code of the caller's runs."""

    def __init__(self, grow: Callable[[], object]) -> None:
        self._grow = grow

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        self._grow()
        return Growing


def growing_dict() -> dict[str, Any]:
    made: dict[str, Any] = {"a": 1}
    made["b"] = Growing(lambda: made.setdefault(f"k{len(made)}", 1))
    made["c"] = 2
    return made


def growing_list() -> list[Any]:
    made: list[Any] = []
    made.append(Growing(lambda: made.append(made[0])))
    return made


@pytest.mark.parametrize("make", [growing_dict, growing_list])
def test_what_changes_while_it_is_walked_is_refused_as_anything_else(
    client: Client, remembering: Canned, make: Callable[[], Any]
) -> None:
    place: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    calls: list[Callable[[Any], Any]] = [
        lambda given: client.create_flex_cluster(GROUP, name="orders", provider_settings=given),
        lambda given: client.create_flex_cluster(GROUP, name="orders", provider_settings=place, tags=given),
        lambda given: client.create_flex_cluster(
            GROUP, name="orders", provider_settings=place, extra_fields={"a": given}
        ),
        lambda given: client.update_flex_cluster(GROUP, "orders", add_tags=given),
        lambda given: next(client.list_flex_clusters(GROUP, tags=given)),
        lambda given: to_flex_spec({"tags": given}, strict=True),
    ]
    for call in calls:
        with pytest.raises((TypeError, ValueError)):  # a ValidationError is one
            call(make())
    if make is growing_dict:
        with pytest.raises(TypeError, match=r"json\['b'\]: a Growing cannot be sent as JSON"):
            client.request("POST", "/api/atlas/v2/groups", json=make())
    assert remembering.requests == []


def test_no_argument_of_any_call_ends_or_hangs_the_process(server: Canned) -> None:
    program = Path(__file__).with_name("argument_table.py")
    command = [sys.executable, str(program), server.url, GROUP]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
