"""The emulator in a child made by fork: over HTTP, whatever the parent was doing."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from atlas_serverless import Emulator
from forked import forks, in_child

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(
        provisioning="at_once", token_requests_per_minute=None, live_tokens=None, rate_limits=False
    ) as emulator:
        yield emulator


@forks
def test_a_child_sees_and_changes_what_its_parent_does(emulator: Emulator) -> None:
    inherited = emulator.description
    emulator.reset()

    def work() -> None:
        assert emulator.description == inherited
        assert emulator.url == inherited["url"]
        with emulator.client("access_token") as client:
            client.create_flex_cluster(name="of-the-child", provider_settings=PLACE)
        assert emulator.requests[-1]["operation"] == "createGroupFlexCluster"
        assert emulator.counters["created"] == 1
        emulator.set_state("of-the-child", "REPAIRING")
        emulator.fail_next("status", status=503)
        emulator.clock.freeze()
        assert emulator.instances()[0]["state"] == "REPAIRING"
        with pytest.raises(LookupError, match="There is no elsewhere"):
            emulator.set_state("elsewhere", "IDLE")
        with pytest.raises(ValueError, match="no fault of kind"):
            emulator.faults.order("clsoe")  # type: ignore[arg-type]
        emulator.stop()
        emulator.__exit__(None, None, None)

    assert in_child(work) == 0
    assert [instance["name"] for instance in emulator.instances()] == ["of-the-child"]
    assert [fault["status"] for fault in emulator.faults.standing()] == [503]
    assert emulator.control("GET", "clock")["manual"] is True


@forks
def test_the_binary_itself_says_that_it_was_inherited(emulator: Emulator) -> None:
    core = emulator._core._core

    def work() -> None:
        assert core.is_inherited
        for ask in (core.description, core.requests, lambda: core.control("GET", "counters")):
            with pytest.raises(RuntimeError, match=f"runs in the parent process; it is reached at {core.url}"):
                ask()
        core.stop()

    assert in_child(work) == 0
    assert not core.is_inherited


@forks
def test_a_child_of_a_stopped_emulator_gets_an_error() -> None:
    emulator = Emulator()
    emulator.stop()

    def work() -> None:
        with pytest.raises(
            RuntimeError, match=f"the emulator at {emulator.url}, which the parent process started, does"
        ):
            emulator.reset()

    assert in_child(work) == 0


@forks
def test_sixty_forks_under_traffic_end(emulator: Emulator) -> None:
    begun, ended = threading.Event(), threading.Event()

    def traffic() -> None:
        with emulator.client() as client:
            while not ended.is_set():
                client.get_project(emulator.group_id)
                begun.set()
                assert emulator.counters["requests"] > 0
                assert emulator.requests

    def work() -> None:
        assert emulator.counters["requests"] > 0
        emulator.fail_next("status", status=503, endpoint="revoke", name="never")
        with emulator.client("access_token") as client:
            assert client.get_project(emulator.group_id)["id"] == emulator.group_id
        emulator.stop()
        gc.collect()

    others = [threading.Thread(target=traffic) for _ in range(2)]
    emulator.control("PATCH", "settings", {"request_log": 20})
    for thread in others:
        thread.start()
    try:
        assert begun.wait(60)
        codes = [in_child(work) for _ in range(60)]
    finally:
        ended.set()
        for thread in others:
            thread.join()
    assert codes == [0] * 60
    assert len(emulator.faults.standing()) == 60


@forks
def test_a_child_that_lives_on_keeps_no_connection_and_no_port(emulator: Emulator) -> None:
    """It has a copy of every socket; what the emulator closes ends all the same."""
    port = int(emulator.url.rsplit(":", 1)[1])
    idle = socket.create_connection(("127.0.0.1", port), timeout=30)
    reset = socket.create_connection(("127.0.0.1", port), timeout=30)
    emulator.fail_next("reset", path="/reset", authorization="any")
    for connection in (idle, reset):  # an answer: it has been accepted
        connection.sendall(b"GET /_emulator/clock HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write)
        os.read(read, 1)  # until the parent has looked
        os._exit(0)
    os.close(read)
    try:
        reset.sendall(b"GET /reset HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert reset.recv(1) == b""
        assert emulator.control("POST", "connections/close")["closed"] >= 1
        with contextlib.suppress(ConnectionResetError):
            assert idle.recv(1) == b""
        emulator.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        Emulator(port=port).stop()
    finally:
        os.close(write)
        os.waitpid(child, 0)
        idle.close()
        reset.close()
