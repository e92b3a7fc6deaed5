"""The line that a task's log gets for each look at a resource."""

from __future__ import annotations

from typing import Any


def log_poll(log: Any, poll: Any) -> None:
    """`poll` is an :class:`atlas_serverless.types.Poll`."""
    if poll.last_error:
        ending = "the wait is over" if poll.done else f"waiting for {poll.wanted} goes on"
        log.warning("%s: %s; %s", poll.name, poll.last_error, ending)
    else:
        log.info("%s: %s after %.0f s, waiting for %s", poll.name, poll.state, poll.elapsed, poll.wanted)
