"""Replies as Python objects: what `json.loads` makes of them, whatever they look like."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless.errors import ProtocolError
from canned import Canned, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def read() -> Iterator[Callable[[bytes], Any]]:
    """Has a body read as the reply of an operation that may answer anything."""
    body = b""

    def read(given: bytes) -> Any:
        nonlocal body
        body = given
        return client.request("GET", "/api/atlas/v2/anything")

    with Canned(answer=lambda _: reply(200, body)) as server, server.client(max_retries=0) as client:
        yield read


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        ' { "a" : [ 1 , -2 , 3.5 , 1e3, -0.25E-2, 0, 9223372036854775807, 18446744073709551615 ] } ',
        '{"a":{"b":[[],{},[{}]]},"t":true,"f":false,"n":null}',
        r'{"\u00e9\n":"\"\\\/\b\f\n\r\t","pair":"\ud83d\ude00","é":"ü€😀"}',
        '{"same":1,"same":2}',
        '"text"',
        "17",
        "null",
        '{"' + "k" * 100 + '":"' + "v" * 1000 + '"}',
        "[" * 100 + "]" * 100,
    ],
)
def test_as_json_loads(read: Callable[[bytes], Any], text: str) -> None:
    got = read(text.encode())
    assert got == json.loads(text)
    if isinstance(got, dict):
        assert list(got) == list(json.loads(text))


def test_as_json_loads_for_any_value(read: Callable[[bytes], Any]) -> None:
    rng = random.Random(7)
    letters = 'ab"\\/\n\t\u0001é€😀 {}[]:,0'

    def text() -> str:
        return "".join(rng.choice(letters) for _ in range(rng.randrange(20)))

    def value(depth: int) -> Any:
        plain: list[Callable[[], Any]] = [
            text,
            lambda: rng.randrange(-(2**63), 2**64),
            lambda: rng.uniform(-1e9, 1e9),
            lambda: rng.choice([True, False, None]),
        ]
        if depth < 4 and rng.random() < 0.5:
            if rng.random() < 0.5:
                return [value(depth + 1) for _ in range(rng.randrange(5))]
            return {text(): value(depth + 1) for _ in range(rng.randrange(5))}
        return rng.choice(plain)()

    for _ in range(150):
        given = value(0)
        for ascii_only in (True, False):
            indent = rng.choice([None, 2])
            assert read(json.dumps(given, ensure_ascii=ascii_only, indent=indent).encode()) == given


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a":1', "EOF while parsing an object"),
        ('{"a" 1}', "expected `:`"),
        ("[1,]", "expected value at line 1 column 4"),
        ('{"a":tru}', "expected ident"),
        ('{"a":"\n"}', "control character"),
        ("{}{}", "trailing characters"),
        ('{"a":1e999}', "number out of range"),
        ('{"a":' + "7" * 400 + "}", "number out of range"),
        (r'{"a":"\ud800"}', "unexpected end of hex escape"),
        (r'{"\udc00":1}', "lone leading surrogate in hex escape"),
        ("[" * 130 + "]" * 130, "recursion limit exceeded"),
    ],
)
def test_invalid_json_is_a_protocol_error(read: Callable[[bytes], Any], text: str, problem: str) -> None:
    with pytest.raises(ProtocolError, match=re.escape(problem)) as caught:
        read(text.encode())
    assert caught.value.status == 200
    assert caught.value.body_start == text.replace("\n", " ")[:200]


def test_an_entry_of_a_page_is_checked_as_a_whole_reply_is() -> None:
    page = rb'{"results":[{"id":"a","n":"\ud800"}],"totalCount":1}'
    with (
        Canned(answer=lambda _: reply(200, page)) as server,
        server.client(max_retries=0) as client,
        pytest.raises(ProtocolError, match="is not whole JSON"),
    ):
        list(client.list_projects())


@pytest.mark.parametrize("digits", [18, 19, 20, 100, 308])
def test_integers_of_any_length_are_exact(read: Callable[[bytes], Any], digits: int) -> None:
    number = int("1234567890" * 31) % 10**digits
    assert read(b"[%d,-%d]" % (number, number)) == [number, -number]
