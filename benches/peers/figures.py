"""The JSON lines of matrix.py as medians."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple


class Key(NamedTuple):
    """What was measured."""

    client: str
    auth: str = "bearer"
    mode: str = "seq"
    inflight: int = 1
    latency_ms: int = 0
    tls: str | None = None


class Figures:
    """All runs of a file. A figure is the median of its rounds, without disturbed ones where three others remain."""

    def __init__(self, path: Path, noisy: float = 0.5) -> None:
        self.noisy = noisy
        self.runs: dict[Key, list[dict[str, Any]]] = defaultdict(list)
        self.errors: list[dict[str, Any]] = []
        for line in path.read_text().splitlines():
            run = json.loads(line)
            if "error" in run:
                self.errors.append(run)
            else:
                self.runs[Key(*(run[name] for name in Key._fields))].append(run)

    def get(self, key: Key, field: str) -> float | None:
        """The median, if there is one."""
        used = self._used(key, field)
        return statistics.median(run[field] for run in used) if used else None

    def is_disturbed(self, key: Key, field: str) -> bool:
        """Whether fewer than three quiet runs are behind a figure."""
        return sum(run.get("other_cpu", 0) <= self.noisy for run in self._used(key, field)) < 3

    def ratio(self, key: Key, floor: Key, field: str) -> float | None:
        """A figure to the floor's of the same run."""
        ours, other = self.get(key, field), self.get(floor, field)
        return ours / other if ours is not None and other else None

    def cell(self, key: Key, field: str, form: str) -> str:
        """A figure for a table; ~ marks one that is disturbed."""
        figure = self.get(key, field)
        return "" if figure is None else form % figure + ("~" if self.is_disturbed(key, field) else "")

    def _used(self, key: Key, field: str) -> list[dict[str, Any]]:
        runs = [run for run in self.runs.get(key, ()) if field in run]
        quiet = [run for run in runs if run.get("other_cpu", 0) <= self.noisy]
        return quiet if len(quiet) >= 3 else runs


def table(head: list[str], lines: list[list[str]]) -> str:
    """Markdown; figures to the right."""
    rows = [head, ["---", *["--:"] * (len(head) - 1)], *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
