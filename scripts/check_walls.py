"""The walls between the rooms: who may use whom (README, “The rooms”). Exits with 1 and says where a wall is broken."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What the source of a room must not say.
FORBIDDEN = {
    "src/core": r"\b(pyo3|pythonize|axum|crate::emulator|crate::binding)\b",
    "src/emulator": r"\b(pyo3|pythonize|reqwest|crate::core|crate::binding)\b",
}
#: What the build of a set of features must not contain.
ABSENT = {
    "": ("pyo3", "pythonize", "axum"),
    "emulator": ("pyo3", "pythonize"),
}
#: Lines of Rust in a file; more is a room that has outgrown itself.
LONGEST = 400


def sources() -> list[str]:
    """Rooms whose source names what is behind a wall."""
    broken = []
    for room, pattern in FORBIDDEN.items():
        for path in sorted((ROOT / room).rglob("*.rs")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                code = line.split("//")[0]
                if re.search(pattern, code):
                    broken.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    return broken


def dependencies() -> list[str]:
    """Builds that contain a crate which they must not need."""
    broken = []
    for features, absent in ABSENT.items():
        command = ["cargo", "tree", "--quiet", "--edges", "normal", "--prefix", "none", "--features", features]
        tree = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        crates = {line.split()[0] for line in tree.splitlines() if line.strip()}
        broken += [f"features [{features}] build {crate}" for crate in absent if crate in crates]
    return broken


def lengths() -> list[str]:
    """Files that are longer than a sitting."""
    files = [*(ROOT / "src").rglob("*.rs"), *(ROOT / "python").rglob("*.py")]
    counted = ((path.relative_to(ROOT), len(path.read_text().splitlines())) for path in sorted(files))
    return [f"{path} has {n} lines" for path, n in counted if n > LONGEST and path.name != "_codes.py"]


def main() -> int:
    broken = sources() + dependencies() + lengths()
    for line in broken:
        print(line, file=sys.stderr)
    print(f"walls: {len(broken)} broken" if broken else "walls: all stand")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
