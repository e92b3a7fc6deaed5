"""What runs write into `docs/install.md`, between two comments: the table of wheels, and the hash of two builds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from wheels.machines import Outcome

BEGIN, END = "<!-- written by make wheels -->", "<!-- end -->"
TWICE, END_OF_TWICE = "<!-- written by make wheels-twice -->", "<!-- end of make wheels-twice -->"


class Row(NamedTuple):
    """A file that was built and used."""

    name: str
    file: str
    size: int
    outcomes: list[Outcome]


def text(kept: list[str], rows: list[Row], day: str) -> str:
    """The table; what a run did not build keeps its lines, with their day."""
    lines = ["| wheel | size | Python | quickstart | day |", "| --- | --: | --- | --- | --- |"]
    names = {row.name for row in rows}
    lines += [line for line in kept if line.split("|")[1].strip() not in names]
    for row in rows:
        size = f"{row.size / 1e6:.2f} MB"
        for outcome in row.outcomes or [Outcome("none to be had here", "not run; checked by auditwheel and abi3audit")]:
            lines.append(f"| {row.name} | {size} | {outcome.python} | {outcome.result} | {day} |")
    return "\n".join(lines)


def write(page: Path, rows: list[Row], day: str) -> None:
    def changed(before: str) -> str:
        kept = [line for line in before.splitlines() if line.startswith("| ")][2:]
        return text(kept, rows, day) + "\n"

    replace(page, (BEGIN, END), changed)


def replace(page: Path, marks: tuple[str, str], changed: Callable[[str], str]) -> None:
    """Writes anew what stands between two comments."""
    before = page.read_text(encoding="utf-8")
    begin, end = map(re.escape, marks)
    places = list(re.finditer(f"(?<={begin}\n).*?(?={end})", before, re.DOTALL))
    if len(places) != 1:
        raise SystemExit(f"{page.name} has {len(places)} places for what stands after {marks[0]}")
    start, stop = places[0].span()
    page.write_text(before[:start] + changed(before[start:stop]) + before[stop:], encoding="utf-8")
