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
    """“32 faults at 7 points of a create …: 522 cases”, “2,000 creates, 32 at once”."""
    text = " ".join((ROOT / page).read_text().split()).replace(",000", "000")
    assert set(re.findall(r"(\d+) faults at (\d+) points", text)) == {figures("faults", "points")}
    assert set(re.findall(r"(\d+) cases", text)) == {str(FIGURES["cases"])}
    assert set(re.findall(r"(\d+) creates, (\d+) at once", text)) == {figures("creates", "at_once")}


def figures(*names: str) -> tuple[str, ...]:
    return tuple(str(FIGURES[name]) for name in names)
