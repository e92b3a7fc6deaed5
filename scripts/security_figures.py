#!/usr/bin/env python3
"""Writes the figures of docs/security.md from the files into which the runs have put them.

    python scripts/security_figures.py            # after `make fuzz`, `make soak` or `make sanitize`
    python scripts/security_figures.py --check    # exit code 1 if the page says something else; so does a test

Each table stands between `<!-- figures: NAME -->` and `<!-- end of figures -->`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/security.md"
BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)
#: CPU seconds that each fuzz target is to have had.
AIM = 3600
#: What is run under which checks, in the order of the table: names of `tests/rust/sanitizers.json`.
SANITIZERS = {
    "address": "AddressSanitizer: the Rust tests",
    "thread": "ThreadSanitizer, the standard library included: the Rust tests",
    "python": "`PYTHONMALLOC=debug`, `-X dev`: Python tests of what crosses between the languages, "
    "1,000 collections among them",
}


def day(text: str) -> str:
    """`2026-11-27` as prose has it."""
    when = date.fromisoformat(text)
    return f"{when.day} {when:%B %Y}"


def read(path: str) -> dict[str, Any]:
    file = ROOT / path
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def fuzz() -> str:
    """The sums of all runs of `make fuzz`, for each target."""
    known = read("fuzz/figures.json")
    rows = []
    for target in sorted(path.name for path in (ROOT / "fuzz/corpus").iterdir()):
        inputs = len(list((ROOT / "fuzz/corpus" / target).iterdir()))
        of = known.get(target)
        if of is None:
            rows.append([f"`{target}`", "0", "0", "", str(inputs), "never"])
            continue
        numbers = [f"{of[name]:,}" for name in ("cpu_seconds", "executions", "edges")]
        rows.append([f"`{target}`", *numbers, str(inputs), day(of["date"])])
    reached = sum(of["cpu_seconds"] >= AIM for of in known.values())
    cpu, executions = (sum(of[name] for of in known.values()) for name in ("cpu_seconds", "executions"))
    head = ["target", "CPU seconds", "executions", "edges reached", "inputs in the corpus", "last run"]
    return (
        f"{table(head, rows)}\nTogether {cpu:,} CPU seconds and {executions:,} executions. "
        f"{reached} of {len(rows)} targets have had the {AIM:,} CPU seconds that are aimed at.\n"
    )


def soak() -> str:
    """The last run of `make soak`."""
    of = read("tests/soak/figures.json")
    if not of:
        return "It has no figures yet.\n"
    grown = of["growth"]
    rows = [
        ["date", day(of["date"])],
        ["seconds, rounds", f"{of['seconds']:,}, {of['rounds']:,}"],
        ["clusters created, each of them stored once", f"{of['created']:,}"],
        ["faults", f"{of['faults']:,}"],
        ["calls that ended in an error that said so, also while a new token was waited for", f"{of['errors']:,}"],
        ["rounds after which a client that was refused two tokens was waited for", str(of["recoveries"])],
        ["memory at the end, growth", f"{of['memory_mib']} MiB, {grown['memory']:+} MiB"],
        ["descriptors at the end, growth", f"{of['descriptors']}, {grown['descriptors']:+g}"],
        ["threads at the end, growth", f"{of['threads']}, {grown['threads']:+g}"],
    ]
    return table(["`make soak`", "figure"], rows)


def sanitizers() -> str:
    """The last run of each part of `make sanitize`."""
    known = read("tests/rust/sanitizers.json")
    rows = []
    for name, what in SANITIZERS.items():
        of = known.get(name)
        if of is None:
            rows.append([what, "0", "", "", "never"])
            continue
        rows.append([what, f"{of['tests']:,}", str(of["failed"]), str(of["reports"]), day(of["date"])])
    return table(["`make sanitize`", "tests passed", "failed", "reports", "last run"], rows)


TABLES: dict[str, Callable[[], str]] = {"fuzz": fuzz, "soak": soak, "sanitizers": sanitizers}


def filled(page: str) -> str:
    """The page with the figures as they are now."""
    return BLOCK.sub(lambda block: f"{block[1]}\n{TABLES[block[2]]()}\n{block[3]}", page)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if the page is not up to date")
    arguments = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    now = filled(page)
    if not arguments.check:
        PAGE.write_text(now, encoding="utf-8")
        return 0
    if now != page:
        print("docs/security.md has other figures than the runs: python scripts/security_figures.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
