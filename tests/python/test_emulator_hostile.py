"""What nobody should send to the emulator: it is refused, and the next request is answered."""

from __future__ import annotations

import datetime
import gc
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import systems
from atlas_serverless import Emulator

DEEP = 100_000
LATEST = 253_370_764_799  # the last second of the year 9998


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(provisioning="manual") as emulator:
        yield emulator


def send(emulator: Emulator, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON of the reply; connections are of one request."""
    sent = {"Accept": "application/vnd.atlas.2025-03-12+json", "Content-Type": "application/json", **headers}
    request = urllib.request.Request(emulator.url + path, body, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def assert_alive(emulator: Emulator) -> None:
    assert send(emulator, "GET", "/_emulator/clock")[0] == 200
    bearer = f"Bearer {emulator.access_token}"
    assert send(emulator, "GET", f"/api/atlas/v2/groups/{emulator.group_id}", Authorization=bearer)[0] == 200


NUMBERS = [
    "1e12",
    "1e30",
    "1e308",
    "1e999",
    "-1",
    "-1e30",
    "18446744073709551616",
    "9" * 400,
    "NaN",
    "true",
    "[1]",
    "{}",
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("POST", "clock", "advance_seconds"),
        ("POST", "clock", "set"),
        ("POST", "listener", "for_seconds"),
        ("POST", "tokens", "lifetime_seconds"),
        ("PATCH", "instances/default/orders", "seconds"),
        ("PATCH", "instances/default/orders", "reads"),
        ("POST", "faults", "seconds"),
        ("POST", "faults", "times"),
        ("POST", "faults", "skip"),
        ("POST", "faults", "status"),
        ("PATCH", "settings", "provisioning_seconds"),
        ("PATCH", "settings", "updating"),
        ("PATCH", "settings", "deletion"),
        ("PATCH", "settings", "token_lifetime_seconds"),
        ("PATCH", "settings", "token_requests_per_minute"),
        ("PATCH", "settings", "live_tokens"),
        ("PATCH", "settings", "nonce_lifetime_seconds"),
        ("PATCH", "settings", "nonce_uses"),
        ("PATCH", "settings", "clusters_per_project"),
        ("PATCH", "settings", "role_refusal_status"),
        ("PATCH", "settings", "request_log"),
        ("PATCH", "settings", "calendar"),
        ("POST", "instances", "count"),
        ("POST", "instances", "created"),
        ("POST", "projects", "created"),
    ],
)
def test_no_number_is_taken_that_cannot_be_meant(
    emulator: Emulator, method: str, path: str, key: str, number: str
) -> None:
    emulator.reset()
    emulator.add_instance("orders")
    before = (emulator.settings(), emulator.snapshot(), emulator.faults.standing())
    others = {
        "listener": '"listening": true, ',
        "instances/default/orders": '"state": "UPDATING", ',
        "faults": '"kind": "delay", ',
    }
    body = f'{{{others.get(path, "")}"{key}": {number}}}'
    status, reply = send(emulator, method, f"/_emulator/{path}", body.encode())
    assert status == 400, reply
    assert len(reply["error"]) < 500
    assert (emulator.settings(), emulator.snapshot(), emulator.faults.standing()) == before
    assert_alive(emulator)


def test_a_clock_goes_to_the_end_of_9998_and_no_further(emulator: Emulator) -> None:
    emulator.reset()
    emulator.add_instance("orders", state="CREATING")
    emulator.settings(token_lifetime_seconds=1e10, provisioning_seconds=1e10)
    for to in (LATEST, "9998-12-31T23:59:59Z", 0, "1970-01-01T00:00:00Z", LATEST):
        emulator.clock.set(to)
        emulator.set_state("orders", "UPDATING", seconds=1e10)
        assert emulator.clock.now.year in {9998, 1970}
        assert_alive(emulator)
    for too_much in (1, 1e10):
        with pytest.raises(ValueError, match="advance_seconds goes beyond the year 9998"):
            emulator.clock.advance(too_much)
    west = datetime.timezone(datetime.timedelta(hours=-12))
    east = datetime.timezone(datetime.timedelta(hours=12))
    for moment in (datetime.datetime.max.replace(tzinfo=west), datetime.datetime.min.replace(tzinfo=east)):
        with pytest.raises(ValueError, match="is not within the years 1 to 9999 of UTC"):
            emulator.clock.set(moment)
        with pytest.raises(ValueError, match="is not within the years 1 to 9999 of UTC"):
            Emulator(clock=moment)
    for beyond in (LATEST + 1, -1, "9999-01-01T00:00:00Z", "+012345-01-01T00:00:00Z", "1969-12-31T23:59:59Z", 1e300):
        with pytest.raises(ValueError, match="set takes an ISO time or Unix seconds, from 1970 to 9998"):
            emulator.clock.set(beyond)
    assert_alive(emulator)
    restarted = Emulator(seed=emulator.snapshot())
    assert restarted.snapshot() == emulator.snapshot()
    restarted.stop()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"clock": 1e12}, "clock"),
        ({"clock": -1}, "clock"),
        ({"clock": "9999-12-31T00:00:00Z"}, "clock"),
        ({"provisioning_seconds": 1e12}, "provisioning"),
        ({"provisioning_seconds": float("nan")}, "provisioning"),
        ({"provisioning_seconds": float("inf")}, "provisioning"),
        ({"connection_timeout_seconds": 1e300}, "connection_timeout_seconds"),
        ({"token_lifetime_seconds": 10**30}, "token_lifetime_seconds"),
        ({"rate_limit_sizes": {"flexClusters_group": {"capacity": 10**20, "refill": 1, "seconds": 1}}}, "capacity"),
        ({"port": 65_536}, "port"),
        ({"random_seed": 2**64}, "random_seed"),
        ({"seed": {"projects": [{"instances": [{"count": 10**9}]}]}}, "count"),
        ({"seed": {"projects": [{"created": "+010000-01-01T00:00:00Z"}]}}, r"projects\[0\]\.created"),
        ({"seed": {"projects": [{"name": "\ud800"}]}}, "name"),
        ({"scenario": {"clock": {"set": 1e12}}}, "set"),
        ({"scenario": {"clock": {"advance_seconds": 1e12}}}, "advance_seconds"),
        ({"scenario": [{"kind": "delay", "seconds": 1e12}]}, "seconds"),
    ],
)
def test_no_option_is_taken_that_cannot_be_meant(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Emulator(**options)


def test_the_largest_numbers_that_are_taken_do_no_harm(emulator: Emulator) -> None:
    emulator.reset()
    size = {"capacity": 2**64 - 1, "refill": 2**64 - 1, "seconds": 2**64 - 1}
    emulator.settings(
        rate_limit_sizes={"flexClusters_group": size},
        request_log=2**64 - 1,
        clusters_per_project=2**64 - 1,
        nonce_lifetime_seconds=1e10,
        updating={"seconds": 1e10},
    )
    emulator.clock.advance(1e10)
    with emulator.client("api_key") as client:
        place: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
        client.create_flex_cluster(name="orders", provider_settings=place)
        assert client.get_flex_cluster(name="orders")["name"] == "orders"
    assert_alive(emulator)


BODIES = {
    "arrays": b"[" * DEEP + b"]" * DEEP,
    "objects": b'{"name":' * DEEP + b"1" + b"}" * DEEP,
    "within": b'{"name":"a","providerSettings":' + b'{"a":[' * 40 + b"1" + b"]}" * 40 + b"}",
    "unclosed": b"[" * DEEP,
    "surrogate": b'{"name":"\\ud800"}',
    "low surrogate": b'{"name":"\\udc00"}',
    "no UTF-8": b'{"name":"\xff"}',
    "NUL": b"\0" * 1000,
    "huge number": b'{"name":1e999}',
    "long number": b'{"name":' + b"9" * 100_000 + b"}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_body_ends_the_process(emulator: Emulator, body: bytes) -> None:
    emulator.reset()
    bearer = f"Bearer {emulator.access_token}"
    group = f"/api/atlas/v2/groups/{emulator.group_id}"
    for path in (
        f"{group}/flexClusters",
        f"{group}/serverless",
        f"{group}/flexClusters:tenantUpgrade",
        "/api/atlas/v2/groups",
    ):
        status, reply = send(emulator, "POST", path, body, Authorization=bearer)
        assert (status, reply["error"]) == (400, 400), path
    for method, path in [
        ("POST", "clock"),
        ("POST", "faults"),
        ("POST", "scenario"),
        ("POST", "instances"),
        ("POST", "identities"),
        ("PATCH", "settings"),
        ("PUT", "calendar"),
    ]:
        status, reply = send(emulator, method, f"/_emulator/{path}", body)
        assert status == 400, (path, reply)
    assert send(emulator, "POST", "/api/oauth/token", body)[0] == 400
    assert len(emulator.requests) == 5
    assert_alive(emulator)


def test_what_is_kept_of_a_body_is_no_deeper_than_a_seed_can_be(emulator: Emulator) -> None:
    emulator.reset()
    emulator.add_instance("orders")
    region = {"providerName": "AWS", "regionName": "US_EAST_1", "priority": 7}
    region["electableSpecs"] = {"instanceSize": "M10", "nodeCount": 3}
    target = {"name": "orders", "clusterType": "REPLICASET", "replicationSpecs": [{"regionConfigs": [region]}]}
    path = f"/api/atlas/v2/groups/{emulator.group_id}/flexClusters:tenantUpgrade"
    for depth, expected in [(56, 400), (55, 200)]:
        labels: Any = 1
        for _ in range(depth):
            labels = [labels]
        body = json.dumps({**target, "labels": labels}).encode()
        assert send(emulator, "POST", path, body, Authorization=f"Bearer {emulator.access_token}")[0] == expected
    restarted = Emulator(seed=emulator.snapshot())
    restarted.stop()


def test_no_list_of_tags_takes_long(emulator: Emulator) -> None:
    emulator.reset()
    tags = [{"key": f"k{number}", "value": ""} for number in range(30_000)]
    place = {"backingProviderName": "AWS", "regionName": "US_EAST_1"}
    body = json.dumps({"name": "a", "providerSettings": place, "tags": tags}).encode()
    path = f"/api/atlas/v2/groups/{emulator.group_id}/flexClusters"
    bearer = f"Bearer {emulator.access_token}"
    status, reply = send(emulator, "POST", path, body, Authorization=bearer)
    assert (status, reply["errorCode"]) == (400, "VALIDATION_ERROR")
    assert len(reply["badRequestDetail"]["fields"]) == 1


@pytest.mark.parametrize("depth", [100, DEEP])
def test_no_seed_of_any_depth_ends_the_process(depth: int, tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    file.write_text('{"projects":' + "[" * depth + "]" * depth + "}")
    options: list[dict[str, Any]] = [{"seed": str(file)}, {"scenario": file}]
    for option in options:
        with pytest.raises(ValueError, match="nested too deep"):
            Emulator(**option)


def test_what_is_stored_can_be_read_again_however_deep_it_is(tmp_path: Path) -> None:
    """A state file holds the body of an upgrade some levels deeper than it was sent."""
    with Emulator(state_dir=tmp_path) as emulator:
        target: Any = 1
        for _ in range(61):
            target = [target]
        emulator.add_instance("orders", kind="dedicated", target={"labels": target})
        before = emulator.snapshot()
    with Emulator(state_dir=tmp_path) as emulator:
        assert emulator.snapshot() == before


def test_two_thousand_posts_of_a_megabyte_take_little_memory() -> None:
    with Emulator() as emulator:
        address = ("127.0.0.1", int(emulator.url.rsplit(":", 1)[1]))
        path = f"/api/atlas/v2/groups/{emulator.group_id}/flexClusters"
        body = b'{"name":"' + b"a" * 1_000_000 + b'"}'
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        gc.collect()
        before = systems.resident_bytes()
        with socket.create_connection(address, timeout=60) as connection:
            for _ in range(2_000):
                connection.sendall(head + body)
                assert connection.recv(65_536).startswith(b"HTTP/1.1 401 ")
        assert emulator.counters["requests"] == 2_000
        assert systems.resident_bytes() - before < 300e6
        assert emulator.requests[-1]["id"] == 2_000


@pytest.mark.parametrize(
    "sent", ["", "GET / HTTP/1.1\r\nHost: loc", "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"]
)
@pytest.mark.parametrize("first", [False, True], ids=["new", "kept alive"])
def test_a_connection_on_which_nothing_comes_is_closed(sent: str, first: bool) -> None:
    with Emulator(connection_timeout_seconds=0.2) as emulator:
        address = ("127.0.0.1", int(emulator.url.rsplit(":", 1)[1]))
        with socket.create_connection(address, timeout=60) as connection:
            if first:
                connection.sendall(b"GET /_emulator/clock HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
            connection.sendall(sent.encode())
            received = b""
            while part := connection.recv(65_536):
                received += part
        assert received == b"" or received.startswith(b"HTTP/1.1 408 "), received


def test_a_reply_that_is_late_is_not_cut_by_the_timeout() -> None:
    with Emulator(connection_timeout_seconds=0.2) as emulator, emulator.client(timeout=60) as client:
        emulator.fail_next("delay", seconds=1.0, method="GET")
        assert client.get_project(emulator.group_id)["id"] == emulator.group_id
        assert len(emulator.requests) == 2


@pytest.mark.parametrize("pipelined", ["", "GET /_emulator/clock HTTP/1.1\r\nHost: localhost\r\n\r\n"])
@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_a_request_without_an_answer_ends_with_its_client(seconds: float, pipelined: str) -> None:
    with Emulator() as emulator:
        emulator.fail_next("stall", seconds=seconds)
        address = ("127.0.0.1", int(emulator.url.rsplit(":", 1)[1]))
        with socket.create_connection(address, timeout=60) as connection:
            head = f"Host: localhost\r\nAuthorization: Bearer {emulator.access_token}"
            connection.sendall(f"GET /api/atlas/v2/groups HTTP/1.1\r\n{head}\r\n\r\n{pipelined}".encode())
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
        assert [request["outcome"] for request in emulator.requests] == ["stalled"]


def test_a_name_with_any_characters_can_be_addressed(emulator: Emulator) -> None:
    emulator.reset()
    emulator.add_instance("a b/ü?")
    status, found = send(emulator, "GET", "/_emulator/instances/default/a%20b")
    assert (status, found) == (404, {"error": "There is no a b."})
    emulator.add_instance("a b ü")
    assert send(emulator, "GET", "/_emulator/instances/default/a%20b%20%C3%BC")[1]["name"] == "a b ü"
