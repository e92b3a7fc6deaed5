"""Looks for published advisories about the Rust crates in `Cargo.lock` and the Python packages that `make` installs.

Both databases come from the network. Exit code 0: both were read, and nothing was found. 1: something was found.
2: a database, or its part for some packages, could not be had; then nothing is known about them, and that is said.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
#: Benchmarked clients are installed into a folder of their own, and nothing here uses them.
NOT_OURS = {"benches/peers/requirements.txt"}


@dataclass
class Findings:
    """What is known of one list of dependencies."""

    of: str
    advisories: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        lines = [*self.advisories, *self.unknown]
        return f"{self.of}: " + ("no advisories" if not lines else "\n  ".join([f"{len(lines)} to look at", *lines]))


def of_crates(fetched: subprocess.CompletedProcess[str], checked: subprocess.CompletedProcess[str] | None) -> Findings:
    """What cargo-deny said. Its lines are JSON, one for each diagnostic."""
    found = Findings("Cargo.lock")
    if fetched.returncode or checked is None:
        found.unknown.append("the RustSec database could not be had: " + last_line(fetched.stderr))
        return found
    for line in checked.stderr.splitlines():
        fields = json.loads(line).get("fields", {}) if line.startswith("{") else {}
        advisory = fields.get("advisory") or {}
        if fields.get("severity") == "error":
            found.advisories.append(" ".join(filter(None, [advisory.get("id"), fields.get("message")])))
    if checked.returncode and not found.advisories:
        found.unknown.append("cargo-deny failed: " + last_line(checked.stderr))
    return found


def of_packages(name: str, audited: subprocess.CompletedProcess[str]) -> Findings:
    """What pip-audit said of a requirements file. A package that it skipped is not one without advisories."""
    found = Findings(name)
    try:
        packages: list[dict[str, Any]] = json.loads(audited.stdout)["dependencies"]
    except (ValueError, KeyError):
        found.unknown.append("the PyPI database could not be had: " + last_line(audited.stderr))
        return found
    for package in packages:
        for advisory in package.get("vulns", []):
            fixed = ", ".join(advisory["fix_versions"]) or "no version"
            found.advisories.append(f"{advisory['id']} {package['name']} {package['version']} (fixed in {fixed})")
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped:
        found.unknown.append(f"the database has nothing about {len(skipped)} of {len(packages)}: {', '.join(skipped)}")
    return found


def last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it does not say why")


def exit_code(findings: list[Findings]) -> int:
    if any(found.advisories for found in findings):
        return 1
    return 2 if any(found.unknown for found in findings) else 0


def requirements() -> list[str]:
    """Every list of Python packages that is tracked."""
    tracked = subprocess.run(
        ["git", "ls-files", "*requirements*.txt"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return sorted(set(tracked.stdout.split()) - NOT_OURS)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)


def main() -> int:
    fetched = run("cargo-deny", "fetch", "db")
    checked = None if fetched.returncode else run("cargo-deny", "--format", "json", "check", "advisories")
    findings = [of_crates(fetched, checked)]
    arguments = ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    findings += [of_packages(name, run("pip-audit", "-r", name, *arguments)) for name in requirements()]
    for found in findings:
        print(found.sentence())
    code = exit_code(findings)
    print(["nothing was found", "advisories were found", "what could not be had is not known to be safe"][code])
    return code


if __name__ == "__main__":
    sys.exit(main())
