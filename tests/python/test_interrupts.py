"""Ctrl-C and other signals while a call waits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import errors
from canned import GROUP, Canned

if TYPE_CHECKING:
    pass

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


PLAIN = 'client.get_flex_cluster(group, "stalled")'
WITHIN = """
logging.getLogger("atlas_serverless").setLevel(logging.DEBUG)
class Handler(logging.Handler):
    def emit(self, record):
        logging.getLogger("atlas_serverless").removeHandler(self)
        client.get_flex_cluster(group, "stalled")
logging.getLogger("atlas_serverless").addHandler(Handler())
client.get_flex_cluster(group, "orders")
"""
PAGES = 'list(client.request("GET", "/api/atlas/v2/stalled"))'
CLOSING = """
with client:
    client.get_flex_cluster(group, "stalled")
"""
THREADS = """
import threading
for _ in range(8):
    threading.Thread(target=client.get_flex_cluster, args=(group, "stalled"), daemon=True).start()
time.sleep(0.2)
client.get_flex_cluster(group, "stalled")
"""
ASYNC = """
async def main():
    async with atlas_serverless.AsyncClient(access_token="t", base_url=url) as client:
        await client.get_flex_cluster(group, "stalled")
asyncio.run(main())
"""


CALLS = {"call": PLAIN, "within": WITHIN, "any": PAGES, "with": CLOSING, "threads": THREADS, "async": ASYNC}


@pytest.mark.parametrize("kind", CALLS)
def test_ctrl_c_interrupts_within_half_a_second(server: Canned, kind: str) -> None:
    program = f"""
import asyncio, logging, sys, time, atlas_serverless
url, group = {server.url!r}, {GROUP!r}
client = atlas_serverless.Client(access_token="t", base_url=url)
try:
{textwrap.indent(CALLS[kind], "    ")}
except KeyboardInterrupt:
    print("interrupted")
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    server.await_requests(9 if kind == "threads" else 1)
    begun = time.perf_counter()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    took = time.perf_counter() - begun
    assert (out, err, child.returncode) == ("interrupted\n", "", 0)
    assert took < 0.5


def test_ctrl_c_among_many_threads_says_what_may_exist(server: Canned) -> None:
    program = f"""
import logging, sys, threading, time, atlas_serverless
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
client = atlas_serverless.Client(access_token="t", base_url={server.url!r})
for _ in range(8):
    threading.Thread(target=client.get_flex_cluster, args=({GROUP!r}, "stalled"), daemon=True).start()
time.sleep(0.2)
try:
    client.create_flex_cluster({GROUP!r}, name="stalled", provider_settings={PLACE!r})
except KeyboardInterrupt:
    print("interrupted")
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    server.await_requests(9)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    said = f"The create of Flex cluster stalled in project {GROUP} was given up: stalled may exist now or later"
    assert (out, err, child.returncode) == (f"WARNING {said}\ninterrupted\n", "", 0)


def test_other_signal_handlers_run_while_a_call_waits(server: Canned) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    try:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        with pytest.raises(errors.RequestTimeoutError):
            server.client(timeout=0.3, max_retries=0).get_flex_cluster(GROUP, "stalled")
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == [signal.SIGUSR1]
