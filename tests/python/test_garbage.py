"""Every class of the binding in cycles with objects of a caller's: nothing stays of a thousand turns.

A weak reference to the caller's object tells: that dies only if the collector sees through all objects of the cycle.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
import sys
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import AsyncClient, Client, Emulator, _core, errors
from atlas_serverless._runtime import event_loops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Maker = Callable[["Tools", "Held"], Any]

TURNS = 1000
#: Before it is counted: what is made once and kept is there. A multiple of how many makers each class has.
WARM_UP = 60
PLACE = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}

core: Any = _core


class Held:
    """A caller's object. It refers to what was made, and is referred to by it."""

    ring: Any


class Tools:
    """What the makers make things with."""

    def __init__(self, emulator: Emulator, client: Client) -> None:
        self.client = client
        self.access: dict[str, Any] = {"base_url": client.base_url, "access_token": "t"}
        self.access["group_id"] = client.default_group_id
        token = {"base_url": client.base_url, "access_token": emulator.access_token}
        self.core = core.Client(**token, group_id=client.default_group_id, _asynchronous=True)
        self.loop = asyncio.new_event_loop()

    async def ended(self, pending: Any) -> Any:
        return await pending.future


@pytest.fixture(scope="module")
def tools() -> Iterator[Tools]:
    logger = logging.getLogger("atlas_serverless")
    logger.disabled = True  # of what nobody took there is a line
    with Emulator(provisioning="at_once", rate_limits=False) as emulator, emulator.client() as client:
        client.create_flex_cluster(name="kept", provider_settings=PLACE)
        client.create_serverless_instance(name="retiring", provider_settings=PLACE)
        emulator.set_calendar("2025-12")
        tools = Tools(emulator, client)
        yield tools
        tools.loop.close()
    logger.disabled = False


def operation(**more: Any) -> dict[str, Any]:
    return {"name": "kept", "provider_settings": PLACE, "if_exists": "return", **more}


REFUSED = {"name": "no such name!"}


# --- a maker for each way in which an object of the binding refers to `held` ------------------------------------------


class _Mine(Client):
    ring: Any


def a_client(tools: Tools, held: Held) -> Any:
    mine = _Mine(**tools.access)
    mine.ring = held
    return mine


def an_asynchronous_client(tools: Tools, held: Held) -> Any:
    made: Any = AsyncClient(**tools.access)
    made.ring = held
    return made


def a_list(tools: Tools, held: Held) -> Any:
    pages: Any = tools.client.list_flex_clusters()
    pages[0]["ring"] = held  # it is read, and not taken
    return pages


def a_list_of_responses(tools: Tools, held: Held) -> Any:
    pages: Any = tools.client.with_raw_response.list_flex_clusters()
    pages.peek(1)[0].ring = held
    return pages


def a_response(tools: Tools, held: Held) -> Any:
    response: Any = tools.client.with_raw_response.get_flex_cluster(name="kept")
    response.ring = held
    return response


def an_error(tools: Tools, held: Held) -> Any:
    with pytest.raises(errors.AtlasError) as caught:
        tools.client.get_flex_cluster(name="no such name!")
    error: Any = caught.value
    error.ring = held
    return error


def the_operation_of_a_result(tools: Tools, held: Held) -> Any:
    given: Any = dict(REFUSED)
    [result] = tools.client.create_many([given])
    given["ring"] = held
    return result


def the_value_of_a_result(tools: Tools, held: Held) -> Any:
    [result] = tools.client.update_many([{"name": "kept", "tags": {"a": "b"}}])
    value: Any = result.value
    value["ring"] = held
    return result


def the_error_of_a_result(tools: Tools, held: Held) -> Any:
    [result] = tools.client.create_many([REFUSED])
    error: Any = result.error
    error.ring = held
    return result


def the_callable_of_many(tools: Tools, held: Held) -> Any:
    creates = tools.client.create_many([], progress=lambda _: held)
    assert list(creates) == []
    return creates


def the_iterator_of_many(tools: Tools, held: Held) -> Any:
    def operations() -> Iterator[Any]:
        yield REFUSED
        yield held

    creates = tools.client.create_many(operations(), max_in_flight=1)
    next(creates)
    return creates


def what_the_iterator_of_many_raised(tools: Tools, held: Held) -> Any:
    raised: Any = ValueError()
    raised.ring = held

    def operations() -> Iterator[Any]:
        yield from (REFUSED, REFUSED)
        raise raised

    creates = tools.client.create_many(operations())
    next(creates)
    return creates


def a_result_that_waits(tools: Tools, held: Held) -> Any:
    creates = tools.client.create_many([REFUSED, {"ring": held}])
    next(creates)
    return creates


def results_that_are_operations_of_their_own(tools: Tools, held: Held) -> Any:
    """A cycle without any object of Python's."""
    made: list[Any] = []

    def operations() -> Iterator[Any]:
        yield REFUSED
        yield made.pop()

    creates: Any = tools.client.create_many(operations(), progress=lambda _: held)
    made.append(creates)
    next(creates)
    return creates


def an_operation_under_way(tools: Tools, held: Held) -> Any:
    creates: Any = tools.client.create_many([REFUSED, operation(extra_fields={}, progress=None) | {"interval": None}])
    next(creates)
    for given in creates.in_flight:
        given["ring"] = held
    return creates if creates.in_flight else a_result_that_waits(tools, held)


def asynchronous_results(tools: Tools, held: Held) -> Any:
    made = AsyncClient(**tools.access).create_many([REFUSED], progress=lambda _: held)

    async def results() -> None:
        async for result in made:
            assert result.error is not None

    tools.loop.run_until_complete(results())
    return made


def a_call(tools: Tools, held: Held) -> Any:
    async def call() -> Any:
        pending = tools.core.get_flex_cluster(name="kept")
        (await pending.future)["ring"] = held
        return pending

    return tools.loop.run_until_complete(call())


def a_value_with_warnings(tools: Tools, held: Held) -> Any:
    async def call() -> Any:
        core.forget_deprecations()
        return await tools.core.get_serverless_instance(name="retiring").future

    found = tools.loop.run_until_complete(call())
    with pytest.warns(errors.EndpointDeprecatedWarning):
        found.unwrap()["ring"] = held
    return found


def a_mailbox(tools: Tools, held: Held) -> Any:
    """Of a loop that is let go of with a call under way."""
    loop = asyncio.new_event_loop()

    async def call() -> Any:
        pending = tools.core.wait_for_flex_cluster(name="kept", state="DELETED", timeout=600, progress=lambda _: held)
        return pending.future

    future = loop.run_until_complete(call())
    loop.close()
    return future


MAKERS: dict[Maker, str] = {
    a_client: "Client",
    an_asynchronous_client: "Client",
    a_list: "Pages",
    a_list_of_responses: "Pages",
    a_response: "",
    an_error: "",
    the_operation_of_a_result: "CreateResult",
    the_value_of_a_result: "CreateResult",
    the_error_of_a_result: "CreateResult",
    the_callable_of_many: "Creates",
    the_iterator_of_many: "Creates",
    what_the_iterator_of_many_raised: "Creates",
    a_result_that_waits: "Creates",
    results_that_are_operations_of_their_own: "Creates",
    an_operation_under_way: "Creates",
    asynchronous_results: "Creates",
    a_call: "Pending",
    a_value_with_warnings: "WithWarnings",
    a_mailbox: "Mailbox",
}
"""With the class of the binding that is in the cycle."""

HOLD_NOTHING: dict[str, Callable[[Tools], Any]] = {
    "Credentials": lambda tools: tools.client.credentials,
    "Emulator": lambda _: core.Emulator({}),
    "VirtualClock": lambda _: core.VirtualClock(),
}
"""Classes that refer to no object of Python's: they are in no cycle."""


def test_every_class_is_covered() -> None:
    classes = {name for name, own in vars(core).items() if inspect.isclass(own)}
    assert classes == {*MAKERS.values(), *HOLD_NOTHING} - {""}


@pytest.mark.parametrize("name", HOLD_NOTHING)
def test_what_refers_to_nothing_takes_no_reference(tools: Tools, name: str) -> None:
    made = HOLD_NOTHING[name](tools)
    assert type(made).__name__ == name
    assert [one for one in gc.get_referents(made) if one is not type(made)] == []
    with pytest.raises(AttributeError):
        made.ring = Held()


def turn(tools: Tools, makers: list[Maker]) -> list[str]:
    """One of each, put into a cycle and let go of. The names of those that stay."""
    left: list[tuple[str, weakref.ref[Held]]] = []
    for maker in makers:
        held = Held()
        held.ring = maker(tools, held)
        left.append((maker.__name__, weakref.ref(held)))
        del held
    gc.collect()
    return [name for name, reference in left if reference() is not None]


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_a_cycle_is_collected(tools: Tools, maker: Maker) -> None:
    assert turn(tools, [maker]) == []


def test_a_closed_loop_keeps_no_mailbox(tools: Tools) -> None:
    """And with it its calls end."""
    loop = asyncio.new_event_loop()

    async def call() -> weakref.ref[Any]:
        tools.core.wait_for_flex_cluster(name="kept", state="DELETED", timeout=600)
        _, mailbox = event_loops.loop_and_mailbox()
        assert mailbox is not None
        assert len(mailbox) == 1
        return weakref.ref(mailbox)

    mailbox = loop.run_until_complete(call())
    assert mailbox() is not None
    loop.close()
    assert mailbox() is None


def test_nothing_stays_after_a_thousand_turns(tools: Tools) -> None:
    """Each turn has every class; the makers of a class take turns."""
    of_class: dict[str, list[Maker]] = {}
    for maker, name in MAKERS.items():
        of_class.setdefault(name, []).append(maker)
    turns = [[makers[number % len(makers)] for makers in of_class.values()] for number in range(WARM_UP + TURNS)]
    gc.collect()
    gc.freeze()  # the interpreter's own objects: to look at them takes 30 ms a turn
    try:
        assert [name for makers in turns[:WARM_UP] for name in turn(tools, makers)] == []
        tracked, half = len(gc.get_objects()), WARM_UP + TURNS // 2
        assert [name for makers in turns[WARM_UP:half] for name in turn(tools, makers)] == []
        blocks = sys.getallocatedblocks()  # the interpreter's caches are full by now
        assert [name for makers in turns[half:] for name in turn(tools, makers)] == []
        assert len(gc.get_objects()) == tracked
        # Less than one block for each turn, of objects of whatever kind.
        assert sys.getallocatedblocks() - blocks < TURNS // 2
    finally:
        gc.unfreeze()
