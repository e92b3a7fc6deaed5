#!/usr/bin/env python3
"""Checks what compiles for Windows, and runs the Rust tests of core and emulator there, under Wine.

No Windows toolchain is downloaded: Debian's compiler builds the standard library for x86_64-pc-windows-gnu itself.
The binding is checked and not run: there is no Python for Windows here.

    python scripts/check_windows.py            # everything: ten minutes on 2 cores, the first time
    python scripts/check_windows.py NAME …     # only the test programs whose names begin so
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import debian_packages

ROOT = Path(__file__).resolve().parent.parent
TARGET = "x86_64-pc-windows-gnu"
FOLDER = ROOT / ".cache/windows"
GCC = "x86_64-w64-mingw32-gcc"
WINE = "/usr/lib/wine/wine64"
NEEDED = debian_packages.COMPILER | {GCC: "gcc-mingw-w64-x86-64-win32", WINE: "wine64"}
STANDARD = ["-Zbuild-std=std,panic_unwind", "--target", TARGET]
#: Seconds for one test program.
LONGEST = 900


def environment() -> dict[str, str]:
    """Debian's compiler, whose standard library comes as source, and which is allowed to build it."""
    own = {
        "PATH": f"{ROOT / 'scripts/windows'}:/usr/bin:/bin",
        "RUSTC": "/usr/bin/rustc",
        "RUSTC_BOOTSTRAP": "1",
        "CARGO_INCREMENTAL": "0",
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "PYO3_NO_PYTHON": "1",
        "CARGO_TARGET_DIR": str(FOLDER / "target"),
        "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER": "mingw-gcc",
        # Wine is slower than what the tests allow by default for a call.
        "ATLAS_TEST_SLOWNESS": "5",
        # Of the fuzz targets the number of inputs that there always is.
        "ATLAS_FUZZ_SECONDS": "0",
        "WINEPREFIX": str(FOLDER / "wine"),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml=",
    }
    passed = {name: value for name, value in os.environ.items() if not name.startswith(("RUST", "CARGO_TARGET"))}
    return passed | own


def programs() -> dict[str, Path]:
    """Builds the test programs: the unit tests as `atlas_serverless`, each of `tests/rust` by its name."""
    command = ["/usr/bin/cargo", "test", "--no-run", *STANDARD, "--features", "emulator", "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {}
    for line in built.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["profile"]["test"]:
            found[message["target"]["name"]] = Path(message["executable"])
    return found


def run(name: str, program: Path) -> tuple[int, int]:
    """Runs one test program; how many tests passed and failed."""
    command = [WINE, str(program), "--test-threads=2"]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired as late:
        shown = (late.stdout or b"").decode(errors="replace")
        print(f"{shown}\n{name}: not done after {LONGEST} seconds", flush=True)
        return 0, 1
    output = done.stdout.decode(errors="replace").replace("\r", "")
    summary = re.search(r"^test result: \w+\. (\d+) passed; (\d+) failed; 0 ignored;", output, re.MULTILINE)
    passed, failed = (int(summary[1]), int(summary[2])) if summary else (0, 1)
    if done.returncode or failed:
        print(f"{output}\n{done.stderr.decode(errors='replace')}", flush=True)
    print(f"{name}: {passed} passed, {failed} failed", flush=True)
    return passed, max(failed, int(done.returncode != 0))


def main() -> int:
    debian_packages.install(NEEDED)
    wanted = tuple(sys.argv[1:])
    if not wanted:
        check = ["/usr/bin/cargo", "check", "--quiet", *STANDARD, "--features", "python"]
        subprocess.run(check, cwd=ROOT, env=environment(), check=True)
        print("the binding compiles", flush=True)
    found = {name: path for name, path in programs().items() if name.startswith(wanted or "")}
    library = found[next(iter(found))].parent / "bcryptprimitives.dll"
    source = ROOT / "scripts/windows/bcryptprimitives.c"
    subprocess.run([GCC, "-shared", "-O1", "-o", library, source, "-ladvapi32"], env=environment(), check=True)
    outcomes = [run(name, path) for name, path in sorted(found.items())]
    passed, failed = map(sum, zip(*outcomes, strict=True))
    print(f"Windows ({TARGET}, under Wine): {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
