"""One user's script, unchanged, at every date in the history of the serverless endpoints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from atlas_serverless import Emulator

SCRIPT = Path(__file__).resolve().parents[2] / "examples/old_automation.py"
TIMES = {
    "2024": "2024-06-01T12:00:00Z",
    "2025": "2025-06-01T12:00:00Z",
    "2025-12": "2025-12-20T12:00:00Z",
    "2026": "2026-02-01T12:00:00Z",
    "2027": "2027-02-01T12:00:00Z",
}


def script(emulator: Emulator, command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MONGODB_ATLAS_")}
    return subprocess.run(
        [sys.executable, SCRIPT, command],
        capture_output=True,
        text=True,
        env={**environment, **emulator.environment()},
        check=False,
        timeout=60,
    )


def writes(emulator: Emulator) -> list[str]:
    ours = [r for r in emulator.requests if r["endpoint"] in ("serverless", "flex") and r["method"] != "GET"]
    return [f"{r['method']} {r['endpoint']} {r['status']}" for r in ours]


@pytest.mark.parametrize(
    ("calendar", "retired_reply"),
    [*((calendar, 410) for calendar in TIMES), ("2026", 404), ("2026", 405), ("2027", 404), ("2027", 405)],
)
def test_the_same_script_in_every_time(calendar: Any, retired_reply: Any) -> None:
    gone = calendar in ("2026", "2027")
    kind = "flex" if gone else "serverless"
    with Emulator(
        calendar=calendar, clock=TIMES[calendar], provisioning="at_once", retired_reply=retired_reply
    ) as emulator:
        first, second, down = script(emulator, "up"), script(emulator, "up"), script(emulator, "down")
        ready = "reports IDLE [{'key': 'owner', 'value': 'reporting'}] mongodb+srv://\n"
        assert first.stdout == "created reports IDLE\n" + ready, first.stderr
        assert second.stdout == ready, second.stderr
        assert down.stdout == "protected\ngone None\n", down.stderr
        assert emulator.instances() == []
        carried_out = [line for line in writes(emulator) if int(line[-3:]) < 300]
        deleted = f"DELETE {kind} {204 if gone else 202}"
        assert carried_out == [
            f"POST {kind} 201",
            f"PATCH {kind} 200",
            f"PATCH {kind} 200",
            f"PATCH {kind} 200",
            deleted,
        ]
        # In 2027 the list has said so already.
        assert writes(emulator).count(f"POST serverless {retired_reply}") == (calendar == "2026")
    said = first.stderr + second.stderr + down.stderr
    assert "Traceback" not in said
    assert ('on_retired="flex"); change to create_flex_cluster' in first.stderr) is gone
    assert ("without serverlessBackupOptions" in first.stderr) is gone
    announced = "createServerlessInstance deprecated (since Wed, 10 Dec 2025" in said
    if not gone:
        assert announced is (calendar == "2025-12")


def test_a_script_that_is_running_when_the_endpoint_ends() -> None:
    with Emulator(calendar="2025-12", clock=TIMES["2025-12"], provisioning="at_once") as emulator:
        assert script(emulator, "up").returncode == 0
        emulator.set_calendar("2026")
        emulator.clock.set(TIMES["2026"])
        again = script(emulator, "up")
        assert again.stdout.startswith("reports IDLE"), again.stderr
        assert script(emulator, "down").returncode == 0
        assert emulator.instances() == []
        assert [line for line in writes(emulator) if line.startswith("POST")] == ["POST serverless 201"]
