"""What is looked at in each wheel, before anybody installs it. A finding ends the run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from wheels.targets import ROOT, Target

#: Bytes of what `make wheels` links by Zig, where each was seen: 3.92 MB at most. The goal is 3.0 MB, which the client
#: and the emulator have outgrown; `docs/install.md` says what was tried.
LARGEST = 3_950_000
#: By other linkers and for other systems, where nobody has measured it yet: a quarter more.
LARGEST_ELSEWHERE = 5_000_000
#: Folders of the machine that builds: a file that has one of them names that machine, or who used it.
BUILD_PATHS = (str(ROOT), str(Path.home()), os.environ.get("CARGO_HOME", "/.cargo/registry"), "/.cargo/registry")
BIN = Path(sys.executable).parent


def check(wheel: Path, target: Target) -> None:
    """Every check; says which one failed."""
    platform_tag(wheel, target)
    tool("abi3audit", "--strict", str(wheel))
    tool("twine", "check", "--strict", str(wheel))
    tool("check-wheel-contents", str(wheel))
    contents(wheel, LARGEST)


def tool(*command: str) -> str:
    name, *arguments = command
    done = subprocess.run([str(BIN / name), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def platform_tag(wheel: Path, target: Target) -> None:
    """What the binary asks of the system is no more than the tag promises."""
    shown = " ".join(tool("auditwheel", "show", str(wheel)).split())
    promised = "musllinux_1_2" if "musl" in target.triple else "manylinux_2_17"
    consistent = re.search(r'consistent with the following platform tag: "(\w+?)_(?:x86_64|aarch64)"', shown)
    if not consistent or _older(promised) < _older(consistent[1]):
        raise SystemExit(f"auditwheel: {wheel.name} keeps {consistent and consistent[1]}, not {promised}:\n{shown}")


def _older(tag: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", tag)))


def contents(wheel: Path, largest: int) -> None:
    """Licences and the list of crates are in it, paths of the machine that built it are not."""
    size = wheel.stat().st_size
    said = [f"{size:,} bytes, at most {largest:,}"] if size > largest else []
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        needed = ("atlas_serverless/py.typed", "/licenses/LICENSE", "/licenses/THIRD-PARTY-NOTICES.txt", "/sboms/")
        said += [f"it has no {part}" for part in needed if not any(part in name for name in names)]
        for name in names:
            content = archive.read(name)
            said += [f"{name} names {path}, of this machine" for path in BUILD_PATHS if path.encode() in content]
    if said:
        raise SystemExit(f"{wheel.name}: {'; '.join(said)}")
