#!/usr/bin/env python3
"""Turns what matrix.py measured into Markdown: every client, then the bars."""

from __future__ import annotations

import argparse

import layout
from bars import bars
from figures import Figures, Key, table
from matrix import LOADS

FLOOR = layout.FLOOR


def number(figure: float | None, form: str) -> str:
    return "" if figure is None else form % figure


def one_at_a_time(figures: Figures, auth: str) -> str:
    keys = sorted(
        (k for k in figures.runs if (k.auth, k.mode, k.tls) == (auth, "seq", None)),
        key=lambda k: figures.get(k, "cpu_us") or 0,
    )
    floor = Key(FLOOR, auth)
    lines = [
        [
            k.client,
            figures.cell(k, "creates_per_s", "%.0f"),
            figures.cell(k, "wall_us", "%.0f"),
            number(figures.ratio(k, floor, "wall_us"), "%.2f"),
            figures.cell(k, "cpu_us", "%.1f"),
            number(figures.ratio(k, floor, "cpu_us"), "%.2f"),
            figures.cell(k, "round_trips", "%.3f"),
            figures.cell(k, "rss_peak_mb", "%.1f"),
        ]
        for k in keys
    ]
    head = ["client", "creates/s", "µs wall", "to the floor", "µs CPU", "to the floor", "round trips", "peak MB"]
    return f"### One after another, {auth}\n\n{table(head, lines)}"


def concurrent(figures: Figures, auth: str) -> str:
    names = {k.client for k in figures.runs if (k.auth, k.mode, k.tls) == (auth, "conc", None)}

    def key(name: str, load: tuple[int, int]) -> Key:
        return Key(name, auth, "conc", *load)

    lines = []
    for name in sorted(names, key=lambda n: -(figures.get(key(n, (32, 0)), "creates_per_s") or 0)):
        line = [name]
        for load in LOADS:
            share = figures.ratio(key(name, load), key(FLOOR, load), "creates_per_s")
            rate = figures.cell(key(name, load), "creates_per_s", "%.0f")
            line.append(f"{rate} ({share:.2f})" if share is not None else rate)
        line.append(number(figures.ratio(key(name, (32, 0)), key(FLOOR, (32, 0)), "cpu_us"), "%.2f"))
        line.append(figures.cell(key(name, (256, 20)), "rss_peak_mb", "%.1f"))
        lines.append(line)
    head = ["client", *(f"{k} in flight, {ms} ms" for k, ms in LOADS), "CPU 32/0 to the floor", "peak MB 256/20"]
    return f"### Concurrent, {auth}: creates/s (share of the floor)\n\n{table(head, lines)}"


def start_up(figures: Figures) -> str:
    names = sorted({k.client for k in figures.runs if k.mode in ("cold", "import")})

    def line(name: str) -> list[str]:
        first = next((k for k in figures.runs if k.client == name and k.mode == "import"), Key(name))
        auth = "none" if name == "noop" else "digest" if Key(name, "bearer", "cold") not in figures.runs else "bearer"
        plain, tls = Key(name, auth, "cold"), Key(name, auth, "cold", tls="h1")
        return [
            name,
            figures.cell(first, "import_ms", "%.1f"),
            figures.cell(plain, "cold_ms", "%.1f"),
            figures.cell(tls, "cold_ms", "%.1f"),
            figures.cell(plain, "rss_peak_mb", "%.1f"),
        ]

    head = ["client", "import ms", "start to first create ms", "over TLS ms", "peak MB"]
    return f"### Start-up\n\n{table(head, [line(name) for name in names])}"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("runs", nargs="?", default="run.jsonl", help="file in .cache/bench/results")
    a = p.parse_args()
    figures = Figures(layout.RESULTS / a.runs)
    for auth in ("bearer", "digest"):
        print(one_at_a_time(figures, auth))
        print(concurrent(figures, auth))
    print(start_up(figures))
    print(f"### Bars\n\n{bars(figures)}")
    runs = [run for runs in figures.runs.values() for run in runs]
    disturbed = sum(run.get("other_cpu", 0) > figures.noisy for run in runs)
    print(f"{len(runs)} runs, {disturbed} of them disturbed; ~ marks figures with fewer than three quiet runs.")
    for error in figures.errors[:10]:
        print(f"failed: {' '.join(error['args'])}: {error['error']}")


if __name__ == "__main__":
    main()
