"""Pages that stand in the root of the repository, and the public addresses."""

from __future__ import annotations

import re
from pathlib import Path

from docsite.links import Addresses

#: Place in the site: file of the repository.
SOURCES = {
    "contributing.md": "CONTRIBUTING.md",
    "releasing.md": "RELEASING.md",
    "changelog.md": "CHANGELOG.md",
    "rooms.md": "README.md",
}


def pages(root: Path) -> dict[str, str]:
    """The files as pages; that of the rooms is a part of README and made elsewhere."""
    return {page: (root / file).read_text(encoding="utf-8") for page, file in SOURCES.items() if page != "rooms.md"}


def addresses(root: Path) -> Addresses:
    """Those of `pyproject.toml`, the one place for them."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    found = dict(re.findall(r'^(Repository|Documentation) = "(.+)"$', text, re.MULTILINE))
    return Addresses(found["Repository"], found["Documentation"])
