"""What the scripts behind `make fuzz`, `make sanitize` and `make soak` read from their runs, record and judge."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import debian_packages
import fuzz
import sanitize
from security import memcheck, records

ROOT = Path(__file__).resolve().parents[2]


LIBFUZZER = """\
#2\tINITED cov: 300 ft: 310 corp: 1/1b exec/s: 0 rss: 60Mb
#99\tNEW    cov: 451 ft: 900 corp: 32/7050b lim: 4096 exec/s: 33 rss: 61Mb L: 55/300 MS: 1 CopyPart-
#1200\tDONE   cov: 452 ft: 901 corp: 33/7100b lim: 4096 exec/s: 40 rss: 61Mb
stat::number_of_executed_units: 1200
stat::average_exec_per_sec:     40
"""


def test_a_run_of_a_fuzz_target_is_read_and_added_to_those_before() -> None:
    new = fuzz.figures(LIBFUZZER, 29.6)
    reached = {"edges": 452, "features": 901, "inputs": 33}
    assert new == {**records.of_this_run(), "cpu_seconds": 30, "executions": 1200, **reached}
    assert fuzz.added(None, new) == new
    before: Any = {"date": "2026-01-01", "cpu_seconds": 70, "executions": 5, "edges": 9, "features": 9, "inputs": 9}
    assert fuzz.added(before, new) == {**new, "cpu_seconds": 100, "executions": 1205}


def test_a_run_without_its_end_has_no_figures() -> None:
    with pytest.raises(ValueError, match="libFuzzer's end is missing"):
        fuzz.figures(LIBFUZZER.split("stat::", maxsplit=1)[0], 1.0)


def test_a_finding_is_recorded_and_the_sums_of_its_target_begin_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "FIGURES", tmp_path / "figures.json")
    monkeypatch.setattr(fuzz, "FINDINGS", tmp_path / "findings.json")
    for target in ("headers", "specs"):
        fuzz.record(target, fuzz.figures(LIBFUZZER, 30))
    end = "==1== ERROR: libFuzzer: deadly signal\nartifact_prefix='a/'; Test unit written to a/crash-0af9\n"
    fuzz.record_finding("headers", fuzz.Run(77, end, 12.0))
    found = json.loads((tmp_path / "findings.json").read_text())
    assert found == [{**records.of_this_run(), "target": "headers", "input": "crash-0af9"}]
    assert fuzz.known_figures().keys() == {"specs"}
    assert fuzz.record("headers", fuzz.figures(LIBFUZZER, 30))["executions"] == 1200
    fuzz.record_finding("specs", fuzz.Run(-15, "Slowest: Test unit written to a/slow-unit-0af9\n", 12.0))
    assert len(json.loads((tmp_path / "findings.json").read_text())) == 1
    fuzz.record_finding("specs", fuzz.Run(70, end.replace("crash", "timeout"), 12.0))
    assert [one["input"] for one in json.loads((tmp_path / "findings.json").read_text())] == [
        "crash-0af9",
        "timeout-0af9",
    ]


CARGO = """\
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
"""


def test_tests_and_reports_of_a_sanitizer_are_counted() -> None:
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


def test_a_run_is_recorded_however_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sanitize, "FIGURES", tmp_path / "sanitizers.json")
    monkeypatch.setattr(sys, "argv", ["sanitize.py", "address", "python"])
    log = f"running 15 tests\n{CARGO}==4711==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n"
    monkeypatch.setitem(sanitize.PARTS, "address", lambda: (101, log))
    monkeypatch.setitem(sanitize.PARTS, "python", lambda: (-11, ""))
    assert sanitize.main() == 1
    known = json.loads((tmp_path / "sanitizers.json").read_text())
    assert known["address"] == {**records.of_this_run(), "tests": 15, "failed": 0, "reports": 1, "exit_code": 101}
    assert known["python"] == {**records.of_this_run(), "tests": 0, "failed": 0, "reports": 0, "exit_code": -11}
    monkeypatch.setattr(debian_packages, "install", lambda needed: sys.exit(f"not found: {', '.join(needed)}"))
    monkeypatch.setattr(sys, "argv", ["sanitize.py", "binding", "address"])
    assert sanitize.main() == 1
    assert "binding: not found: valgrind" in capsys.readouterr().err
    assert "binding" not in json.loads((tmp_path / "sanitizers.json").read_text())
    monkeypatch.setitem(sanitize.PARTS, "address", lambda: (101, "error: could not compile `atlas-serverless`\n"))
    assert sanitize.main() == 1
    assert json.loads((tmp_path / "sanitizers.json").read_text())["address"]["reports"] == 1


CORE = "/site-packages/atlas_serverless/_core.abi3.so"


def error(kind: str, *stacks: list[tuple[str, str]]) -> str:
    """An error as memcheck writes it: of each frame the object and the function."""
    written = "".join(
        "<stack>" + "".join(f"<frame><obj>{obj}</obj><fn>{fn}</fn></frame>" for obj, fn in stack) + "</stack>"
        for stack in stacks
    )
    return f"<error><kind>{kind}</kind><what>{kind} seen</what>{written}</error>"


PYTHON, LIBC, OURS = ("/lib/libpython3.11.so", "dict_get"), ("/lib/libc.so.6", "memcpy"), (CORE, "convert")
MALLOC = ("/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so", "malloc")


@pytest.mark.parametrize(
    ("one", "counts"),
    [
        (error("InvalidRead", [LIBC, OURS, PYTHON]), True),
        (error("InvalidRead", [PYTHON, PYTHON], [MALLOC, OURS]), True),
        (error("InvalidFree", [MALLOC, PYTHON, OURS]), True),
        (error("InvalidRead", [LIBC, PYTHON]), False),
        (error("UninitCondition", [LIBC, OURS, PYTHON]), True),
        (error("UninitCondition", [PYTHON, OURS]), False),
        (error("Leak_DefinitelyLost", [MALLOC, OURS, PYTHON]), True),
        (error("Leak_DefinitelyLost", [MALLOC, PYTHON, OURS]), False),
    ],
)
def test_an_error_counts_where_the_binding_has_a_part_in_it(one: str, counts: bool) -> None:
    found = memcheck.errors(f"<valgrindoutput>{one}</valgrindoutput>")
    assert len(found) == counts
    assert all("seen: " in line for line in found)
    assert sanitize.reports("\n".join(f"Memcheck: {line}" for line in found)) == counts


def test_the_log_of_a_run_that_was_killed_is_read() -> None:
    whole = f"<valgrindoutput>{error('InvalidRead', [OURS, PYTHON])}"
    assert memcheck.errors(whole) == ["InvalidRead seen: convert < dict_get"]


def soak_module(name: str) -> Any:
    """A module of tests/soak, which no other test imports."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tests/soak/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def judged(per_round: float, rounds: int = 25) -> Any:
    """What the soak says of so many descriptors more in each round, among those that come and go."""
    growth = soak_module("growth")
    noise = [0, 1, 0, 0, 7, 0, 0, 1, 0, 4]
    samples = [
        growth.Sample(45.0 + (3.5 if number > 9 else 0.0), 17 + noise[number % 10] + int(number * per_round), 2)
        for number in range(rounds)
    ]
    return growth.too_much(samples)


def test_a_descriptor_that_is_lost_in_every_other_round_is_too_much() -> None:
    assert judged(0) == []
    assert judged(0.5) == ["descriptors: +0.5 in a round, at most +0.1"]
    assert judged(0.2, 200) == ["descriptors: +0.2 in a round, at most +0.1"]


def test_memory_may_come_in_steps_but_not_with_every_round() -> None:
    growth = soak_module("growth")
    leaking = [growth.Sample(45.0 + number * 0.4, 17, 2) for number in range(25)]
    assert growth.too_much(leaking) == ["memory: +0.4 in a round, at most +0.32"]
    assert growth.at_the_end(leaking)["per_round"] == {"memory": 0.4, "descriptors": 0.0, "threads": 0.0}
    with_threads = [growth.Sample(45.0, 17, 2 + number // 10) for number in range(60)]
    assert growth.too_much(with_threads) == ["threads: +0.095 in a round, at most +0.05"]


def test_a_descriptor_that_stays_open_is_seen_and_a_connection_is_not() -> None:
    growth = soak_module("growth")
    with socket.create_server(("127.0.0.1", 0)) as server:
        before = len(growth.descriptors())
        with socket.create_connection(server.getsockname()) as one, server.accept()[0] as other:
            assert len(growth.descriptors()) == before
            other.close()
            assert len(growth.descriptors()) == before + 1
            assert one.recv(1) == b""


def committed(root: Path, text: str) -> str:
    (root / "src/a.rs").write_text(text)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for command in (["add", "-A"], [*who, "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return records.commit(root)


def test_how_far_the_code_has_moved_since_a_run_is_said(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "python").mkdir()
    (tmp_path / "Cargo.lock").write_text("")
    (tmp_path / ".gitignore").write_text("*.so\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    first = committed(tmp_path, "one")
    run: Any = {"date": "2026-11-28", "commit": first, "code": records.code(tmp_path)}
    (tmp_path / "python/_core.so").write_text("built")
    assert records.age(run, tmp_path) == f"of {first}: the code is the same"
    committed(tmp_path, "two")
    committed(tmp_path, "three")
    assert records.age(run, tmp_path) == f"of {first}: 2 commits to src, python, Cargo.lock since"
    (tmp_path / "src/a.rs").write_text("four")
    assert records.commit(tmp_path).endswith("-dirty")
    elsewhere = run | {"commit": "0123abcde"}
    assert records.age(elsewhere, tmp_path) == "of 0123abcde, which this clone does not have: the code is another"
    assert records.age({"date": "2026-11-28"}, tmp_path) == "a run of 2026-11-28, which has not recorded its commit"
