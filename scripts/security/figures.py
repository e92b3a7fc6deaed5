"""What the runs have recorded, as docs/security.md shows it: a cell of its table each, and the tables below it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from security import proofs, records

ROOT = Path(__file__).resolve().parents[2]
#: CPU seconds that each fuzz target is to have had.
AIM = 3600
#: What is run under which checks, in the order of the table: names of `tests/rust/sanitizers.json`.
SANITIZERS = {
    "address": "AddressSanitizer: the Rust tests",
    "thread": "ThreadSanitizer, the standard library included: the Rust tests",
    "binding": "valgrind's memcheck, every block by itself: Python tests of the binding",
    "python": "`PYTHONMALLOC=debug`, `-X dev`: Python tests of what crosses between the languages",
}
#: Every file of figures, by the target that writes it.
FILES = {
    "fuzz": "fuzz/figures.json",
    "soak": "tests/soak/figures.json",
    "sanitize": "tests/rust/sanitizers.json",
    "audit": "scripts/supply_chain/audit.json",
}


def read(path: str) -> Any:
    return records.read(ROOT / path)


def day(text: str) -> str:
    """`2026-11-27` as prose has it."""
    when = date.fromisoformat(text)
    return f"{when.day} {when:%B %Y}"


def when(record: dict[str, Any]) -> str:
    """The day of a run, and the commit that it is of."""
    return f"{day(record['date'])}, {at(record)}"


def at(record: dict[str, Any]) -> str:
    return f"`{record['commit']}`" if "commit" in record else "commit not recorded"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def fuzz_targets() -> list[Path]:
    return sorted(path for path in (ROOT / "fuzz/corpus").iterdir() if path.is_dir())


def cases(tests: tuple[str, ...]) -> str:
    """How many cases the named tests have, as far as their source says."""
    named = [one.split("::") for one in tests]
    counted = [proofs.cases(ROOT / file, name) if file.endswith(".py") else 1 for file, name in named]
    known = [one for one in counted if one is not None]
    return count(sum(known), "case") if len(known) == len(counted) else count(len(counted), "test")


def replayed() -> str:
    inputs = sum(len(list(target.iterdir())) for target in fuzz_targets())
    source = (ROOT / "tests/rust/fuzz/main.rs").read_text(encoding="utf-8")
    seconds = int(source.split("const SECONDS: u64 = ")[1].split(";")[0])
    mutations = int(source.split("const MUTATIONS: usize = ")[1].split(";")[0])
    changed = f"{seconds} seconds of mutations for each target, {mutations:,} at least"
    return f"{len(fuzz_targets())} targets, {inputs:,} inputs; {changed}"


def fuzz_in_short() -> str:
    known = read(FILES["fuzz"])
    cpu, executions = (sum(of[name] for of in known.values()) for name in ("cpu_seconds", "executions"))
    last = max((of["date"] for of in known.values()), default=None)
    ended = f"; last run {day(last)}" if last else ""
    found = count(len(read("fuzz/findings.json")), "finding")
    return f"{executions:,} executions in {cpu:,} CPU seconds; {found} so far{ended}"


def soak_in_short() -> str:
    of = read(FILES["soak"])
    if not of:
        return "not run yet"
    right = "each stored once" if not of.get("wrong") else f"wrong: {'; '.join(of['wrong'])}"
    return f"{of['created']:,} created, {right}; {of['faults']:,} faults; {when(of)}"


def sanitizer_in_short(part: str) -> Callable[[], str]:
    def figure() -> str:
        of = read(FILES["sanitize"]).get(part)
        if of is None:
            return "not run yet"
        ended = "" if not of.get("exit_code") or of["failed"] or of["reports"] else f", exit code {of['exit_code']}"
        return (
            f"{count(of['tests'], 'test')}, {count(of['reports'], 'report')}, {of['failed']} failed{ended}; {when(of)}"
        )

    return figure


def audit() -> str:
    """What was looked up, and what of it was not there to be had."""
    of = read(FILES["audit"])
    if not of:
        return "not run yet"
    lists = of["lists"].values()
    looked_up, all_of = (sum(one[name] for one in lists) for name in ("looked_up", "count"))
    found = count(sum(len(one["advisories"]) for one in lists), "advisory").replace("advisorys", "advisories")
    known = found if looked_up else "no database could be had, so nothing is known"
    return f"{looked_up:,} of {all_of:,} crates and packages looked up: {known}; {when(of)}"


def wheels_twice() -> str:
    """`make wheels-twice` writes what it has found into another page."""
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    written = page.split("<!-- written by make wheels-twice -->\n")[1].split("<!-- end")[0]
    last = re.search(r"\d{4}-\d\d-\d\d", written)
    return f"[what it found](install.md#build-it-again); {day(last[0]) if last else 'not run yet'}"


def crates() -> str:
    locks = ["Cargo.lock", "fuzz/Cargo.lock", "benches/Cargo.lock"]
    numbers = [(ROOT / lock).read_text(encoding="utf-8").count('\nsource = "registry') for lock in locks]
    return f"{' + '.join(map(str, numbers))} crates of 3 lock files"


def fuzz() -> str:
    """The sums of all runs of `make fuzz` since the last finding, for each target."""
    known, findings = read(FILES["fuzz"]), read("fuzz/findings.json") or []
    rows = []
    for folder in fuzz_targets():
        target, inputs = folder.name, len(list(folder.iterdir()))
        found = str(sum(one["target"] == target for one in findings))
        of = known.get(target)
        if of is None:
            rows.append([f"`{target}`", "0", "0", "", str(inputs), found, "never, or with a finding"])
            continue
        numbers = [f"{of[name]:,}" for name in ("cpu_seconds", "executions", "edges")]
        rows.append([f"`{target}`", *numbers, str(inputs), found, when(of)])
    reached = sum(of["cpu_seconds"] >= AIM for of in known.values())
    cpu, executions = (sum(of[name] for of in known.values()) for name in ("cpu_seconds", "executions"))
    head = ["target", "CPU seconds", "executions", "edges reached", "inputs in the corpus", "findings", "last run"]
    return (
        f"{table(head, rows)}\nTogether {cpu:,} CPU seconds and {executions:,} executions. "
        f"{reached} of {len(rows)} targets have had the {AIM:,} CPU seconds that are aimed at.\n\n"
        f"{findings_in_words(findings)}"
    )


def findings_in_words(findings: list[dict[str, str]]) -> str:
    if not findings:
        return "Nothing was found.\n"
    lines = [
        f"- {day(one['date'])}, `{one['target']}`: {one.get('what', 'not looked into yet')}"
        f" ({'repaired in `' + one['repaired'] + '`' if 'repaired' in one else 'not repaired'})"
        for one in findings
    ]
    return "Found so far; after a finding the sums of its target begin anew:\n\n" + "\n".join(lines) + "\n"


def soak() -> str:
    """The last run of `make soak`."""
    of = read(FILES["soak"])
    if not of:
        return "It has no figures yet.\n"
    rows = [
        ["run", when(of)],
        ["seconds, rounds", f"{of['seconds']:,}, {of['rounds']:,}"],
        ["clusters created" + ("" if of.get("wrong") else ", each of them stored once"), f"{of['created']:,}"],
        ["faults", f"{of['faults']:,}"],
        ["calls that ended in an error that said so, also while a new token was waited for", f"{of['errors']:,}"],
        ["rounds after which a client that was refused two tokens was waited for", str(of["recoveries"])],
        *([name, growth(of, name)] for name in ("memory", "descriptors", "threads") if "threads" in of),
        *(["wrong", wrong] for wrong in of.get("wrong", [])),
    ]
    older = (
        "" if "wrong" in of else "\nThis run had a service account only, and no stalls or delays among the faults.\n"
    )
    return table(["`make soak`", "figure"], rows) + older


def growth(of: dict[str, Any], key: str) -> str:
    """What there is at the end, and how it has changed: by the round, or, in older files, over the run."""
    there = f"{of['memory_mib']} MiB" if key == "memory" else f"{of[key]}"
    if "per_round" in of:
        return f"{there} at the end; {of['per_round'][key]:+g} in a round"
    return f"{there} at the end; {of['growth'][key]:+g} over the run"


def sanitizers() -> str:
    """The last run of each part of `make sanitize`, however it ended."""
    known = read(FILES["sanitize"])
    rows = []
    for name, what in SANITIZERS.items():
        of = known.get(name)
        if of is None:
            rows.append([what, "0", "", "", "never"])
            continue
        unexplained = of.get("exit_code") and not of["failed"] and not of["reports"]
        ended = f"; it did not end, exit code {of['exit_code']}" if unexplained else ""
        rows.append([what, f"{of['tests']:,}", str(of["failed"]), str(of["reports"]), when(of) + ended])
    return table(["`make sanitize`", "tests passed", "failed", "reports", "last run"], rows)
