"""What a wheel carries beside the code: the licences of its crates, and nothing of the machine that built it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import build_backend
import generate_notices

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # mypy brings it

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_crate_of_the_wheel_has_its_notice() -> None:
    assert generate_notices.check() == []
    assert len(generate_notices.noticed(generate_notices.FILE.read_text())) > 100


def test_a_crate_that_came_or_went_is_noticed() -> None:
    text = "Crates:\n- serde 1.0.1 (https://serde.rs)\n- gone 2.0.0 (MIT)\n- ISC license.\n"
    lock = generate_notices.locked('[[package]]\nname = "serde"\nversion = "1.0.1"\nsource = "…"\n')
    assert list(generate_notices.problems(generate_notices.noticed(text), lock, {("serde", "1.0.1")})) == [
        "gone 2.0.0 is not in Cargo.lock"
    ]
    assert list(generate_notices.problems(set(), lock, lock)) == ["serde 1.0.1 is in the wheel and has no notice"]


def test_wheels_and_source_carry_the_notices() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["license-files"] == ["LICENSE", "THIRD-PARTY-NOTICES.txt"]
    included = {entry["path"] for entry in project["tool"]["maturin"]["include"]}
    assert included >= {"LICENSE", "THIRD-PARTY-NOTICES.txt", "scripts/build_backend.py"}
    assert project["build-system"]["build-backend"] == "build_backend"
    assert project["build-system"]["backend-path"] == ["scripts"]


def test_no_path_of_the_machine_is_in_what_is_built(tmp_path: Path) -> None:
    """A panic in a crate of the registry and one in the project: with the usual flags both carry their paths."""
    cargo_home, root = tmp_path / "home" / ".cargo", tmp_path / "home" / "project"
    given = {"HOME": str(tmp_path / "home"), "RUSTFLAGS": "--cfg given"}
    flags = build_backend.environment(given, root)["CARGO_ENCODED_RUSTFLAGS"].split("\x1f")
    assert flags[:2] == ["--cfg", "given"]
    for folder, shown in [
        (cargo_home / "registry/src", b"/cargo/registry/src/lib.rs"),
        (root, b"/atlas-serverless/lib.rs"),
    ]:
        folder.mkdir(parents=True)
        source, library = folder / "lib.rs", tmp_path / "library.o"
        source.write_text("pub fn fail(at: usize) -> u8 { [1, 2, 3][at] }")
        for extra, carries in [([], True), (flags, False)]:
            command = ["rustc", "--crate-type=lib", "--emit=obj", f"-o{library}", *extra, str(source)]
            subprocess.run(command, check=True)
            built = library.read_bytes()
            assert (str(tmp_path).encode() in built) is carries
        assert shown in built


def test_only_a_wheel_is_built_so() -> None:
    """Every other hook is maturin's as it is."""
    assert build_backend.build_sdist.__module__ == "maturin"
    assert not hasattr(build_backend, "no_such_hook")
