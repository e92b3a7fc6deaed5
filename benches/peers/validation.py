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

BAR = 2.5


def inside() -> None:
    sys.path.insert(0, str(layout.HERE / "clients"))
    import common

    import atlas_serverless

    spec = common.body(1)
    client = atlas_serverless.Client(access_token="none", base_url="http://127.0.0.1:1")
    client.close()

    def create() -> None:
        with contextlib.suppress(RuntimeError):
            client.create_serverless_instance(common.GROUP, **spec)

    def get() -> None:
        with contextlib.suppress(RuntimeError):
            client.get_serverless_instance(common.GROUP, "instance-1")

    def microseconds(call: Callable[[], None], times: int = 20_000) -> float:
        return min(timeit.repeat(call, number=times, repeat=9)) / times * 1e6

    def keywords() -> None:
        dict(**spec)

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
