"""What MkDocs builds beside `docs/*.md`: pages that are made from the code, and links that lead out of `docs/`.

Every generated page is made anew at each build, so that none can be out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docsite import command_line, error_pages, links, project, reference, rooms

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

#: New pages of `docs/` that `mkdocs.yml` does not name stand at the end of this section.
GUIDES = "Guides"


def generated(root: Path) -> dict[str, str]:
    """The made pages by their place in the site."""
    return {
        "reference/command-line.md": command_line.page(),
        "rooms.md": rooms.page(root),
        "rooms.svg": rooms.drawing(root),
        **project.pages(root),
        **error_pages.pages(root),
        **reference.pages(),
    }


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    addresses = project.addresses(_root(config))
    config.site_url = addresses.site
    # Not as `repo_url`: the theme would ask that host for the number of stars.
    config.extra["social"] = [{"icon": "material/source-repository", "link": addresses.repository, "name": "Source"}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    from mkdocs.structure.files import File

    for path, text in generated(_root(config)).items():
        files.append(File.generated(config, path, content=text))
    in_docs = [file.src_uri for file in files.documentation_pages() if file.generated_by is None]
    config.nav = completed(config.nav or [], in_docs)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    source = project.SOURCES.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    return links.rewritten(markdown, source, page.file.src_uri, project.addresses(_root(config)))


def completed(nav: list[dict[str, list[str]]], in_docs: list[str]) -> list[dict[str, list[str]]]:
    """The navigation with the made pages, and with those of `docs/` that it does not name."""
    named = {page for section in nav for pages in section.values() for page in pages}
    more = {GUIDES: sorted(set(in_docs) - named), "Reference": sorted(reference.pages().keys() - named)}
    return [{title: [*pages, *more.get(title, [])]} for section in nav for title, pages in section.items()]


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).resolve().parent
