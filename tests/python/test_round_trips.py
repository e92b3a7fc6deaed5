"""Requests as the server counts them."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import AsyncClient, Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atlas_serverless.emulator import Auth

SPEC: dict[str, Any] = {"provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(clusters_per_project=1000) as emulator:
        yield emulator


def counted(emulator: Emulator) -> Counter[tuple[str, int]]:
    """Requests by path's last part and status."""
    return Counter((request["path"].rsplit("/", 1)[-1], request["status"]) for request in emulator.requests)


def test_100_creates_with_an_api_key_take_101_requests(emulator: Emulator) -> None:
    with emulator.client(auth="api_key") as client:
        for i in range(100):
            client.create_serverless_instance(emulator.group_id, name=f"n{i}", **SPEC)
    assert counted(emulator) == {("serverless", 401): 1, ("serverless", 201): 100}


def test_100_creates_with_a_service_account_take_101_requests(emulator: Emulator) -> None:
    with emulator.client(auth="service_account") as client:
        for i in range(100):
            client.create_serverless_instance(emulator.group_id, name=f"n{i}", **SPEC)
        assert counted(emulator) == {("token", 200): 1, ("serverless", 201): 100}


def test_100_creates_with_a_token_take_100_requests(emulator: Emulator) -> None:
    with emulator.client(auth="access_token") as client:
        for i in range(100):
            client.create_serverless_instance(emulator.group_id, name=f"n{i}", **SPEC)
    assert counted(emulator) == {("serverless", 201): 100}


@pytest.mark.parametrize(
    ("auth", "extra"), [("service_account", {("token", 200): 1}), ("api_key", {("serverless", 401): 1})]
)
def test_8_threads_starting_at_once_authenticate_once(
    emulator: Emulator, auth: Auth, extra: dict[tuple[str, int], int]
) -> None:
    client = emulator.client(auth=auth)
    start = threading.Barrier(8)
    failed: list[BaseException] = []

    def create(i: int) -> None:
        start.wait()
        try:
            client.create_serverless_instance(emulator.group_id, name=f"n{i}", **SPEC)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=create, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert counted(emulator) == {("serverless", 201): 8, **extra}


@pytest.mark.parametrize(
    ("auth", "extra"), [("service_account", {("token", 200): 1}), ("api_key", {("serverless", 401): 1})]
)
def test_256_coroutines_starting_at_once_authenticate_once(
    emulator: Emulator, auth: Auth, extra: dict[tuple[str, int], int]
) -> None:
    async def main() -> None:
        client: AsyncClient = emulator.async_client(auth=auth)
        names = (f"n{i}" for i in range(256))
        await asyncio.gather(*(client.create_serverless_instance(emulator.group_id, name=n, **SPEC) for n in names))

    asyncio.run(main())
    assert counted(emulator) == {("serverless", 201): 256, **extra}
