"""An import as an arrow from file to file, and the circles that arrows make."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import NamedTuple


class Arrow(NamedTuple):
    """The file `user` imports something from the file `used`, in this line. Paths are relative to the project."""

    user: str
    used: str
    line: int


def circles(arrows: Iterable[Arrow]) -> list[str]:
    """One line for each circle, until no circle would be left if those that are reported were opened."""
    lines = {(arrow.user, arrow.used): arrow.line for arrow in reversed(list(arrows)) if arrow.user != arrow.used}
    found: list[str] = []
    while True:
        graph: dict[str, set[str]] = {}
        for user, used in lines:
            graph.setdefault(user, set()).add(used)
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            files = error.args[1][:0:-1]  # each uses the next, and the last the first
            first = files.index(min(files))
            files = [*files[first:], *files[: first + 1]]
        else:
            return found
        steps = [(user, used, lines.pop((user, used))) for user, used in pairwise(files)]
        found.append("circle: " + " → ".join(f"{user}:{line}" for user, _, line in steps) + f" → {files[-1]}")
