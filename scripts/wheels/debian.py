"""Pythons of Debian for other versions and processors, laid out in folders of this project; nothing is installed.

A launcher `python` in each starts its Python with its own C library, under QEMU if it is for another processor.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import debian_packages
from wheels.machines import ROOTS

#: What a Python needs to start, to use sockets and threads, and to unpack wheels.
LIBRARIES = ("libc6", "libexpat1", "zlib1g", "libcrypt1", "libffi8", "libuuid1")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class System(NamedTuple):
    """A Python of a release of Debian."""

    architecture: str
    release: str
    version: str
    loader: str
    emulator: str | None


SYSTEMS = (
    System("amd64", "sid", "3.14", "lib64/ld-linux-x86-64.so.2", None),
    System("amd64", "sid", "3.15", "lib64/ld-linux-x86-64.so.2", None),
    System("arm64", "bookworm", "3.11", "lib/ld-linux-aarch64.so.1", "qemu-aarch64-static"),
)
LAUNCHER = """\
#!/bin/sh
# Starts Python {version} of this folder with its own C library.
export PYTHONHOME={root}/usr
exec {start} {root}/usr/bin/python{version} "$@"
"""


def lay_out() -> None:
    """All of them, unless they are there."""
    for system in SYSTEMS:
        root = ROOTS / f"{system.architecture}-{system.version}"
        if not (root / "python").exists():
            if system.emulator:
                debian_packages.install({system.emulator: "qemu-user-static"})
            _one(system, root)


def _one(system: System, root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    archives = root / "archives"
    archives.mkdir(parents=True)
    options = fresh_lists(root / "apt", system.release, system.architecture)
    python = f"python{system.version}"
    packages = (f"{python}-minimal", f"lib{python}-minimal", f"lib{python}-stdlib", *LIBRARIES)
    subprocess.run(["apt-get", *options, "--quiet=2", "download", *packages], cwd=archives, check=True)
    for archive in archives.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(root)], check=True)
    if not (root / system.loader).exists():  # newer releases have all of it in /usr
        for folder in ("lib", "lib64"):
            (root / folder).symlink_to(f"usr/{folder}")
    launcher = root / "python"
    libraries = [f"{root}/{place}/{_triplet(system)}" for place in ("lib", "usr/lib")]
    start = f"{root}/{system.loader} --library-path {':'.join(libraries)} --argv0 {launcher}"
    if system.emulator:
        start = f"{system.emulator} -L {root} -0 {launcher}"
    launcher.write_text(LAUNCHER.format(version=system.version, root=root, start=start), encoding="utf-8")
    launcher.chmod(0o755)
    shutil.rmtree(archives)
    shutil.rmtree(root / "apt")


def fresh_lists(state: Path, release: str, architecture: str = "amd64", kind: str = "deb") -> list[str]:
    """Options of apt: this machine's mirror, another release or processor, other folders for all that it writes."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    mirror = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]
    (state / "lists/partial").mkdir(parents=True)
    (state / "cache/archives/partial").mkdir(parents=True)
    sources = state / "sources.list"
    sources.write_text(f"{kind} [signed-by={KEYRING}] {mirror} {release} main\n")
    settings = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "root",
        "Dir::Cache": str(state / "cache"),
        "Dir::Etc::sourcelist": str(sources),
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": str(state / "lists"),
        "Dir::State::status": "/dev/null",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    subprocess.run(["apt-get", *options, "--quiet=2", "update"], check=True)
    return options


def _triplet(system: System) -> str:
    return {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[system.architecture]
