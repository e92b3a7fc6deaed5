"""What the scripts behind `make fuzz` and `make sanitize` read from the output of their runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LIBFUZZER = """\
#2\tINITED cov: 300 ft: 310 corp: 1/1b exec/s: 0 rss: 60Mb
#99\tNEW    cov: 451 ft: 900 corp: 32/7050b lim: 4096 exec/s: 33 rss: 61Mb L: 55/300 MS: 1 CopyPart-
#1200\tDONE   cov: 452 ft: 901 corp: 33/7100b lim: 4096 exec/s: 40 rss: 61Mb
stat::number_of_executed_units: 1200
stat::average_exec_per_sec:     40
"""


def test_a_run_of_a_fuzz_target_is_read_and_added_to_those_before() -> None:
    fuzz = script("fuzz")
    new = fuzz.figures(LIBFUZZER, 29.6)
    reached = {"edges": 452, "features": 901, "inputs": 33}
    assert new == {"date": new["date"], "cpu_seconds": 30, "executions": 1200, **reached}
    assert fuzz.added(None, new) == new
    before = {"date": "2026-01-01", "cpu_seconds": 70, "executions": 5, "edges": 9, "features": 9, "inputs": 9}
    assert fuzz.added(before, new) == {**new, "cpu_seconds": 100, "executions": 1205}


def test_a_run_without_its_end_has_no_figures() -> None:
    with pytest.raises(ValueError, match="libFuzzer's end is missing"):
        script("fuzz").figures(LIBFUZZER.split("stat::", maxsplit=1)[0], 1.0)


CARGO = """\
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
"""


def test_tests_and_reports_of_a_sanitizer_are_counted() -> None:
    sanitize = script("sanitize")
    assert (sanitize.passed(CARGO), sanitize.reports(CARGO)) == (15, 0)
    assert sanitize.passed("===== 31 passed in 2.10s =====\n") == 31
    assert sanitize.passed("....  [100%]\n31 passed in 2.10s\n") == 31
    failed = CARGO.replace("ok. 3 passed; 0 failed", "FAILED. 2 passed; 1 failed")
    assert (sanitize.passed(failed), sanitize.failed(failed), sanitize.failed(CARGO)) == (14, 1, 0)
    assert [count("1 failed, 308 passed in 3.0s\n") for count in (sanitize.passed, sanitize.failed)] == [308, 1]
    found = [
        "==4711==ERROR: AddressSanitizer: heap-use-after-free on address 0x1",
        "==4711==ERROR: LeakSanitizer: detected memory leaks",
        "WARNING: ThreadSanitizer: data race (pid=4711)",
        "Fatal Python error: Segmentation fault",
    ]
    assert [sanitize.reports(f"{CARGO}{line}\n") for line in found] == [1, 1, 1, 1]
    assert sanitize.reports("\n".join(found)) == 4
