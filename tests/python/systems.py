"""What the running system does differently: where it keeps a user's files, and how it says what memory a process has.

The suite runs on Linux; on macOS it is meant to run, with what stands here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MACOS = sys.platform == "darwin"


def config_folder(home: Path) -> Path:
    """Where programs keep the configuration of a user with this home."""
    return home / ("Library/Application Support" if MACOS else ".config")


def cache_folder(home: Path) -> Path:
    """Where they keep what can be made anew."""
    return home / ("Library/Caches" if MACOS else ".cache")


def variables(home: Path) -> dict[str, str]:
    """The environment of a user with this home. macOS has no variables for the folders, and none that moves them."""
    folders = {"XDG_CONFIG_HOME": str(config_folder(home)), "XDG_CACHE_HOME": str(cache_folder(home))}
    return {"HOME": str(home), "USERPROFILE": str(home), **folders}


def profile_file(home: Path) -> Path:
    """The Atlas CLI's file, whose folder is made."""
    file = config_folder(home) / "atlascli" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def resident_bytes() -> int:
    """Memory of this process."""
    if MACOS:
        command = ["ps", "-o", "rss=", "-p", str(os.getpid())]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) * 1024
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
