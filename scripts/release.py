#!/usr/bin/env python3
"""Says whether version, changelog and tag agree. The version stands in `Cargo.toml` alone; everything else follows it.

PyPI shows README without the files beside it, so its links name the repository.

python scripts/release.py check                  # before a release
python scripts/release.py check --tag v1.2.3     # what a tag has to keep
python scripts/release.py links                  # README's links to files become whole ones
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: A link or a picture: what stands in its brackets, and a path without a scheme.
LINK = re.compile(r"(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)\s]+)\)")
HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\d{4}-\d\d-\d\d))?$", re.MULTILINE)


def disagreements(root: Path, tag: str | None = None) -> list[str]:
    """What keeps this from being a release; without a tag, what is wrong already."""
    version = _found(root / "Cargo.toml", r'^version = "(.+)"$')
    locked = _found(root / "Cargo.lock", r'^name = "atlas-serverless"\nversion = "(.+)"$')
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = {match["name"]: match["date"] for match in HEADING.finditer(changelog)}
    said = []
    if locked != version:
        said.append(f"Cargo.lock has version {locked}, Cargo.toml {version}: run cargo update --workspace")
    if next(iter(headings), None) != "Unreleased":
        said.append("CHANGELOG.md does not begin with “Unreleased”")
    said += [
        f"CHANGELOG.md: {name} has no date" for name, date in headings.items() if not date and name != "Unreleased"
    ]
    dates = [date for date in headings.values() if date]
    if dates != sorted(dates, reverse=True):
        said.append("CHANGELOG.md: the dates do not go from new to old")
    if tag is None:
        return said
    if tag != f"v{version}":
        said.append(f"the tag {tag} is not v{version}, the version of Cargo.toml")
    if version not in headings:
        said.append(f"CHANGELOG.md has no heading for {version}")
    return said


def whole_links(text: str, repository: str) -> str:
    """The links to files, in the repository; pictures as they are, not as pages about them."""
    kinds = {"!": "raw", "": "blob"}
    return LINK.sub(lambda link: f"{link[1]}{link[2]}({repository}/{kinds[link[1]]}/main/{link[3]})", text)


def _found(path: Path, pattern: str) -> str | None:
    match = re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    return match[1] if match else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["check", "links"])
    parser.add_argument("--tag", help="the tag of the release, such as v1.2.3")
    args = parser.parse_args()
    if args.action == "links":
        readme = ROOT / "README.md"
        repository = _found(ROOT / "pyproject.toml", r'^Repository = "(.+)"$') or ""
        readme.write_text(whole_links(readme.read_text(encoding="utf-8"), repository), encoding="utf-8")
        return 0
    said = disagreements(ROOT, args.tag)
    print("\n".join(said) or "version, changelog and tag agree", file=sys.stderr if said else sys.stdout)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
