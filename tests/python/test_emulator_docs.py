"""`docs/emulator.md` is run, and it leaves nothing out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from atlas_serverless import Emulator
from atlas_serverless.emulator._faults import FaultEndpoint, FaultKind

TEXT = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
SEED, SCENARIO = (json.loads(code) for language, code in BLOCKS if language == "json")


@pytest.mark.parametrize("code", PYTHON)
def test_each_example_runs(code: str) -> None:
    exec(compile(code, "docs/emulator.md", "exec"), {"__name__": "example"})


def test_seed_and_scenario_are_taken() -> None:
    with Emulator(seed=SEED, scenario=SCENARIO) as emulator:
        assert emulator.public_key == "abcdefgh"
        assert len(emulator.instances()) == 503
        assert len(emulator.faults.standing()) == 2


def test_the_operations_are_those_of_the_emulator() -> None:
    with Emulator() as emulator:
        operations = emulator.control("GET", "operations")
    rows = [
        f"| {', '.join(f'`{name}`' for name in row['ids'])} | `{row['method']} {row['path']}` | `{row['endpoint']}` |"
        for row in operations
    ]
    table = TEXT.split("| operation | request | endpoint |\n| --- | --- | --- |\n")[1].split("\n\n")[0]
    assert table.splitlines() == rows


def test_every_setting_and_every_kind_of_fault_is_there() -> None:
    with Emulator() as emulator:
        settings = emulator.settings()
        with pytest.raises(ValueError, match="Kinds: ") as refused:
            emulator.fail_next("no such kind")  # type: ignore[arg-type]
        assert emulator.control("GET", "faults/kinds") == list(get_args(FaultKind))
        operations = emulator.control("GET", "operations")
        assert {operation["endpoint"] for operation in operations} == set(get_args(FaultEndpoint)) - {"api"}
    kinds = str(refused.value).split("Kinds: ")[1].rstrip(".").split(", ")
    missing = [name for name in [*settings, *kinds] if f"`{name}`" not in TEXT]
    assert missing == []
