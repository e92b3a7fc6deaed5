"""Fuzzes by coverage: `make fuzz` runs each target of `fuzz/` for its share of an hour, with AddressSanitizer.

    python scripts/fuzz.py                    # all targets, an hour together
    python scripts/fuzz.py --seconds 3600     # all targets, an hour each
    python scripts/fuzz.py replies specs      # these only

The compiler is the stable one: RUSTC_BOOTSTRAP=1 lets it take the options that cargo-fuzz needs. What was run is
written to `fuzz/figures.json`, and `docs/security.md` shows it. New inputs are kept in `.cache/fuzz`; `--keep` adds
those that reach new code to the corpus in `fuzz/corpus`, which `make test` replays. A finding ends with exit code 1 and
its input in `fuzz/artifacts`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
FIGURES = FUZZ / "figures.json"
#: Of an input, in bytes.
LONGEST = 4096


def targets() -> list[str]:
    return sorted(path.name for path in (FUZZ / "corpus").iterdir())


def figures(text: str, seconds: float) -> dict[str, int | str]:
    """What libFuzzer said at its end: executions, the code that was reached, and the inputs that reach it."""
    executions = re.search(r"stat::number_of_executed_units:\s+(\d+)", text)
    reached = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)/", text)
    if executions is None or not reached:
        raise ValueError(f"libFuzzer's end is missing: {text[-500:]}")
    edges, features, inputs = (int(number) for number in reached[-1])
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "seconds": round(seconds),
        "executions": int(executions[1]),
        "edges": edges,
        "features": features,
        "inputs": inputs,
    }


def cargo_fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    command = [str(Path(sys.executable).parent / "cargo-fuzz"), *arguments]
    return subprocess.run(command, cwd=FUZZ, env=environment, capture_output=True, text=True, check=False)


def fuzz(target: str, seconds: int) -> dict[str, int | str] | None:
    """Runs one target; `None` if it found something."""
    found = ROOT / ".cache/fuzz" / target
    found.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=20", "-print_final_stats=1"]
    begun = time.monotonic()
    run = cargo_fuzz("run", "--fuzz-dir", ".", target, str(found), f"corpus/{target}", "--", *options)
    if run.returncode:
        print(run.stderr[-4000:], file=sys.stderr)
        return None
    return figures(run.stderr, time.monotonic() - begun)


def keep(target: str) -> None:
    """Adds to the corpus what reaches code that the corpus does not reach."""
    found = ROOT / ".cache/fuzz" / target
    merged = cargo_fuzz(
        "run", "--fuzz-dir", ".", target, f"corpus/{target}", str(found), "--", "-merge=1", f"-max_len={LONGEST}"
    )
    merged.check_returncode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", choices=[[], *targets()], help="all, if none is named")
    parser.add_argument("--seconds", type=int, help="for each target; an hour together, if it is left out")
    parser.add_argument("--keep", action="store_true", help="add to the corpus what reaches new code")
    arguments = parser.parse_args()
    chosen: list[str] = arguments.targets or targets()
    seconds: int = arguments.seconds or 3600 // len(chosen)
    cargo_fuzz("build", "--fuzz-dir", ".").check_returncode()
    known = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    failed = []
    for target in chosen:
        result = fuzz(target, seconds)
        if result is None:
            failed.append(target)
            continue
        print(f"{target}: {result}", flush=True)
        known[target] = result
        FIGURES.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        if arguments.keep:
            keep(target)
    print(f"findings in {', '.join(failed)}: see fuzz/artifacts" if failed else "nothing was found")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
