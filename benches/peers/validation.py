#!/usr/bin/env python3
"""Times what this project does with a full spec before it sends a byte: from keyword arguments to a checked body.

A closed client refuses a call once it is checked. Taken off is what the refusal itself costs, measured by a call
without a spec, and the dict that Python makes of keyword arguments for any function. `--inside` is for the measured
process.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import timeit
from collections.abc import Callable

import layout
from bench import clean_environment
from server import pin

GROUP = "5f1b2c3d4e5f6a7b8c9d0e1f"
SPEC = {
    "name": "instance-1",
    "provider_settings": {
        "backing_provider_name": "AWS",
        "provider_name": "SERVERLESS",
        "region_name": "US_EAST_1",
    },
    "serverless_backup_options": {"serverless_continuous_backup_enabled": True},
    "tags": [{"key": "env", "value": "dev"}],
    "termination_protection_enabled": False,
}
BAR = 2.5


def inside() -> None:
    import atlas_serverless

    client = atlas_serverless.Client(access_token="none", base_url="http://127.0.0.1:1")
    client.close()

    def create() -> None:
        with contextlib.suppress(RuntimeError):
            client.create_serverless_instance(GROUP, **SPEC)

    def get() -> None:
        with contextlib.suppress(RuntimeError):
            client.get_serverless_instance(GROUP, "instance-1")

    def microseconds(call: Callable[[], None], times: int = 20_000) -> float:
        return min(timeit.repeat(call, number=times, repeat=9)) / times * 1e6

    def keywords() -> None:
        dict(**SPEC)

    print(microseconds(create) - microseconds(get) - microseconds(keywords))


def main() -> int:
    if "--inside" in sys.argv:
        inside()
        return 0
    command = pin([layout.python({"PYTHON": "product"}), __file__, "--inside"], 1)
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=clean_environment())
    took = float(done.stdout)
    print(f"validation of a full spec, from keyword arguments to a body: {took:.2f} us (bar: {BAR})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
