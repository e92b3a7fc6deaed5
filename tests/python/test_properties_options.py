"""Options of clients and calls, and all that an emulator is given: what counts is the value, whatever its class."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_serverless import AsyncClient, Client, Emulator, errors
from canned import GROUP, Canned, reply
from strange_values import (
    WHOLES,
    bounded,
    chances,
    dressed,
    dressed_values,
    json_values,
    numbers,
    own_names,
    same,
    spoiled,
    texts,
    unsendable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REFUSALS = (errors.AtlasError, TypeError, ValueError)
TEXTS = ["client_id", "client_secret", "public_key", "private_key", "access_token", "profile", "base_url", "group_id"]
TEXTS += ["api_version", "proxy", "user_agent_suffix", "on_retired"]
NUMBERS = ["timeout", "connect_timeout", "max_retry_time", "max_retries"]
FLAGS = ["reconcile", "allow_insecure_http"]
PATHS = ["ca_file", "token_cache"]
SECRETS = ["client_secret", "private_key", "access_token"]
ANSWER = {"results": [], "totalCount": 0, "name": "orders", "stateName": "IDLE", "id": "a1"}
PLACE = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


def outcome(call: Callable[[], Any]) -> Any:
    """What a call returns, or how it is refused."""
    try:
        return call()
    except UnicodeError:  # the others name an argument
        raise
    except TypeError as error:
        return TypeError, str(error).partition(", not ")[0]  # the class is named then
    except REFUSALS as error:
        return type(error), str(error)


# --- constructors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*TEXTS, *NUMBERS, *FLAGS, *PATHS])
def test_a_constructor_takes_an_argument_or_names_it(name: str) -> None:
    @bounded(40)
    @given(value=unsendable | json_values, asynchronous=st.booleans())
    def made_or_refused(value: Any, asynchronous: bool) -> None:
        new: Any = AsyncClient if asynchronous else Client
        options = {"access_token": "t", "base_url": "http://127.0.0.1:9", name: value}
        made = outcome(lambda: repr(new(**options)))
        if isinstance(made, str):
            assert made.startswith("<AsyncClient http" if asynchronous else "<Client http")
            is_number = hasattr(value, "__float__") or hasattr(value, "__index__")  # Decimal's and numpy's too
            assert value is None or isinstance(value, str) or is_number
        else:
            assert name.partition("_")[0] in made[1].lower()
            assert name not in SECRETS or not isinstance(value, str) or len(value) < 5 or value not in made[1]

    made_or_refused()


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_taken_by_its_value(name: str) -> None:
    @bounded(60)
    @given(number=numbers, chance=chances)
    def taken(number: Any, chance: random.Random) -> None:
        def new(value: Any) -> str:
            return repr(Client(access_token="t", base_url="http://127.0.0.1:9", **{name: value}))

        assert outcome(lambda: new(dressed(number, chance))) == outcome(lambda: new(number))

    taken()


@pytest.fixture(scope="module")
def server() -> Iterator[Canned]:
    with Canned(answer=lambda _: reply(200, ANSWER)) as server:
        yield server


HEADERS = {
    "access_token": ("authorization", "Bearer {}"),
    "user_agent_suffix": ("user-agent", "{}"),
    "api_version": ("accept", "application/vnd.atlas.{}+json"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_text_is_sent_by_its_value_or_refused(server: Canned, name: str) -> None:
    header, form = HEADERS[name]

    @bounded(60)
    @given(text=dressed_values(texts | st.text("abcABC019-_.~+/=", min_size=1)))
    def sent(text: tuple[Any, str]) -> None:
        given, plain = text
        server.requests.clear()

        def call() -> None:
            with server.client(**{name: given}, max_retries=0) as client:
                client.request("GET", "/api/atlas/v2")

        if outcome(call) is None:
            [request] = server.requests
            assert request.headers[header].endswith(form.format(plain).strip())
        else:
            assert server.requests == []

    sent()


@bounded(60)
@given(number=st.integers(-2, 600) | st.integers(), chance=chances)
def test_a_number_of_a_call_is_sent_by_its_value(server: Canned, number: int, chance: random.Random) -> None:
    with server.client() as client:

        def targets(value: Any) -> Any:
            server.requests.clear()
            list(client.list_flex_clusters(GROUP, items_per_page=value))
            return [request.target for request in server.requests]

        given, plain = outcome(lambda: targets(chance.choice(WHOLES)(number))), outcome(lambda: targets(number))
        assert given == plain
        assert isinstance(plain, tuple) or f"itemsPerPage={number}&" in f"{plain[0]}&"


@pytest.mark.parametrize("name", ["timeout", "interval", "grace"])
def test_seconds_of_a_call_are_seconds_or_refused(server: Canned, name: str) -> None:
    no_numbers = unsendable.filter(lambda value: not hasattr(value, "__index__") and not hasattr(value, "__float__"))
    too_little = st.booleans() | st.just(float("nan")) | st.floats(max_value=0.0, exclude_max=True)

    @bounded(60)
    @given(value=no_numbers | too_little)
    def refused(value: Any) -> None:
        server.requests.clear()
        with server.client() as client:
            wait: Any = client.wait_for_flex_cluster
            assert isinstance(outcome(lambda: wait(GROUP, "orders", **{name: value})), tuple)
        assert server.requests == []

    refused()


# --- the emulator -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(clock="manual", provisioning="at_once", random_seed=7) as emulator:
        yield emulator


@bounded(80)
@given(data=st.data(), value=json_values, chance=chances)
def test_a_setting_is_taken_by_its_value(emulator: Emulator, data: st.DataObject, value: Any, chance: Any) -> None:
    known = emulator.settings()
    name = data.draw(st.sampled_from(sorted(known)))
    value = data.draw(st.sampled_from([value, known[name]]))

    def changed(to: Any) -> Any:
        emulator.reset()
        return outcome(lambda: emulator.settings(**{name: to})), emulator.settings()

    assert changed(dressed(value, chance)) == changed(value)


@bounded(80)
@given(
    name=st.sampled_from(["live_tokens", "calendar", "provisioning", "rate_limits"]) | own_names,
    value=spoiled(json_values),
)
def test_a_setting_that_no_json_can_hold_changes_nothing(emulator: Emulator, name: str, value: Any) -> None:
    before = emulator.settings()
    with pytest.raises((TypeError, ValueError)):
        emulator.settings(live_tokens=3, **{name: value})
    assert emulator.settings() == before
    with pytest.raises((TypeError, ValueError)):
        Emulator(**{name: value})


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a seed."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, (dict, list)):
            yield from leaves(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    made = [(key, replaced(inner, path[1:], new) if key == path[0] else inner) for key, inner in pairs]
    return dict(made) if isinstance(value, dict) else [inner for _, inner in made]


@pytest.fixture(scope="module")
def seed() -> dict[str, Any]:
    with Emulator(clock="2026-01-05T00:00:00Z", random_seed=3) as emulator, emulator.client() as client:
        client.create_flex_cluster(name="orders", provider_settings=PLACE, tags={"env": "dev"})
        emulator.add_api_key(role="Project Read Only", access_list=["192.0.2.0/24"])
        return emulator.snapshot()


def started(seed: Any) -> Any:
    with Emulator(clock="2026-01-05T00:00:00Z", random_seed=3, seed=seed) as emulator:
        return emulator.snapshot()


@bounded(25)
@given(chance=chances)
def test_a_seed_is_taken_by_its_value(seed: dict[str, Any], chance: random.Random) -> None:
    assert same(started(dressed(seed, chance)), started(seed))


@bounded(60)
@given(data=st.data(), value=json_values, chance=chances)
def test_any_seed_starts_or_is_refused(seed: dict[str, Any], data: st.DataObject, value: Any, chance: Any) -> None:
    path = data.draw(st.sampled_from(list(leaves(seed))))
    changed = replaced(seed, path, value)
    assert outcome(lambda: started(dressed(changed, chance))) == outcome(lambda: started(changed))


@bounded(60)
@given(data=st.data(), value=spoiled(json_values))
def test_a_seed_that_no_json_can_hold_is_refused(seed: dict[str, Any], data: st.DataObject, value: Any) -> None:
    path, new = data.draw(st.sampled_from(list(leaves(seed)))), cast("Any", Emulator)
    for name, source in (("seed", replaced(seed, path, value)), ("scenario", {"faults": [value]})):
        with pytest.raises((TypeError, ValueError), match=name):
            new(**{name: source})


@bounded(60)
@given(body=dressed_values(st.dictionaries(texts, json_values, max_size=3)))
def test_the_body_of_a_fault_is_sent_as_it_was_given(emulator: Emulator, body: tuple[Any, Any]) -> None:
    given, plain = body
    with emulator.client("access_token", max_retries=0) as client:
        emulator.faults.order("status", status=200, body=given)
        assert same(client.request("GET", "/api/atlas/v2/groups"), plain)
    assert emulator.faults.standing() == []


@bounded(60)
@given(name=st.sampled_from(["body", "headers", "then", "status", "times", "path"]), value=spoiled(json_values))
def test_a_fault_that_no_json_can_hold_is_refused(emulator: Emulator, name: str, value: Any) -> None:
    order: Any = emulator.faults.order
    with pytest.raises((TypeError, ValueError)):
        order("status", **{"status": 500, name: value})
    assert emulator.faults.standing() == []


@bounded(25)
@given(chance=chances)
def test_names_ids_and_numbers_of_an_order_are_their_values(emulator: Emulator, chance: random.Random) -> None:
    emulator.reset()
    emulator.add_instance(dressed("kept", chance), provider=dressed("AWS", chance), region=dressed("US_EAST_1", chance))
    emulator.set_state(
        dressed("kept", chance), dressed("REPAIRING", chance), group_id=dressed(emulator.group_id, chance)
    )
    [instance] = emulator.instances(dressed(emulator.group_id, chance))
    assert (instance["name"], instance["state"]) == ("kept", "REPAIRING")
    emulator.faults.cancel(dressed(emulator.faults.order("html"), chance))
    assert emulator.faults.standing() == []
    before = emulator.clock.now
    emulator.clock.advance(dressed(30, chance))
    emulator.clock.advance(dressed(0.5, chance))
    assert (emulator.clock.now - before).total_seconds() == pytest.approx(30.5)
