"""What keeps the rooms apart and findable (README, “The rooms”). Says where a rule is broken, and then exits with 1."""

from __future__ import annotations

import sys
from pathlib import Path

from walls import files, python_arrows, rooms, rust_arrows
from walls.arrows import circles


def broken(root: Path) -> list[str]:
    """All that a reading of the sources finds."""
    rust, python = rust_arrows.arrows(root), python_arrows.arrows(root)
    return [
        *circles(rust),
        *circles(python),
        *rooms.order_broken(root, rust),
        *rooms.entries_broken(root),
        *rooms.sources_broken(root),
        *files.lengths_broken(root),
        *files.names_broken(root),
    ]


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    found = [*broken(root), *rooms.builds_broken(root)]
    for line in found:
        print(line, file=sys.stderr)
    print(f"walls: {len(found)} broken" if found else "walls: all stand")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
