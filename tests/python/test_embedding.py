"""Other people's processes: subinterpreters, trio, notebooks' nested loops, context variables, gunicorn."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import systems
from atlas_serverless import Client, Emulator, errors
from atlas_serverless._core import VirtualClock
from canned import GROUP, Canned, reply

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
NAME: contextvars.ContextVar[str] = contextvars.ContextVar("NAME", default="nobody's")


def run(program: str, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


REFUSAL = (
    "atlas_serverless works in the main interpreter only, and this is a subinterpreter. Under mod_wsgi, set"
    " WSGIApplicationGroup %{GLOBAL}"
)
if sys.version_info >= (3, 12):  # Python itself refuses
    REFUSAL = "module atlas_serverless._core does not support loading in subinterpreters"


@pytest.mark.parametrize("first", ["", "import atlas_serverless"])
def test_a_subinterpreter_is_refused(first: str) -> None:
    program = f"""
{first}
try:
    import _interpreters as interpreters
except ImportError:  # before Python 3.13
    import _xxsubinterpreters as interpreters
ident = interpreters.create()
interpreters.run_string(ident, '''
try:
    import atlas_serverless
    print("imported")
except ImportError as error:
    print(error)
''')
import atlas_serverless
print(atlas_serverless.__version__ != "")
"""
    assert run(program) == (0, f"{REFUSAL}\nTrue\n", "")


def loops() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    import uvloop

    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_what_a_call_reports_runs_in_a_copy_of_its_own_context(atlas_emulator: Emulator, kind: str) -> None:
    seen: set[tuple[str, str]] = set()
    logger = logging.getLogger("atlas_serverless")

    class Seeing(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            seen.add(("log", NAME.get()))

    async def call(name: str) -> None:
        NAME.set(name)
        client = atlas_emulator.async_client(_clock=VirtualClock())

        def progress(_: Any) -> None:
            seen.add(("poll", NAME.get()))
            NAME.set("changed")

        await client.create_flex_cluster(name=name, provider_settings=PLACE, wait=True, progress=progress)
        assert NAME.get() == name

    async def main() -> None:
        await asyncio.gather(call("first"), call("second"))
        await call("third")

    handler, level = Seeing(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    loop = loops()[kind]()
    try:
        loop.run_until_complete(main())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        loop.close()
    assert seen == {(what, name) for what in ("log", "poll") for name in ("first", "second", "third")}


def test_a_progress_callable_may_run_a_nested_loop() -> None:
    program = """
import asyncio, nest_asyncio
nest_asyncio.apply()
from atlas_serverless import Emulator
place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
polls = []
async def main():
    async with emulator.async_client() as client:
        def progress(poll):
            polls.append(poll.state)
            asyncio.get_event_loop().run_until_complete(client.get_project())
        await client.create_flex_cluster(
            name="c", provider_settings=place, wait=True, interval=0.005, progress=progress
        )
with Emulator(provisioning_seconds=0.02) as emulator:
    asyncio.run(main())
print(polls[-1], len(polls) > 1)
"""
    assert run(program) == (0, "IDLE True\n", "")


def test_a_nested_loop_may_read_on_in_a_list() -> None:
    """Its entries are shared out: none is lost, none comes twice."""
    program = """
import asyncio, logging, nest_asyncio
nest_asyncio.apply()
from atlas_serverless import Emulator
place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
taken = []
async def whole(pages):
    return [entry["name"] for entry in await pages]
async def main(way):
    async with emulator.async_client() as client:
        loop, pages = asyncio.get_running_loop(), client.list_flex_clusters(items_per_page=2)
        depth = 0
        def read_on(*_):
            nonlocal depth
            if depth < 2:
                depth += 1
                try:
                    if way == "one":
                        taken.append(loop.run_until_complete(pages.__anext__())["name"])
                    else:
                        taken.extend(loop.run_until_complete(whole(pages)))
                except StopAsyncIteration:
                    pass
                depth -= 1
        handler.emit = read_on
        for turn in range(5):
            loop.call_later(turn * 0.001, read_on)
        async for entry in pages:
            taken.append(entry["name"])
logger, handler = logging.getLogger("atlas_serverless"), logging.Handler()
logger.setLevel(logging.DEBUG)
with Emulator() as emulator:
    with emulator.client() as client:
        for number in range(7):
            client.create_flex_cluster(name=f"c{number}", provider_settings=place)
    logger.addHandler(handler)
    for way in ("one", "all"):
        asyncio.run(asyncio.wait_for(main(way), 60))
print(sorted(taken) == sorted(2 * [f"c{number}" for number in range(7)]))
"""
    assert run(program) == (0, "True\n", "")


def test_trio_gets_a_word_of_help() -> None:
    program = """
import trio
from atlas_serverless import AsyncClient
async def main():
    try:
        await AsyncClient(access_token="t", base_url="http://127.0.0.1:9").get_project("a" * 24)
    except RuntimeError as error:
        print("not in trio" in str(error))
trio.run(main)
"""
    assert run(program) == (0, "True\n", "")


def out_of_time() -> VirtualClock:
    """A clock that cannot move any further: a wait of five seconds on it is a panic."""
    import time

    clock = VirtualClock()
    clock.advance(float(2**63 - 2**40))
    clock.advance(float(2**40 - int(time.time()) - 3))
    return clock


@pytest.mark.filterwarnings("ignore::atlas_serverless.errors.FieldIgnoredWarning")
class TestAPanic:
    """In a call is an error of this call, and its outcome is said to be unknown."""

    TEXT = "mistake in atlas-serverless"

    @pytest.fixture
    def broken(self) -> Any:
        """Refuses every second create with a wait."""

        def answer(request: Any) -> bytes:
            if request.method == "POST" and b"bad" in request.body:
                return reply(429, {"error": 429}, Retry_After="5")
            if request.method == "POST":
                return reply(201, {"id": "a1", "name": "good", "stateName": "IDLE"})
            if request.path.endswith("bad"):
                return reply(429, {"error": 429}, Retry_After="5")
            return reply(200, {"id": "a1", "name": "good", "stateName": "IDLE"})

        with Canned(answer=answer) as server:
            yield server

    def test_in_a_call(self, broken: Canned) -> None:
        client = broken.client(_clock=out_of_time(), max_retry_time=1e9)
        with pytest.raises(errors.OutcomeUnknownError, match=self.TEXT) as caught:
            client.create_flex_cluster(GROUP, name="bad", provider_settings=PLACE)
        assert (caught.value.name, caught.value.group_id) == ("bad", GROUP)
        with pytest.raises(errors.OutcomeUnknownError, match=self.TEXT):
            client.get_flex_cluster(GROUP, "bad")
        assert client.create_flex_cluster(GROUP, name="good", provider_settings=PLACE)["name"] == "good"

    def test_in_a_coroutine(self, broken: Canned) -> None:
        async def main() -> None:
            client = broken.async_client(_clock=out_of_time(), max_retry_time=1e9)
            bad, good = await asyncio.gather(
                client.get_flex_cluster(GROUP, "bad"), client.get_flex_cluster(GROUP, "good"), return_exceptions=True
            )
            assert isinstance(bad, errors.OutcomeUnknownError)
            assert isinstance(good, dict)

        asyncio.run(main())

    def test_in_one_of_many_creates(self, broken: Canned) -> None:
        client = broken.client(_clock=out_of_time(), max_retry_time=1e9)
        operations = [{"group_id": GROUP, "name": name, "provider_settings": PLACE} for name in ("good", "bad", "good")]
        results = sorted(client.create_many(operations), key=lambda result: result.index)
        assert [type(result.error) for result in results] == [type(None), errors.OutcomeUnknownError, type(None)]
        assert getattr(results[1].error, "name", None) == "bad"


def test_ctrl_c_within_a_keyring_is_raised(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    import types

    def get_password(*_: str) -> str:
        raise KeyboardInterrupt

    keyring: Any = types.ModuleType("keyring")
    keyring.get_password = get_password
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    for name, value in systems.variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    profile = systems.profile_file(tmp_path)
    profile.write_text('[default]\npublic_api_key = "abcdefgh"\n')
    profile.chmod(0o600)
    with pytest.raises(KeyboardInterrupt):
        Client.from_profile("default")
