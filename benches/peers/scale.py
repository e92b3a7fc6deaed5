#!/usr/bin/env python3
"""How the cost of a create grows with the work: in flight, creates, clients; and a long list. Markdown on stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import layout
from bench import clean_environment
from figures import table
from server import Server, pin

CLIENTS = """
import time, resource, json
from atlas_serverless import Client
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
before, start = peak(), time.perf_counter()
clients = [Client(access_token="t", base_url="http://127.0.0.1:1") for _ in range(1000)]
print(json.dumps({"ms": (time.perf_counter() - start) * 1e3, "kb": peak() - before}))
"""
LIST = """
import time, json
from atlas_serverless import Emulator
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
with Emulator(clusters_per_project=20000, rate_limits=False, provisioning="at_once") as emulator:
    client = emulator.client()
    place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    given = ({"group_id": emulator.group_id, "name": f"n{i}", "provider_settings": place} for i in range(10000))
    assert all(result.error is None for result in client.create_many(given))
    before, start = peak(), time.perf_counter()
    assert sum(1 for _ in client.list_flex_clusters(emulator.group_id)) == 10000
    print(json.dumps({"ms": (time.perf_counter() - start) * 1e3, "kb": peak() - before}))
"""


def measured(*args: str) -> dict[str, Any]:
    command = [sys.executable, str(layout.HERE / "bench.py"), *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def alone(program: str) -> dict[str, Any]:
    command = pin([layout.python({"PYTHON": "product"}), "-c", program], 1)
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=clean_environment())
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    rivals = ((layout.FLOOR, "conc"), ("atlas_serverless_async", "conc"), ("atlas_serverless", "bulk"))
    with Server():
        lines = []
        for inflight in (1, 8, 32, 128, 256, 1024, 4096):
            line = [str(inflight)]
            count = str(max(4000, 3 * inflight))
            for client, mode in rivals:
                got = measured("--client", client, "--mode", mode, "--inflight", str(inflight), "--n", count)
                line += [str(got.get("cpu_us", "failed")), str(got.get("rss_peak_mb", ""))]
            lines.append(line)
        head = ["in flight", "floor µs CPU", "MB", "asyncio µs CPU", "MB", "create_many µs CPU", "MB"]
        print(f"### In flight\n\n{table(head, lines)}")
        lines = []
        for count in (1000, 10_000, 100_000):
            got = measured("--client", "atlas_serverless", "--n", str(count))
            lines.append([str(count), str(got.get("cpu_us", "failed")), str(got.get("rss_peak_mb", ""))])
        print(f"### Creates, one after another\n\n{table(['creates', 'µs CPU each', 'peak MB'], lines)}")
    for name, program in (("1,000 clients in one process", CLIENTS), ("a list of 10,000 instances", LIST)):
        got = alone(program)
        print(f"{name}: {got['ms']:.0f} ms, {got['kb'] / 1024:.1f} MB more\n")


if __name__ == "__main__":
    main()
