"""A machine on which nothing is set: an empty home, no credentials, no proxies, no certificates but the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import Authority, TlsServer

import systems
from atlas_serverless import Emulator

_OURS = ("MONGODB_ATLAS_", "MCLI_", "ATLAS_SERVERLESS_", "SSL_CERT_")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of this test's user."""
    for name in list(os.environ):
        if name.startswith(_OURS) or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    for name, value in systems.variables(home).items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture
def profile(home: Path) -> Any:
    """Writes the Atlas CLI's file: `profile('[default]\\n…')`."""

    def write(content: str, mode: int = 0o600) -> Path:
        path = systems.profile_file(home)
        path.write_text(content)
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def environment(atlas_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator, with its service account in the environment."""
    for name, value in atlas_emulator.environment().items():
        monkeypatch.setenv(name, value)
    return atlas_emulator


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that nobody trusts yet."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def tls_server(authority: Authority, atlas_emulator: Emulator) -> Iterator[TlsServer]:
    """The emulator behind TLS."""
    with TlsServer(authority, atlas_emulator.url) as server:
        yield server


class CommandLine:
    """Runs `atlas-serverless …` in a process of its own."""

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "atlas_serverless", *arguments]
        env = {**os.environ, **environment}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def command() -> CommandLine:
    return CommandLine()
