"""Whether a process grows from round to round: a line through the samples, and how steep it may be."""

from __future__ import annotations

import contextlib
import gc
import os
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Sample:
    """This process after a round. Connections that are open at both ends are left out of the descriptors."""

    memory: float
    descriptors: int
    threads: int

    @classmethod
    def now(cls) -> Sample:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
        return cls(memory, len(descriptors()), len(os.listdir("/proc/self/task")))


#: Of a connection that neither end has closed, in `/proc/net/tcp`.
ESTABLISHED = "01"


def descriptors() -> list[str]:
    """What the descriptors of this process are. Of its connections only those that the other end has closed."""
    lines = Path("/proc/self/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    connections = {f"socket:[{line.split()[9]}]" for line in lines if line.split()[3] == ESTABLISHED}
    named = []
    for one in os.listdir("/proc/self/fd"):
        # The one that lists the others is gone again.
        with contextlib.suppress(FileNotFoundError):
            named.append(os.readlink(f"/proc/self/fd/{one}"))
    return [name for name in named if name not in connections]


#: The most that a round may add, by the median of all slopes between two samples: less than what leaks now and then.
MOST_PER_ROUND = {"descriptors": 0.1, "threads": 0.05}
#: The rounds without which there is nothing to judge.
FEWEST = 10
#: The most that memory may grow by in all rounds that are looked at, in MiB: the allocator takes it in steps.
MOST_MEMORY = 8.0


def slope(values: list[float]) -> float:
    """The median of the slopes between any two samples (Theil and Sen): a few unlike the others do not move it."""
    slopes = [(values[b] - values[a]) / (b - a) for a in range(len(values)) for b in range(a + 1, len(values))]
    return statistics.median(slopes)


def per_round(samples: list[Sample]) -> dict[str, float]:
    """What a round adds. The first fifth is left out: caches fill there."""
    settled = samples[len(samples) // 5 :]
    names = ("memory", *MOST_PER_ROUND)
    return {name: round(slope([float(getattr(one, name)) for one in settled]), 3) for name in names}


def at_the_end(samples: list[Sample]) -> dict[str, Any]:
    """What the last round has left, and what each of them has added."""
    last = samples[-1]
    there = {"memory_mib": round(last.memory, 1), "descriptors": last.descriptors, "threads": last.threads}
    return {**there, "per_round": per_round(samples)}


def too_much(samples: list[Sample]) -> list[str]:
    """What grows by more than it may, in words."""
    grown, most = per_round(samples), {"memory": MOST_MEMORY / len(samples), **MOST_PER_ROUND}
    return [
        f"{name}: {grown[name]:+g} in a round, at most {most[name]:+.3g}" for name in most if grown[name] > most[name]
    ]
