#!/usr/bin/env python3
"""Checks that everything compiles for macOS, tests included, as far as that goes without its SDK: types, and no more.

Debian's compiler checks the standard library for aarch64-apple-darwin, too. The C of ring and psm is left out, since
nothing is linked, and nothing runs.

python scripts/check_macos.py        # seven minutes on 2 cores, the first time
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import debian_packages

ROOT = Path(__file__).resolve().parent.parent
TARGET = "aarch64-apple-darwin"
FOLDER = ROOT / ".cache/macos"
NO_COMPILER = ROOT / "scripts/macos/no-compiler"


def environment() -> dict[str, str]:
    """Debian's compiler, which may build the standard library, and nothing that compiles C."""
    own = {
        "PATH": "/usr/bin:/bin",
        "RUSTC": "/usr/bin/rustc",
        "RUSTC_BOOTSTRAP": "1",
        "CARGO_INCREMENTAL": "0",
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_TARGET_DIR": str(FOLDER / "target"),
        "PYO3_NO_PYTHON": "1",
        "CC_aarch64_apple_darwin": str(NO_COMPILER),
        "AR_aarch64_apple_darwin": str(NO_COMPILER),
        "SDKROOT": str(FOLDER),  # else it is asked of a program of macOS
    }
    passed = {name: value for name, value in os.environ.items() if not name.startswith(("RUST", "CARGO_TARGET"))}
    return passed | own


def main() -> int:
    debian_packages.install(debian_packages.COMPILER)
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = ["/usr/bin/cargo", "check", "--quiet", "-Zbuild-std=std,panic_unwind", "--target", TARGET]
    command += ["--features", "python,emulator", "--tests"]
    subprocess.run(command, cwd=ROOT, env=environment(), check=True)
    print(f"macOS ({TARGET}): everything compiles; nothing was linked, and nothing ran")
    return 0


if __name__ == "__main__":
    sys.exit(main())
