"""The documentation site: made pages agree with the code, it builds strictly, it needs nothing from elsewhere."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

import atlas_serverless
import generate_error_codes
from atlas_serverless import errors
from docsite import command_line, docstrings, error_pages, hooks, links, project, reference, rooms
from walls import rooms as walls_rooms

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = project.addresses(ROOT)
REPOSITORY, SITE = ADDRESSES


def test_it_builds_strictly_and_all_that_it_names_is_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path), "-f", "mkdocs.yml"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")}
    assert len(pages) > 780
    ids = {path: set(re.findall(r'\bid="?([^"\s>]+)', text)) for path, text in pages.items()}

    shown = set().union(*ids.values())
    assert {name for name in public_names() if name not in shown} == set()
    assert broken_links(tmp_path, pages, ids) == set()
    assert outside(tmp_path, pages) == set()


def public_names() -> set[str]:
    """What can be imported, as the modules themselves say it, and the methods of the clients."""
    found = {f"atlas_serverless.errors.{row.class_name}" for row in generate_error_codes.read_table()}
    for module, names in reference.public_modules().items():
        found |= {f"{module}.{name}" for name in names}
    found -= {f"atlas_serverless.{name}" for name in ("__version__", "errors", "types", "Emulator")}  # have pages
    for client in (atlas_serverless.Client, atlas_serverless.AsyncClient):
        found |= {f"atlas_serverless.{client.__name__}.{name}" for name in dir(client) if not name.startswith("_")}
    return found


def broken_links(site: Path, pages: dict[Path, str], ids: dict[Path, set[str]]) -> set[str]:
    broken = set()
    for path, text in pages.items():
        for link in set(re.findall(r'<a\b[^>]*?\bhref="?([^"\s>]+)', text)):
            address, anchor = urldefrag(unescape(link))
            if "://" in address or address.startswith("mailto:"):
                continue
            base = site if address.startswith("/") else path.parent
            inside = unquote(address.removeprefix(urlsplit(SITE).path))
            target = (base / inside).resolve() if address else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (anchor and anchor not in ids.get(target, {anchor}) | {"__comments"}):
                broken.add(f"{path.relative_to(site)} -> {link}")
    return broken


def outside(site: Path, pages: dict[Path, str]) -> set[str]:
    """Whatever a browser would fetch by itself from another host."""
    fetched = re.compile(r"<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=\"?(https?:[^\"\s>]+)[^>]*>")
    found = {match[1] for text in pages.values() for match in fetched.finditer(text) if "canonical" not in match[0]}
    for sheet in site.rglob("*.css"):
        found |= set(re.findall(r"url\([\"']?(https?:[^)]+)", sheet.read_text(encoding="utf-8")))
    return found


def test_the_reference_has_what_each_module_exports() -> None:
    modules = reference.public_modules()
    assert {"atlas_serverless", "atlas_serverless.errors", "atlas_serverless.types"} <= modules.keys()
    for name, names in modules.items():
        if not name.startswith("atlas_serverless.integrations."):  # the others' are classes and fixtures
            assert sorted(importlib.import_module(name).__all__) == sorted(names), name
    assert "atlas_client" in modules["atlas_serverless.integrations.pytest_plugin"]
    assert "AtlasCreateFlexClusterOperator" in modules["atlas_serverless.integrations.airflow.operators"]


def test_the_command_line_page_has_every_command_and_option() -> None:
    page = command_line.page()
    assert "\n```text\nexit codes:\n  0    done\n" in page
    parts = dict(zip(*[iter(re.split(r"^#+ (.+)$", page, flags=re.MULTILINE)[1:])] * 2, strict=True))
    checked = 0
    for name, parser in command_line.commands():
        part = parts["Command line" if name == "atlas-serverless" else name.removeprefix("atlas-serverless ")]
        for action in (action for action in parser._actions if action.help != argparse.SUPPRESS):
            for option in set(action.option_strings) - {"-h", "--help"}:
                assert f"`{option}" in part, f"{name} {option}"
                checked += 1
    assert checked > 100
    assert parts.keys() - {"Command line"} == {
        name.removeprefix("atlas-serverless ") for name, _ in command_line.commands() if name != "atlas-serverless"
    }


def test_every_code_has_a_page_that_says_what_its_class_says() -> None:
    pages = error_pages.pages(ROOT)
    rows = generate_error_codes.read_table()
    assert pages.keys() == {"errors/index.md", *(f"errors/{row.code}.md" for row in rows)}
    for row in rows:
        page, found = pages[f"errors/{row.code}.md"], getattr(errors, row.class_name)
        assert f"| **Status** | {found.status} " in page
        assert [f"`{base.__name__}`" in page for base in found.__bases__] == [True] * len(found.__bases__)
        assert f"| **Remedy** | {row.sentence} |" in page
        assert re.search(r"^\| \*\*Cause\*\* \| [A-Z].+ \|$", page, re.MULTILINE), row.code
        assert f"({row.code}.md)" in pages["errors/index.md"]


def test_what_is_retried_is_read_from_where_it_is_decided() -> None:
    table = error_pages.retry_table(ROOT)
    assert table[0] == "no"
    reads, create, other = "reads, updates, deletions", "a create", "another POST or PATCH"
    assert table[429] == f"{reads}: sent again; {create}: sent again; {other}: sent again"
    assert table[503] == f"{reads}: sent again; {create}: look it up, then sent again; {other}: not sent again"
    assert table[501] == f"{reads}: not sent again; {create}: look it up, then not sent again; {other}: not sent again"


@pytest.mark.parametrize(
    ("link", "source", "page", "leads"),
    [
        ("emulator.md#use", "docs/airflow.md", "airflow.md", "emulator.md#use"),
        ("../examples/demo.py", "docs/airflow.md", "airflow.md", f"{REPOSITORY}/blob/main/examples/demo.py"),
        ("../CONTRIBUTING.md", "docs/airflow.md", "airflow.md", "contributing.md"),
        ("README.md#the-rooms", "CONTRIBUTING.md", "contributing.md", "rooms.md"),
        ("docs/retries.md#x", "CONTRIBUTING.md", "contributing.md", "retries.md#x"),
        ("SECURITY.md", "CONTRIBUTING.md", "contributing.md", f"{REPOSITORY}/blob/main/SECURITY.md"),
        (f"{REPOSITORY}/blob/main/docs/retries.md", "README.md", "rooms.md", "retries.md"),
        (f"{SITE}errors/", "docs/x.md", "x.md", "errors/index.md"),
        (f"{SITE}reference/client/#x", "docs/errors/X.md", "errors/X.md", "../reference/client.md#x"),
        ("https://docs.rs/rustls", "docs/security.md", "security.md", "https://docs.rs/rustls"),
        ("#here", "docs/security.md", "security.md", "#here"),
        ("../retries.md", "docs/errors/X.md", "errors/X.md", "../retries.md"),
        ("index.md", "docs/errors/X.md", "errors/X.md", "index.md"),
    ],
)
def test_a_link_leads_to_the_page_or_to_the_repository(link: str, source: str, page: str, leads: str) -> None:
    assert links.target(link, source, page, ADDRESSES) == leads


def test_links_in_code_are_left_alone() -> None:
    code = "\n```\n[a](../CHANGELOG.md)\n```\n"
    text = f"[a](../CHANGELOG.md){code}"
    assert links.rewritten(text, "docs/x.md", "x.md", ADDRESSES) == f"[a](changelog.md){code}"


def test_a_new_page_is_in_the_navigation_by_itself() -> None:
    nav = [{"Guides": ["b.md"]}, {"Reference": [*reference.pages()]}]
    assert hooks.completed(nav, ["z.md", "b.md", "a.md"])[0] == {"Guides": ["b.md", "a.md", "z.md"]}


def test_a_docstring_becomes_markdown() -> None:
    text = (
        "Does it. See :class:`Poll`.\n\n==== =====\n`a`  first\n     more\n`b`  ``http://x``\n==== =====\n\n"
        "Raises NotFoundError.\n\n>>> 1\n1\n\nAs in::\n\n    x = 1\n\n    y = 2\n\nEnd."
    )
    assert docstrings.markdown(text).split("\n\n") == [
        "Does it. See `Poll`.",
        "| | |\n| --- | --- |\n| `a` | first more |\n| `b` | ``http://x`` |",
        "Raises [`NotFoundError`][atlas_serverless.errors.NotFoundError].",
        "```pycon\n>>> 1\n1\n```",
        "As in:",
        "```python\nx = 1",
        "y = 2\n```",
        "End.",
    ]


def test_the_drawing_has_every_room_and_no_arrow_that_others_say() -> None:
    drawing = rooms.drawing(ROOT)
    for room in walls_rooms.ROOMS:
        assert f">{room}</text>" in drawing
    for part in ("operations", "serve", "runtime"):
        assert f">{part}</text>" in drawing
    graph: dict[str, set[str]] = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert rooms.direct(graph) == {"a": {"b"}, "b": {"c"}, "c": set()}
    assert rooms.levels(graph) == [["c"], ["b"], ["a"]]
    with pytest.raises(ValueError, match="a circle among a, b"):
        rooms.levels({"a": {"b"}, "b": {"a"}})
