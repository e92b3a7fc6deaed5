"""How wheels are built, checked and described, as far as that needs no build (`make wheels`, `make check-windows`)."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import check_windows
import compare_builds
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
    checks.contents(wheel(tmp_path / "good.whl", WHEEL))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"atlas_serverless/_core.abi3.so": f"at {ROOT}/src/x.rs".encode()}, f"names {ROOT}, of this machine"),
        ({"atlas_serverless/_core.abi3.so": f"{Path.home()}/a.rs".encode()}, f"names {Path.home()}, of this machine"),
        ({"atlas_serverless/py.typed": None}, "it has no atlas_serverless/py.typed"),
        ({"atlas_serverless-0.1.0.dist-info/licenses/LICENSE": None}, "it has no /licenses/LICENSE"),
        ({"more": bytes(checks.LARGEST)}, "bytes, at most 4,000,000"),
    ],
)
def test_what_is_wrong_with_a_wheel_is_said(tmp_path: Path, change: dict[str, bytes | None], said: str) -> None:
    entries = {name: content for name, content in (WHEEL | change).items() if content is not None}
    with pytest.raises(SystemExit, match=said):
        checks.contents(wheel(tmp_path / "bad.whl", entries))


def test_the_folder_of_the_build_is_taken_out_of_the_list_of_crates(tmp_path: Path) -> None:
    (listed,) = (name for name in WHEEL if "sboms" in name)
    record = "atlas_serverless-0.1.0.dist-info/RECORD"
    text = b'{"timestamp": "2026-01-02T03:04:05.000000000Z", "ref": "path+file:///build/here#atlas-serverless"}'
    entries = WHEEL | {listed: text, record: f"{listed},sha256=old,9\n{record},,\n".encode()}
    made = [wheel(tmp_path / f"{name}.whl", entries) for name in ("one", "other")]
    for path in made:
        archive.without_folder(path, Path("/build/here"), "2026-11-27T00:00:00Z")
    with zipfile.ZipFile(made[0]) as changed:
        shown, hashes = changed.read(listed).decode(), changed.read(record).decode()
    assert shown == '{"timestamp": "2026-11-27T00:00:00Z", "ref": "path+file:///atlas-serverless#atlas-serverless"}'
    digest = base64.urlsafe_b64encode(hashlib.sha256(shown.encode()).digest()).decode().rstrip("=")
    assert hashes == f"{listed},sha256={digest},{len(shown)}\n{record},,\n"
    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.parametrize("target", targets.TARGETS, ids=lambda target: target.triple)
def test_a_target_that_has_no_standard_library_is_built_by_the_compiler_that_may(target: targets.Target) -> None:
    environment = targets.environment(target)
    assert (environment.get("RUSTC_BOOTSTRAP") == "1") is target.build_std
    assert int(environment["SOURCE_DATE_EPOCH"]) > 1_700_000_000


def test_the_table_stands_between_its_marks(tmp_path: Path) -> None:
    rows = [
        table.Row("manylinux2014 x86-64", "a.whl", 2_950_000, [machines.Outcome("CPython 3.12.1 (Linux)", "works")]),
        table.Row("musllinux x86-64", "b.whl", 3_010_000, []),
    ]
    page = tmp_path / "install.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.write(page, rows, "2026-11-27")
    assert page.read_text().splitlines() == [
        "before",
        table.BEGIN,
        "Built, checked, installed and used on 2026-11-27:",
        "",
        "| wheel | size | Python | quickstart |",
        "| --- | --: | --- | --- |",
        "| manylinux2014 x86-64 | 2.95 MB | CPython 3.12.1 (Linux) | works |",
        "| musllinux x86-64 | 3.01 MB | none to be had here | not run; checked by auditwheel and abi3audit |",
        table.END,
        "after",
    ]
    page.write_text("nothing to be found\n")
    with pytest.raises(SystemExit, match="0 places for the table"):
        table.write(page, rows, "2026-11-27")


def test_the_page_has_one_place_for_the_table() -> None:
    text = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    assert (text.count(table.BEGIN), text.count(table.END)) == (1, 1)


def test_entries_that_differ_between_two_wheels_are_named(tmp_path: Path) -> None:
    one = wheel(tmp_path / "one.whl", WHEEL)
    other = wheel(tmp_path / "other.whl", WHEEL | {"atlas_serverless/py.typed": b"x", "new": b""})
    assert compare_builds.differences(one, one) == []
    assert compare_builds.differences(one, other) == ["atlas_serverless/py.typed", "new"]


def test_what_is_missing_for_windows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_windows, "WINE", "/nowhere/wine64")
    assert "/nowhere/wine64" in check_windows.missing()
    assert check_windows.environment()["PYO3_NO_PYTHON"] == "1"
