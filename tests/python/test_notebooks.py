"""A real ipykernel: what calls report belongs to the cell that made them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Iterator

SET_UP = """
import asyncio, contextvars, logging
from atlas_serverless import Emulator
from atlas_serverless._core import VirtualClock
emulator = Emulator(provisioning={"reads": 2})
client = emulator.async_client(_clock=VirtualClock())
place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
NAME = contextvars.ContextVar("NAME", default="nobody's")
begin = asyncio.Event()

class Printing(logging.Handler):
    def emit(self, record):
        print("log", NAME.get())

logging.getLogger("atlas_serverless").setLevel(logging.DEBUG)
logging.getLogger("atlas_serverless").addHandler(Printing())

def progress(poll):
    print("poll", poll.name, NAME.get())

async def work(name):
    NAME.set(name)
    await begin.wait()
    await client.create_flex_cluster(name=name, provider_settings=place, wait=True, progress=progress)
    print("done", NAME.get())
"""


@pytest.fixture
def kernel() -> Iterator[Any]:
    manager = KernelManager()
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_two_cells_in_flight_each_show_what_is_theirs(kernel: Any) -> None:
    cells = {
        "set up": SET_UP,
        "first": 'first = asyncio.create_task(work("first"))',
        "second": 'second = asyncio.create_task(work("second")); begin.set()',
        "last": "await asyncio.gather(first, second); emulator.stop()",
    }
    names = {kernel.execute(code): name for name, code in cells.items()}
    shown: defaultdict[str, set[str]] = defaultdict(set)
    while True:
        message = kernel.get_iopub_msg(timeout=60)
        cell = names.get(message["parent_header"].get("msg_id"), "")
        content = message["content"]
        assert message["msg_type"] != "error", content["traceback"]
        if message["msg_type"] == "stream":
            shown[cell].update(content["text"].splitlines())
        if cell == "last" and message["msg_type"] == "status" and content["execution_state"] == "idle":
            break
    expected = {name: {f"log {name}", f"poll {name} {name}", f"done {name}"} for name in ("first", "second")}
    assert shown == expected
