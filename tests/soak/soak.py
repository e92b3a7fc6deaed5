"""Mixed calls under faults for a long time: nothing created twice or lost, and no growth. `make soak`: an hour.

The emulator is a process of its own (`server.py`): memory, descriptors and threads are those of the client. Each round
creates clusters through a service account and through an API key: from threads that share a client, from
coroutines, in bulk, and one after another; while replies are lost, late, refused or made nonsense, or never come. It
compares what the calls said with what is stored, and deletes everything, under faults too. `growth.py` judges.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from growth import FEWEST, Sample, at_the_end, too_much
from server import Server

from atlas_serverless import AsyncClient, Client
from atlas_serverless.errors import AtlasError, OutcomeUnknownError, UnauthorizedError

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts"))
from security import records  # noqa: E402

FIGURES = Path(__file__).with_name("figures.json")
PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
ACCOUNTS = ("service account", "API key")
#: Of each kind of credentials, in each round.
THREADS, COROUTINES, BULK, ALONE = 6, 8, 8, 2
#: Seconds after which a client that was refused two tokens must have recovered.
RECOVERY = 90
#: So many threads at once that a client serves them by its shared driver, too.
MANY = 16


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


def in_threads(work: Callable[[str], None], names: list[str], count: int) -> None:
    """Shares the names among so many threads; an error of one is raised here."""
    raised: list[Exception] = []

    def all_of(part: list[str]) -> None:
        try:
            for name in part:
                work(name)
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=all_of, args=(names[n::count],)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def create_each(client: Client, names: list[str], tally: Tally, threads: int) -> None:
    def create_one(name: str) -> None:
        try:
            client.create_flex_cluster(name=name, provider_settings=PLACE)
            tally.succeeded(name)
        except AtlasError as error:
            tally.failed(name, error)

    in_threads(create_one, names, threads)


async def create_in_coroutines(arguments: dict[str, Any], names: list[str], tally: Tally) -> None:
    async with AsyncClient(**arguments) as client:

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


def delete_all(clients: list[Client], names: list[str], tally: Tally) -> None:
    """Under faults: a deletion whose answer was lost is sent again, and then finds nothing."""
    by = {name: clients[index % len(clients)] for index, name in enumerate(names)}

    def delete(name: str) -> None:
        try:
            by[name].delete_flex_cluster(name=name, missing_ok=True)
        except AtlasError as error:
            tally.failed(name, error)

    in_threads(delete, names, THREADS)


def is_recovered(client: Client) -> bool:
    """Whether calls succeed again after two tokens were refused."""
    try:
        list(client.list_flex_clusters())
    except UnauthorizedError:
        return False
    return True


def clean_up(server: Server, clients: list[Client], tally: Tally) -> None:
    """Deletes what is left. Without faults nothing is refused, but to a client whose token was refused twice."""
    before, begun, refused = Counter(tally.errors), time.monotonic(), False
    while True:
        delete_all(clients, sorted(server.stored()), tally)
        answers = [is_recovered(client) for client in clients]
        recovered = all(answers)
        if recovered and not server.stored():
            break
        refused |= not recovered
        assert time.monotonic() - begun < RECOVERY, (sorted(server.stored()), tally.errors)
        time.sleep(0.5)
    tally.recoveries += refused
    assert set(tally.errors - before) <= {UnauthorizedError.__name__}, tally.errors


def look(client: Client, _: str) -> None:
    assert list(client.list_flex_clusters()) == []


def settle(server: Server, clients: list[Client]) -> Sample:
    """The server closes all connections, and calls from many threads let both clients find out: what they keep of them
    nevertheless is lost, and how many new ones they have is left out."""
    server.control("POST", "connections/close")
    for client in clients:
        in_threads(partial(look, client), ["any"] * MANY, MANY)
    return Sample.now()


def together(*parts: Callable[[], None]) -> None:
    """Runs each in a thread of its own; an error of one is raised here."""
    with ThreadPoolExecutor(len(parts)) as pool:
        for part in [pool.submit(part) for part in parts]:
            part.result()


def create(server: Server, clients: list[Client], number: int, tally: Tally, chance: random.Random) -> None:
    """Creates in all ways, through both kinds of credentials at the same time, under faults."""
    first, second = [], []
    for account, client in zip(ACCOUNTS, clients, strict=True):
        names = [f"c{number}-{account[0].lower()}{index}" for index in range(THREADS + COROUTINES + BULK + ALONE)]
        threads, others = names[:THREADS], names[THREADS:]
        coroutines, bulk, alone = others[:COROUTINES], others[COROUTINES:-ALONE], others[-ALONE:]
        given = server.arguments(account)
        first += [
            partial(create_each, client, threads, tally, THREADS),
            partial(asyncio.run, create_in_coroutines(given, coroutines, tally)),
        ]
        second += [partial(create_in_bulk, client, bulk, tally), partial(create_each, client, alone, tally, 1)]
    server.order(chance, number)
    together(*first)
    server.order(chance, number)
    together(*second)
    server.control("DELETE", "faults")


def one_round(number: int, server: Server, clients: list[Client], tally: Tally, chance: random.Random) -> int:
    """The number of clusters that were created; an AssertionError if calls and server disagree."""
    tally.created.clear()
    tally.unclear.clear()
    before = server.control("GET", "counters")["created"]
    create(server, clients, number, tally, chance)
    there = server.stored()
    assert tally.created <= there, f"lost: {sorted(tally.created - there)}"
    assert there - tally.created <= tally.unclear, f"unexplained: {sorted(there - tally.created)}"
    made: int = server.control("GET", "counters")["created"] - before
    assert made == len(there), f"{made} created, {len(there)} stored"
    server.order(chance, number)
    delete_all(clients, sorted(there), tally)
    server.control("DELETE", "faults")
    clean_up(server, clients, tally)
    return made


def soak(seconds: float, seed: int) -> dict[str, Any]:
    """The figures of a run. One in which something is wrong ends there, and says it under `wrong`."""
    server, chance = Server(), random.Random(seed)
    tally, created, faults = Tally(), 0, 0
    samples: list[Sample] = []
    wrong: list[str] = []
    of_run, begun = records.of_this_run(), time.monotonic()
    try:
        clients = [Client(**server.arguments(account)) for account in ACCOUNTS]
        while time.monotonic() - begun < seconds or len(samples) < FEWEST:
            created += one_round(len(samples), server, clients, tally, chance)
            faults = server.control("GET", "counters")["faults"]
            samples.append(settle(server, clients))
            took = time.monotonic() - begun
            print(f"{took:.0f} s: {len(samples)} rounds, {created} created, {samples[-1]}", flush=True)
        for client in clients:
            client.close()
    except Exception as error:
        traceback.print_exc()
        wrong.append(f"after {len(samples)} rounds: {type(error).__name__}: {error}")
    finally:
        server.stop()
    return {
        **of_run,
        "seconds": round(time.monotonic() - begun),
        "rounds": len(samples),
        "created": created,
        "faults": faults,
        "errors": sum(tally.errors.values()),
        "recoveries": tally.recoveries,
        **({} if len(samples) < FEWEST else at_the_end(samples)),
        "wrong": wrong + too_much(samples) if len(samples) >= FEWEST else wrong,
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
        records.write(FIGURES, figures)
    for line in figures["wrong"] or ["created = stored, and nothing grows"]:
        print(line)
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
