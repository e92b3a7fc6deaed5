#!/usr/bin/env python3
"""Writes the tables of docs/security.md: its promises, and the figures of the files into which the runs have put them.

    python scripts/security_figures.py            # after `make fuzz`, `soak`, `sanitize` or `audit --record`
    python scripts/security_figures.py --check    # exit code 1 if the page says something else; so does a test

Each table stands between `<!-- figures: NAME -->` and `<!-- end of figures -->`. Both say how far the code has moved
since each run.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from security import claims, figures, proofs, records

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/security.md"
BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def landings() -> str:
    """Which of the targets in the table run by themselves, and which somebody has to run."""
    landing = set(proofs.landing((ROOT / ".ci/run").read_text(encoding="utf-8")))
    targets = sorted({claim.target for claim in claims.CLAIMS})
    by_itself = [f"`make {target}`" for target in targets if target in landing]
    if "soak-short" in landing:
        by_itself.append("five minutes of the soak (`make soak-short`)")
    others = [f"`make {target}`" for target in targets if target not in landing]
    return f"For every landing `.ci/run` runs {listed(by_itself)}. Run by hand: {listed(others)}.\n"


def listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


TABLES: dict[str, Callable[[], str]] = {
    "claims": lambda: f"{claims.table()}\n{landings()}",
    "soak": figures.soak,
    "fuzz": figures.fuzz,
    "sanitizers": figures.sanitizers,
}


def filled(page: str) -> str:
    """The page with the figures as they are now."""
    return BLOCK.sub(lambda block: f"{block[1]}\n{TABLES[block[2]]()}\n{block[3]}", page)


def ages() -> Iterator[str]:
    """How far the code has moved since each run that has left figures."""
    for target, path in figures.FILES.items():
        known = figures.read(path)
        runs = {"": known} if "date" in known else known
        said: dict[str, list[str]] = {}
        for name, record in runs.items():
            said.setdefault(records.age(record), []).append(name)
        for age, names in said.items():
            parts = "" if names == [""] or len(said) == 1 else f" {', '.join(sorted(names))}"
            yield f"make {target}{parts}: {age}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if the page is not up to date")
    arguments = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    now = filled(page)
    for line in ages():
        print(line)
    if not arguments.check:
        PAGE.write_text(now, encoding="utf-8")
        return 0
    if now != page:
        print("docs/security.md has other figures than the runs: python scripts/security_figures.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
