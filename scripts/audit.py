"""Looks for published advisories about the Rust crates and the Python packages that `make` builds with or installs.

Crates: every `Cargo.lock` of the project. Packages: all that is installed in each environment of the Makefile, what was
brought along included; of an environment that is not there, what its requirements name. Both databases come from the
network. Exit code 0: both were read, and nothing was found. 1: something was found. 2: a database, or its part for some
packages, could not be had; then nothing is known about them, and that is said. `--record` writes the figures that
docs/security.md shows into `scripts/supply_chain/audit.json`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from security import records

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FIGURES = ROOT / "scripts/supply_chain/audit.json"
#: The environments that the Makefile makes, and from which lists.
ENVIRONMENTS = {
    ".venv": (
        "requirements-dev.txt",
        "fuzz/requirements.txt",
        "scripts/supply_chain/requirements.txt",
        "tests/browser/requirements.txt",
    ),
    ".venv-airflow-2.11": ("tests/airflow/requirements-2.11.txt",),
    ".venv-airflow-3.3": ("tests/airflow/requirements-3.3.txt",),
    ".venv-airflow-celery": ("tests/airflow/requirements-3.3.txt", "tests/airflow/requirements-celery.txt"),
    ".venv-connect": ("tests/connect/requirements.txt",),
    ".venv-interop": ("tests/interop/requirements.txt",),
    ".venv-wheels": ("scripts/wheels/requirements.txt",),
}
#: Lists of packages that bring others along, which only an environment that is installed can tell.
INCOMPLETE = {".venv", ".venv-wheels"}
#: What neither database covers, or nothing here uses.
NOT_LOOKED_UP = (
    "the npm packages and Go modules of tests/interop",
    "the clients that benches/peers compares",
    "what comes from Debian",
)
NOT_OURS = {"benches/peers/requirements.txt"}
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", re.MULTILINE)


@dataclass
class Findings:
    """What is known of one list of dependencies."""

    of: str
    count: int
    looked_up: int = 0
    advisories: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        lines = [*self.advisories, *self.unknown]
        known = f"{self.of}: {self.looked_up} of {self.count} looked up, "
        return known + ("no advisories" if not lines else "\n  ".join([f"{len(lines)} to look at", *lines]))


def crates(lock: str) -> int:
    """The crates of a lock file that come from a registry."""
    return len(re.findall(r'^source = "registry', (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))


def of_crates(
    lock: str,
    count: int,
    fetched: subprocess.CompletedProcess[str],
    checked: subprocess.CompletedProcess[str] | None,
) -> Findings:
    """What cargo-deny said of a lock file. Its lines are JSON, one for each diagnostic."""
    found = Findings(lock, count)
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
    else:
        found.looked_up = count
    return found


def of_packages(name: str, count: int, audited: subprocess.CompletedProcess[str]) -> Findings:
    """What pip-audit said of so many packages. One that it skipped is not one without advisories."""
    found = Findings(name, count)
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
    found.looked_up = len(packages) - len(skipped)
    if skipped and not found.looked_up:
        found.unknown.append(f"the database could not be had: it has nothing about any of {len(packages)}")
    elif skipped:
        found.unknown.append(f"the database has nothing about {len(skipped)}: {', '.join(skipped)}")
    if found.looked_up + len(skipped) < count:
        found.unknown.append(f"{count - len(packages)} were not looked up")
    return found


def last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it does not say why")


def exit_code(findings: list[Findings]) -> int:
    if any(found.advisories for found in findings):
        return 1
    return 2 if any(found.unknown for found in findings) else 0


def pins(lists: Iterable[str]) -> dict[str, str]:
    """The exact versions that these files name."""
    return {name.lower(): version for path in lists for name, version in PIN.findall((ROOT / path).read_text("utf-8"))}


def installed(environment: str, root: Path = ROOT) -> dict[str, str]:
    """Everything in an environment; empty if it is not there."""
    folders = [str(path) for path in (root / environment).glob("lib/python*/site-packages")]
    found = (
        {one.metadata["Name"].lower(): one.version for one in metadata.distributions(path=folders)} if folders else {}
    )
    return {name: version for name, version in found.items() if name != "atlas-serverless"}


def of_environment(environment: str) -> Findings:
    there = installed(environment)
    packages = pins(ENVIRONMENTS[environment]) | there
    with NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as listed:
        listed.writelines(f"{name}=={version}\n" for name, version in sorted(packages.items()))
        listed.flush()
        arguments = ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
        found = of_packages(environment, len(packages), run("pip-audit", "-r", listed.name, *arguments))
    if not there and environment in INCOMPLETE:
        found.unknown.append("it is not installed here: what its packages bring along is not known")
    return found


def tracked(pattern: str) -> list[str]:
    done = subprocess.run(["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(done.stdout.split())


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)


def of_lock(lock: str, fetched: subprocess.CompletedProcess[str]) -> Findings:
    manifest = ["--manifest-path", str(Path(lock).with_name("Cargo.toml")), "--config", "deny.toml"]
    command = ["cargo-deny", *manifest, "--format", "json", "check", "advisories"]
    return of_crates(lock, crates(lock), fetched, None if fetched.returncode else run(*command))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write the figures that docs/security.md shows")
    arguments = parser.parse_args()
    fetched = run("cargo-deny", "fetch", "db")
    findings = [of_lock(lock, fetched) for lock in tracked("*Cargo.lock")]
    findings += [of_environment(environment) for environment in ENVIRONMENTS]
    for found in findings:
        print(found.sentence())
    print(f"not looked up at all: {'; '.join(NOT_LOOKED_UP)}")
    if arguments.record:
        lists = {found.of: {name: value for name, value in vars(found).items() if name != "of"} for found in findings}
        records.write(FIGURES, {**records.of_this_run(), "lists": lists})
    code = exit_code(findings)
    print(["nothing was found", "advisories were found", "what could not be had is not known to be safe"][code])
    return code


if __name__ == "__main__":
    sys.exit(main())
