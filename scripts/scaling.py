"""A model of a fleet under Atlas' published limits, which prints the table of `docs/scaling.md`.

A worker keeps `in_flight` creates under way. A create is one POST; then the cluster is looked at after 1, 2.5, 4.75 …
seconds, growing to every 15, until it is IDLE. Each project has a bucket of 1,200 requests to Flex clusters, refilled
by 500 a minute; a request that finds it empty is answered 429 and comes again when a request is left.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

CAPACITY = 1200
REFILL = 500
REFILL_SECONDS = 60.0
ROUND_TRIP = 0.25
PROVISIONING = 180.0
TOKEN_REQUESTS_A_MINUTE = 10


@dataclass
class Fleet:
    """What is to be done, and by whom."""

    projects: int
    clusters_per_project: int
    workers: int
    in_flight: int = 32
    wait: bool = True

    @property
    def clusters(self) -> int:
        return self.projects * self.clusters_per_project


@dataclass(order=True)
class Request:
    """One request at one moment."""

    at: float
    number: int
    project: int = field(compare=False)
    cluster: int = field(compare=False)
    look: int = field(compare=False, default=0)
    refused: bool = field(compare=False, default=False)


@dataclass
class Outcome:
    """What came of a fleet."""

    requests: list[Request]
    seconds: float = 0.0

    @property
    def refused(self) -> int:
        return sum(request.refused for request in self.requests)

    @property
    def busiest_minute(self) -> int:
        """Most requests of one minute, of all projects."""
        minutes: dict[int, int] = {}
        for request in self.requests:
            minute = int(request.at // 60)
            minutes[minute] = minutes.get(minute, 0) + 1
        return max(minutes.values())


class Bucket:
    """Requests that a project has left; it is refilled once a minute, as Atlas describes it."""

    def __init__(self) -> None:
        self.left = CAPACITY
        self.refilled = 0.0

    def take(self, now: float) -> float:
        """0 if there was one, else the seconds until there is."""
        steps = math.floor((now - self.refilled) / REFILL_SECONDS)
        if steps > 0:
            self.left = min(CAPACITY, self.left + steps * REFILL)
            self.refilled += steps * REFILL_SECONDS
        if self.left > 0:
            self.left -= 1
            return 0.0
        return self.refilled + REFILL_SECONDS - now


def interval(look: int) -> float:
    """Seconds before a look: 1, then half as much again each time, to 15."""
    return float(min(15.0, 1.5**look))


def run(fleet: Fleet) -> Outcome:
    """Every request of a fleet, in order."""
    buckets = [Bucket() for _ in range(fleet.projects)]
    waiting = iter(range(fleet.clusters))
    queue: list[Request] = []
    outcome = Outcome([])
    created: dict[int, float] = {}
    number = 0

    def push(at: float, cluster: int, look: int) -> None:
        nonlocal number
        number += 1
        # Clusters go round the projects, so that no bucket is emptied while others are full.
        heapq.heappush(queue, Request(at, number, cluster % fleet.projects, cluster, look))

    def start(at: float) -> None:
        cluster = next(waiting, None)
        if cluster is not None:
            push(at, cluster, 0)

    for _ in range(fleet.workers * fleet.in_flight):
        start(0.0)
    while queue:
        request = heapq.heappop(queue)
        outcome.requests.append(request)
        pause = buckets[request.project].take(request.at)
        done = request.at + ROUND_TRIP
        outcome.seconds = max(outcome.seconds, done)
        if pause:
            request.refused = True
            push(request.at + pause, request.cluster, request.look)
            continue
        if request.look == 0:
            created[request.cluster] = request.at
        is_idle = request.look > 0 and request.at >= created[request.cluster] + PROVISIONING
        if is_idle or not fleet.wait:
            start(done)
        else:
            push(done + interval(request.look), request.cluster, request.look + 1)
    return outcome


def row(fleet: Fleet, outcome: Outcome) -> str:
    """A line of the table in docs/scaling.md."""
    numbers = (fleet.projects, fleet.clusters, fleet.workers, fleet.workers * fleet.in_flight, len(outcome.requests))
    cells = [f"{number:,}" for number in (*numbers, outcome.busiest_minute, outcome.refused)]
    return "| " + " | ".join([*cells, _time(outcome.seconds)]) + " |"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


FLEETS = [
    Fleet(projects=10, clusters_per_project=20, workers=1),
    Fleet(projects=10, clusters_per_project=20, workers=7),
    Fleet(projects=1_000, clusters_per_project=2, workers=1),
    Fleet(projects=1_000, clusters_per_project=2, workers=10),
    Fleet(projects=1_000, clusters_per_project=2, workers=1, wait=False),
    Fleet(projects=100_000, clusters_per_project=1, workers=10, in_flight=256),
    Fleet(projects=100_000, clusters_per_project=1, workers=1, wait=False),
]


def main() -> None:
    for fleet in FLEETS:
        print(row(fleet, run(fleet)))


if __name__ == "__main__":
    main()
