#!/usr/bin/env python3
"""Says whether version, changelog and tag agree. The version stands in `Cargo.toml` alone; everything else follows it.

PyPI shows README without the files beside it, so its links name the repository.

python scripts/release.py check                  # before a release
python scripts/release.py check --tag v1.2.3     # what a tag has to keep
python scripts/release.py files dist             # all files of a release, and no other: a table of sizes and hashes
python scripts/release.py links                  # README's links to files become whole ones
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What a release has, and the tag of the platform in the name of its wheel; an older one may stand beside it.
WHEELS = {
    "manylinux x86-64": r"manylinux[\w.]*_2_17_x86_64[\w.]*",
    "manylinux aarch64": r"manylinux[\w.]*_2_17_aarch64[\w.]*",
    "musllinux x86-64": r"musllinux_1_2_x86_64",
    "musllinux aarch64": r"musllinux_1_2_aarch64",
    "macOS x86-64": r"macosx_\d+_\d+_x86_64",
    "macOS aarch64": r"macosx_\d+_\d+_arm64",
    "Windows x86-64": r"win_amd64",
}
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


def unexpected(names: list[str], version: str) -> list[str]:
    """What is missing among the files of a release, is there twice, or belongs to none."""
    patterns = {name: rf"atlas_serverless-{re.escape(version)}-cp310-abi3-{tag}\.whl" for name, tag in WHEELS.items()}
    patterns["source"] = rf"atlas_serverless-{re.escape(version)}\.tar\.gz"
    found = {kind: [name for name in names if re.fullmatch(pattern, name)] for kind, pattern in patterns.items()}
    said = [f"{kind}: {len(files)} files, not one" for kind, files in found.items() if len(files) != 1]
    known = {name for files in found.values() for name in files}
    return said + [f"{name} belongs to no release of {version}" for name in names if name not in known]


def listing(files: list[Path]) -> str:
    """Names, sizes and hashes, as a table in Markdown."""
    lines = ["| file | bytes | SHA-256 |", "| --- | --: | --- |"]
    for file in files:
        content = file.read_bytes()
        lines.append(f"| {file.name} | {len(content):,} | `{hashlib.sha256(content).hexdigest()}` |")
    return "\n".join(lines)


def whole_links(text: str, repository: str) -> str:
    """The links to files, in the repository; pictures as they are, not as pages about them."""
    kinds = {"!": "raw", "": "blob"}
    return LINK.sub(lambda link: f"{link[1]}{link[2]}({repository}/{kinds[link[1]]}/main/{link[3]})", text)


def _found(path: Path, pattern: str) -> str | None:
    match = re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    return match[1] if match else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["check", "files", "links"])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist", help="of the files")
    parser.add_argument("--tag", help="the tag of the release, such as v1.2.3")
    args = parser.parse_args()
    if args.action == "links":
        readme = ROOT / "README.md"
        repository = _found(ROOT / "pyproject.toml", r'^Repository = "(.+)"$') or ""
        readme.write_text(whole_links(readme.read_text(encoding="utf-8"), repository), encoding="utf-8")
        return 0
    if args.action == "files":
        files = sorted(args.folder.iterdir())
        print(listing(files))
        said = unexpected([file.name for file in files], _found(ROOT / "Cargo.toml", r'^version = "(.+)"$') or "")
        print("\n".join(said), end="\n" if said else "", file=sys.stderr)
        return 1 if said else 0
    said = disagreements(ROOT, args.tag)
    print("\n".join(said) or "version, changelog and tag agree", file=sys.stderr if said else sys.stdout)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
