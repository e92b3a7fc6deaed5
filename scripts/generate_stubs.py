#!/usr/bin/env python3
"""Write all that follows from the tables of the client's methods and arguments in `scripts/stubs`.

- `src/binding/docs/*.txt`: the docstrings, which the binary includes when it is compiled;
- `_core.pyi` and `aio.pyi`: the stubs of `Client` and `AsyncClient`;
- `types/_protocols.py`: what `with_raw_response` is for both;
- `types/_operations.py`: the operations of `create_many`, as types;
- `types/_regions.py`: the regions, as types;
- `cli/_options.py`: the options of the command line that are arguments of a method.

    python scripts/generate_stubs.py            # write them
    python scripts/generate_stubs.py --check    # say whether they are up to date (exit code 1 if not)
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from stubs import derived, docstrings, signatures, table

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "src/binding/docs"


def wanted() -> dict[Path, str]:
    """Every file that is generated, with its text."""
    interface = table.read()
    package = ROOT / "python/atlas_serverless"
    python = {
        package / "_core.pyi": signatures.core(interface),
        package / "aio.pyi": signatures.aio(interface),
        package / "types/_protocols.py": signatures.protocols(interface),
        package / "types/_operations.py": derived.operations(interface),
        package / "types/_regions.py": derived.regions(),
        package / "cli/_options.py": derived.options(interface),
    }
    docs = {DOCS / f"{method.name}.txt": docstrings.with_signature(method) + "\n" for method in interface.all()}
    return docs | {path: formatted(text, path) for path, text in python.items()}


def formatted(text: str, path: Path) -> str:
    """As `ruff format` leaves it."""
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename", str(path), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file is not up to date")
    args = parser.parse_args()
    files = wanted()
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    left_over = sorted(set(DOCS.glob("*.txt")) - files.keys())
    for path in (*stale, *left_over):
        if args.check:
            print(f"{path.relative_to(ROOT)} is not up to date: run python scripts/generate_stubs.py", file=sys.stderr)
        elif path in left_over:
            path.unlink()
        else:
            path.write_text(files[path], encoding="utf-8")
    return 1 if args.check and (stale or left_over) else 0


if __name__ == "__main__":
    sys.exit(main())
