"""How wheels are built, checked and described, as far as that needs no build (`make wheels`, `make check-windows`)."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

import check_macos
import check_windows
import compare_builds
import debian_packages
from wheels import archive, checks, machines, table, targets

ROOT = Path(__file__).resolve().parents[2]
WHEEL = {
    "atlas_serverless/py.typed": b"",
    "atlas_serverless/_core.abi3.so": b"\x7fELF /rustc/1234/library/std/src/lib.rs",
    "atlas_serverless-0.1.0.dist-info/licenses/LICENSE": b"Apache",
    "atlas_serverless-0.1.0.dist-info/licenses/THIRD-PARTY-NOTICES.txt": b"serde",
    "atlas_serverless-0.1.0.dist-info/sboms/atlas-serverless.cyclonedx.json": b"{}",
}


def wheel(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as written:
        for name, content in entries.items():
            written.writestr(zipfile.ZipInfo(name), content)
    return path


def test_the_quickstart_works_here() -> None:
    done = subprocess.run([sys.executable, str(machines.QUICKSTART)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("quickstart: works on CPython 3.")


def test_a_wheel_with_all_that_it_needs_passes(tmp_path: Path) -> None:
    checks.contents(wheel(tmp_path / "good.whl", WHEEL), checks.LARGEST)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"atlas_serverless/_core.abi3.so": f"at {ROOT}/src/x.rs".encode()}, f"names {ROOT}, of this machine"),
        ({"atlas_serverless/_core.abi3.so": f"{Path.home()}/a.rs".encode()}, f"names {Path.home()}, of this machine"),
        ({"atlas_serverless/py.typed": None}, "it has no atlas_serverless/py.typed"),
        ({"atlas_serverless-0.1.0.dist-info/licenses/LICENSE": None}, "it has no /licenses/LICENSE"),
        ({"more": bytes(checks.LARGEST)}, "bytes, at most 3,950,000"),
    ],
)
def test_what_is_wrong_with_a_wheel_is_said(tmp_path: Path, change: dict[str, bytes | None], said: str) -> None:
    entries = {name: content for name, content in (WHEEL | change).items() if content is not None}
    with pytest.raises(SystemExit, match=said):
        checks.contents(wheel(tmp_path / "bad.whl", entries), checks.LARGEST)


def test_the_bound_of_one_linker_is_not_that_of_all(tmp_path: Path) -> None:
    large = wheel(tmp_path / "large.whl", WHEEL | {"more": bytes(checks.LARGEST)})
    checks.contents(large, checks.LARGEST_ELSEWHERE)
    larger = wheel(tmp_path / "larger.whl", WHEEL | {"more": bytes(checks.LARGEST_ELSEWHERE)})
    with pytest.raises(SystemExit, match="bytes, at most 5,000,000"):
        checks.contents(larger, checks.LARGEST_ELSEWHERE)


def test_the_folder_of_the_build_is_taken_out_of_the_list_of_crates(tmp_path: Path) -> None:
    (listed,) = (name for name in WHEEL if "sboms" in name)
    record = "atlas_serverless-0.1.0.dist-info/RECORD"
    text = b'{"timestamp": "2026-01-02T03:04:05.000000000Z", "ref": "path+file:///build/here#atlas-serverless"}'
    library = "atlas_serverless/_core.abi3.so"
    lines = f"{listed},sha256=old,9\n{library},sha256=old,9\n{record},,\n"
    entries = WHEEL | {listed: text, record: lines.encode()}
    made = [wheel(tmp_path / f"{name}.whl", entries) for name in ("one", "other")]
    for path in made:
        archive.without_folder(path, Path("/build/here"), "2026-11-27T00:00:00Z", lambda binary: b"\x7fELF!")
    with zipfile.ZipFile(made[0]) as changed:
        shown, hashes = changed.read(listed).decode(), changed.read(record).decode()
    assert shown == '{"timestamp": "2026-11-27T00:00:00Z", "ref": "path+file:///atlas-serverless#atlas-serverless"}'
    digests = [
        base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        for content in (shown.encode(), b"\x7fELF!")
    ]
    first, second = f"{listed},sha256={digests[0]},{len(shown)}", f"{library},sha256={digests[1]},5"
    assert hashes == f"{first}\n{second}\n{record},,\n"
    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.parametrize("target", targets.TARGETS, ids=lambda target: target.triple)
def test_a_target_that_has_no_standard_library_is_built_by_the_compiler_that_may(target: targets.Target) -> None:
    environment = targets.environment(target)
    assert (environment.get("RUSTC_BOOTSTRAP") == "1") is target.build_std
    assert int(environment["SOURCE_DATE_EPOCH"]) > 1_700_000_000


def test_the_table_stands_between_its_marks_and_keeps_what_was_not_built(tmp_path: Path) -> None:
    gnu = table.Row("manylinux2014 x86-64", "a.whl", 2_950_000, [machines.Outcome("CPython 3.12.1 (Linux)", "works")])
    page = tmp_path / "install.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.write(page, [gnu, table.Row("musllinux x86-64", "b.whl", 3_010_000, [])], "2026-11-26")
    none = "none to be had here | not run; checked by auditwheel and abi3audit"
    head = ["before", table.BEGIN, "| wheel | size | Python | quickstart | day |", "| --- | --: | --- | --- | --- |"]
    first = "| manylinux2014 x86-64 | 2.95 MB | CPython 3.12.1 (Linux) | works | 2026-11-26 |"
    second = f"| musllinux x86-64 | 3.01 MB | {none} | 2026-11-26 |"
    assert page.read_text().splitlines() == [*head, first, second, table.END, "after"]
    table.write(page, [gnu._replace(size=2_800_000)], "2026-11-27")
    new = "| manylinux2014 x86-64 | 2.80 MB | CPython 3.12.1 (Linux) | works | 2026-11-27 |"
    assert page.read_text().splitlines() == [*head, second, new, table.END, "after"]
    page.write_text("nothing to be found\n")
    with pytest.raises(SystemExit, match="0 places for what stands after <!-- written by make wheels -->"):
        table.write(page, [gnu], "2026-11-27")


def test_the_page_has_one_place_for_each() -> None:
    text = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    assert [text.count(mark) for mark in (table.BEGIN, table.END, table.TWICE, table.END_OF_TWICE)] == [1, 1, 1, 1]


def test_two_builds_that_are_the_same_are_written_down_with_all_that_they_come_from(tmp_path: Path) -> None:
    page = tmp_path / "install.md"
    page.write_text(f"before\n{table.TWICE}\nold\n{table.END_OF_TWICE}\nafter\n")
    commit, compiler = (compare_builds.said(*words.split()) for words in ("git rev-parse HEAD", "rustc --version"))
    sentence = compare_builds.found(Path("out/a.whl"), "1df5", "2026-11-28", commit, compiler)
    table.replace(page, (table.TWICE, table.END_OF_TWICE), lambda _: sentence + "\n")
    lines = page.read_text().splitlines()
    assert [lines[:2], lines[3:]] == [["before", table.TWICE], [table.END_OF_TWICE, "after"]]
    said = r"2026-11-28, commit `[0-9a-f]{40}`, rustc 1\.\d+\.\d+ \(.*\): `a\.whl` has the SHA-256 `1df5`, both times\."
    assert re.fullmatch(said, lines[2]), lines[2]


def test_entries_that_differ_between_two_wheels_are_named(tmp_path: Path) -> None:
    one = wheel(tmp_path / "one.whl", WHEEL)
    other = wheel(tmp_path / "other.whl", WHEEL | {"atlas_serverless/py.typed": b"x", "new": b""})
    assert compare_builds.differences(one, one) == []
    assert compare_builds.differences(one, other) == ["atlas_serverless/py.typed", "new"]


def test_what_only_an_administrator_can_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    needed = {"/nowhere/wine64": "wine64", sys.executable: "python3"}
    with pytest.raises(SystemExit, match=r"not found: wine64\. Debian 12, as root: apt-get install wine64$"):
        debian_packages.install(needed)
    assert set(check_windows.NEEDED.values()) >= {"wine64", "rustc-web", "rust-web-src", "gcc-mingw-w64-x86-64-win32"}
    assert check_windows.environment()["PYO3_NO_PYTHON"] == "1"


@pytest.mark.parametrize("works", [True, False])
def test_an_administrator_gets_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], works: bool
) -> None:
    brought, called = tmp_path / "wine64", tmp_path / "called"
    stand_in = tmp_path / "apt-get"
    stand_in.write_text(f'#!/bin/sh\necho "$*" >> {called}\n{"touch " + str(brought) if works else ""}\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    needed = {str(brought): "wine64", sys.executable: "python3"}
    if works:
        debian_packages.install(needed)
        debian_packages.install(needed)
    else:
        with pytest.raises(SystemExit, match="what is needed of it is not there: wine64"):
            debian_packages.install(needed)
    update, install = called.read_text().splitlines()
    assert update == "update --quiet=2"
    assert install == "install --quiet --yes --no-install-recommends wine64"
    assert capsys.readouterr().out == "installing wine64\n"


def test_for_macos_nothing_compiles_c(tmp_path: Path) -> None:
    environment = check_macos.environment()
    assert (environment["PYO3_NO_PYTHON"], environment["RUSTC_BOOTSTRAP"]) == ("1", "1")
    for variable, words in [("CC", ["-O3", "-c", "a.c", "-o", "a.o"]), ("AR", ["crs", "liba.a", "a.o"])]:
        command = environment[f"{variable}_aarch64_apple_darwin"]
        subprocess.run([command, *words], cwd=tmp_path, check=True)
    assert {path.name: path.stat().st_size for path in tmp_path.iterdir()} == {"a.o": 0, "liba.a": 0}


def test_a_wheel_that_another_tool_built_is_finished_and_looked_into(tmp_path: Path) -> None:
    listed = next(name for name in WHEEL if "sboms" in name)
    record = "atlas_serverless-0.1.0.dist-info/RECORD"
    entries = WHEEL | {listed: f'{{"ref": "path+file://{ROOT}#x"}}'.encode(), record: f"{listed},old,9\n".encode()}
    good = wheel(tmp_path / "good.whl", entries)
    bad = wheel(tmp_path / "bad.whl", entries | {"more.so": b"/builds/.cargo/registry/src/a.rs"})
    command = [sys.executable, str(ROOT / "scripts/finish_wheels.py")]
    done = subprocess.run([*command, str(good)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(":")[0], done.stderr) == (0, "good.whl", "")
    with zipfile.ZipFile(good) as finished:
        assert finished.read(listed) == b'{"ref": "path+file:///atlas-serverless#x"}'
    done = subprocess.run([*command, str(bad)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "more.so names /.cargo/registry, of this machine" in done.stderr


def test_the_release_builds_without_the_paths_of_its_machines() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))
    _, _, prepare, build, finish, _ = workflow["jobs"]["wheels"]["steps"]
    flags = build["env"]["RUSTFLAGS"].split()
    assert flags[0] == "--remap-path-prefix=${{"
    assert " ".join(flags).count("--remap-path-prefix=") == 3
    assert build["with"]["before-script-linux"].endswith('--remap-path-prefix=$HOME/.cargo=/cargo"')
    assert finish["run"] == "python scripts/finish_wheels.py dist/*.whl"
    # The time of the commit: the container gets no variable that it is not told to take.
    assert "SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)" in prepare["run"]
    assert build["with"]["docker-options"] == "-e SOURCE_DATE_EPOCH"
    assert build["with"]["maturin-version"] == f"v{_pinned('maturin')}"


def _pinned(name: str) -> str:
    lines = (ROOT / "scripts/wheels/requirements.txt").read_text(encoding="utf-8").splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{name}=="))
