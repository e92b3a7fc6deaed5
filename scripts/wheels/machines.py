"""The Pythons on which a wheel is installed and used, where they are to be had."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wheels.targets import BUILD, Target

QUICKSTART = Path(__file__).with_name("quickstart.py")
#: The versions that are looked for: on the path, and where pyenv puts them.
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.14t")
#: Where `debian.py` lays out Pythons that this machine has no package of.
ROOTS = BUILD / "roots"
#: Seconds for an installation and a quickstart; under emulation of another processor everything takes longer.
LONGEST = 600


class Outcome(NamedTuple):
    """A line of the table."""

    python: str
    result: str


def interpreters() -> Iterator[Path]:
    """One Python of each version that is there."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in VERSIONS:
        found = sorted(pyenv.glob(f"{version}.*/bin/python{version}")) or [Path(shutil.which(f"python{version}") or "")]
        if found[0].is_file():
            yield found[0]


def try_wheel(wheel: Path, target: Target) -> list[Outcome]:
    """Installs and uses it on every Python for which it is."""
    if target.triple == "x86_64-unknown-linux-gnu":
        return [*(in_venv(wheel, python) for python in interpreters()), *in_roots(wheel, "amd64")]
    return list(in_roots(wheel, "arm64" if target.triple.startswith("aarch64") else "musl"))


def in_venv(wheel: Path, python: Path) -> Outcome:
    """As a user does it: a new venv, pip, the first script."""
    folder = BUILD / "venvs" / python.name
    shutil.rmtree(folder, ignore_errors=True)
    run([str(python), "-m", "venv", str(folder)])
    run([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--no-index", str(wheel)])
    return used([str(folder / "bin/python")], {})


def from_source(archive: Path) -> Outcome:
    """As pip does it where no wheel fits: it fetches maturin and compiles."""
    python = next(interpreters())
    folder = BUILD / "venvs/source"
    shutil.rmtree(folder, ignore_errors=True)
    run([str(python), "-m", "venv", str(folder)])
    run([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", str(archive)], longest=3600)
    return used([str(folder / "bin/python")], {})


def in_roots(wheel: Path, architecture: str) -> Iterator[Outcome]:
    """On the Pythons that were laid out in folders, with their own C library: the wheel is unpacked beside them."""
    for root in sorted(ROOTS.glob(f"{architecture}-*")):
        packages = root / "wheel"
        shutil.rmtree(packages, ignore_errors=True)
        shutil.unpack_archive(wheel, packages, "zip")
        launcher = root / "python"
        yield used([str(launcher)], {"PYTHONPATH": str(packages)})


def used(python: list[str], more: dict[str, str]) -> Outcome:
    shown = run([*python, str(QUICKSTART)], more).stdout.strip().splitlines()[-1]
    _, _, where = shown.partition("quickstart: works on ")
    if not where:
        raise SystemExit(f"{python}: {shown}")
    name, _, system = where.partition(", ")
    return Outcome(f"{name} ({system})", "works")


def run(
    command: list[str], more: dict[str, str] | None = None, longest: int = LONGEST
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MONGODB_"))}
    done = subprocess.run(
        command, cwd=BUILD, env=kept | (more or {}), capture_output=True, text=True, timeout=longest, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done
