#!/usr/bin/env python3
"""The tests under sanitizers, `make sanitize`: what they found is written to `tests/rust/sanitizers.json`.

    python scripts/sanitize.py                  # all four parts
    python scripts/sanitize.py address thread   # these only

- `address`: the Rust tests under AddressSanitizer, leaks included.
- `thread`: the Rust tests under ThreadSanitizer, with a standard library that is built with it, too. Its source is
  what `rustup component add rust-src` installs. A compiler that came without the sanitizers' runtimes, as Debian's
  does, finds them and the source in a folder that `RUSTFLAGS=--sysroot=…` names.
- `binding`: Python tests of the binding under valgrind's memcheck, with Python's objects in the C library's heap, each
  block by itself. `security/memcheck.py` says which errors count. Brings Debian's valgrind, as root.
- `python`: the Python tests of what crosses between the languages, 1,000 collections among them, with the checks of
  the interpreter's own.

The compiler is the stable one, which RUSTC_BOOTSTRAP=1 lets take the options. A run is recorded however it ends, with
the commit; `docs/security.md` shows the figures (`scripts/security_figures.py`).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import debian_packages
from security import memcheck, records

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "tests/rust/sanitizers.json"
LOGS = ROOT / ".cache/sanitize"
#: What crosses between Python and Rust, from threads, tasks and collections.
PYTHON_TESTS = (
    *("aio", "arguments", "convert", "create_many", "errors", "garbage", "hostile_replies", "journal", "lists"),
    *("properties", "reading", "threads"),
)
#: What crosses between them most, and passes at a thirtieth of the speed.
BINDING_TESTS = (
    *("aio", "arguments", "convert", "create_many", "errors", "garbage", "hostile_replies", "interrupts", "lists"),
    *("reading", "threads"),
)
#: It measures a time, which these checks multiply.
TIMED = "tests/python/test_errors.py::test_the_import_is_cheap"
#: For memcheck alone: eight minutes, and each of its turns is a test of its own.
LONG = "tests/python/test_garbage.py::test_nothing_stays_after_a_thousand_turns"


class CannotRun(Exception):
    """What a part needs is not here: it is said, and the others are run."""


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def run(part: str, command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Runs it with its output in a file."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{part}.log"
    print(f"{part}: {' '.join(command)} > {log}", flush=True)
    with log.open("wb") as file:
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=file, stderr=file, check=False
        )
    return done.returncode, log.read_text(encoding="utf-8", errors="replace")


def cargo_test(part: str, arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    host = re.search(r"host: (.+)", output("rustc", "-vV"))
    assert host is not None
    # Tests of a doc comment would be linked without the runtime; there are none that need it.
    command = ["cargo", "test", "--no-fail-fast", "--features", "emulator", "--target", host[1], "--lib", "--tests"]
    environment = {
        "RUSTC_BOOTSTRAP": "1",
        "CARGO_INCREMENTAL": "0",
        # tests/rust/faults/atlas.rs: of time limits that are real.
        "ATLAS_TEST_SLOWNESS": "6",
        # tests/rust/fuzz/main.rs: a number of inputs, however long it takes.
        "ATLAS_FUZZ_SECONDS": "0",
        "CARGO_TARGET_DIR": str(ROOT / ".cache" / part),
        **environment,
    }
    return run(part, [*command, *arguments], environment)


def flags(sanitizer: str) -> str:
    return f"{os.environ.get('RUSTFLAGS', '')} -Zsanitizer={sanitizer}".strip()


def address() -> tuple[int, str]:
    return cargo_test("address", [], {"RUSTFLAGS": flags("address")})


def thread() -> tuple[int, str]:
    sysroot = output("rustc", *os.environ.get("RUSTFLAGS", "").split(), "--print", "sysroot").strip()
    if not (Path(sysroot) / "lib/rustlib/src/rust/library").is_dir():
        raise CannotRun("the source of the standard library is missing: rustup component add rust-src")
    suppressed = ROOT / "tests/rust/thread_sanitizer.txt"
    environment = {"RUSTFLAGS": flags("thread"), "TSAN_OPTIONS": f"suppressions={suppressed}"}
    return cargo_test("thread", ["-Zbuild-std"], environment)


def pytest(tests: tuple[str, ...], *left_out: str) -> list[str]:
    files = [f"tests/python/test_{name}.py" for name in tests]
    return ["-m", "pytest", "-p", "no:cacheprovider", *(f"--deselect={one}" for one in left_out), *files]


def python() -> tuple[int, str]:
    return run("python", [sys.executable, "-X", "dev", *pytest(PYTHON_TESTS, TIMED)], {"PYTHONMALLOC": "debug"})


def binding() -> tuple[int, str]:
    try:
        debian_packages.install({"valgrind": "valgrind"})
    except SystemExit as missing:
        raise CannotRun(str(missing)) from missing
    found = LOGS / "binding.xml"
    found.unlink(missing_ok=True)
    suppressed = ROOT / "tests/python/memcheck.supp"
    valgrind = ["valgrind", *memcheck.ARGUMENTS, *memcheck.FAIR, f"--suppressions={suppressed}", f"--xml-file={found}"]
    code, text = run(
        "binding", [*valgrind, sys.executable, *pytest(BINDING_TESTS, TIMED, LONG)], {"PYTHONMALLOC": "malloc"}
    )
    if not found.exists():
        return code, text
    errors = memcheck.errors(found.read_text(encoding="utf-8", errors="replace"))
    return code, text + "".join(f"\nMemcheck: {error}" for error in errors)


PARTS: dict[str, Callable[[], tuple[int, str]]] = {
    "address": address,
    "thread": thread,
    "binding": binding,
    "python": python,
}


def passed(text: str) -> int:
    """How many tests passed, by what cargo or pytest says at the end."""
    return counted(r"^(?:test result: \w+\. |=* ?(?:\d+ failed, )?)(\d+) passed", text)


def failed(text: str) -> int:
    return counted(r"^(?:test result: \w+\. \d+ passed; |=* ?)(\d+) failed", text)


def counted(pattern: str, text: str) -> int:
    return sum(int(number) for number in re.findall(pattern, text, re.MULTILINE))


def reports(text: str) -> int:
    """What the sanitizers found: each report begins with such a line."""
    return len(
        re.findall(r"^(?:==\d+==ERROR|WARNING: ThreadSanitizer|Fatal Python error|Memcheck: )", text, re.MULTILINE)
    )


def was_run(part: str, text: str) -> bool:
    """Whether there were tests to run. What could not be built leaves the figures of the last run."""
    return part in {"binding", "python"} or re.search(r"^running \d+ test", text, re.MULTILINE) is not None


def ended(code: int, text: str) -> dict[str, int]:
    """What a run has shown, however it ended."""
    return {"tests": passed(text), "failed": failed(text), "reports": reports(text), "exit_code": code}


def record(part: str, of_run: dict[str, Any], figures: dict[str, int]) -> None:
    known = records.read(FIGURES)
    known[part] = {**of_run, **figures}
    records.write(FIGURES, known)
    print(f"{part}: {known[part]}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="all, if none is named")
    arguments = parser.parse_args()
    wrong = []
    for part in arguments.parts or PARTS:
        of_run = records.of_this_run()
        try:
            code, text = PARTS[part]()
        except CannotRun as why:
            print(f"{part}: {why}", file=sys.stderr)
            wrong.append(part)
            continue
        figures = ended(code, text)
        if code or figures["reports"]:
            print(f"{part}: {figures}\n{text[-3000:]}", file=sys.stderr)
            wrong.append(part)
        if was_run(part, text):
            record(part, of_run, figures)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
