"""Of which code a recorded figure is, and what of that code has changed since.

A run of an hour cannot be repeated for each commit: its figures carry the commit, the day, and a hash over what the
package is made of. The page names the commit; `age` says in a clone how far the code has moved since.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: What the package is made of.
CODE = ("src", "python", "Cargo.lock")
#: What is built or cached among it.
BUILT = {".so", ".pyd", ".pyc", ".dylib"}


def git(root: Path, *arguments: str) -> str | None:
    """What git says; `None` where there is no git, no clone, or no such commit."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def code(root: Path = ROOT) -> str:
    """A hash over the names and contents of all files of the package's code."""
    paths = (root / name for name in CODE)
    files = [path for at in paths for path in ([at] if at.is_file() else at.rglob("*"))]
    whole = hashlib.sha256()
    for path in sorted(files):
        if path.is_file() and path.suffix not in BUILT:
            one = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{path.relative_to(root).as_posix()} {one}\n".encode())
    return whole.hexdigest()[:16]


def commit(root: Path = ROOT) -> str:
    """The commit that is checked out, as `git describe` would mark one with changes to the code."""
    at = git(root, "rev-parse", "--short=9", "HEAD") or "unknown"
    return f"{at}-dirty" if git(root, "status", "--porcelain", "--", *CODE) else at


@cache
def at_start() -> dict[str, str]:
    """What was there when it was first asked for: a run of an hour is one of the code that it began with."""
    return {"commit": commit(), "code": code()}


def of_this_run() -> dict[str, str]:
    """What every recorded figure begins with."""
    return {"date": datetime.now(timezone.utc).date().isoformat(), **at_start()}


def read(path: Path) -> Any:
    """What was recorded; an empty dict if nothing was."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path: Path, recorded: Any) -> None:
    path.write_text(json.dumps(recorded, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def age(record: dict[str, Any], root: Path = ROOT) -> str:
    """How far the code has moved since a run, in words."""
    at = record.get("commit")
    if at is None:
        return f"a run of {record['date']}, which has not recorded its commit"
    if record.get("code") == code(root):
        return f"of {at}: the code is the same"
    count = git(root, "rev-list", "--count", f"{at.removesuffix('-dirty')}..HEAD", "--", *CODE)
    if count is None:
        return f"of {at}, which this clone does not have: the code is another"
    return f"of {at}: {count} commits to {', '.join(CODE)} since"
