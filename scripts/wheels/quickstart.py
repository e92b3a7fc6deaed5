"""What a new user does first, with nothing but an installed wheel: a cluster in the emulator, created and deleted."""

from __future__ import annotations

import asyncio
import platform
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import atlas_serverless
from atlas_serverless import AsyncClient, Client, Emulator, errors

SPEC = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


def sync(emulator: Emulator) -> None:
    with emulator.client() as client:
        cluster = client.create_flex_cluster(name="orders", provider_settings=SPEC, wait=True)
        assert cluster["stateName"] == "IDLE", cluster
        assert [found["name"] for found in client.list_flex_clusters()] == ["orders"]
        client.delete_flex_cluster(name="orders", wait=True)


async def in_a_loop(emulator: Emulator) -> None:
    async with emulator.async_client() as client:
        names = [f"orders-{number}" for number in range(8)]
        calls = [client.create_flex_cluster(name=name, provider_settings=SPEC, wait=True) for name in names]
        clusters = await asyncio.gather(*calls)
        assert [cluster["name"] for cluster in clusters] == names, clusters


def tls() -> None:
    """Nobody listens there, but the certificates that the system trusts are read first."""
    with Client(access_token="x", base_url="https://127.0.0.1:1", group_id="0" * 24, max_retries=0) as client:
        try:
            client.get_flex_cluster(name="orders")
        except errors.ConnectError:
            return
    raise AssertionError("nobody should have answered")


def c_library() -> tuple[str, ...]:
    """What this process has loaded; Python knows of glibc alone, before 3.14."""
    maps = Path("/proc/self/maps")
    loaded = maps.exists() and re.search(r"/ld-musl-|/\w+-linux-musl/libc\.so", maps.read_text())
    return ("musl",) if loaded else platform.libc_ver()


def main() -> None:
    with Emulator(provisioning_seconds=0.05) as emulator:
        sync(emulator)
        asyncio.run(in_a_loop(emulator))
    assert AsyncClient.__module__.startswith("atlas_serverless")
    tls()
    command = [sys.executable, "-m", "atlas_serverless", "--version"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert shown == f"atlas-serverless {atlas_serverless.__version__}", shown
    gil = "without the GIL" if sysconfig.get_config_var("Py_GIL_DISABLED") else "with the GIL"
    python = f"{platform.python_implementation()} {platform.python_version()} {gil}"
    system = " ".join([platform.system(), platform.machine(), *c_library()]).rstrip()
    print(f"quickstart: works on {python}, {system}")


if __name__ == "__main__":
    main()
