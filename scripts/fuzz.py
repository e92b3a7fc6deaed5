"""Fuzzes by coverage: `make fuzz` runs each target of `fuzz/` for its share of an hour, with AddressSanitizer.

    python scripts/fuzz.py                         # all targets, an hour together
    python scripts/fuzz.py --until 3600 --keep     # each until it has had an hour of CPU in all runs together
    python scripts/fuzz.py --seconds 600 replies   # these only

The compiler is the stable one: RUSTC_BOOTSTRAP=1 lets it take the options that cargo-fuzz needs. What was run is added
to `fuzz/figures.json`, and `docs/security.md` shows it (`scripts/security_figures.py`). New inputs are kept in
`.cache/fuzz`; `--keep` adds those that reach new code to the corpus in `fuzz/corpus`, which `make test` replays. A
finding ends with exit code 1 and its input in `fuzz/artifacts`; it is recorded in `fuzz/findings.json`, and the sums of
its target begin anew: what ran before a repair says nothing of the code after it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from security import records

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
FIGURES = FUZZ / "figures.json"
#: What was found, by target, day, commit, kind and input. `what` is written there by hand when it is repaired.
FINDINGS = FUZZ / "findings.json"
#: What a finding leaves in the folder of artifacts; a slow input is kept there, too, and is none.
FINDING = re.compile(r"Test unit written to \S*/((?:crash|leak|oom|timeout)-[0-9a-f]+)")
FOUND = ROOT / ".cache/fuzz"
#: Of an input, in bytes.
LONGEST = 4096
#: The most that a target runs before its figures are written, in seconds: a run that is stopped loses no more.
PART = 300
#: A shorter run would not count: on a busy machine most of its time goes to others.
SHORTEST = 10
WRITING = threading.Lock()

Figures = dict[str, int | str]


class Run(NamedTuple):
    code: int
    text: str
    cpu: float


def targets() -> list[str]:
    return sorted(path.name for path in (FUZZ / "corpus").iterdir())


def figures(text: str, cpu: float) -> Figures:
    """What libFuzzer said at its end: executions, the code that was reached, and the inputs that reach it."""
    executions = re.search(r"stat::number_of_executed_units:\s+(\d+)", text)
    reached = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)/", text)
    if executions is None or not reached:
        raise ValueError(f"libFuzzer's end is missing: {text[-500:]}")
    edges, features, inputs = (int(number) for number in reached[-1])
    return {
        **records.of_this_run(),
        "cpu_seconds": round(cpu),
        "executions": int(executions[1]),
        "edges": edges,
        "features": features,
        "inputs": inputs,
    }


def added(known: Figures | None, new: Figures) -> Figures:
    """The sums of all runs; what was reached, and when, is that of the last one."""
    before: Figures = known or {}
    sums = {name: int(before.get(name, 0)) + int(new[name]) for name in ("cpu_seconds", "executions")}
    return {**new, **sums}


def known_figures() -> dict[str, Figures]:
    known: dict[str, Figures] = records.read(FIGURES)
    return known


def record(target: str, new: Figures) -> Figures:
    with WRITING:
        known = known_figures()
        known[target] = added(known.get(target), new)
        records.write(FIGURES, known)
        return known[target]


def record_finding(target: str, outcome: Run) -> None:
    """Writes what was found, if libFuzzer has found something, and forgets the sums of the target."""
    found = FINDING.search(outcome.text)
    if found is None:
        print(f"{target}: it did not end, exit code {outcome.code}, and has left no input", file=sys.stderr)
        return
    with WRITING:
        of_run = {**records.of_this_run(), "target": target, "input": found[1]}
        records.write(FINDINGS, [*records.read(FINDINGS), of_run])
        known = known_figures()
        known.pop(target, None)
        records.write(FIGURES, known)


def build() -> None:
    command = [str(Path(sys.executable).parent / "cargo-fuzz"), "build", "--fuzz-dir", "."]
    subprocess.run(command, cwd=FUZZ, env={**os.environ, "RUSTC_BOOTSTRAP": "1"}, check=True)


def binaries() -> Path:
    version = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = re.search(r"host: (.+)", version)
    assert host is not None, version
    return FUZZ / "target" / host[1] / "release"


def run(target: str, *arguments: str) -> Run:
    """Runs libFuzzer, and measures the CPU time of this process alone."""
    (FUZZ / "artifacts" / target).mkdir(parents=True, exist_ok=True)
    # As cargo-fuzz sets it. Targets that write files write them into memory.
    environment = {**os.environ, "ASAN_OPTIONS": "detect_odr_violation=0"}
    if Path("/dev/shm").is_dir():
        environment["TMPDIR"] = "/dev/shm"
    command = [str(binaries() / target), f"-artifact_prefix={FUZZ}/artifacts/{target}/", f"-max_len={LONGEST}"]
    command.append("-dict=dictionaries/words.dict")
    log = FOUND / f"{target}.log"
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *arguments], cwd=FUZZ, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(encoding="utf-8", errors="replace")
    return Run(process.returncode, text, usage.ru_utime + usage.ru_stime)


def fuzz(target: str, left: Callable[[], int], *, kept: bool) -> bool:
    """Runs one target in parts as long as seconds are left; `False` if it found something."""
    found = FOUND / target
    found.mkdir(parents=True, exist_ok=True)
    while (seconds := min(left(), PART)) > 0:
        options = [f"-max_total_time={seconds}", "-timeout=20", "-print_final_stats=1"]
        outcome = run(target, *options, str(found), f"corpus/{target}")
        if outcome.code:
            print(outcome.text[-4000:], file=sys.stderr)
            record_finding(target, outcome)
            return False
        print(f"{target}: {record(target, figures(outcome.text, outcome.cpu))}", flush=True)
    if kept:
        # What reaches code that the corpus does not reach; how often it is reached does not count.
        merged = run(target, "-set_cover_merge=1", "-use_counters=0", f"corpus/{target}", str(found))
        if merged.code:
            print(merged.text[-4000:], file=sys.stderr)
            record_finding(target, merged)
            return False
    return True


def seconds_left(target: str, arguments: argparse.Namespace, count: int) -> Callable[[], int]:
    """How long a target has still to run: until a sum of CPU seconds, or so many seconds in this run."""
    if arguments.until:

        def missing() -> int:
            had = int(known_figures().get(target, {}).get("cpu_seconds", 0))
            return max(arguments.until - had, SHORTEST) if had < arguments.until else 0

        return missing
    total: int = arguments.seconds or 3600 // count
    parts = [PART] * (total // PART) + [total % PART]
    return lambda: parts.pop(0) if parts else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", choices=[[], *targets()], help="all, if none is named")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=int, help="for each target; an hour together, if it is left out")
    length.add_argument("--until", type=int, help="for each target, seconds of CPU in this and all earlier runs")
    parser.add_argument("--jobs", type=int, default=1, help="targets at the same time")
    parser.add_argument("--keep", action="store_true", help="add to the corpus what reaches new code")
    parser.add_argument("--no-build", action="store_true", help="run the targets as they were built last")
    arguments = parser.parse_args()
    chosen: list[str] = arguments.targets or targets()
    FOUND.mkdir(parents=True, exist_ok=True)
    records.at_start()
    if not arguments.no_build:
        build()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        runs = {
            target: pool.submit(fuzz, target, seconds_left(target, arguments, len(chosen)), kept=arguments.keep)
            for target in chosen
        }
    failed = [target for target, outcome in runs.items() if not outcome.result()]
    print(f"findings in {', '.join(failed)}: see fuzz/artifacts" if failed else "nothing was found")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
