#!/usr/bin/env python3
"""Builds a wheel of one commit from two clones and compares them: the same bytes, or a list of what differs.

python scripts/compare_builds.py        # the last commit; twice a release build

The same bytes are written down in `docs/install.md`: of which commit, by which compiler and linker, and their hash.
"""

from __future__ import annotations

import datetime
import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from wheels import table, targets

ROOT = targets.ROOT
FOLDER = ROOT / ".cache/compare"
PAGE = ROOT / "docs/install.md"


def build(clone: Path) -> Path:
    """A wheel from a clone of its own, with a target folder of its own."""
    shutil.rmtree(clone, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    command = [sys.executable, "-c", BUILD, str(clone)]
    subprocess.run(command, cwd=clone, check=True)
    (wheel,) = (clone / "out").rglob("*.whl")
    return wheel


BUILD = """\
import sys
from pathlib import Path
root = Path(sys.argv[1])
sys.path.insert(0, str(root / "scripts"))
from wheels import targets
targets.build(targets.TARGETS[0], root / "out")
"""


def differences(one: Path, other: Path) -> list[str]:
    """The entries of two wheels that are not the same."""
    entries = [_entries(one), _entries(other)]
    names = sorted(entries[0].keys() | entries[1].keys())
    return [name for name in names if entries[0].get(name) != entries[1].get(name)]


def _entries(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def found(wheel: Path, digest: str, day: str, commit: str, tools: str) -> str:
    """The sentence for the page: all that somebody needs who wants the same bytes."""
    return f"{day}, commit `{commit}`, {tools}: `{wheel.name}` has the SHA-256 `{digest}`, both times."


def said(*command: str) -> str:
    """What a tool says where the wheel is built."""
    environment = targets.environment(targets.TARGETS[0])
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    one, other = build(FOLDER / "one"), build(FOLDER / "the-other-one")
    hashes = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in (one, other)]
    if hashes[0] == hashes[1]:
        today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
        tools = f"{said('rustc', '--version')}, Zig {said(sys.executable, '-m', 'ziglang', 'version')}"
        sentence = found(one, hashes[0], today, said("git", "rev-parse", "HEAD"), tools)
        table.replace(PAGE, (table.TWICE, table.END_OF_TWICE), lambda _: sentence + "\n")
        print(sentence)
        return 0
    for name in differences(one, other) or ["only the archives' own headers"]:
        print(f"differs: {name}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
