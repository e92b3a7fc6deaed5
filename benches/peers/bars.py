"""The bars that this project has set itself, beside what was measured."""

from __future__ import annotations

from figures import Figures, Key, table
from layout import FLOOR

OURS, ASYNC = "atlas_serverless", "atlas_serverless_async"


def bars(figures: Figures) -> str:
    """A row for each bar that can be told from the runs at hand."""
    ratio, get = figures.ratio, figures.get
    conc, far = ("conc", 32, 0), ("conc", 256, 20)
    rows: list[tuple[str, str, float, float | None]] = []
    for auth in ("bearer", "digest"):
        ours, floor = Key(OURS, auth), Key(FLOOR, auth)
        rows += [
            (f"sync, one at a time, {auth}: CPU to the floor", "≤", 1.25, ratio(ours, floor, "cpu_us")),
            (f"sync, one at a time, {auth}: wall to the floor", "≤", 1.15, ratio(ours, floor, "wall_us")),
        ]
    floor = Key(FLOOR, "bearer", *conc)
    bulk, threads = Key(OURS, "bearer", "bulk", 32), Key(OURS, "bearer", *conc)
    kept, floor_kept = Key(OURS, "bearer", "kept", 32), Key(FLOOR, "bearer", "kept", 32)
    bare, cold = get(Key("noop", "none", "cold"), "cold_ms"), get(Key(OURS, "bearer", "cold"), "cold_ms")
    tls = get(Key(OURS, "bearer", "cold", tls="h1"), "cold_ms")

    def over_bare(figure: float | None) -> float | None:
        return figure - bare if figure is not None and bare is not None else None

    rows += [
        ("round trips per create, API key", "≤", 1.01, get(Key(OURS, "digest"), "round_trips")),
        (
            "asyncio, 32 in flight, 0 ms: CPU to the floor",
            "≤",
            1.80,
            ratio(Key(ASYNC, "bearer", *conc), floor, "cpu_us"),
        ),
        (
            "asyncio, 256 in flight, 20 ms: throughput to the floor",
            "≥",
            0.90,
            ratio(Key(ASYNC, "bearer", *far), Key(FLOOR, "bearer", *far), "creates_per_s"),
        ),
        ("32 threads on one client, 0 ms: CPU to the floor", "≤", 1.8, ratio(threads, floor, "cpu_us")),
        ("create_many, 32 in flight: throughput to the floor", "≥", 0.75, ratio(bulk, floor, "creates_per_s")),
        ("the same, both keep all answers", "≥", 0.75, ratio(kept, floor_kept, "creates_per_s")),
        ("import, ms over bare Python", "≤", 2, get(Key(OURS, "bearer", "import"), "import_ms")),
        ("start to first create, ms over bare Python", "≤", 4, over_bare(cold)),
        ("the same over TLS", "≤", 10, over_bare(tls)),
        ("peak memory, sync, MB", "≤", 20, get(Key(OURS), "rss_peak_mb")),
        ("peak memory, 256 in flight, MB", "≤", 40, get(Key(ASYNC, "bearer", *far), "rss_peak_mb")),
    ]
    lines = []
    for what, sign, bar, got in rows:
        if got is None:
            continue
        holds = got <= bar if sign == "≤" else got >= bar
        lines.append([what, f"{sign} {bar:g}", f"{got:.3g}", "holds" if holds else "**missed**"])
    return table(["what", "bar", "measured", ""], lines)
