"""The Python in README.md and docs/ is run, block after block, against an emulator that the environment names.

Blocks of a page share their variables. A block of kind ``output`` right after one of Python is what that one prints.
What cannot be run has a line ``<!-- not run: why -->`` before it, and is counted here.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import atlas_serverless
from atlas_serverless import Emulator, _core, errors

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(atlas_serverless.__file__).parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("**/*.md")])
FENCE = re.compile(
    r"(?:<!-- not run: (?P<why>[^>]+?) -->\s*)?"
    r"^```python\n(?P<code>.*?)^```\n(?:\s*^```output\n(?P<output>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
NOT_RUN: dict[str, int] = {}
"""page -> number of blocks that are not run"""


@dataclass
class Block:
    """One piece of Python on a page."""

    line: int
    code: str
    output: str | None
    why_not: str | None


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start("code"))
        found.append(Block(line, match["code"], match["output"], match["why"]))
    return found


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """An emulator of today, as the page's reader has Atlas: in the environment."""
    _core.forget_deprecations()
    with Emulator(calendar="2026", clock="2026-08-10T12:00:00Z", provisioning="at_once") as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield emulator


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_the_python_of_a_page_runs(page: Path, environment: Emulator) -> None:
    variables: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        if block.why_not:
            continue
        code = compile("\n" * block.line + block.code, str(page), "exec", dont_inherit=True)
        printed = io.StringIO()
        with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", errors.AtlasWarning)
            exec(code, variables)
        if block.output is not None:
            assert printed.getvalue() == block.output, f"{page.name}, line {block.line}"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of each page as one module, each block on its own line."""
    folder = tmp_path_factory.mktemp("pages")
    for page in PAGES:
        lines: list[str] = []
        for block in blocks(page):
            lines += [""] * (block.line - len(lines)) + block.code.splitlines()
        name = re.sub(r"\W", "_", str(page.relative_to(ROOT).with_suffix("")))
        (folder / f"{name}.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_mypy_accepts_the_pages_in_its_strict_mode(programs: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--python-version=3.10", f"--cache-dir={tmp_path}"]
    environment = {**os.environ, "MYPYPATH": str(PACKAGE.parent)}
    done = subprocess.run([*command, programs], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(PAGES)} source files" in done.stdout


def test_pyright_accepts_the_pages_in_its_strict_mode(programs: Path, tmp_path: Path) -> None:
    project: dict[str, Any] = {"typeCheckingMode": "strict", "pythonVersion": "3.10", "include": [str(programs)]}
    project["reportDuplicateImport"] = "none"  # some blocks of a page begin with the same import
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(project | {"extraPaths": [str(PACKAGE.parent)]}))
    command = [sys.executable, "-m", "basedpyright", "--level", "error", "--project", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "0 errors, 0 warnings, 0 notes", done.stdout + done.stderr


def test_what_is_not_run_is_counted() -> None:
    counted = {str(page.relative_to(ROOT)): sum(bool(block.why_not) for block in blocks(page)) for page in PAGES}
    assert {page: number for page, number in counted.items() if number} == NOT_RUN


def test_no_block_is_overlooked() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert len(blocks(page)) == len(re.findall(r"^```python", text, re.MULTILINE)), page
        assert len([b for b in blocks(page) if b.output is not None]) == len(
            re.findall(r"^```output", text, re.MULTILINE)
        )


def test_links_between_pages_lead_somewhere() -> None:
    links = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
    targets = [(page, target) for page in PAGES for target in links.findall(page.read_text(encoding="utf-8"))]
    inner = [(page, target) for page, target in targets if "://" not in target]
    assert len({page for page, _ in inner}) >= 4
    missing = {f"{page.relative_to(ROOT)} -> {target}" for page, target in inner if not (page.parent / target).exists()}
    assert missing == set()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_files_that_a_page_names_are_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|python|tests|scripts|docs|benches|examples)/[\w./-]+)`", text)
    assert len(named) > (50 if name == "CONTRIBUTING.md" else 0)
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_map_names_every_folder_of_the_rooms() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    drawing = text.partition("## The rooms")[2].partition("## ")[0]
    folders = [path for room in ("core", "emulator", "binding") for path in (ROOT / "src" / room).iterdir()]
    folders += (ROOT / "python/atlas_serverless").iterdir()
    names = {path.name for path in folders if path.is_dir() and path.name != "__pycache__"}
    assert len(names) > 20
    assert {name for name in names if f"{name}/" not in drawing} == set()
