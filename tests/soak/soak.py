"""Mixed calls under faults for a long time: nothing created twice or lost, and no growth. `make soak`: an hour.

The emulator is a process of its own, so that memory, descriptors and threads are those of the client. Each round
creates clusters from threads with one client, from coroutines, and in bulk, while replies are lost, refused or made
nonsense; compares what the calls said with what is stored; and deletes everything, under faults too.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from atlas_serverless import AsyncClient, Client
from atlas_serverless.errors import AtlasError, OutcomeUnknownError, UnauthorizedError

FIGURES = Path(__file__).with_name("figures.json")
PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
THREADS, COROUTINES, BULK = 8, 16, 16
#: What a server, a proxy or the network may do; each a few times in a round.
FAULTS: list[dict[str, Any]] = [
    {"kind": "close"},
    {"kind": "reset"},
    {"kind": "half_body"},
    {"kind": "empty_body"},
    {"kind": "html"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "rate_limited", "retry_after": 1},
    {"kind": "last_reply"},
    {"kind": "unauthorized"},
    {"kind": "expire_tokens"},
]
#: A client that was refused two tokens in a row keeps the second one for a minute, and says so in each call. That is
#: right, and slow: more than one of these in a row is ordered in one round of this many.
TOKEN_FAULTS, MANY_TOKEN_FAULTS_EVERY = ("unauthorized", "expire_tokens"), 20
#: Seconds after which such a client must have recovered.
RECOVERY = 90
#: Growth of memory from the second fifth of the rounds to the last one that is not called flat, in MiB.
MOST_GROWTH = 8.0
#: The same of descriptors. Connections come and go with the faults of a round; one that is lost in each would be more.
MOST_DESCRIPTORS = 10


@dataclass
class Sample:
    """This process after a round."""

    memory: float
    descriptors: int
    threads: int

    @classmethod
    def now(cls) -> Sample:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
        return cls(memory, len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")))


@dataclass
class Tally:
    """What calls have said: which creates succeeded, and of which it is not known."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    created: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    #: How often a client that was refused two tokens was waited for.
    recoveries: int = 0

    def succeeded(self, name: str) -> None:
        with self.lock:
            self.created.add(name)

    def failed(self, name: str, error: AtlasError) -> None:
        with self.lock:
            self.errors[type(error).__name__] += 1
            if isinstance(error, OutcomeUnknownError):
                self.unclear.add(name)


class Server:
    """The emulator in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "atlas_serverless", "emulator", "--output", "json"]
        command += ["--provisioning-seconds", "0"]
        # Without limits in the headers: a client that is told of them would spend the hour waiting.
        for setting in (
            "clusters_per_project=null",
            "rate_limits=false",
            "rate_limit_headers=false",
            "request_log=200",
        ):
            command += ["--setting", setting]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.facts: dict[str, Any] = json.loads(self.process.stdout.readline())

    def control(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.facts['url']}/_emulator/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def order(self, chance: random.Random, number: int) -> None:
        many = number % MANY_TOKEN_FAULTS_EVERY == MANY_TOKEN_FAULTS_EVERY - 1
        for fault in chance.sample(FAULTS, 6):
            times = chance.randint(1, 4)
            if fault["kind"] in TOKEN_FAULTS and not many:
                times = 1
            self.control("POST", "faults", {**fault, "times": times})

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def arguments(facts: dict[str, Any]) -> dict[str, Any]:
    """A client that gives up late: what is looked for here are wrong results, not slow ones."""
    names = ("client_id", "client_secret", "group_id")
    return {name: facts[name] for name in names} | {"base_url": facts["url"], "max_retries": 20}


def create_in_threads(client: Client, names: list[str], tally: Tally) -> None:
    def create(name: str) -> None:
        try:
            client.create_flex_cluster(name=name, provider_settings=PLACE)
            tally.succeeded(name)
        except AtlasError as error:
            tally.failed(name, error)

    threads = [threading.Thread(target=create, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def create_in_coroutines(facts: dict[str, Any], names: list[str], tally: Tally) -> None:
    async with AsyncClient(**arguments(facts)) as client:

        async def create(name: str) -> None:
            try:
                await client.create_flex_cluster(name=name, provider_settings=PLACE)
                tally.succeeded(name)
            except AtlasError as error:
                tally.failed(name, error)

        await asyncio.gather(*map(create, names))


def create_in_bulk(client: Client, names: list[str], tally: Tally) -> None:
    operations: Any = [{"kind": "flex", "name": name, "provider_settings": PLACE} for name in names]
    for result in client.create_many(operations):
        name = names[result.index]
        if result.error is None:
            tally.succeeded(name)
        elif isinstance(result.error, AtlasError):
            tally.failed(name, result.error)
        else:
            raise result.error


def delete_all(client: Client, names: list[str], tally: Tally) -> None:
    """Under faults: a deletion whose answer was lost is sent again, and then finds nothing."""

    def delete_one(name: str) -> None:
        try:
            client.delete_flex_cluster(name=name, missing_ok=True)
        except AtlasError as error:
            tally.failed(name, error)

    def delete(part: list[str]) -> None:
        for name in part:
            delete_one(name)

    threads = [threading.Thread(target=delete, args=(names[n::THREADS],)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def stored(server: Server) -> set[str]:
    snapshot = server.control("GET", "snapshot")
    projects = snapshot["projects"]
    return {instance["name"] for project in projects for instance in project.get("instances", [])}


def is_recovered(client: Client) -> bool:
    """Whether calls succeed again after two tokens were refused."""
    try:
        list(client.list_flex_clusters())
    except UnauthorizedError:
        return False
    return True


def clean_up(server: Server, client: Client, tally: Tally) -> None:
    """Deletes what is left. Without faults nothing is refused, but to a client whose token was refused twice."""
    before, begun, refused = Counter(tally.errors), time.monotonic(), False
    while True:
        delete_all(client, sorted(stored(server)), tally)
        recovered = is_recovered(client)
        if recovered and not stored(server):
            break
        refused |= not recovered
        assert time.monotonic() - begun < RECOVERY, (sorted(stored(server)), tally.errors)
        time.sleep(0.5)
    tally.recoveries += refused
    assert set(tally.errors - before) <= {UnauthorizedError.__name__}, tally.errors


def one_round(number: int, server: Server, client: Client, tally: Tally, chance: random.Random) -> int:
    """The number of clusters that were created; an AssertionError if calls and server disagree."""
    tally.created.clear()
    tally.unclear.clear()
    names = [f"c{number}-{index}" for index in range(THREADS + COROUTINES + BULK)]
    before = server.control("GET", "counters")["created"]
    server.order(chance, number)
    create_in_threads(client, names[:THREADS], tally)
    asyncio.run(create_in_coroutines(server.facts, names[THREADS : THREADS + COROUTINES], tally))
    server.order(chance, number)
    create_in_bulk(client, names[-BULK:], tally)
    server.control("DELETE", "faults")
    there = stored(server)
    assert tally.created <= there, f"lost: {sorted(tally.created - there)}"
    assert there - tally.created <= tally.unclear, f"unexplained: {sorted(there - tally.created)}"
    made: int = server.control("GET", "counters")["created"] - before
    assert made == len(there), f"{made} created, {len(there)} stored"
    server.order(chance, number)
    delete_all(client, sorted(there), tally)
    server.control("DELETE", "faults")
    clean_up(server, client, tally)
    return made


def growth(samples: list[Sample]) -> dict[str, float]:
    """How much more the last fifth of the rounds has than the second one, by their medians."""
    fifth = max(1, len(samples) // 5)
    early, late = samples[fifth : 2 * fifth], samples[-fifth:]

    def grown(name: str) -> float:
        of = [[float(getattr(sample, name)) for sample in part] for part in (early, late)]
        return statistics.median(of[1]) - statistics.median(of[0])

    return {name: round(grown(name), 2) for name in ("memory", "descriptors", "threads")}


def soak(seconds: float, seed: int) -> dict[str, Any]:
    server, chance = Server(), random.Random(seed)
    tally, created = Tally(), 0
    samples: list[Sample] = []
    begun = time.monotonic()
    try:
        with Client(**arguments(server.facts)) as client:
            while time.monotonic() - begun < seconds or len(samples) < 5:
                created += one_round(len(samples), server, client, tally, chance)
                samples.append(Sample.now())
                took = time.monotonic() - begun
                print(f"{took:.0f} s: {len(samples)} rounds, {created} created, {samples[-1]}", flush=True)
        counters = server.control("GET", "counters")
    finally:
        server.stop()
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "seconds": round(time.monotonic() - begun),
        "rounds": len(samples),
        "created": created,
        "faults": counters["faults"],
        "errors": sum(tally.errors.values()),
        "recoveries": tally.recoveries,
        "memory_mib": round(samples[-1].memory, 1),
        "descriptors": samples[-1].descriptors,
        "threads": samples[-1].threads,
        "growth": growth(samples),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--record", action="store_true", help="write the figures into figures.json, which the docs show"
    )
    given = parser.parse_args()
    # Each of thousands of answers that are lost on purpose is a line.
    logging.getLogger("atlas_serverless").setLevel(logging.ERROR)
    figures = soak(given.seconds, given.seed)
    print(json.dumps(figures, indent=2))
    if given.record:
        FIGURES.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    grown = figures["growth"]
    flat = grown["memory"] <= MOST_GROWTH and grown["descriptors"] <= MOST_DESCRIPTORS and grown["threads"] <= 2
    print("flat" if flat else "it grows")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
