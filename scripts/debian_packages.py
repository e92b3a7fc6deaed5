"""Packages of Debian that a target of the Makefile needs: installed if that can be done without asking, else named."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

#: A compiler that may build the standard library from its source, for targets that have none here.
COMPILER = {"/usr/bin/cargo": "cargo-web", "/usr/bin/rustc": "rustc-web", "/usr/lib/rustlib/src/rust": "rust-web-src"}


def missing(needed: Mapping[str, str]) -> list[str]:
    """The packages whose program or folder is not there."""
    return [package for path, package in needed.items() if not (shutil.which(path) or Path(path).exists())]


def install(needed: Mapping[str, str]) -> None:
    """Brings what is missing; ends the run, with the command that does it, where only an administrator can."""
    lacking = missing(needed)
    if not lacking:
        return
    command = ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", *lacking]
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise SystemExit(f"not found: {', '.join(lacking)}. Debian 12, as root: apt-get install {' '.join(lacking)}")
    print(f"installing {' '.join(lacking)}", flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet=2"], env=quiet, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(command, env=quiet, check=True, stdout=subprocess.DEVNULL)
    if still := missing(needed):
        raise SystemExit(f"installed, and what is needed of it is not there: {', '.join(still)}")
