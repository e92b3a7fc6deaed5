"""Links of pages that are read on the site and in the repository: where each leads on the site."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

#: Files outside `docs/` that are a page of the site; a heading of README that is a page of its own.
PAGES = {
    "README.md": "index.md",
    "README.md#the-rooms": "rooms.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "RELEASING.md": "releasing.md",
}


class Addresses(NamedTuple):
    """Where the repository and the site are in public."""

    repository: str
    site: str


FENCE = re.compile(r"(^(?:```|~~~).*?^(?:```|~~~)[ ]*$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")


def rewritten(markdown: str, source: str, page: str, addresses: Addresses) -> str:
    """The page with its links as they are on the site.

    `source` is the file in the repository that the text stands in, `page` its place in the site.
    """
    parts = FENCE.split(markdown)  # every second one is a block of code
    parts[::2] = [LINK.sub(lambda link: target(link[1], source, page, addresses), part) for part in parts[::2]]
    return "".join(parts)


def target(link: str, source: str, page: str, addresses: Addresses) -> str:
    """Where one link leads: to a page of the site if there is one, else to the file in the repository.

    Pages that are made have no file: they are linked by their public address.
    """
    blob = f"{addresses.repository}/blob/main/"
    if link.startswith(blob):
        link, source = link.removeprefix(blob), ""
    if link.startswith(addresses.site):
        path, mark, anchor = link.removeprefix(addresses.site).partition("#")
        return _relative(_page(path.strip("/")), page) + mark + anchor
    if "://" in link or link.startswith(("#", "mailto:")):
        return link
    path, mark, anchor = link.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if path.startswith("docs/"):
        return _relative(path.removeprefix("docs/"), page) + mark + anchor
    if page_of_it := PAGES.get(path + mark + anchor):
        return _relative(page_of_it, page)
    if page_of_it := PAGES.get(path):
        return _relative(page_of_it, page) + mark + anchor
    return f"{blob}{path}{mark}{anchor}"


def _page(address: str) -> str:
    """The page at an address within the site."""
    return f"{address}/index.md".lstrip("/") if address in ("", "errors", "reference") else f"{address}.md"


def _relative(inside: str, page: str) -> str:
    return posixpath.relpath(inside, posixpath.dirname(page) or ".")
