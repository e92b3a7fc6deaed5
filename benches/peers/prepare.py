#!/usr/bin/env python3
"""Builds the server, the floor and a release wheel of this project, and the environments they are measured in."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

from layout import CACHE, HERE, ROOT

#: Where a package cannot share an environment with the others: it replaces urllib3 by its own.
APART = {"niquests": ["niquests==3.21.2"]}


def run(*command: str | Path, **environment: str) -> None:
    print("+", *command, flush=True)
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT, env=os.environ | environment)


def environment(name: str) -> Path:
    """The interpreter of an environment, which is made if it is not there."""
    folder = CACHE / f"venv-{name}"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    return python


def install(python: Path, *what: str | Path) -> bool:
    """Whether it could be installed: a peer that cannot is left out."""
    command = [str(python), "-m", "pip", "install", "--quiet", *map(str, what)]
    print("+", *command, flush=True)
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="install the peers too")
    args = parser.parse_args()
    target = str(CACHE / "target")
    manifest = HERE.parent / "Cargo.toml"
    for package in ("bench-server", "bench-floor"):
        run(
            "cargo",
            "build",
            "--quiet",
            "--release",
            "--manifest-path",
            manifest,
            "-p",
            package,
            CARGO_TARGET_DIR=target,
        )
    tools = environment("tools")
    if not install(tools, "maturin>=1.9.4,<2"):
        return 1
    wheels = CACHE / "wheels"
    for old in wheels.glob("*.whl"):
        old.unlink()
    backend = "scripts/build_backend.py"  # without the paths of this machine
    run(tools, backend, tools.parent / "maturin", "build", "--release", "--quiet", "--out", wheels)
    if not install(environment("product"), "--no-deps", "--force-reinstall", *wheels.glob("*.whl")):
        return 1
    if args.peers:
        for line in (HERE / "requirements.txt").read_text().split():
            install(environment("peers"), line)
        for name, what in APART.items():
            install(environment(name), *what)
    return 0


if __name__ == "__main__":
    sys.exit(main())
