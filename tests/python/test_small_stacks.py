"""Threads with small stacks, deep calls, and RUST_MIN_STACK: a result or an error, never the end of the process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from atlas_serverless import Emulator

PROGRAM = """
import asyncio, sys, threading
from atlas_serverless import AsyncClient, Client, Emulator, errors, to_flex_spec
from atlas_serverless import _core
url, group, token, secret, stack, depth = sys.argv[1:]
place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
options = {"access_token": token, "base_url": url, "group_id": group}
client, asynchronous = Client(**options), AsyncClient(**options)
digest = Client(public_key="emulator", private_key=secret, base_url=url, group_id=group)
fleet = lambda name: {"name": name, "kind": "flex", "provider_settings": place}
async def taken(call):
    return await call()
async def streamed(name):
    return [one.value async for one in asynchronous.create_many([fleet(name)])][0]
def create(name, **more):
    return client.create_flex_cluster(name=name, provider_settings=place, **more)
calls = {
    "create": lambda: create("a", wait=True),
    "progress": lambda: create("b", wait=True, progress=lambda poll: None),
    "nested": lambda: create("c", wait=True, progress=lambda poll: client.get_project()),
    "raw": lambda: client.with_raw_response.create_flex_cluster(name="d", provider_settings=place).data,
    "digest": lambda: digest.get_project(),
    "many": lambda: [one.value for one in client.create_many([fleet("e")])][0],
    "async": lambda: asyncio.run(taken(lambda: asynchronous.create_flex_cluster(name="f", provider_settings=place))),
    "async many": lambda: asyncio.run(streamed("g")),
    "up": lambda: client.up("h", provider="AWS", region="US_EAST_1", access=["192.0.2.7"]).cluster,
    "down": lambda: {"down": client.down("h")},
    "list": lambda: {"listed": list(client.list_flex_clusters())},
    "request": lambda: client.request("GET", "/api/atlas/v2/groups"),
    "absent": lambda: client.get_flex_cluster(name="absent"),
    "invalid": lambda: client.create_flex_cluster(name="!", provider_settings=place),
    "client": lambda: {"made": Client(**options)},
    "doctor": lambda: _core.doctor(base_url=url, timeout=5),
    "logout": lambda: _core.log_out(client),
    "convert": lambda: {"spec": to_flex_spec({"name": "x", "provider_settings": place}).spec},
    "emulator": lambda: {"url": Emulator().__enter__().url},
    "close": lambda: {"closed": Client.close(digest)},
}
def sink(left, call):
    # `map` puts a frame of C between two of Python.
    return call() if left == 0 else list(map(lambda _: sink(left - 1, call), [0]))[0]
def work(way):
    try:
        result = sink(int(depth), calls[way])
    except (errors.ClusterNotFound, errors.ValidationError) as error:
        result = {"error": error}
    except RuntimeError as error:
        result = {} if str(error).startswith("nothing was done: ") else None
    except errors.AtlasError:
        result = None
    said.append((way, "ok" if result else "refused" if result == {} else "wrong"))
said = []
threading.stack_size(int(stack) * 1024)
sys.setrecursionlimit(10_000)
for way in calls:
    thread = threading.Thread(target=work, args=(way,))
    thread.start()
    thread.join()
print(said)
"""


def run(emulator: Emulator, stack: int, depth: int = 0, **environment: str) -> dict[str, str]:
    facts = [emulator.url, emulator.group_id, emulator.access_token, emulator.private_key, str(stack), str(depth)]
    program = PROGRAM.replace('"emulator", private_key', f"{emulator.public_key!r}, private_key")
    done = subprocess.run(
        [sys.executable, "-c", program, *facts],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )
    # The call within a call may be the one that does not fit.
    left = "The Flex cluster c was created in project {group}; nobody waits for it any more"
    assert done.returncode == 0
    assert set(done.stderr.splitlines()) <= {left.replace("{group}", emulator.group_id)}
    said: dict[str, str] = dict(eval(done.stdout))
    return said


@pytest.fixture
def quick() -> Emulator:
    return Emulator(provisioning_seconds=0.0)


@pytest.mark.parametrize("stack", [32, 40, 48, 56])
def test_where_a_call_does_not_fit_nothing_is_sent(quick: Emulator, stack: int) -> None:
    with quick as emulator:
        said = run(emulator, stack)
        assert set(said.values()) <= {"ok", "refused"}
        if stack == 32:
            assert {way for way, end in said.items() if end == "ok"} == {"close"}
            assert emulator.requests == []


@pytest.mark.parametrize("stack", [96, 160, 256, 384, 512])
def test_calls_of_threads_with_small_stacks(quick: Emulator, stack: int) -> None:
    with quick as emulator:
        said = run(emulator, stack)
        # To make a client takes more in a build that is not optimised.
        refused = {way for way, end in said.items() if end != "ok"}
        assert refused in (set(), {"client", "doctor"})


@pytest.mark.parametrize("depth", [20, 60, 100, 140, 180])
def test_deep_calls_of_a_thread_with_a_small_stack(quick: Emulator, depth: int) -> None:
    with quick as emulator:
        said = run(emulator, 512, depth)
        assert set(said.values()) <= {"ok", "refused"}


def test_what_the_environment_says_of_stacks_is_for_others(quick: Emulator) -> None:
    with quick as emulator:
        assert set(run(emulator, 0, RUST_MIN_STACK="16384").values()) == {"ok"}
