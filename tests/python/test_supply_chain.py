"""What may come into the build (`deny.toml`), what `make audit` says, and that no room has unsafe code."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

import audit

ROOT = Path(__file__).resolve().parents[2]


def ended(code: int, stdout: str = "", stderr: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, stdout, stderr)


@pytest.mark.parametrize("room", ["core", "emulator"])
def test_the_compiler_refuses_unsafe_code(room: str) -> None:
    source = (ROOT / f"src/{room}/mod.rs").read_text(encoding="utf-8")
    assert "\n#![forbid(unsafe_code)]\n" in source


def test_no_room_allows_unsafe_code() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.rs")}
    assert len(sources) > 200
    assert [path for path, text in sources.items() if re.search(r"\bunsafe\b", text)] == []
    assert [path for path, text in sources.items() if "allow(unsafe_code)" in text] == []


def test_every_direct_dependency_says_what_it_is_for() -> None:
    lines = (ROOT / "Cargo.toml").read_text(encoding="utf-8").splitlines()
    names: list[str] = []
    reasons: list[str] = []
    section, reason = "", ""
    for line in lines:
        if line.startswith("["):
            section, reason = line, ""
        elif line.startswith("#"):
            reason = line
        elif not line:
            reason = ""
        elif section.endswith("dependencies]"):
            names.append(line.split(" ", 1)[0])
            reasons.append(reason)
    assert len(names) > 40
    shared = {"pyo3", "pyo3-async-runtimes", "pythonize"}
    assert [name for name, reason in zip(names, reasons, strict=True) if not reason and name not in shared] == []


def test_an_advisory_of_a_crate_is_found() -> None:
    diagnostic = {
        "type": "diagnostic",
        "fields": {"severity": "error", "message": "a use after free", "advisory": {"id": "RUSTSEC-2026-0001"}},
    }
    found = audit.of_crates(ended(0), ended(1, stderr=json.dumps(diagnostic) + "\n"))
    assert (found.advisories, found.unknown) == (["RUSTSEC-2026-0001 a use after free"], [])
    assert audit.exit_code([found]) == 1


def test_crates_without_a_database_are_not_called_safe() -> None:
    found = audit.of_crates(ended(1, stderr="fetching\nerror: could not resolve host\n"), None)
    assert found.unknown == ["the RustSec database could not be had: error: could not resolve host"]
    assert audit.exit_code([found]) == 2
    failed = audit.of_crates(ended(0), ended(101, stderr="killed\n"))
    assert failed.unknown == ["cargo-deny failed: killed"]


def test_packages_that_were_skipped_are_not_called_safe() -> None:
    report = {
        "dependencies": [
            {"name": "a", "version": "1.0", "vulns": []},
            {"name": "b", "skip_reason": "not found"},
        ]
    }
    found = audit.of_packages("list.txt", ended(0, stdout=json.dumps(report)))
    assert (found.advisories, found.unknown) == ([], ["the database has nothing about 1 of 2: b"])
    assert audit.exit_code([found]) == 2


def test_an_advisory_of_a_package_is_found() -> None:
    package = {"name": "a", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}]}
    found = audit.of_packages("list.txt", ended(1, stdout=json.dumps({"dependencies": [package]})))
    assert found.sentence() == "list.txt: 1 to look at\n  PYSEC-2026-1 a 1.0 (fixed in 1.1)"
    assert audit.exit_code([found]) == 1


def test_nothing_found_is_said_only_when_all_was_read() -> None:
    package = {"name": "a", "version": "1.0", "vulns": []}
    found = audit.of_packages("list.txt", ended(0, stdout=json.dumps({"dependencies": [package]})))
    assert found.sentence() == "list.txt: no advisories"
    assert audit.exit_code([found, audit.of_crates(ended(0), ended(0))]) == 0
    broken = audit.of_packages("list.txt", ended(1, stdout="", stderr="ConnectionError\n"))
    assert broken.unknown == ["the PyPI database could not be had: ConnectionError"]


def test_every_list_of_packages_is_audited() -> None:
    lists = audit.requirements()
    assert {"requirements-dev.txt", "fuzz/requirements.txt", "tests/interop/requirements.txt"} < set(lists)
    assert lists == sorted(lists)
