"""Connections that the server closes between two calls of a thread."""

from __future__ import annotations

import threading
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


def test_closing_a_client_closes_the_connections_of_every_thread() -> None:
    with Canned(answer=idle_or_stalled) as server:
        client = server.client()
        called, done = threading.Semaphore(0), threading.Event()

        def call() -> None:
            client.get_flex_cluster(GROUP, "a")
            called.release()
            done.wait(30)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert called.acquire(timeout=10)
        client.close()
        try:
            # While their threads are still there.
            server.await_closed(server.opened)
        finally:
            done.set()
            for thread in threads:
                thread.join()
