#!/usr/bin/env python3
"""Takes the folder of the build out of wheels that maturin has made, and looks into each, as `make wheels` does.

python scripts/finish_wheels.py dist/*.whl
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from wheels import checks, targets


def main() -> int:
    for wheel in map(Path, sys.argv[1:]):
        targets.finish(wheel)
        checks.contents(wheel, checks.LARGEST_ELSEWHERE)
        print(f"{wheel.name}: {wheel.stat().st_size:,} bytes, nothing of this machine in it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
