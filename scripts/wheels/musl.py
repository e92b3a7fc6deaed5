"""A Python whose C library is musl, compiled from Debian's source of Python in a folder of this project: some minutes.

No package of one is to be had where Debian's packages come from.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import debian_packages
from wheels import debian
from wheels.machines import ROOTS

RELEASE, VERSION = "bookworm", "3.11"
COMPILER = Path(__file__).with_name("musl-cc")
CONFIGURE = ["--quiet", "--without-ensurepip", "--disable-test-modules"]


def lay_out() -> None:
    """Downloads and compiles it, unless it is there."""
    root = ROOTS / f"musl-{VERSION}"
    if (root / "python").exists():
        return
    debian_packages.install({"musl-gcc": "musl-tools"})
    shutil.rmtree(root, ignore_errors=True)
    built = root / "build"
    built.mkdir(parents=True)
    options = debian.fresh_lists(root / "apt", RELEASE, kind="deb-src")
    source = ["apt-get", *options, "--quiet=2", "source", "--download-only", f"python{VERSION}"]
    subprocess.run(source, cwd=root, check=True)
    (archive,) = root.glob("*.orig.tar.*")
    subprocess.run(["tar", "--extract", "--strip-components=1", "--file", str(archive)], cwd=built, check=True)
    # This system's own libraries, which pkg-config names, are none for musl.
    environment = os.environ | {"CC": str(COMPILER), "OPT": "-O1 -DNDEBUG", "PKG_CONFIG": "false"}
    log = root / "build.log"
    with log.open("wb") as written:
        for command in (["./configure", *CONFIGURE], ["make", "-j2"]):
            done = subprocess.run(command, cwd=built, env=environment, stdout=written, stderr=written, check=False)
            if done.returncode:
                raise SystemExit(f"{' '.join(command)}: {log}")
    launcher = root / "python"
    launcher.write_text(f'#!/bin/sh\nexec {built}/python "$@"\n', encoding="utf-8")
    launcher.chmod(0o755)
