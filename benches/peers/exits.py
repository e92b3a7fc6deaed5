#!/usr/bin/env python3
"""Ends interpreters on one CPU while requests are in flight, and counts those that crash."""

from __future__ import annotations

import argparse
import subprocess
import sys

import layout
from bench import clean_environment
from server import Server, ask, pin

SYNC = """
import sys, threading, time
sys.path.insert(0, {clients!r})
import common, atlas_serverless_ as client
auth = common.Auth("bearer")
client.setup({base!r}, auth)
client.create(0)
def work():
    i = 0
    while True:
        i += 1
        client.create(i)
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
"""
ASYNC = """
import sys, asyncio
sys.path.insert(0, {clients!r})
import common, atlas_serverless_async as client
async def main():
    await client.asetup({base!r}, common.Auth("bearer"))
    await client.acreate(0)
    tasks = [asyncio.create_task(client.acreate(i)) for i in range(8)]
    await asyncio.sleep(0.005)
asyncio.run(main())
"""


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--times", type=int, default=50)
    a = p.parse_args()
    interpreter = layout.python({"PYTHON": "product"})
    crashed = 0
    with Server():
        ask("POST", "/_config?latency_ms=20")
        for name, program in (("sync, daemon threads", SYNC), ("asyncio", ASYNC)):
            text = program.format(clients=str(layout.HERE / "clients"), base=f"http://{layout.HTTP}")
            command = pin([interpreter, "-c", text], 1)
            codes = [
                subprocess.run(command, capture_output=True, env=clean_environment(), check=False).returncode
                for _ in range(a.times)
            ]
            bad = [code for code in codes if code]
            crashed += len(bad)
            print(f"{name}: {len(bad)} of {a.times} ended badly {sorted(set(bad))}", flush=True)
        ask("POST", "/_config?latency_ms=0")
    return 1 if crashed else 0


if __name__ == "__main__":
    sys.exit(main())
