"""The steps of a `prepare.py` beside tests: each is run once, and again when what it reads has changed."""

import hashlib
import pathlib
import time


def run_steps(here, cache, steps):
    """Runs those of `steps` that `cache` does not know as done: functions, and the files in `here` that each reads."""
    cache.mkdir(parents=True, exist_ok=True)
    for step, inputs in steps.items():
        files = [*(here / name for name in [*inputs, "prepare.py"]), pathlib.Path(__file__)]
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
        stamp = cache / f"{step.__name__}.stamp"
        if stamp.exists() and stamp.read_text() == digest:
            continue
        started = time.monotonic()
        step()
        stamp.write_text(digest)
        print(f"{here.name}: {step.__name__} ready in {time.monotonic() - started:.0f} s", flush=True)
