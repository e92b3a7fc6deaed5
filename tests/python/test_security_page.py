"""What docs/security.md says was run is there by its name, and runs where it says; bad news is shown, too."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from security import claims, figures, proofs

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
MAKEFILE = proofs.rules((ROOT / "Makefile").read_text(encoding="utf-8"))
LANDING = proofs.landing((ROOT / ".ci/run").read_text(encoding="utf-8"))


def test_every_test_of_the_table_is_there_and_run() -> None:
    assert len(claims.CLAIMS) > 20
    wanting = [proofs.wanting(one, claim.target) for claim in claims.CLAIMS for one in claim.tests]
    assert [why for why in wanting if why] == []
    assert all(claim.tests for claim in claims.CLAIMS)


NETWORK = "tests/python/credentials/test_network.py"


@pytest.mark.parametrize(
    ("named", "target", "why"),
    [
        ("tests/python/test_nothing.py::test_it", "test", "tests/python/test_nothing.py is not there"),
        (f"{NETWORK}::test_a_redirect", "test", f"{NETWORK} has no test test_a_redirect"),
        ("src/core/secret.rs::expose", "test", "src/core/secret.rs has no test expose"),
        ("scripts/fuzz.py", "fuzzing", "the Makefile has no target fuzzing"),
        ("scripts/fuzz.py", "soak", "`make soak` does not run scripts/fuzz.py"),
        (f"{NETWORK}::test_a_redirect_is_not_followed", "lint", f"`make lint` does not run {NETWORK}"),
        ("tests/interop/test_hostile.py", "test", "`make test` does not run tests/interop/test_hostile.py"),
        ("tests/rust/emulator_load.rs", "test", "`make test` does not run tests/rust/emulator_load.rs"),
        ("scripts/release.py", "test", "`make test` does not run scripts/release.py"),
    ],
)
def test_what_is_not_there_or_not_run_is_said(named: str, target: str, why: str) -> None:
    assert proofs.wanting(named, target) == why


def test_a_recipe_is_read_with_what_its_target_needs() -> None:
    text = "A := b\n\nall: one two/.done\n\techo all\n\none:\n\tcc a \\\n\t\tb\n\ntwo/.done: x.txt\n\ttouch $@\n"
    known = proofs.rules(text)
    assert known.keys() == {"all", "one", "two/.done"}
    assert proofs.commands("all", known) == ["cc a  \t\tb", "touch $@", "echo all"]
    assert proofs.landing("set -e\nmake test\n  make other\nmake soak-short\nif make x; then\n") == [
        "test",
        "soak-short",
    ]


def test_the_soak_takes_an_hour_and_five_minutes_for_every_landing() -> None:
    assert {"test", "deny", "soak-short"} <= set(LANDING)
    lines = {target: "\n".join(proofs.commands(target, MAKEFILE)) for target in ("soak", "soak-short")}
    assert "tests/soak/soak.py --seconds 3600 --record" in lines["soak"]
    assert "tests/soak/soak.py --seconds 300" in lines["soak-short"]


@pytest.mark.parametrize("target", ["audit", "fuzz", "soak", "sanitize"])
def test_the_page_is_written_however_a_run_ends(target: str) -> None:
    recipe = MAKEFILE[target][1][-1]
    assert re.search(r"; code=\$\$\?; \S+ scripts/security_figures\.py && exit \$\$code$", recipe)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts/security_figures.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_page_is_that_of_the_table_and_the_figures() -> None:
    checked = run("--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert re.findall(r"<!-- figures: (\w+) -->", PAGE) == ["claims", "soak", "fuzz", "sanitizers"]
    said = re.findall(r"^make ([\w-]+)", checked.stdout, re.MULTILINE)
    assert set(said) == set(figures.FILES)


def test_the_sums_of_the_fuzz_targets_are_shown() -> None:
    known = json.loads((ROOT / "fuzz/figures.json").read_text(encoding="utf-8"))
    assert set(known) <= {folder.name for folder in (ROOT / "fuzz/corpus").iterdir()}
    assert known
    for target, of in known.items():
        assert f"| `{target}` | {of['cpu_seconds']:,} | {of['executions']:,} | {of['edges']:,} |" in PAGE


RUN: Any = {"date": "2026-11-28", "commit": "0123abcde", "code": "0"}


def shown(monkeypatch: pytest.MonkeyPatch, files: dict[str, Any]) -> None:
    monkeypatch.setattr(figures, "read", lambda path: files.get(path, {}))


def test_reports_and_a_run_that_did_not_end_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = {"tests": 12, "failed": 0, "reports": 3, "exit_code": 101}
    broken = {"tests": 0, "failed": 0, "reports": 0, "exit_code": -9}
    shown(monkeypatch, {figures.FILES["sanitize"]: {"address": RUN | ended, "thread": RUN | broken}})
    table = figures.sanitizers()
    assert "| AddressSanitizer: the Rust tests | 12 | 0 | 3 | 28 November 2026, `0123abcde` |" in table
    assert "| 0 | 0 | 0 | 28 November 2026, `0123abcde`; it did not end, exit code -9 |" in table
    assert "| never |" in table
    assert figures.sanitizer_in_short("address")() == "12 tests, 3 reports, 0 failed; 28 November 2026, `0123abcde`"
    assert "0 failed, exit code -9;" in figures.sanitizer_in_short("thread")()


def test_findings_are_shown_and_a_target_that_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = {"date": "2026-11-28", "commit": "0123abcde", "code": "0", "target": "headers", "input": "crash-1"}
    shown(monkeypatch, {"fuzz/findings.json": [finding, finding | {"what": "a date", "repaired": "89ab"}]})
    table = figures.fuzz()
    assert re.search(r"\| `headers` \| 0 \| 0 \|  \| \d+ \| 2 \| never, or with a finding \|", table)
    assert "- 28 November 2026, `headers`: not looked into yet (not repaired)\n" in table
    assert "- 28 November 2026, `headers`: a date (repaired in `89ab`)\n" in table
    assert "0 executions in 0 CPU seconds; 2 findings so far" in figures.fuzz_in_short()


def test_a_soak_that_went_wrong_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = dict.fromkeys(("seconds", "rounds", "created", "faults", "errors", "recoveries"), 3)
    shown(monkeypatch, {figures.FILES["soak"]: RUN | counts | {"wrong": ["after 3 rounds: lost: ['c3-s1']"]}})
    assert "| clusters created | 3 |" in figures.soak()
    assert "| wrong | after 3 rounds: lost: ['c3-s1'] |" in figures.soak()
    assert figures.soak_in_short().startswith("3 created, wrong: after 3 rounds: lost: ['c3-s1']; 3 faults")
    good = {"memory_mib": 50.5, "descriptors": 17, "threads": 2, "wrong": []}
    grown = {"per_round": {"memory": 0.008, "descriptors": 0.0, "threads": 0.0}}
    shown(monkeypatch, {figures.FILES["soak"]: RUN | counts | good | grown})
    assert "| clusters created, each of them stored once | 3 |" in figures.soak()
    assert "| memory | 50.5 MiB at the end; +0.008 in a round |" in figures.soak()


def test_an_audit_without_a_database_says_that_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    none = {"count": 7, "looked_up": 0, "advisories": [], "unknown": ["none could be had"]}
    shown(monkeypatch, {figures.FILES["audit"]: RUN | {"lists": {"a": none}}})
    assert "0 of 7 crates and packages looked up: no database could be had, so nothing is known" in figures.audit()
    some = none | {"looked_up": 6, "advisories": ["RUSTSEC-1 x"]}
    shown(monkeypatch, {figures.FILES["audit"]: RUN | {"lists": {"a": some, "b": none}}})
    assert figures.audit() == "6 of 14 crates and packages looked up: 1 advisory; 28 November 2026, `0123abcde`"


def test_cases_are_counted_where_they_stand() -> None:
    assert figures.cases((f"{NETWORK}::test_a_redirect_is_not_followed",)) == "12 cases"
    assert figures.cases(("tests/python/test_hostile_table.py::test_a_body_is_read_up_to_16_mib",)) == "2 cases"
    assert (
        figures.cases(("tests/python/test_endless_replies.py::test_interim_replies_without_end_hold_no_call",))
        == "1 test"
    )
