"""`scripts/check_walls.py` finds a breach of each of its rules in a small project."""

from __future__ import annotations

from pathlib import Path

import pytest

import check_walls
from walls import rooms
from walls.rust_source import read_file

PLAIN = {
    "src/lib.rs": """\
        //! | `core`, `emulator` | neither |
        //! | `binding` | `core`, `emulator` |
        mod binding;
        pub mod core;
        pub mod emulator;
        """,
    "src/core/mod.rs": """\
        //! | `error`, `json` | nothing |
        //! | `client` | `error` and what it uses |
        pub mod client;
        pub mod error;
        pub mod json;
        pub use self::error::Error;
        """,
    "src/core/client.rs": """\
        use crate::core::Error;
        pub struct Client;
        impl Client { pub fn call(&self) -> Option<Error> { None } }
        """,
    "src/core/error.rs": "pub enum Error { Status }",
    "src/core/json.rs": "pub fn parse() {}",
    "src/emulator/mod.rs": "//! | `serve` | nothing |\nmod serve;",
    "src/emulator/serve.rs": "pub fn app() {}",
    "src/binding/mod.rs": "//! | `run` | nothing |\nmod run;",
    "src/binding/run.rs": "use crate::core::client::Client;\nuse crate::emulator::serve::app;\nfn run() { app() }",
    "python/face/__init__.py": "from face._client import Client\n",
    "python/face/_client.py": "from face import _errors\n\n\nclass Client: ...\n",
    "python/face/_errors.py": "def __getattr__(_: str) -> object:\n    from face import Client\n\n    return Client\n",
    "scripts/generate.py": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, **PLAIN)
    return tmp_path


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.strip() if name.endswith(".rs") else line for line in text.splitlines()))


def breach(project: Path, **files: str) -> list[str]:
    """What is found after these files were written."""
    write(project, **files)
    return check_walls.broken(project)


def test_a_plain_project_breaks_no_rule(project: Path) -> None:
    assert check_walls.broken(project) == []


def test_this_project_is_read_to_its_last_file() -> None:
    root = Path(check_walls.__file__).parent.parent
    crate = read_file(root, root / "src/lib.rs")
    read = {module.file for module in crate.walk()}
    assert read == {path.relative_to(root).as_posix() for path in (root / "src").rglob("*.rs")}


@pytest.mark.parametrize(
    ("client", "line"),
    [
        ("use super::client::Client;", 1),
        ("use super::{client::{self, Client as Other}, json};", 1),
        ("use crate::core::client::*;", 1),
        ("\nuse crate::core::client;\ntype Of = client::Client;", 3),
        ("fn of(_: &crate::core::client::Client) {}", 1),
        ('fn of() { println!("{}", crate::core::client::Client::new()); }', 1),
        ("#[cfg(test)]\nmod tests {\nuse super::super::client::Client;\n}", 3),
        ("use super::*;\n/* a comment\n*/ type Of = client::Client;", 3),
    ],
)
def test_a_circle_of_rust_files(project: Path, client: str, line: int) -> None:
    found = breach(project, **{"src/core/error.rs": f"{client}\npub enum Error {{ Status }}"})
    assert f"circle: src/core/client.rs:1 → src/core/error.rs:{line} → src/core/client.rs" in found


@pytest.mark.parametrize(
    "error",
    [
        "// use super::client::Client;\n/* crate::core::client::Client */",
        'const TEXT: &str = "crate::core::client::Client";\nconst RAW: &str = r#"a " crate::core::client::Client"#;',
        "use crate::core::client;",
        "use serde::client::Client;\nfn of(c: client::Client) -> char { '\"' }",
    ],
)
def test_what_is_no_use_of_another_file(project: Path, error: str) -> None:
    assert breach(project, **{"src/core/error.rs": f"{error}\npub enum Error {{ Status }}"}) == []


def test_a_child_and_its_parent_are_a_circle_unless_the_parent_only_names_it(project: Path) -> None:
    child = {"src/emulator/serve/app.rs": "use super::run;\npub fn app() { run() }"}
    (project / "src/emulator/serve.rs").unlink()
    assert breach(project, **child, **{"src/emulator/serve/mod.rs": "mod app;\npub fn run() {}"}) == []
    assert breach(project, **{"src/emulator/serve/mod.rs": "mod app;\npub use self::app::app;\npub fn run() {}"}) == [
        "circle: src/emulator/serve/app.rs:1 → src/emulator/serve/mod.rs:2 → src/emulator/serve/app.rs"
    ]
    facade = {"src/emulator/serve/mod.rs": "mod app;\nmod run;\npub use self::{app::app, run::run};"}
    assert breach(project, **facade, **{"src/emulator/serve/run.rs": "pub fn run() {}"}) == []
    assert breach(project, **{"src/emulator/serve/run.rs": "pub fn run() { super::app() }"}) == [
        "circle: src/emulator/serve/app.rs:1 → src/emulator/serve/run.rs:1 → src/emulator/serve/app.rs"
    ]


@pytest.mark.parametrize(
    "errors",
    [
        "from face._client import Client\n",
        "from ._client import Client\n",
        "from . import _client\n",
        "import face._client\n",
        "def late() -> None:\n    import face._client\n",
    ],
)
def test_a_circle_of_python_files(project: Path, errors: str) -> None:
    line = errors.count("\n")
    assert breach(project, **{"python/face/_errors.py": errors}) == [
        f"circle: python/face/_client.py:1 → python/face/_errors.py:{line} → python/face/_client.py"
    ]


def test_a_room_that_uses_what_it_may_not(project: Path) -> None:
    assert breach(project, **{"src/core/json.rs": "use super::Error;"}) == [
        "src/core/json.rs:1: json may not use error (src/core/error.rs); see src/core/mod.rs"
    ]
    assert breach(project, **{"src/core/json.rs": "use crate::emulator::serve::app;"}) == [
        "src/core/json.rs:1: core may not use emulator (src/emulator/serve.rs); see src/lib.rs"
    ]


def test_and_what_it_uses_is_what_the_rows_above_say(project: Path) -> None:
    table = "//! | `a` | nothing |\n//! | `b` | `a` |\n//! | `c`, `d` | `b` and what it uses |\n//! | `e` | `c` |\n"
    assert rooms.order(table) == {"a": set(), "b": {"a"}, "c": {"a", "b"}, "d": {"a", "b"}, "e": {"c"}}


def test_a_room_without_a_row(project: Path) -> None:
    assert breach(project, **{"src/emulator/mod.rs": "//! A small Atlas.\nmod serve;"}) == [
        "src/emulator/mod.rs: no row of its table of rooms names serve"
    ]


@pytest.mark.parametrize("crate", ["pyo3", "axum"])
def test_a_crate_behind_a_wall(project: Path, crate: str) -> None:
    assert breach(project, **{"src/core/json.rs": f"// {crate} is named here\nuse {crate}::prelude;"}) == [
        f"src/core/json.rs:2: use {crate}::prelude;"
    ]


def test_a_build_with_a_crate_that_it_must_not_need(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(check_walls.__file__).parent.parent
    monkeypatch.setattr(rooms, "ABSENT", {"": ("pyo3", "serde"), "emulator": ("axum",)})
    assert rooms.builds_broken(root) == ["features [] build serde", "features [emulator] build axum"]


def test_a_room_with_too_many_entries(project: Path) -> None:
    assert breach(project, **{f"src/core/more_{n}.txt": "" for n in range(11)}) == []
    assert breach(project, **{"src/core/more_11.txt": ""}) == ["src/core has 16 entries, at most 15"]


@pytest.mark.parametrize("name", ["src/core/json.rs", "python/face/_stub.pyi", "tests/python/test_long.py"])
def test_a_file_that_is_too_long(project: Path, name: str) -> None:
    comment = "//" if name.endswith(".rs") else "#"
    assert breach(project, **{name: f"{comment}\n" * 400}) == []
    assert breach(project, **{name: f"{comment}\n" * 401}) == [
        f"{name} has 401 lines, at most 400 unless it is generated"
    ]
    assert breach(project, **{name: f"{comment} Generated by scripts/generate.py.\n" + f"{comment}\n" * 400}) == []
    assert len(breach(project, **{name: f"{comment} Generated by scripts/no.py.\n" + f"{comment}\n" * 400})) == 1


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("tests/rust/main.rs", "struct World;", "tests/rust/main.rs:1: “World” is now Store"),
        ("tests/rust/main.rs", "fn f() {}\npub enum Why { A }", "tests/rust/main.rs:2: “Why” is now StopReason"),
        ("tests/rust/main.rs", "mod a { type Place = u8; }", "tests/rust/main.rs:1: “Place” is now Permit"),
        ("tests/rust/main.rs", "impl X { const fn settled() {} }", "tests/rust/main.rs:1: “settled” is now disarm"),
        ("tests/rust/main.rs", "mod crowd {}", "tests/rust/main.rs:1: “crowd” is now offload"),
        ("tests/rust/found.rs", "", "tests/rust/found.rs: “found” is now ResolvedCredentials"),
        ("tests/python/test_life.py", "", "tests/python/test_life.py: “life” is now resource"),
        ("python/face/_a.py", "class Doors: ...", "python/face/_a.py:1: “Doors” is now Env"),
        ("python/face/_a.py", "class A:\n    async def echo(self): ...", "python/face/_a.py:2: “echo” is now redact"),
    ],
)  # fmt: skip
def test_a_name_that_was_given_up(project: Path, name: str, text: str, found: str) -> None:
    assert breach(project, **{name: text}) == [found]


def test_a_word_of_everyday_english_is_one_in_code(project: Path) -> None:
    assert breach(project, **{"src/core/json.rs": "fn found(place: u8, why: u8) -> u8 { place }"}) == []
