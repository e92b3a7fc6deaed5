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


def text(rows: list[Row], day: str) -> str:
    lines = [f"Built, checked, installed and used on {day}:", "", "| wheel | size | Python | quickstart |"]
    lines += ["| --- | --: | --- | --- |"]
    for row in rows:
        size = f"{row.size / 1e6:.2f} MB"
        for outcome in row.outcomes or [Outcome("none to be had here", "not run; checked by auditwheel and abi3audit")]:
            lines.append(f"| {row.name} | {size} | {outcome.python} | {outcome.result} |")
    return "\n".join(lines)


def write(page: Path, rows: list[Row], day: str) -> None:
    before = page.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    after, found = pattern.subn(lambda _: f"{BEGIN}\n{text(rows, day)}\n{END}", before)
    if found != 1:
        raise SystemExit(f"{page.name} has {found} places for the table")
    page.write_text(after, encoding="utf-8")
