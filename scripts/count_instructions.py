#!/usr/bin/env python3
"""Counts the instructions of a validation, a comparison and a create (callgrind), and compares them with those kept.

    python scripts/count_instructions.py            # exit code 1 if one has grown by more than 5 %
    python scripts/count_instructions.py --keep     # keep today's numbers

Instructions, unlike times, are the same on a busy machine; they depend on the compiler's version, which is kept beside
them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "benches" / "instructions.json"
TARGET = ROOT / ".cache" / "bench" / "target"
SLACK = 0.05
#: Seconds for one run: it takes some twenty where nothing else runs.
LONGEST = 300
PIECES = {"validation": (1000, 3000), "comparison": (1000, 3000), "create": (200, 1200)}


def build() -> Path:
    environment = os.environ | {"CARGO_TARGET_DIR": str(TARGET)}
    command = ["cargo", "build", "--quiet", "--release", "--package", "bench-pieces"]
    subprocess.run(command, cwd=ROOT / "benches", env=environment, check=True)
    return TARGET / "release" / "bench-counted"


def instructions(program: Path, piece: str, times: int) -> int:
    """All instructions of one run."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(program), piece, str(times)]
    # A file and no pipe: whatever the program has started may outlive it, and would keep a pipe open.
    with tempfile.TemporaryFile("w+") as output:
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired:
            raise SystemExit(f"{piece}: not done after {LONGEST} seconds") from None
        output.seek(0)
        said = output.read()
    if done.returncode:
        raise SystemExit(f"{piece} ended with {done.returncode}:\n{said}")
    found = re.search(r"Collected : (\d+)", said)
    if not found:
        raise SystemExit(f"callgrind counted nothing:\n{said}")
    return int(found[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="keep today's numbers")
    args = parser.parse_args()
    if not shutil.which("valgrind"):
        print("valgrind is not installed; instructions cannot be counted without it", file=sys.stderr)
        return 1
    program = build()
    counted = {
        piece: round((instructions(program, piece, many) - instructions(program, piece, few)) / (many - few))
        for piece, (few, many) in PIECES.items()
    }
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    if args.keep:
        KEPT.write_text(json.dumps({"rustc": rustc, "instructions": counted}, indent=2) + "\n")
    kept = json.loads(KEPT.read_text())
    if kept["rustc"] != rustc:
        print(f"kept with rustc {kept['rustc']}, counted with {rustc}: a difference may be the compiler's")
    grown = 0
    for piece, now in counted.items():
        before = kept["instructions"][piece]
        worse = now > before * (1 + SLACK)
        grown += worse
        print(f"{piece:12} {now:8} kept {before:8} {now / before - 1:+.1%}{'  GREW' if worse else ''}")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
