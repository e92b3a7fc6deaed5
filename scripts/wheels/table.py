"""The table of wheels in `docs/install.md`, between two comments."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from wheels.machines import Outcome

BEGIN, END = "<!-- written by make wheels -->", "<!-- end -->"


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
    before = page.read_text(encoding="utf-8")
    found = re.findall(f"{re.escape(BEGIN)}\n(.*?){re.escape(END)}", before, re.DOTALL)
    if len(found) != 1:
        raise SystemExit(f"{page.name} has {len(found)} places for the table")
    kept = [line for line in found[0].splitlines() if line.startswith("| ")][2:]
    after = before.replace(found[0], text(kept, rows, day) + "\n")
    page.write_text(after, encoding="utf-8")
