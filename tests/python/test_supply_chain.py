"""What may come into the build (`deny.toml`), what `make audit` says, and that no room has unsafe code."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

import audit
from security import proofs

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


def hosts(folder: str) -> set[str]:
    """The hosts of all addresses in the code of a folder, without comments and tests."""
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in {".rs", ".py"} and "tests" not in path.parts]
    texts = [path.read_text(encoding="utf-8").split("#[cfg(test)]")[0] for path in files if path.name != "tests.rs"]
    lines = [line for text in texts for line in text.splitlines() if not line.lstrip().startswith(("//", "#"))]
    return {host for line in lines for host in re.findall(r"https?://([\w.-]+)", line)}


def test_no_other_host_stands_in_the_code() -> None:
    atlas = {"cloud.mongodb.com", "cloud.mongodbgov.com"}
    # Parts of sentences and of addresses that are never asked: http://user:password@proxy, and a name of RFC 6761.
    assert hosts("src/core") == atlas | {"user", "proxy.invalid"}
    assert hosts("src/binding") == set()
    # The emulator's own address, and links to Atlas' pages.
    assert hosts("python") == {"127.0.0.1", "cloud.mongodb.com", "www.mongodb.com"}


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
    found = audit.of_crates("Cargo.lock", 210, ended(0), ended(1, stderr=json.dumps(diagnostic) + "\n"))
    assert (found.advisories, found.unknown) == (["RUSTSEC-2026-0001 a use after free"], [])
    assert found.looked_up == 210
    assert audit.exit_code([found]) == 1


def test_crates_without_a_database_are_not_called_safe() -> None:
    found = audit.of_crates("Cargo.lock", 210, ended(1, stderr="fetching\nerror: could not resolve host\n"), None)
    assert found.unknown == ["the RustSec database could not be had: error: could not resolve host"]
    assert found.looked_up == 0
    assert audit.exit_code([found]) == 2
    failed = audit.of_crates("Cargo.lock", 210, ended(0), ended(101, stderr="killed\n"))
    assert (failed.looked_up, failed.unknown) == (0, ["cargo-deny failed: killed"])


def packages(*listed: dict[str, object]) -> subprocess.CompletedProcess[str]:
    return ended(0, stdout=json.dumps({"dependencies": list(listed)}))


GOOD: dict[str, object] = {"name": "a", "version": "1.0", "vulns": []}
SKIPPED: dict[str, object] = {"name": "b", "skip_reason": "not found"}


def test_packages_that_were_skipped_are_not_called_safe() -> None:
    found = audit.of_packages(".venv", 2, packages(GOOD, SKIPPED))
    assert (found.looked_up, found.advisories) == (1, [])
    assert found.unknown == ["the database has nothing about 1: b"]
    assert audit.exit_code([found]) == 2
    nothing = audit.of_packages(".venv", 1, packages(SKIPPED))
    assert nothing.unknown == ["the database could not be had: it has nothing about any of 1"]


def test_an_advisory_of_a_package_is_found() -> None:
    found = audit.of_packages(".venv", 1, packages(GOOD | {"vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}]}))
    assert found.sentence() == ".venv: 1 of 1 looked up, 1 to look at\n  PYSEC-2026-1 a 1.0 (fixed in 1.1)"
    assert audit.exit_code([found]) == 1


def test_nothing_found_is_said_only_when_all_was_read() -> None:
    found = audit.of_packages(".venv", 1, packages(GOOD))
    assert found.sentence() == ".venv: 1 of 1 looked up, no advisories"
    assert audit.exit_code([found, audit.of_crates("Cargo.lock", 1, ended(0), ended(0))]) == 0
    fewer = audit.of_packages(".venv", 3, packages(GOOD))
    assert fewer.sentence() == ".venv: 1 of 3 looked up, 1 to look at\n  2 were not looked up"
    broken = audit.of_packages(".venv", 1, ended(1, stdout="", stderr="ConnectionError\n"))
    assert broken.unknown == ["the PyPI database could not be had: ConnectionError"]


def test_every_list_of_packages_and_crates_is_audited() -> None:
    lists = {path for environment in audit.ENVIRONMENTS.values() for path in environment}
    assert lists == set(audit.tracked("*requirements*.txt")) - audit.NOT_OURS
    assert audit.tracked("*Cargo.lock") == ["Cargo.lock", "benches/Cargo.lock", "fuzz/Cargo.lock"]
    assert [audit.crates(lock) > 150 for lock in audit.tracked("*Cargo.lock")] == [True, True, True]


def test_what_a_package_brings_along_is_looked_up_too() -> None:
    """`pip` and what it has installed for others are in no list of ours."""
    there = audit.installed(".venv")
    named = audit.pins(audit.ENVIRONMENTS[".venv"])
    assert {"pluggy", "iniconfig", "pip"} <= there.keys() - named.keys()
    assert named["pytest"] == there["pytest"]
    assert "atlas-serverless" not in there
    assert audit.installed(".venv-of-nobody") == {}


def test_every_workspace_is_judged_by_its_licences() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = "\n".join(proofs.commands("deny", proofs.rules(makefile)))
    for lock in audit.tracked("*Cargo.lock"):
        manifest = str(Path(lock).with_name("Cargo.toml"))
        assert manifest == "Cargo.toml" or f"--manifest-path {manifest} check" in recipe
