"""The figures about faults that the documentation states are those of the tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from test_faults import POINTS, TABLE, cases

ROOT = Path(__file__).parents[2]
FIGURES = json.loads((ROOT / "tests/fixtures/fault_figures.json").read_text())


def test_the_figures_are_those_of_the_table() -> None:
    """The Rust suite compares the rest of them with what it did."""
    assert (FIGURES["faults"], FIGURES["points"]) == (len(TABLE["faults"]), len(POINTS))
    assert FIGURES["cases"] == len(list(cases()))


@pytest.mark.parametrize("page", ["README.md", "docs/retries.md"])
def test_pages_that_state_figures_state_these(page: str) -> None:
    """“32 faults at 7 points of a create …: 522 cases”, “2000 creates, 32 at once”."""
    text = " ".join((ROOT / page).read_text().split())
    for faults, points in re.findall(r"(\d+) faults at (\d+) points", text):
        assert (int(faults), int(points)) == (FIGURES["faults"], FIGURES["points"])
    for found in re.findall(r"(\d[\d,]*) cases", text):
        assert int(found.replace(",", "")) == FIGURES["cases"]
    for creates, at_once in re.findall(r"(\d[\d,]*) creates, (\d+) at once", text):
        assert (int(creates.replace(",", "")), int(at_once)) == (FIGURES["creates"], FIGURES["at_once"])
    if page == "docs/retries.md":
        assert "faults at" in text
