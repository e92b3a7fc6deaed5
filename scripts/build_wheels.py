#!/usr/bin/env python3
"""Builds wheels and the source distribution into `dist/`, checks and uses each, writes the table in `docs/install.md`.

python scripts/build_wheels.py                      # all: an hour on 2 cores
python scripts/build_wheels.py musllinux            # what begins so: other lines of the table stay
python scripts/build_wheels.py --built musllinux    # checks and uses what was built before
"""

from __future__ import annotations

import argparse
import datetime
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from wheels import checks, debian, machines, musl, table, targets

DIST = targets.ROOT / "dist"
PAGE = targets.ROOT / "docs/install.md"
#: The source distribution's name in the table.
SOURCE = "source"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="", help="of a target, or how it begins")
    parser.add_argument("--built", action="store_true", help="build nothing")
    args = parser.parse_args()
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    debian.lay_out()
    musl.lay_out()
    rows = []
    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    for target in targets.TARGETS:
        if not target.name.startswith(args.name):
            continue
        wheel = (targets.built if args.built else targets.build)(target, targets.BUILD / "out")
        checks.check(wheel, target)
        outcomes = machines.try_wheel(wheel, target)
        rows.append(table.Row(target.name, wheel.name, wheel.stat().st_size, outcomes))
        shutil.copy2(wheel, DIST)
        print(f"{wheel.name}: {wheel.stat().st_size:,} bytes, checked")
        for outcome in outcomes:
            print(f"  {outcome.result}: {outcome.python}", flush=True)
        table.write(PAGE, rows, today)
    if SOURCE.startswith(args.name):
        archive = targets.sdist(DIST)
        checks.tool("twine", "check", "--strict", str(archive))
        rows.append(table.Row(SOURCE, archive.name, archive.stat().st_size, [machines.from_source(archive)]))
        table.write(PAGE, rows, today)
    return 0


if __name__ == "__main__":
    sys.exit(main())
