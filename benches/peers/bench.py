#!/usr/bin/env python3
"""Measures one client against the loopback server and prints one JSON object (README.md says what the figures mean)."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import time
from typing import Any

from layout import BINARIES, CA, HERE, HTTP, HTTPS, clients, describe, python
from server import Server, ask, pin

TICK = os.sysconf("SC_CLK_TCK")
#: Variables with which some clients override their own arguments.
ENVIRONMENT = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in ENVIRONMENT and not k.lower().endswith("_proxy")}


def machine_busy() -> float:
    """Seconds that all CPUs together were not idle, since boot (steal included)."""
    with open("/proc/stat") as f:
        v = [int(x) for x in f.readline().split()[1:9]]
    return (sum(v) - v[3] - v[4]) / TICK


def server_cpu() -> float:
    return float(ask("GET", "/_stats")["server_cpu_us"]) / 1e6


def command(facts: dict[str, Any], a: argparse.Namespace) -> list[str]:
    base = f"https://{HTTPS}" if a.tls else f"http://{HTTP}"
    if "COMMAND" in facts:
        program, *arguments = facts["COMMAND"]
        words = [str(BINARIES / program), *arguments, "--base", base, "--auth", a.auth, "--mode", a.mode]
        words += ["--n", str(a.n), "--warmup", str(a.warmup), "--inflight", str(a.inflight)]
        return words + (["--ca", str(CA), "--alpn", a.tls] if a.tls else [])
    job = {"clients": str(HERE / "clients"), "module": facts["module"], "base": base, "auth": a.auth, "mode": a.mode}
    job |= {"n": a.n, "warmup": a.warmup, "inflight": a.inflight, "ca": str(CA) if a.tls else None}
    job |= {"uvloop": a.uvloop}
    return [python(facts), str(HERE / "worker.py"), json.dumps(job)]


def measure(facts: dict[str, Any], a: argparse.Namespace) -> dict[str, Any]:
    """One run of one client in a fresh process."""
    words = pin(command(facts, a), a.cpu)
    ask("POST", "/_reset")
    ask("POST", f"/_config?latency_ms={a.latency_ms}&nonce_uses={a.nonce_uses}")
    busy, server = machine_busy(), server_cpu()
    usage = os.times()
    start = time.monotonic_ns()
    process = subprocess.run(
        words, stdout=subprocess.PIPE, timeout=a.timeout, env=clean_environment(), check=False, cwd=HERE
    )
    wall = (time.monotonic_ns() - start) / 1e9
    mine = os.times()
    busy, server = machine_busy() - busy, server_cpu() - server
    used = sum(mine[:4]) - sum(usage[:4])
    ask("POST", "/_config?latency_ms=0&nonce_uses=0")
    if process.returncode:
        raise SystemExit(f"{facts['module']} failed with {process.returncode}")
    run = json.loads(process.stdout.splitlines()[-1])
    counted = ask("GET", "/_stats")
    figures: dict[str, Any] = {
        "rss_peak_mb": round(run["vmhwm_kb"] / 1024, 1),
        # What else kept the CPUs busy: a run above about 0.3 is not to be trusted.
        "other_cpu": round(max(0.0, busy - used - server) / wall, 2),
    }
    if a.mode == "cold":
        figures |= {"cold_ms": round((run["done_ns"] - start) / 1e6, 2), "requests": counted["requests"]}
    else:
        n, elapsed = run["n"], run["elapsed_s"]
        figures |= {
            "n": n,
            "creates_per_s": round(n / elapsed, 1),
            "wall_us": round(elapsed / n * 1e6, 1),
            "cpu_us": round((run["user_s"] + run["sys_s"]) / n * 1e6, 1),
        }
    if counted["creates"]:
        asked = 5  # connections of this program
        figures["round_trips"] = round((counted["requests"] - counted["tokens"]) / counted["creates"], 3)
        figures["connections"] = counted["connections"] - asked
        names = ("creates", "tokens", "challenges", "stale", "rejected", "tls_connections", "wrong_accept")
        figures |= {name: counted[name] for name in names} | {"h2": counted["h2_requests"]}
        figures["server_cpu_us"] = round(server / counted["requests"] * 1e6, 1)
    return figures


def timed_start(words: list[str], cpu: int | None) -> float:
    start = time.monotonic_ns()
    subprocess.run(pin(words, cpu), check=True, env=clean_environment())
    return (time.monotonic_ns() - start) / 1e6


def measure_import(facts: dict[str, Any], a: argparse.Namespace) -> dict[str, Any]:
    """Start-up with the import less start-up without it, in pairs."""
    interpreter = python(facts)
    with_it, without = [], []
    busy, usage, start = machine_busy(), os.times(), time.monotonic()
    for _ in range(a.repeat):
        without.append(timed_start([interpreter, "-c", "pass"], a.cpu))
        with_it.append(timed_start([interpreter, "-c", f"import {facts['IMPORT']}"], a.cpu))
    wall, mine = time.monotonic() - start, os.times()
    used = sum(mine[:4]) - sum(usage[:4])
    return {
        "other_cpu": round(max(0.0, machine_busy() - busy - used) / wall, 2),
        "import_ms": round(statistics.median(x - y for x, y in zip(with_it, without, strict=True)), 2),
        "bare_ms": round(statistics.median(without), 2),
        "repeat": a.repeat,
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--client")
    p.add_argument("--list", action="store_true", help="list the clients and leave")
    p.add_argument("--auth", default="bearer", choices=["bearer", "digest", "none"])
    p.add_argument("--mode", default="seq", choices=["seq", "conc", "bulk", "kept", "cold", "import"])
    p.add_argument("--n", type=int, default=1000, help="creates measured")
    p.add_argument("--warmup", type=int, default=50)
    p.add_argument("--inflight", type=int, default=32)
    p.add_argument("--latency-ms", type=int, default=0, help="added by the server to each request")
    p.add_argument("--nonce-uses", type=int, default=0, help="times a nonce may be used; 0 is any")
    p.add_argument("--tls", choices=["h1", "h2"])
    p.add_argument("--uvloop", action="store_true")
    p.add_argument("--repeat", type=int, default=10, help="pairs, with --mode import")
    p.add_argument("--cpu", default="1", help="CPU of the client; 'none' leaves it free")
    p.add_argument("--server-cpu", type=int, default=0)
    p.add_argument("--timeout", type=int, default=240)
    a = p.parse_args()
    a.cpu = None if a.cpu == "none" else int(a.cpu)
    known = clients()
    if a.list:
        for name, path in known.items():
            facts = describe(path)
            kind = "command" if "COMMAND" in facts else "+".join(sorted(facts["functions"] & {"create", "acreate"}))
            print(f"{name:18} {kind:16} {','.join(facts['AUTH'])}")
        return
    if a.client not in known:
        p.error("--client: one of " + ", ".join(known))
    facts = describe(known[a.client])
    if a.auth not in facts["AUTH"] and facts["AUTH"] != ("none",):
        p.error(f"{a.client} has no {a.auth}")
    run = {"client": a.client, "auth": a.auth, "mode": a.mode, "latency_ms": a.latency_ms}
    inflight = a.inflight if a.mode in ("conc", "bulk", "kept") else 1
    run |= {"inflight": inflight, "tls": a.tls, "uvloop": a.uvloop, "cpu": a.cpu}
    if a.mode == "import":
        print(json.dumps(run | measure_import(facts, a)))
        return
    with Server(a.server_cpu):
        print(json.dumps(run | measure(facts, a)))


if __name__ == "__main__":
    main()
