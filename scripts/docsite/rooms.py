"""“The rooms” of README as a page, with a drawing of which room uses which, made from the code's own imports."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from walls import rust_arrows
from walls.arrows import Arrow

DRAWING = "![Which room uses which](docs/rooms.svg)"
#: Sizes of the drawing, in pixels.
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 104, 30, 18, 40, 24
STYLE = """\
  <style>
    text { font: 13px system-ui, sans-serif; fill: #1c2b2a; text-anchor: middle; dominant-baseline: central }
    .title { font-weight: 600; font-size: 15px }
    .box { fill: #fff; stroke: #00897b; rx: 5px }
    .room { fill: #eef6f5; stroke: none; rx: 10px }
    path { fill: none; stroke: #5f8f8a; marker-end: url(#tip) }
  </style>
  <defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">
    <path d="M0,0 L8,4 L0,8 z" style="fill: #5f8f8a; stroke: none; marker-end: none"/></marker></defs>
"""


def page(root: Path) -> str:
    """README's section, below the drawing."""
    section = (root / "README.md").read_text(encoding="utf-8").partition("\n## The rooms\n")[2].partition("\n## ")[0]
    return (
        "# How it is made: the rooms\n\n"
        "Each box is a folder or file of `src/`; an arrow says that the upper one uses the lower one. Where a path of "
        "arrows says it already, none is drawn. Made from the imports in the code.\n\n"
        f"{DRAWING}\n{section}"
    )


def uses(arrows: Iterable[Arrow], room: str) -> dict[str, set[str]]:
    """For each part of a room the parts that its files import from."""
    found: dict[str, set[str]] = {}
    for arrow in arrows:
        user, used = _part(arrow.user, room), _part(arrow.used, room)
        if user and used and user != used:
            found.setdefault(user, set()).add(used)
            found.setdefault(used, set())
    return found


def _part(path: str, room: str) -> str:
    inside = path.removeprefix(f"src/{room}/")
    return "" if inside in (path, "mod.rs") else inside.partition("/")[0].removesuffix(".rs")


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """Everything that `start` uses, directly or through others."""
    found: set[str] = set()
    left = [start]
    while left:
        more = graph[left.pop()] - found
        found |= more
        left += more
    return found


def direct(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The arrows that no path of others replaces."""
    return {
        user: {name for name in used if not any(name in reachable(graph, other) for other in used - {name})}
        for user, used in graph.items()
    }


def levels(graph: dict[str, set[str]]) -> list[list[str]]:
    """The parts from those that use nothing upwards: each stands above all that it uses."""
    depth: dict[str, int] = {}
    while len(depth) < len(graph):
        ready = [name for name in graph if name not in depth and graph[name] <= depth.keys()]
        if not ready:
            raise ValueError(f"a circle among {', '.join(sorted(graph.keys() - depth.keys()))}")
        depth |= {name: 1 + max((depth[used] for used in graph[name]), default=-1) for name in ready}
    return [sorted(name for name in depth if depth[name] == level) for level in range(max(depth.values()) + 1)]


def drawing(root: Path) -> str:
    """The SVG: one column for each room."""
    arrows = rust_arrows.arrows(root)
    left, shapes, tallest = MARGIN, [], 0
    for room in ("binding", "core", "emulator"):
        graph = uses(arrows, room)
        width, height, drawn = _room(room, graph, left)
        shapes += drawn
        left += width + MARGIN
        tallest = max(tallest, height)
    size = f'viewBox="0 0 {left} {tallest + 2 * MARGIN}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n{STYLE}' + "\n".join(shapes) + "\n</svg>\n"


def _room(room: str, graph: dict[str, set[str]], left: int) -> tuple[int, int, list[str]]:
    rows = levels(graph)[::-1]
    inner = max(len(row) for row in rows) * (WIDTH + GAP_X) - GAP_X
    width, height = inner + 2 * GAP_X, 44 + len(rows) * (HEIGHT + GAP_Y)
    places: dict[str, tuple[int, int]] = {}
    for down, row in enumerate(rows):
        start = left + (width - len(row) * (WIDTH + GAP_X) + GAP_X) // 2
        places |= {
            name: (start + at * (WIDTH + GAP_X), MARGIN + 44 + down * (HEIGHT + GAP_Y)) for at, name in enumerate(row)
        }
    shapes = [f'  <rect class="room" x="{left}" y="{MARGIN}" width="{width}" height="{height}"/>']
    shapes += [f'  <text class="title" x="{left + width // 2}" y="{MARGIN + 20}">{room}</text>']
    for user, used in sorted(direct(graph).items()):
        shapes += [_arrow(places[user], places[name]) for name in sorted(used)]
    for name, (x, y) in places.items():
        shapes += [f'  <rect class="box" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}"/>']
        shapes += [f'  <text x="{x + WIDTH // 2}" y="{y + HEIGHT // 2}">{name}</text>']
    return width, height, shapes


def _arrow(user: tuple[int, int], used: tuple[int, int]) -> str:
    (x0, y0), (x1, y1) = user, used
    x0, x1, y0 = x0 + WIDTH // 2, x1 + WIDTH // 2, y0 + HEIGHT
    bend = min(GAP_Y, (y1 - y0) // 2)
    return f'  <path d="M{x0},{y0} C{x0},{y0 + bend} {x1},{y1 - bend} {x1},{y1}"/>'
