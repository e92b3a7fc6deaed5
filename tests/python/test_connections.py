"""Connections that the server closes between two calls of a thread."""

from __future__ import annotations

import time

from canned import GROUP, Canned, idle_or_stalled


def test_a_connection_closed_while_the_thread_rested_costs_no_attempt() -> None:
    with Canned(answer=idle_or_stalled, idle=0.05) as server, server.client() as client:
        attempts = []
        for _ in range(3):
            attempts.append(client.with_raw_response.get_flex_cluster(GROUP, "a").attempts)
            time.sleep(0.2)  # the server's clock cannot be handed in: it is the kernel that closes
        assert attempts == [1, 1, 1]
        assert server.opened == 3
