"""Where Python can import nothing: the error is one of ours all the same, and nothing was sent without a word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from atlas_serverless import Emulator

HEAD = """
import sys
from atlas_serverless import Client, errors
url, group, way = sys.argv[1:]
place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
client = Client(access_token="t", base_url=url, group_id=group, max_retries=0)
calls = {
    "get": lambda: client.get_flex_cluster(name="x"),
    "invalid": lambda: client.get_flex_cluster(name="!"),
    "raw": lambda: client.with_raw_response.get_flex_cluster(name="x"),
    "create": lambda: client.create_flex_cluster(name="x", provider_settings=place),
    "progress": lambda: client.create_flex_cluster(name="x", provider_settings=place, wait=True, progress=True),
    "many": lambda: list(client.create_many([{"name": "x", "kind": "flex", "provider_settings": place}])),
    "list": lambda: list(client.list_flex_clusters()),
    "up": lambda: client.up("x", provider="AWS", region="US_EAST_1", access=[]),
    "leftovers": lambda: client.find_leftovers(),
    "request": lambda: client.request("POST", "/api/atlas/v2/groups", json={}),
    "client": lambda: Client(access_token="t", base_url="no URL"),
    "close": lambda: client.close(),
}
"""
AT_THE_END = """
import builtins
Error, text, out = errors.AtlasError, str, sys.stdout
class Last:
    def __init__(self, call):
        self.call = call
    def __del__(self):
        try:
            self.call()
        except Error as error:
            out.write("ours: " + text(error))
        except BaseException as error:
            out.write(text(type(error)) + text(error))
        else:
            out.write("no error")
        out.flush()
builtins.last = Last(calls[way])
"""
WAYS = ["get", "invalid", "raw", "create", "progress", "many", "list", "up", "leftovers", "request", "client"]


def run(program: str, emulator: Emulator, way: str) -> str:
    command = [sys.executable, "-c", program, emulator.url, emulator.group_id, way]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("way", WAYS)
def test_a_call_at_the_very_end_of_a_program_sends_nothing(atlas_emulator: Emulator, way: str) -> None:
    said = run(HEAD + AT_THE_END, atlas_emulator, way)
    assert said.startswith("ours: ")
    assert "the interpreter is ending" in said or way == "client"
    assert atlas_emulator.requests == []


def test_a_client_can_be_closed_at_the_very_end_of_a_program(atlas_emulator: Emulator) -> None:
    assert run(HEAD + AT_THE_END, atlas_emulator, "close") == "no error"


def test_a_call_at_the_end_of_a_program_that_names_no_error_is_refused_too(atlas_emulator: Emulator) -> None:
    program = (HEAD + AT_THE_END).replace("import Client, errors", "import Client")
    said = run(program.replace("errors.AtlasError", "MemoryError"), atlas_emulator, "create")
    assert said.startswith("<class 'RuntimeError'>nothing was sent: the interpreter is ending.")
    assert atlas_emulator.requests == []


WITHOUT_DESCRIPTORS = """
import asyncio, os, resource
from atlas_serverless import AsyncClient
loop = asyncio.new_event_loop()
asynchronous = AsyncClient(access_token="t", base_url=url, group_id=group, max_retries=0)
async def take(made):
    return [one async for one in made] if hasattr(made, "__aiter__") else await made
calls |= {
    "async": lambda: loop.run_until_complete(take(asynchronous.get_flex_cluster(name="x"))),
    "async list": lambda: loop.run_until_complete(take(asynchronous.list_flex_clusters())),
    "async many": lambda: loop.run_until_complete(take(asynchronous.create_many([{"name": "x", "kind": "flex"}]))),
    "trust": lambda: Client(access_token="t", ca_file="missing.pem").get_project(group),
}
if "warm" in way:
    try:
        client.get_project()
    except errors.ApiError:
        pass
limit = 200
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
said = "no error"
try:
    calls[way.removesuffix(" warm")]()
except errors.AtlasError as error:
    said = f"ours: {type(error).__name__}: {error}"
except BaseException as error:
    said = f"{type(error)} {error}"
finally:
    for number in held:
        os.close(number)
print(said, end="")
"""
ASYNC = ["async", "async list", "async many", "trust"]


@pytest.mark.parametrize("warm", ["", " warm"])
@pytest.mark.parametrize("way", [*WAYS, *ASYNC])
def test_a_call_without_descriptors_fails_with_an_error_of_ours(
    atlas_emulator: Emulator, way: str, warm: str, tmp_path: Path
) -> None:
    said = run(HEAD + WITHOUT_DESCRIPTORS, atlas_emulator, way + warm)
    assert said.startswith("ours: "), said
    # A connection that is open already still serves.
    if warm and way in ("get", "create", "request"):
        assert said.startswith("ours: UnauthorizedError: "), said
