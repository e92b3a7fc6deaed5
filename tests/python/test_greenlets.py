"""gevent and eventlet, monkeypatched: callables may switch greenlets, and other greenlets call the client meanwhile."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
{patch}
import logging, os, sys
from atlas_serverless import Emulator, errors
from atlas_serverless._core import VirtualClock

class Switching(logging.Handler):
    def emit(self, record):
        sleep(0.0005)

logger = logging.getLogger("atlas_serverless")
logger.setLevel(logging.DEBUG)
logger.addHandler(Switching())
place = {{"backing_provider_name": "AWS", "region_name": "US_EAST_1"}}
ticks, polls, ended = [], [], []

def ticker():
    while len(ended) < 8:
        ticks.append(1)
        sleep(0.001)

def progress(poll):
    polls.append(poll.state)
    sleep(0.001)
    client.get_project()  # a call within a call

def work(number):
    name = f"c{{number}}"
    client.create_flex_cluster(name=name, provider_settings=place, wait=True, interval=0.002, progress=progress)
    try:
        client.wait_for_flex_cluster(name=name, state="DELETED", timeout=5.0, interval=0.002, progress=failing)
    except KeyError:
        pass
    ended.append(name)

def failing(poll):
    sleep(0.001)
    raise KeyError(poll.name)

with Emulator(provisioning_seconds=0.02) as emulator:
    client = emulator.client()
    started = [spawn(ticker)] + [spawn(work, number) for number in range(8)]
    for greenlet in started:
        wait(greenlet)
assert sorted(ended) == [f"c{{number}}" for number in range(8)], ended
assert len(polls) >= 8, polls
assert len(ticks) >= 8, ticks
print("done")
"""
GEVENT = """
from gevent import monkey
monkey.patch_all()
from gevent import sleep, spawn
def wait(greenlet):
    greenlet.get()
"""
EVENTLET = """
import warnings
warnings.simplefilter("ignore")
import eventlet
eventlet.monkey_patch()
from eventlet import sleep, spawn
def wait(greenlet):
    greenlet.wait()
"""


@pytest.mark.parametrize("patch", [GEVENT, EVENTLET], ids=["gevent", "eventlet"])
def test_callables_may_switch_greenlets(patch: str) -> None:
    command = [sys.executable, "-c", PROGRAM.format(patch=patch)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
