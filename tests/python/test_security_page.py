"""What docs/security.md says was run is there, and runs where it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
#: The first table of the section. Those after it are written from the figures.
CLAIMS = PAGE.split("\n## What was run\n")[1].split("\n\n")[1]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in CLAIMS.splitlines()][2:]


def test_the_table_is_read() -> None:
    assert len(ROWS) == 10
    assert all(len(row) == 4 for row in ROWS)


def test_every_row_names_a_file_and_a_target_that_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for _, _, run_by, where in ROWS:
        files = re.findall(r"`([^`]+)`", run_by)
        targets = re.findall(r"`make ([^`]+)`", where)
        assert [name for name in files if not (ROOT / name).is_file()] == []
        assert files
        assert targets
        assert [name for name in targets if f"\n{name}:" not in makefile] == []


def test_a_file_of_make_test_is_one_that_it_runs() -> None:
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    for _, _, run_by, where in ROWS:
        if where == "`make test`":
            name = re.findall(r"`([^`]+)`", run_by)[0]
            assert name.startswith("tests/python/") or f'path = "{name}"' in manifest


def test_the_numbers_of_the_fuzz_targets_are_those_of_the_code() -> None:
    targets = [folder.name for folder in (ROOT / "fuzz/corpus").iterdir()]
    mutations = re.search(r"const MUTATIONS: usize = (\d+);", (ROOT / "tests/rust/fuzz/main.rs").read_text("utf-8"))
    assert mutations is not None
    assert f"{len(targets)} targets, each with its corpus and {int(mutations[1]):,} mutations" in PAGE


def figures(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts/security_figures.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_figures_are_those_that_the_runs_have_left() -> None:
    checked = figures("--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert re.findall(r"<!-- figures: (\w+) -->", PAGE) == ["soak", "fuzz", "sanitizers"]


def test_the_sums_of_the_fuzz_targets_are_shown() -> None:
    known = json.loads((ROOT / "fuzz/figures.json").read_text(encoding="utf-8"))
    assert set(known) <= {folder.name for folder in (ROOT / "fuzz/corpus").iterdir()}
    assert known
    for target, of in known.items():
        assert f"| `{target}` | {of['cpu_seconds']:,} | {of['executions']:,} | {of['edges']:,} |" in PAGE
