"""The rooms of `src/` and who may use whom.

That stands as a table, `| room | uses |`, in the `//!` lines of `src/lib.rs` and of each room's `mod.rs`.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from walls.arrows import Arrow

ROOMS = ("core", "emulator", "binding")
#: Entries at the top of a room.
MOST_ENTRIES = 15
#: What the source of a room must not say.
FORBIDDEN = {"core": r"\b(pyo3|pythonize|axum)\b", "emulator": r"\b(pyo3|pythonize|reqwest)\b"}
#: What the build of a set of features must not contain.
ABSENT = {"": ("pyo3", "pythonize", "axum"), "emulator": ("pyo3", "pythonize")}


def order(source: str) -> dict[str, set[str]]:
    """The table of a file's `//!` lines: for each room what it may use."""
    uses: dict[str, set[str]] = {}
    for rooms, used in re.findall(r"^//! \| (`.*) \| (.*) \|$", source, re.MULTILINE):
        names = set(re.findall(r"`(\w+)`", used))
        if "and what it uses" in used:  # the row stands below those of the rooms that it names
            names = names.union(*(uses.get(name, set()) for name in names))
        uses |= dict.fromkeys(re.findall(r"`(\w+)`", rooms), names)
    return uses


def order_broken(root: Path, arrows: Iterable[Arrow]) -> list[str]:
    """Arrows against the orders, and entries that an order forgets."""
    arrows, broken = list(arrows), []
    for folder, file in [("src", "lib.rs"), *((f"src/{room}", "mod.rs") for room in ROOMS)]:
        stated = order((root / folder / file).read_text())
        missing = [name for name in entries(root / folder) if name not in {*stated, "lib", "mod"}]
        if missing:
            broken.append(f"{folder}/{file}: no row of its table of rooms names {', '.join(missing)}")
        for arrow in arrows:
            user, used = (_entry(folder, path) for path in (arrow.user, arrow.used))
            if user != used and user in stated and used in stated and used not in stated[user]:
                broken.append(
                    f"{arrow.user}:{arrow.line}: {user} may not use {used} ({arrow.used}); see {folder}/{file}"
                )
    return broken


def entries(folder: Path) -> list[str]:
    """The files and folders of Rust in a folder."""
    return sorted(path.stem for path in folder.iterdir() if path.suffix == ".rs" or any(path.rglob("*.rs")))


def _entry(folder: str, path: str) -> str:
    inside = path.removeprefix(f"{folder}/")
    return "" if inside == path else inside.partition("/")[0].removesuffix(".rs")


def entries_broken(root: Path) -> list[str]:
    """Rooms in which one does not find one's way."""
    counted = {room: len(list((root / "src" / room).iterdir())) for room in ROOMS}
    return [f"src/{room} has {n} entries, at most {MOST_ENTRIES}" for room, n in counted.items() if n > MOST_ENTRIES]


def sources_broken(root: Path) -> list[str]:
    """Rooms whose source names a crate that is behind a wall."""
    broken = []
    for room, pattern in FORBIDDEN.items():
        for path in sorted((root / "src" / room).rglob("*.rs")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.search(pattern, line.split("//")[0]):
                    broken.append(f"{path.relative_to(root)}:{number}: {line.strip()}")
    return broken


def builds_broken(root: Path) -> list[str]:
    """Builds that contain a crate which they must not need."""
    broken = []
    for features, absent in ABSENT.items():
        command = ["cargo", "tree", "--quiet", "--edges", "normal", "--prefix", "none", "--features", features]
        tree = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
        crates = {line.split()[0] for line in tree.splitlines() if line.strip()}
        broken += [f"features [{features}] build {crate}" for crate in absent if crate in crates]
    return broken
