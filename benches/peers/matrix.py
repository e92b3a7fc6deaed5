#!/usr/bin/env python3
"""Runs bench.py over clients and modes in interleaved rounds, and writes JSON lines.

Waits for a quiet machine before each run and repeats a run that something else disturbed (`other_cpu` above --noisy),
so that a shared machine gives usable figures.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import layout
from bench import machine_busy
from server import Server

#: In flight, and milliseconds that the server adds.
LOADS = ((32, 0), (256, 0), (32, 20), (256, 20))
#: Digest differs from bearer by hashing and challenges only: fewer points.
DIGEST_LOADS = ((32, 0), (256, 20))


def points(wanted: list[str], only: str) -> Iterator[list[str]]:
    """The arguments of every run of one round."""
    for name, path in layout.clients().items():
        if not re.search(only, name):
            continue
        facts = layout.describe(path)
        if not layout.is_there(facts):
            print(f"not there: {name}", flush=True)
            continue
        for auth in facts["AUTH"]:
            for mode in layout.modes(facts):
                if mode in wanted and (name != "noop" or mode == "cold"):
                    yield from of_mode(name, auth, mode, facts)
        if "tls" in wanted and "bearer" in facts["AUTH"] and name in ("rust_current", "atlas_serverless", "pyreqwest"):
            yield ["--client", name, "--mode", "cold", "--tls", "h1"]


def of_mode(name: str, auth: str, mode: str, facts: dict[str, Any]) -> Iterator[list[str]]:
    run = ["--client", name, "--auth", auth, "--mode", mode]
    few = 4 if facts.get("SLOW") else 1
    if mode == "seq":
        yield [*run, "--n", "2000"]
    elif mode in ("bulk", "kept"):
        yield from ([*run, "--inflight", str(k), "--n", "6000"] for k in (32, 256))
    elif mode == "cold":
        yield run
    elif mode == "import":
        if auth == facts["AUTH"][0]:
            yield [*run, "--repeat", "5"]
    else:
        for k, ms in LOADS if auth == "bearer" else DIGEST_LOADS:
            n = (4000 if ms == 0 or k == 256 else 2000) // few
            yield [*run, "--inflight", str(k), "--latency-ms", str(ms), "--n", str(n)]


def wait_quiet(limit: float, patience: float) -> bool:
    """Until other processes use less than `limit` of a CPU; gives up after `patience` seconds."""
    end = time.monotonic() + patience
    while True:
        busy, start = machine_busy(), time.monotonic()
        time.sleep(0.15)
        if (machine_busy() - busy) / (time.monotonic() - start) < limit:
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.5)


def measured(args: list[str], noisy: float, patience: float, retries: int) -> dict[str, Any]:
    """The least disturbed of a few tries."""
    best: dict[str, Any] | None = None
    for _ in range(retries + 1):
        quiet = wait_quiet(noisy, patience)
        command = [sys.executable, str(layout.HERE / "bench.py"), *args]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return {"args": args, "error": " | ".join(done.stderr.strip().splitlines()[-2:])[-300:]}
        got: dict[str, Any] = json.loads(done.stdout)
        if best is None or got["other_cpu"] < best["other_cpu"]:
            best = got
        if best["other_cpu"] <= noisy or not quiet:
            break
    assert best is not None
    return best


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--out", default="run.jsonl", help="file in .cache/bench/results")
    p.add_argument("--only", default=".", help="clients, a regular expression")
    p.add_argument("--modes", default="seq,conc,bulk,kept,cold,import,tls")
    p.add_argument("--noisy", type=float, default=0.35)
    p.add_argument("--patience", type=float, default=15, help="seconds to wait for a quiet machine")
    p.add_argument("--retries", type=int, default=2)
    p.add_argument("--max-minutes", type=float, default=60)
    a = p.parse_args()
    layout.RESULTS.mkdir(parents=True, exist_ok=True)
    out = layout.RESULTS / a.out
    out.unlink(missing_ok=True)
    todo = list(points(a.modes.split(","), a.only))
    end = time.monotonic() + a.max_minutes * 60
    print(f"{len(todo)} runs a round, {a.rounds} rounds", flush=True)
    with Server(), out.open("a") as file:
        for r in range(a.rounds):
            # Another order each round, so that no client always follows the same one.
            order = todo[r * 7 % len(todo) :] + todo[: r * 7 % len(todo)]
            for args in order if r % 2 == 0 else order[::-1]:
                if time.monotonic() > end:
                    print(f"out of time in round {r}")
                    return
                file.write(json.dumps(measured(args, a.noisy, a.patience, a.retries) | {"round": r}) + "\n")
                file.flush()
            print(f"round {r} done", flush=True)


if __name__ == "__main__":
    main()
