"""Values as programs have them, for property tests: JSON's own, the same in other classes, and what no JSON can hold.

Where a class shows its value as another one, what counts is what `json.dumps` makes of it.
"""

from __future__ import annotations

import datetime
import decimal
import json
import random
from collections import ChainMap, OrderedDict, UserDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

DEPTH = 64
"""The deepest nesting that is sent: a body of so many containers, one in another."""


def bounded(examples: int) -> settings:
    """The same examples in every run. No deadline: other work on the machine is no failure."""
    quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=quiet)


# --- classes that show their values as others -------------------------------------------------------------------------


class Text(str):
    def __str__(self) -> str:
        return "shown"

    def __repr__(self) -> str:
        return "'shown'"

    def __format__(self, _: str) -> str:
        return "shown"

    def encode(self, *_: object, **__: object) -> bytes:
        return b"shown"


class Whole(int):
    def __repr__(self) -> str:
        return "7"

    def __format__(self, _: str) -> str:
        return "7"

    def __int__(self) -> int:
        return 7

    def __index__(self) -> int:
        return 7

    def __lt__(self, _: object) -> bool:
        return False

    def __le__(self, _: object) -> bool:
        return True

    __str__ = __repr__
    __ge__ = __le__
    __gt__ = __lt__


class Real(float):
    def __repr__(self) -> str:
        return "7.5"

    def __format__(self, _: str) -> str:
        return "7.5"

    def __float__(self) -> float:
        return 7.5

    def __le__(self, _: object) -> bool:
        return True

    __str__ = __repr__
    __ge__ = __le__


class Listed(list[Any]):
    """Its items are there for those who do not ask it."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Stored(dict[str, Any]):
    """What it stores is not what it says that it holds."""

    def __init__(self, entries: dict[str, Any]) -> None:
        super().__init__({"stored": 1})
        self._entries = entries

    def items(self) -> Any:
        return self._entries.items()


class Read(Mapping[str, Any]):
    """No more than a mapping has to have."""

    def __init__(self, entries: dict[str, Any]) -> None:
        self._entries = entries

    def __getitem__(self, key: str) -> Any:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Index:
    """As the whole numbers of numpy."""

    def __index__(self) -> int:
        return 7


class Failing(Read):
    """Its entries cannot be read."""

    def __getitem__(self, key: str) -> Any:
        raise LookupError(key)


def ordered(entries: dict[str, Any]) -> OrderedDict[str, Any]:
    """In another order than they were put in."""
    made = OrderedDict(reversed(list(entries.items())))
    for key in entries:
        made.move_to_end(key)
    return made


def pair(items: list[Any]) -> Any:
    return namedtuple("Pair", [f"item_{number}" for number in range(len(items))])(*items)


def member(value: str) -> Any:
    new: Any = Enum
    return new("Member", {"A": value}, type=str).A


def numbered(value: int) -> Any:
    new: Any = IntEnum
    return new("Member", {"A": value}).A


TEXTS: list[Callable[[str], Any]] = [str, Text, member]
WHOLES: list[Callable[[int], Any]] = [int, Whole, numbered]
REALS: list[Callable[[float], Any]] = [float, Real]
LISTS: list[Callable[[list[Any]], Any]] = [list, tuple, Listed, pair]
DICTS: list[Callable[[dict[str, Any]], Any]] = [
    dict,
    ordered,
    lambda entries: defaultdict(list, entries),
    MappingProxyType,
    UserDict,
    ChainMap,
    Read,
    Stored,
]


def dressed(plain: Any, chance: random.Random) -> Any:
    """The same value in classes of chance."""
    if isinstance(plain, str):
        return chance.choice(TEXTS)(plain)
    if isinstance(plain, float):
        return chance.choice(REALS)(plain)
    if isinstance(plain, int) and not isinstance(plain, bool):
        return chance.choice(WHOLES)(plain)
    if isinstance(plain, list):
        return chance.choice(LISTS)([dressed(item, chance) for item in plain])
    if isinstance(plain, dict):
        return chance.choice(DICTS)({dressed(key, chance): dressed(value, chance) for key, value in plain.items()})
    return plain


# --- strategies -------------------------------------------------------------------------------------------------------

characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters, max_size=20)
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values: st.SearchStrategy[Any] = st.recursive(
    texts | numbers | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
chances = st.integers(0, 2**32 - 1).map(random.Random)
#: No name of a field or of an argument.
own_names = st.text(characters, max_size=8).map("x".__add__)


@st.composite
def dressed_values(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> tuple[Any, Any]:
    """A value in other classes, and the plain one."""
    plain = draw(values)
    return dressed(plain, draw(chances)), plain


surrogates = st.builds(
    lambda before, lone, after: before + lone + after, texts, st.characters(categories=["Cs"]), texts
)
too_long = st.integers(2**64, 2**80) | st.integers(-(2**80), -(2**63) - 1) | st.just(10**4000)
no_keys: st.SearchStrategy[Any] = st.integers() | st.none() | st.tuples(texts) | st.binary() | surrogates


def cycle(depth: int, kind: int) -> Any:
    """A container that encloses itself, so many levels deep."""
    bottom: Any = [[], {}, UserDict()][kind % 3]
    value = bottom
    for level in range(depth):
        value = [value] if (kind >> level % 8) % 2 else {"a": value}
    if isinstance(bottom, list):
        bottom.append(value)
    else:
        bottom["a"] = value
    return value


def nested(depth: int, kind: int) -> Any:
    """So many containers, one in another."""
    value: Any = [] if kind % 2 else {}
    for level in range(depth - 1):
        value = [value] if (kind >> level % 8) % 2 else {"xa": value}
    return value


unsendable: st.SearchStrategy[Any] = st.one_of(
    st.binary(max_size=5),
    st.binary(max_size=5).map(bytearray),
    st.sets(st.integers(), max_size=2),
    st.complex_numbers(),
    st.decimals().map(decimal.Decimal),
    st.dates(),
    st.builds(object),
    st.builds(Index),
    st.builds(lambda: (item for item in [1])),
    st.builds(lambda: iter([1])),
    st.just(range(3)),
    st.just(Text),
    st.just(datetime.timedelta(1)),
    st.sampled_from([float("nan"), float("inf"), Real("nan"), Real("-inf")]),
    surrogates,
    surrogates.map(Text),
    too_long,
    too_long.map(Whole),
    too_long.filter(lambda number: abs(number) < 10**100).map(numbered),
    st.dictionaries(no_keys, json_values, min_size=1, max_size=2),
    st.builds(cycle, st.integers(0, 80), st.integers(0, 255)),
    st.builds(nested, st.integers(DEPTH + 1, 2000), st.integers(0, 255)),
    st.just(Failing({"a": 1})),
)


@st.composite
def spoiled(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> Any:
    """A value that could be sent, were it not for something that is in it."""
    value, chance = draw(unsendable), draw(chances)
    for _ in range(chance.randrange(4)):
        other = dressed(draw(values), chance)
        around = [[value], [value, other], [other, value]]
        value = chance.choice([*around, tuple(around[1]), {"xa": value}, {"xa": other, "xb": value}])
    return value


def same(given: Any, wanted: Any) -> bool:
    """Whether two JSON values are the same, the order of their keys and the kinds of their numbers included."""
    return json.dumps(given) == json.dumps(wanted)
