#!/usr/bin/env python3
"""Builds wheels and the source distribution into `dist/`, checks and uses each, writes the table in `docs/install.md`.

python scripts/build_wheels.py              # all: an hour on 2 cores
python scripts/build_wheels.py manylinux    # only those whose name begins so; the table is left as it is
"""

from __future__ import annotations

import datetime
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from wheels import checks, debian, machines, musl, table, targets

DIST = targets.ROOT / "dist"


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    debian.lay_out()
    musl.lay_out()
    rows = []
    for target in targets.TARGETS:
        if not target.name.startswith(wanted):
            continue
        wheel = targets.build(target, targets.BUILD / "out")
        checks.check(wheel, target)
        outcomes = machines.try_wheel(wheel, target)
        rows.append(table.Row(target.name, wheel.name, wheel.stat().st_size, outcomes))
        shutil.copy2(wheel, DIST)
        print(f"{wheel.name}: {wheel.stat().st_size:,} bytes, checked")
        for outcome in outcomes:
            print(f"  {outcome.result}: {outcome.python}", flush=True)
    if not wanted:
        archive = targets.sdist(DIST)
        checks.tool("twine", "check", "--strict", str(archive))
        rows.append(table.Row("source", archive.name, archive.stat().st_size, [machines.from_source(archive)]))
        today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
        table.write(targets.ROOT / "docs/install.md", rows, today)
    return 0


if __name__ == "__main__":
    sys.exit(main())
