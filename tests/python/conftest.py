"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from canned import Canned, idle_or_stalled

# A shell without job control starts background jobs with Ctrl-C ignored, and children inherit that; tests press Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def server() -> Iterator[Canned]:
    """A server of an IDLE instance; it never answers a request whose path contains ``stalled``."""
    with Canned(answer=idle_or_stalled, remember=False) as server:
        yield server
