"""How wheels are built: by maturin, without the paths of the machine that builds.

A panic message names the source file of its crate, which would otherwise carry the builder's home folder into every
wheel. cargo can only be told by absolute paths what to replace, so they are put into its environment here: for
`pip install .` and every other tool that reads `pyproject.toml`, and for `make wheel`, which runs

    python scripts/build_backend.py maturin build --release
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_FLAGS = "CARGO_ENCODED_RUSTFLAGS"


def environment(given: Mapping[str, str], root: Path = ROOT) -> dict[str, str]:
    """The environment in which cargo is to run; flags that are set already stay."""
    home = Path(given.get("HOME") or given.get("USERPROFILE") or Path.home())
    replaced = {  # of two that fit, rustc takes the later
        home: "/home",
        given.get("RUSTUP_HOME") or home / ".rustup": "/rustup",
        given.get("CARGO_HOME") or home / ".cargo": "/cargo",
        root: "/atlas-serverless",
    }
    flags = given[_FLAGS].split("\x1f") if given.get(_FLAGS) else given.get("RUSTFLAGS", "").split()
    flags += [f"--remap-path-prefix={path}={name}" for path, name in replaced.items()]
    return {**given, _FLAGS: "\x1f".join(flags), "MATURIN_NO_MISSING_BUILD_BACKEND_WARNING": "1"}


def __getattr__(name: str) -> Any:
    """The hooks of PEP 517 are maturin's own."""
    if name.startswith("__"):
        raise AttributeError(name)
    hook = getattr(importlib.import_module("maturin"), name)
    if name == "build_wheel":
        os.environ.update(environment(os.environ))
    return hook


if __name__ == "__main__":
    sys.exit(subprocess.run(sys.argv[1:], check=False, env=environment(os.environ)).returncode)
