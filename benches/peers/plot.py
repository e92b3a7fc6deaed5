#!/usr/bin/env python3
"""Draws µs of CPU per create, one after another, as an SVG: the sentence of this project in one picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from xml.sax.saxutils import escape

import layout
from figures import Figures, Key

ROW, LEFT, WIDTH, TOP = 22, 170, 520, 34
NAMES = {layout.FLOOR: "plain Rust (reqwest)", "atlas_serverless": "atlas-serverless"}
SHOWN = (
    "rust_current",
    "atlas_serverless",
    "pyreqwest",
    "pycurl",
    "http_client",
    "httpx",
    "pyatlassdk",
    "requests",
    "aiohttp",
)
#: Its own background, so that it can be read where a page is dark and the reader's system is not.
STYLE = """\
<style>
  .paper { fill: #fff } text { fill: #1c2b2a } .floor { fill: #888 } .ours { fill: #00684a } .peer { fill: #b8c4c2 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #1e2129 } text { fill: #dfe6e5 }
    .floor { fill: #999 } .ours { fill: #00b582 } .peer { fill: #5d6b69 }
  }
</style>"""
CLASSES = {"atlas_serverless": "ours", layout.FLOOR: "floor"}


def drawn(bars: list[tuple[str, float]]) -> str:
    longest = max(value for _, value in bars)
    height = TOP + ROW * len(bars) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 70}" height="{height}" '
        'font-family="sans-serif" font-size="13">',
        STYLE,
        f'<rect class="paper" width="100%" height="{height}"/>',
        '<text x="10" y="20" font-weight="bold">CPU per create, µs, one after another (less is better)</text>',
    ]
    for i, (name, value) in enumerate(bars):
        y = TOP + ROW * i
        length = max(2, round(WIDTH * value / longest))
        lines += [
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(NAMES.get(name, name))}</text>',
            f'<rect class="{CLASSES.get(name, "peer")}" x="{LEFT}" y="{y + 2}" width="{length}" height="{ROW - 6}"/>',
            f'<text x="{LEFT + length + 6}" y="{y + 14}">{value:.0f}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("runs", nargs="?", default="run.jsonl", help="file in .cache/bench/results")
    p.add_argument("--out", type=Path, default=layout.RESULTS / "creates.svg")
    a = p.parse_args()
    figures = Figures(layout.RESULTS / a.runs)
    bars = [(name, figures.get(Key(name), "cpu_us")) for name in SHOWN]
    known = [(name, value) for name, value in bars if value is not None]
    a.out.write_text(drawn(sorted(known, key=lambda bar: bar[1])))
    print(a.out)


if __name__ == "__main__":
    main()
