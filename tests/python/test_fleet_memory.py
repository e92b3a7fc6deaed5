"""Memory of a fleet does not grow with its number: each run is a process of its own, and their peaks are compared."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from atlas_serverless import Emulator

if TYPE_CHECKING:
    from pathlib import Path

FLEET = """
import sys

from atlas_serverless import Client

count, *journal = sys.argv[1:]
settings = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
fleet = ({"name": f"n-{number}", "provider_settings": settings} for number in range(int(count)))
with Client() as client:
    for result in client.create_many(fleet, journal=journal[0] if journal else None):
        if result.error is not None:
            raise result.error
with open("/proc/self/status", encoding="ascii") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def peak_kilobytes(count: int, *journal: Path) -> int:
    with Emulator(clusters_per_project=None, rate_limits=False, token_requests_per_minute=None) as emulator:
        done = subprocess.run(
            [sys.executable, "-c", FLEET, str(count), *map(str, journal)],
            env=os.environ | emulator.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stderr, emulator.counters["created"]) == ("", count)
    return int(done.stdout)


# A cluster as Atlas shows it takes more than a kilobyte: 20,000 that were kept are seen, and so are 100 bytes each.
# The allocator grows by a megabyte in the first 10,000; after that the peak is nearly flat (docs/scaling.md).
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_number() -> None:
    assert peak_kilobytes(25_000) - peak_kilobytes(5_000) < 3_000


# Each result is fsynced, so there are fewer: 10,000 of whom name, project and checksum were kept are seen.
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_journal(tmp_path: Path) -> None:
    assert peak_kilobytes(12_000, tmp_path / "many") - peak_kilobytes(2_000, tmp_path / "few") < 2_000
