"""A token shared by the processes of a machine."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import systems
from atlas_serverless import Client, Emulator, errors

#: Asks for the projects once it is told to start, and says how many there are and how many warnings.
ASK = """
import sys, warnings
from atlas_serverless import Client
warnings.simplefilter("error")
print("ready", flush=True)
sys.stdin.read()
with Client() as client:
    print(len(list(client.list_projects())))
"""

#: Fetches and stores tokens as fast as it can.
WRITE = """
from atlas_serverless import Client
print("ready", flush=True)
while True:
    with Client() as client:
        list(client.list_projects())
"""


@pytest.fixture
def cache(home: Path) -> Path:
    return systems.cache_folder(home) / "atlas-serverless" / "tokens"


@pytest.fixture
def shared(environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    monkeypatch.setenv("ATLAS_SERVERLESS_TOKEN_CACHE", "file")
    return environment


def token_requests(emulator: Emulator) -> int:
    return int(emulator.counters["by_operation"].get("createToken", 0))


@contextlib.contextmanager
def processes(count: int, program: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that have imported everything and wait."""
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(count)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate(timeout=10)


def test_of_64_processes_that_start_together_one_fetches(shared: Emulator) -> None:
    with processes(64, ASK) as asking:
        assert token_requests(shared) == 0
        begun = time.monotonic()
        for process in asking:
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None
        answers = [process.communicate(timeout=30) for process in asking]
        took = time.monotonic() - begun
    assert {(process.returncode, *answer) for process, answer in zip(asking, answers, strict=True)} == {(0, "1\n", "")}
    assert token_requests(shared) == 1
    assert shared.counters["by_operation"]["listGroups"] == 64
    assert shared.counters["tokens_revoked"] == 0
    assert took < 20


def test_killed_while_writing(shared: Emulator, cache: Path) -> None:
    """Whoever comes after a killed process finds a cache that works, at once and without a warning."""
    shared.settings(token_lifetime_seconds=1.0)  # such a token is never kept for the next: every process writes
    chance = random.Random(6)
    killed = 0
    for _ in range(12):
        with processes(4, WRITE) as writing:
            time.sleep(chance.uniform(0.0, 0.06))
            for process in writing:
                process.send_signal(signal.SIGKILL)
                killed += process.wait(10) == -signal.SIGKILL
        for path in cache.glob("*.json"):
            assert json.loads(path.read_text())["access_token"], path
        begun = time.monotonic()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Client() as client:
                assert list(client.list_projects())
        assert time.monotonic() - begun < 5
    assert killed == 48
    assert token_requests(shared) >= 24
    assert len(list(cache.glob("*.json"))) == 1


def test_the_holder_of_the_lock_is_killed_while_others_wait(shared: Emulator) -> None:
    shared.faults.order("stall", endpoint="token")
    with processes(3, ASK) as asking:
        first, *others = asking
        assert first.stdin is not None
        first.stdin.close()
        first.stdin = None
        _until(lambda: token_requests_seen(shared) == 1)
        for process in others:
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None
        time.sleep(0.2)
        first.kill()
        begun = time.monotonic()
        for process in others:
            assert process.communicate(timeout=15) == ("1\n", "")
        assert time.monotonic() - begun < 5
    assert token_requests_seen(shared) == 2  # the one that was killed, and one for both others


def token_requests_seen(emulator: Emulator) -> int:
    return sum(request["endpoint"] == "token" for request in emulator.requests)


def _until(condition: object, patience: float = 10.0) -> None:
    assert callable(condition)
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_modes_and_content(shared: Emulator, cache: Path) -> None:
    with Client() as client:
        list(client.list_projects())
    assert cache.stat().st_mode & 0o777 == 0o700
    (entry,) = cache.glob("*.json")
    for path in cache.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    content = json.loads(entry.read_text())
    assert set(content) == {
        "version",
        "base_url",
        "client_id",
        "secret_hash",
        "access_token",
        "renew_at",
        "expires_at",
    }
    assert len(content["secret_hash"]) == 64
    assert shared.client_secret not in entry.read_text()
    assert 3000 < content["expires_at"] - time.time() <= 3600


def test_a_token_that_the_server_refuses_is_fetched_once(shared: Emulator) -> None:
    clients = [Client() for _ in range(3)]
    for client in clients:
        list(client.list_projects())
    assert token_requests(shared) == 1
    shared.expire_tokens()
    for client in clients:
        list(client.list_projects())
    assert token_requests(shared) == 2


def test_closing_one_client_leaves_the_others_their_token(shared: Emulator, tmp_path: Path) -> None:
    with Client() as first:
        list(first.list_projects())
    with Client() as second:
        list(second.list_projects())
    assert (token_requests(shared), shared.counters["tokens_revoked"]) == (1, 0)
    with Client(token_cache="memory") as own:
        list(own.list_projects())
    assert (token_requests(shared), shared.counters["tokens_revoked"]) == (2, 1)
    with Client(token_cache=tmp_path / "elsewhere") as other:
        list(other.list_projects())
    assert (token_requests(shared), shared.counters["tokens_revoked"]) == (3, 1)
    assert len(list((tmp_path / "elsewhere").glob("*.json"))) == 1


@pytest.mark.parametrize("given", ["file", "path", "home"])
def test_where_the_environment_says(
    given: str, *, environment: Emulator, home: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"file": "file", "path": str(tmp_path / "t" / "tokens"), "home": "~/tokens"}
    expected = {"file": cache, "path": tmp_path / "t" / "tokens", "home": home / "tokens"}[given]
    monkeypatch.setenv("ATLAS_SERVERLESS_TOKEN_CACHE", values[given])
    with Client() as client:
        list(client.list_projects())
        assert f"Tokens: kept in {expected} (ATLAS_SERVERLESS_TOKEN_CACHE)\n" in client.credentials.explain()
    assert len(list(expected.glob("*.json"))) == 1


@pytest.mark.parametrize("word", ["flie", "File", "MEMORY", "tokens"])
def test_a_misspelt_word_for_the_token_cache_is_refused(
    word: str, environment: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.ConfigurationError, match=f"a folder with a / in it, such as ./tokens; not “{word}”"):
        Client(token_cache=word)
    Client(token_cache=f"./{word}").close()


def test_a_cache_that_cannot_be_used_is_a_warning_and_tokens_stay_in_memory(
    environment: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file" / "tokens", tmp_path / "open"):
        (tmp_path / "open").mkdir(exist_ok=True)
        (tmp_path / "open").chmod(0o777)
        with Client(token_cache=folder) as client:
            with pytest.warns(errors.CredentialWarning, match="is not used: .*; tokens stay in memory"):
                list(client.list_projects())
            list(client.list_projects())


def test_a_damaged_entry_is_a_warning_and_is_replaced(shared: Emulator, cache: Path) -> None:
    with Client() as client:
        list(client.list_projects())
    (entry,) = cache.glob("*.json")
    for content in ("", "{", "[]", entry.read_text()[:100], "\0" * 50):
        entry.write_text(content)
        with Client() as client, pytest.warns(errors.CredentialWarning, match="was damaged and has been removed"):
            assert list(client.list_projects())
        assert json.loads(entry.read_text())["access_token"]


def test_other_kinds_of_credentials_have_nothing_to_share(shared: Emulator, cache: Path) -> None:
    for auth in ("api_key", "access_token"):
        with shared.client(auth) as client:
            list(client.list_projects())
            assert "Tokens:" not in client.credentials.explain()
    assert not cache.exists()
    assert os.environ["ATLAS_SERVERLESS_TOKEN_CACHE"] == "file"


def test_a_cached_token_is_for_its_own_secret_only(shared: Emulator, cache: Path) -> None:
    options: dict[str, Any] = {"client_id": shared.client_id, "base_url": shared.url}
    with Client(client_secret=shared.client_secret, **options) as client:
        list(client.list_projects())
    with Client(client_secret="mdb_sa_sk_wrong", **options) as client:
        with pytest.raises(errors.AuthenticationError, match="invalid_client"):
            list(client.list_projects())
    with Client(client_secret=shared.client_secret, **options) as client:
        list(client.list_projects())
    assert token_requests(shared) == 2  # the wrong secret's is the second; the right one's token is still there


def test_an_entry_of_an_earlier_version_is_replaced_without_a_word(shared: Emulator, cache: Path) -> None:
    with Client() as client:
        list(client.list_projects())
    [entry] = cache.glob("*.json")
    content = json.loads(entry.read_text())
    del content["secret_hash"]
    entry.write_text(json.dumps(content))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Client() as client:
            list(client.list_projects())
    assert token_requests(shared) == 2
    assert "secret_hash" in json.loads(entry.read_text())
