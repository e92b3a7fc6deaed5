"""The wheels that can be built on an x86-64 Linux machine, and how each is built.

Zig (from PyPI) links them: it brings the old glibc that manylinux2014 asks for, musl, and the headers of other
processors. Where no standard library for the target is there, Debian's compiler builds it from its source.
"""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import build_backend
import debian_packages
from wheels.archive import without_folder

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".cache/wheels"
#: Debian's compiler, which may build the standard library itself.
DEBIAN = {"CARGO": "/usr/bin/cargo", "RUSTC": "/usr/bin/rustc", "RUSTC_BOOTSTRAP": "1"}
TOOLS = Path(sys.executable).parent
BUILD_STD = ("-Z", "build-std=std,panic_unwind")


class Target(NamedTuple):
    """A wheel: the name in the table, the target of rustc, the tag, and whether its standard library is built here."""

    name: str
    triple: str
    tag: str
    build_std: bool


TARGETS = (
    Target("manylinux2014 x86-64", "x86_64-unknown-linux-gnu", "manylinux2014", False),
    Target("musllinux x86-64", "x86_64-unknown-linux-musl", "musllinux_1_2", True),
    Target("manylinux2014 aarch64", "aarch64-unknown-linux-gnu", "manylinux2014", True),
)


def build(target: Target, out: Path) -> Path:
    """Builds the wheel; the same sources and compiler give the same file."""
    if target.build_std:
        debian_packages.install(debian_packages.COMPILER)
    folder = out / target.triple
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    command = [sys.executable, "-m", "maturin", "build", "--release", "--locked", "--zig", "--quiet"]
    command += ["--target", target.triple, "--compatibility", target.tag, "--out", str(folder)]
    command += BUILD_STD if target.build_std else ()
    subprocess.run(command, cwd=ROOT, env=environment(target), check=True)
    return built(target, out)


def built(target: Target, out: Path) -> Path:
    """The wheel that was built last, finished."""
    (wheel,) = (out / target.triple).glob("*.whl")
    finish(wheel, known_to_auditwheel if target.triple.endswith("musl") else None)
    return wheel


def finish(wheel: Path, binary: Callable[[bytes], bytes] | None = None) -> None:
    """What every wheel gets after maturin, on whatever machine."""
    time = datetime.datetime.fromtimestamp(commit_time(), tz=datetime.timezone.utc)
    without_folder(wheel, ROOT, time.strftime("%Y-%m-%dT%H:%M:%SZ"), binary)


def known_to_auditwheel(binary: bytes) -> bytes:
    """Zig calls musl `libc.so`. musl takes any such name for itself; Alpine and auditwheel have this one."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library.so"
        library.write_bytes(binary)
        names = ("libc.so", "libc.musl-x86_64.so.1")
        subprocess.run([str(TOOLS / "patchelf"), "--replace-needed", *names, str(library)], check=True)
        return library.read_bytes()


def environment(target: Target) -> dict[str, str]:
    # maturin asks the first Python of the path for Zig.
    own = {
        "CARGO_TARGET_DIR": str(BUILD / "target"),
        "PATH": f"{TOOLS}:{os.environ['PATH']}",
        "SOURCE_DATE_EPOCH": str(commit_time()),
    }
    if target.build_std:
        own |= DEBIAN
        # A library that Python loads into its own process needs the C library of that process.
        own |= {"RUSTFLAGS": "-C target-feature=-crt-static"} if target.triple.endswith("musl") else {}
        own |= {"PATH": f"{TOOLS}:/usr/bin:/bin"}
    # Paths of this machine are left out, as in every wheel.
    return build_backend.environment(os.environ | own)


def sdist(out: Path) -> Path:
    """The source distribution."""
    for old in out.glob("*.tar.gz"):
        old.unlink()
    command = [sys.executable, "-m", "maturin", "sdist", "--out", str(out)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"SOURCE_DATE_EPOCH": str(commit_time())}, check=True)
    (archive,) = out.glob("*.tar.gz")
    return archive


def commit_time() -> int:
    """The time of the commit, which archives get as the time of their entries."""
    command = ["git", "log", "-1", "--format=%ct"]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
