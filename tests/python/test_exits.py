"""Processes that end while requests are under way: none crashes, none hangs, none writes a word.

Each runs on one CPU, where threads that end late are most in each other's way, and on two; on macOS, which binds no
process to a CPU, on all. ATLAS_EXITS=50 for more of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from canned import GROUP, Canned

if TYPE_CHECKING:
    pass

EXITS = int(os.environ.get("ATLAS_EXITS", "8"))

HEAD = """
import asyncio, os, sys, threading, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(sys.argv[3])])
from atlas_serverless import AsyncClient, Client, Emulator, to_flex_spec
url, group = sys.argv[1:3]
make = dict(access_token="t", base_url=url)
"""
# Daemon threads in calls of all kinds: ended, under way, just beginning.
THREADS = """
client = Client(**make)
def work(name):
    while True:
        client.get_flex_cluster(group, name)
for i in range(16):
    threading.Thread(target=work, args=("stalled" if i % 2 else "orders",), daemon=True).start()
time.sleep(0.05)
"""
# Daemon threads within callables of the caller's: progress, log handlers, calls from within calls.
CALLABLES = """
import logging
logger = logging.getLogger("atlas_serverless")
logger.setLevel(logging.DEBUG)
logger.addHandler(logging.FileHandler(os.devnull))
client = Client(**make)
def within(_):
    client.get_flex_cluster(group, "orders")
    time.sleep(0.001)
def work(name):
    while True:
        client.wait_for_flex_cluster(group, name, progress=within)
for i in range(16):
    threading.Thread(target=work, args=("stalled" if i % 4 == 0 else "orders",), daemon=True).start()
time.sleep(0.05)
"""
# A daemon thread within an import that its first poll needs.
IMPORTS = """
class Endless:
    def find_spec(self, name, path, target=None):
        while name == "atlas_serverless.types._values":
            pass
sys.meta_path.insert(0, Endless())
client = Client(**make)
def work():
    client.wait_for_flex_cluster(group, "orders", progress=lambda _: None)
threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
"""
# An event loop that is left with its calls under way, and one in a daemon thread that goes on.
LOOPS = """
client = AsyncClient(**make)
async def work():
    while True:
        await asyncio.gather(*(client.get_flex_cluster(group, "orders") for _ in range(20)))
async def main():
    tasks = [asyncio.create_task(client.get_flex_cluster(group, "stalled")) for _ in range(20)]
    tasks += [asyncio.create_task(work()) for _ in range(5)]
    await asyncio.sleep(0.05)
threading.Thread(target=lambda: asyncio.run(work()), daemon=True).start()
asyncio.run(main())
"""
UNFINISHED = """
client = AsyncClient(**make)
loop = asyncio.new_event_loop()
tasks = [loop.create_task(client.get_flex_cluster(group, "stalled" if i % 2 else "orders")) for i in range(50)]
for task in tasks:
    task._log_destroy_pending = False
loop.call_later(0.02, loop.stop)
loop.run_forever()
"""
BLIND = """
class BlindLoop(asyncio.SelectorEventLoop):
    def add_reader(self, *_):
        raise NotImplementedError
client = AsyncClient(**make)
async def work():
    while True:
        await asyncio.gather(*(client.get_flex_cluster(group, "orders") for _ in range(20)))
async def main():
    tasks = [asyncio.create_task(client.get_flex_cluster(group, "stalled")) for _ in range(20)]
    tasks += [asyncio.create_task(work()) for _ in range(5)]
    await asyncio.sleep(0.05)
loop = BlindLoop()
loop.run_until_complete(main())
os.write(1, b"")
for task in asyncio.all_tasks(loop):
    task._log_destroy_pending = False
"""
# Daemon threads in exceptions, warnings and what else is made without a request.
VALIDATION = """
import warnings
warnings.simplefilter("always")
warnings.showwarning = lambda *_, **__: None
client = Client(**make)
spec = {"name": "-", "providerSettings": {"regionName": "?"}, "tags": [{"key": "k"}] * 60, "unknown": [[{}]]}
def work():
    while True:
        for call in (lambda: client.create_flex_cluster(group, **spec), lambda: to_flex_spec(spec)):
            try:
                call()
            except ValueError:
                pass
for _ in range(8):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
"""
# Daemon threads in create_many, with log lines, from operations that a generator of the caller's gives.
BULK = """
import logging
logger = logging.getLogger("atlas_serverless")
logger.setLevel(logging.DEBUG)
logger.addHandler(logging.FileHandler(os.devnull))
client = Client(**make)
place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
def operations():
    while True:
        yield {"group_id": group, "name": "orders", "provider_settings": place}
        yield {"group_id": group, "name": "-"}
def work():
    for result in client.create_many(operations(), max_in_flight=8):
        repr(result)
for _ in range(6):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
"""
# Event loops in daemon threads, with log lines and progress.
ASYNC_CALLABLES = """
import logging
logger = logging.getLogger("atlas_serverless")
logger.setLevel(logging.DEBUG)
logger.addHandler(logging.FileHandler(os.devnull))
client = AsyncClient(**make)
async def progress(_):
    await client.get_flex_cluster(group, "orders")
async def call(name):
    while True:
        await client.wait_for_flex_cluster(group, name, progress=progress)
async def work():
    await asyncio.gather(*(call(name) for name in ("orders", "stalled", "orders")))
for _ in range(6):
    threading.Thread(target=lambda: asyncio.run(work()), daemon=True).start()
time.sleep(0.1)
"""
# An emulator that is not stopped, with its own clients under way.
EMULATOR = """
emulator = Emulator()
client = emulator.client()
def work():
    while True:
        client.get_project()
        emulator.requests
        emulator.settings()
        emulator.reset()
for _ in range(6):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
"""
ENDINGS = {"return": "", "exit": "sys.exit(0)", "raise": "raise SystemExit(0)"}


CODES = {
    "threads": THREADS,
    "callables": CALLABLES,
    "imports": IMPORTS,
    "loops": LOOPS,
    "unfinished": UNFINISHED,
    "blind": BLIND,
    "validation": VALIDATION,
    "bulk": BULK,
    "async callables": ASYNC_CALLABLES,
    "emulator": EMULATOR,
}


@pytest.mark.parametrize("processors", [1, 2])
@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_process_ends_with_requests_under_way(server: Canned, code: str, processors: int) -> None:
    ended = []
    for i in range(EXITS):
        program = HEAD + code + list(ENDINGS.values())[i % len(ENDINGS)]
        command = [sys.executable, "-c", program, server.url, GROUP, str(processors)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        ended.append((done.returncode, done.stdout + done.stderr))
    assert ended == [(0, "")] * EXITS
