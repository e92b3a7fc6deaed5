"""A marked secret is given in every place where one can be given, everything that can fail fails, and the mark is
nowhere to be seen."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakes import Proxy
from hunting import forms, hidden, of_exception, of_object

from atlas_serverless import AsyncClient, Client, Emulator, cli, errors
from listener import free_port

MARK = "SECRETMARK-7c1f93e2b8a04d56"
STATUSES = (400, 401, 402, 403, 404, 405, 406, 409, 410, 418, 429, 500, 503)
SPEC: Any = {"name": "orders", "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}}


class Watch:
    """Collects what can be seen while a test runs, and compares it with the mark."""

    def __init__(self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
        self.secrets = forms(MARK)
        self.looked_at = 0
        self._caplog, self._capfd = caplog, capfd
        caplog.set_level(logging.DEBUG)
        caplog.set_level(logging.DEBUG, logger="atlas_serverless")

    def object(self, thing: Any) -> None:
        self.looked_at += hidden(self.secrets, of_object(thing))

    def failure(self, call: Callable[[], Any], kind: Any = Exception) -> Any:
        """Calls what must fail, and looks at how."""
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with pytest.raises(kind) as caught:
                call()
        self.looked_at += hidden(self.secrets, of_exception(caught.value))
        self.looked_at += hidden(self.secrets, (f"{one.message!r} {one.message}" for one in said))
        return caught.value

    def close(self) -> None:
        logs = "\n".join(f"{record.getMessage()} {record.args!r} {record.__dict__}" for record in self._caplog.records)
        printed = self._capfd.readouterr()
        self.looked_at += hidden(self.secrets, iter((logs, self._caplog.text, printed.out, printed.err)))
        assert self.looked_at > 4


@pytest.fixture
def watch(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Watch]:
    watch = Watch(caplog, capfd)
    yield watch
    watch.close()


@pytest.fixture
def account(atlas_emulator: Emulator, watch: Watch) -> str:
    """A service account whose secret is the mark; its id."""
    order = {"kind": "service_account", "secret": MARK, "role": "Project Owner"}
    made = atlas_emulator.control("POST", "identities", order)
    watch.secrets |= forms(MARK, made["id"])
    return str(made["id"])


@pytest.fixture
def key(atlas_emulator: Emulator) -> str:
    """An API key whose private part is the mark; its public part."""
    order = {"kind": "api_key", "secret": MARK, "role": "Project Owner"}
    return str(atlas_emulator.control("POST", "identities", order)["id"])


untyped: Any = Client


def listed(client: Client) -> list[Any]:
    return list(client.list_projects())


def by_arguments(account: str, key: str) -> dict[str, dict[str, Any]]:
    return {
        "service account": {"client_id": account, "client_secret": MARK},
        "API key": {"public_key": key, "private_key": MARK},
    }


def every_failure(watch: Watch, emulator: Emulator, make: Callable[..., Client], echo: Callable[[], str]) -> None:
    """Every class of error that a server or a network can cause. `echo` is what a reply repeats of the request."""

    def call(client: Client, **more: Any) -> Any:
        return lambda: client.create_flex_cluster(emulator.group_id, **SPEC, **more)

    options = {"max_retries": 1, "max_retry_time": 0.5, "timeout": 10.0, "reconcile": False}
    with make(**options) as client:
        watch.object(client)
        watch.object(client.credentials)
        assert MARK not in client.credentials.explain()
        list(client.list_projects())
        emulator.fail_next("html", status=200, body=f"<p>{echo()}</p>", endpoint="flex", times=None)
        watch.failure(call(client), errors.TransportError)
        emulator.faults.clear()
        for fault in ("close", "reset", "half_body", "empty_body", "wrong_type", "stall", "last_reply", "html"):
            emulator.fail_next(fault, endpoint="flex", times=None)
            limit = {"timeout": 0.3} if fault == "stall" else {}
            watch.failure(call(client, **limit), errors.AtlasError)
            emulator.faults.clear()
        watch.failure(
            lambda: client.create_flex_cluster(emulator.group_id, **{**SPEC, "name": "-", "colour": "red"}), ValueError
        )
        watch.failure(lambda: client.get_flex_cluster(emulator.group_id, "nobody"), errors.NotFoundError)
        watch.failure(
            lambda: client.wait_for_flex_cluster(emulator.group_id, "orders", state="DELETED", timeout=0.05),
            errors.AtlasError,
        )
        emulator.faults.clear()
        raw = client.with_raw_response.list_projects()
        watch.object(next(iter(raw)))
    watch.failure(lambda: list(client.list_projects()), RuntimeError)
    for status in STATUSES:
        one_status(watch, emulator, partial(make, **options), echo, status)


def one_status(
    watch: Watch, emulator: Emulator, make: Callable[..., Client], echo: Callable[[], str], status: int
) -> None:
    """A refusal in both shapes, by a client that no refusal has taught anything yet."""
    for shape in (str, lambda said: json.dumps({"detail": said, "errorCode": "X", "parameters": [said]})):
        with make() as client:
            list(client.list_projects())
            # After a 401 the next attempt has another token, which this reply does not know.
            said = f"<p>you sent {echo() if status != 401 else ''}</p>"
            emulator.fail_next(status=status, body=shape(said), headers={"x-echo": said}, endpoint="flex", times=None)
            error = watch.failure(
                lambda: client.create_flex_cluster(emulator.group_id, **SPEC),
                errors.AtlasError,
            )
            emulator.faults.clear()
            if status not in (401, 500, 503) and echo():
                assert "you sent ******" in f"{vars(error)}"


@pytest.mark.parametrize("kind", ["service account", "API key"])
def test_arguments(kind: str, watch: Watch, atlas_emulator: Emulator, account: str, key: str) -> None:
    given = by_arguments(account, key)[kind]
    every_failure(watch, atlas_emulator, lambda **more: Client(base_url=atlas_emulator.url, **given, **more), str)


def test_an_access_token(watch: Watch, atlas_emulator: Emulator) -> None:
    token = atlas_emulator.access_token
    watch.secrets |= {token[:-2], token[:40]}

    def make(**more: Any) -> Client:
        return Client(base_url=atlas_emulator.url, access_token=token, **more)

    every_failure(watch, atlas_emulator, make, lambda: token)
    watch.failure(lambda: list(Client(base_url=atlas_emulator.url, access_token=MARK).list_projects()))


def test_a_token_that_was_fetched_and_one_of_the_cache(
    watch: Watch, atlas_emulator: Emulator, account: str, tmp_path: Path
) -> None:
    folder = tmp_path / "tokens"

    def make(**more: Any) -> Client:
        given: dict[str, Any] = {"client_id": account, "client_secret": MARK, "base_url": atlas_emulator.url}
        client = Client(**given, token_cache=folder, **more)
        list(client.list_projects())
        token = cached()
        watch.secrets |= {token[:-2], token[:40]}
        return client

    def cached() -> str:
        (entry,) = folder.glob("*.json")
        assert MARK not in entry.read_text()
        return str(json.loads(entry.read_text())["access_token"])

    every_failure(watch, atlas_emulator, make, cached)
    every_failure(watch, atlas_emulator, make, cached)


def test_environment(
    watch: Watch, atlas_emulator: Emulator, account: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_ATLAS_CLIENT_ID", account)
    monkeypatch.setenv("MONGODB_ATLAS_CLIENT_SECRET", MARK)
    monkeypatch.setenv("MONGODB_ATLAS_BASE_URL", atlas_emulator.url)
    every_failure(watch, atlas_emulator, Client.from_env, str)
    for name, value in {
        "MONGODB_ATLAS_CLIENT_SECRET": f"{MARK}\x01",
        "MONGODB_ATLAS_CLIENT_ID": "mdb_sa_sk_" + MARK,
        "MONGODB_ATLAS_ACCESS_TOKEN": f"{MARK} {MARK}",
        "MONGODB_ATLAS_BASE_URL": f"https://me:{MARK}@atlas.test",
        "ATLAS_SERVERLESS_TOKEN_CACHE": "flie",
    }.items():
        with pytest.MonkeyPatch.context() as one:
            one.setenv(name, value)
            watch.failure(Client, errors.ConfigurationError)
    monkeypatch.setenv("MCLI_CLIENT_SECRET", MARK + "other")
    with pytest.warns(errors.CredentialWarning) as said:
        watch.object(Client())
    assert all(MARK not in str(one.message) for one in said)


def test_profile_and_keyring(
    watch: Watch,
    *,
    atlas_emulator: Emulator,
    account: str,
    key: str,
    profile: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = f"ops_manager_url = '{atlas_emulator.url}'\n"
    profile(f"[work]\nclient_id = '{account}'\nclient_secret = '{MARK}'\n{url}")
    every_failure(watch, atlas_emulator, lambda **more: Client.from_profile("work", **more), str)
    for content in (
        f"[work]\nclient_secret = '{MARK}\n",
        f"[work]\nclient_secret = {MARK}\n",
        f"[work]\nclient_id = '{account}'\nclient_secret = ['{MARK}']\n",
        f"[work]\nclient_id = 'mdb_sa_sk_{MARK}'\nclient_secret = '{MARK}'\n",
        f"[work]\nclient_secret = '{MARK}'\n",
        f"[work]\npublic_api_key = '{key}'\nops_manager_url = 'https://me:{MARK}@atlas.test'\nprivate_api_key = 'x'\n",
    ):
        profile(content)
        watch.failure(lambda: Client.from_profile("work"), errors.ConfigurationError)
    profile(f"[work]\npublic_api_key = '{key}'\n{url}")
    (tmp_path / "modules").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "modules")
    for number, body in enumerate((f"return {MARK!r}", f"raise RuntimeError({MARK!r})", f"return {MARK!r}.encode()")):
        source = f"def get_password(service, user):\n    if user == 'private_api_key':\n        {body}\n"
        (tmp_path / "modules" / "keyring.py").write_text(source + "#" * number)
        monkeypatch.delitem(sys.modules, "keyring", raising=False)
        if number == 0:
            every_failure(watch, atlas_emulator, lambda **more: Client.from_profile("work", **more), str)
        else:
            watch.failure(lambda: Client.from_profile("work"), errors.ConfigurationError)


def test_refused_values_are_not_repeated(watch: Watch, account: str, key: str) -> None:
    refused = (ValueError, TypeError, errors.AtlasError)
    broken: list[Any] = [MARK + "\ud800", MARK.encode(), [MARK], {MARK: MARK}, MARK + "\0", MARK + "\r\nx: y"]
    for value in broken:
        watch.failure(partial(Client, client_id=account, client_secret=value), refused)
        watch.failure(partial(Client, public_key=key, private_key=value), refused)
        watch.failure(partial(Client, access_token=value), refused)
        watch.failure(partial(Client, access_token="x" * 20, base_url=value), refused)
        watch.failure(partial(AsyncClient, access_token=value), refused)
    for value in broken[:4]:
        proxy = f"http://me:{value}@proxy.test" if isinstance(value, str) else value
        watch.failure(partial(Client, access_token="x" * 20, proxy=proxy), refused)
    for wrong in (
        {"client_id": "mdb_sa_sk_" + MARK, "client_secret": MARK},
        {"client_secret": MARK},
        {"private_key": MARK},
        {"client_id": account, "client_secret": MARK, "private_key": MARK, "public_key": key},
        {"access_token": MARK, "profile": "work"},
        {"access_token": MARK, "colour": MARK},
        {"access_token": MARK, "timeout": MARK},
        {"access_token": MARK, "timeout": -1.0},
        {"access_token": MARK, "api_version": "\n"},
        {"access_token": MARK, "on_retired": "never"},
        {"access_token": MARK, "base_url": MARK},
        {"access_token": MARK, "base_url": "http://atlas.test"},
        {"access_token": MARK, "base_url": f"https://me:{MARK}@atlas.test"},
        {"access_token": MARK, "base_url": f"https://atlas.test?token={MARK}"},
        {"access_token": MARK, "base_url": f"https://atlas.test/#{MARK}"},
        {"access_token": MARK, "proxy": f"ftp://me:{MARK}@proxy.test"},
        {"access_token": MARK, "proxy": f"http://me:{MARK}@"},
        {"access_token": MARK, "ca_file": "/nowhere"},
    ):
        watch.failure(partial(Client, **wrong))
        watch.failure(partial(AsyncClient, **wrong))
        if "profile" not in wrong:
            watch.failure(partial(Client.from_env, **wrong))
            watch.failure(partial(AsyncClient.from_profile, "work", **wrong))
    watch.failure(lambda: untyped(MARK), TypeError)


@pytest.mark.parametrize("base_url", ["http://atlas.test", "https://atlas.test"])
def test_a_password_of_a_proxy(
    base_url: str, watch: Watch, atlas_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given as argument or by the environment; the proxy's own page repeats it."""
    watch.secrets |= forms(MARK, "me")
    credentials = {"client_id": atlas_emulator.client_id, "client_secret": atlas_emulator.client_secret}
    options: dict[str, Any] = {"base_url": base_url, "allow_insecure_http": True, "max_retries": 0, **credentials}
    with Proxy(atlas_emulator.url, user="me:another") as proxy:
        for url in (proxy.with_user(f"me:{MARK}"), f"http://me:{MARK}@127.0.0.1:{free_port()}"):
            client = Client(proxy=url, **options)
            watch.object(client)
            watch.failure(partial(listed, client), errors.AtlasError)
            with pytest.MonkeyPatch.context() as environment:
                environment.setenv("ALL_PROXY", url)
                client = Client(**options)
            # The way is chosen when the client is made.
            watch.object(client)
            watch.failure(partial(listed, client), errors.AtlasError)


def test_replies_of_the_token_endpoint(watch: Watch, atlas_emulator: Emulator, account: str) -> None:
    """The secret is repeated, the token comes in replies that cannot be used."""
    basic = base64.b64encode(f"{account}:{MARK}".encode()).decode()
    echo = f"{basic} and {MARK}"
    token = "TOKENMARK-0f2b77aa31"
    watch.secrets |= forms(token)
    given: dict[str, Any] = {"client_id": account, "client_secret": MARK, "base_url": atlas_emulator.url}

    def ask(timeout: float = 10.0) -> None:
        with Client(max_retries=1, max_retry_time=0.5, timeout=timeout, **given) as client:
            list(client.list_projects())

    for status in STATUSES:
        for body in (
            f"<p>{echo}</p>",
            json.dumps({"error": "invalid_client", "error_description": echo}),
            json.dumps({"error": echo, "error_description": echo}),
            json.dumps({"detail": echo, "errorCode": echo}),
            json.dumps({"access_token": token, "expires_in": 3600}),
        ):
            atlas_emulator.fail_next(
                status=status, body=body, headers={"x-echo": echo}, endpoint="token", retry_after=None, times=None
            )
            watch.failure(ask, errors.AtlasError)
            atlas_emulator.faults.clear()
    for body in (
        json.dumps({"access_token": token, "expires_in": "soon"}),
        json.dumps({"access_token": [token]}),
        json.dumps({"access_token": f"{token}\n"}),
        json.dumps({"token": token}),
        f'{{"access_token": "{token}", "expires',
        f"<p>{token}</p>",
    ):
        for status in (200, 201):
            atlas_emulator.fail_next(status=status, body=body, endpoint="token", times=None)
            watch.failure(ask, errors.AtlasError)
            atlas_emulator.faults.clear()
    for fault in ("close", "reset", "half_body", "empty_body", "stall", "html"):
        atlas_emulator.fail_next(fault, endpoint="token", times=None)
        watch.failure(partial(ask, 0.3) if fault == "stall" else ask, errors.AtlasError)
        atlas_emulator.faults.clear()


def test_asynchronous(watch: Watch, atlas_emulator: Emulator, account: str) -> None:
    async def ask() -> None:
        given: dict[str, Any] = {"client_id": account, "client_secret": MARK, "base_url": atlas_emulator.url}
        async with AsyncClient(max_retries=0, **given) as client:
            watch.object(client)
            watch.object(client.credentials)
            await client.get_flex_cluster(atlas_emulator.group_id, "nobody")

    watch.failure(lambda: asyncio.run(ask()), errors.NotFoundError)


def test_command_line(
    watch: Watch, atlas_emulator: Emulator, account: str, monkeypatch: pytest.MonkeyPatch, profile: Any
) -> None:
    group = atlas_emulator.group_id
    monkeypatch.setenv("MONGODB_ATLAS_BASE_URL", atlas_emulator.url)
    monkeypatch.setenv("MONGODB_ATLAS_CLIENT_ID", account)
    commands = ("doctor", "doctor --output json", f"flex get {group} nobody", "logout", "logout --all")
    for secret in (MARK, MARK + "wrong"):
        monkeypatch.setenv("MONGODB_ATLAS_CLIENT_SECRET", secret)
        for command in commands:
            cli.main(command.split())
        cli.main(["doctor", "--base-url", f"https://me:{MARK}@atlas.test"])
        cli.main(["doctor", "--token-cache", "file"])
    for command in (
        f"flex get {group} nobody --client-secret {MARK}",
        f"flex get {group} nobody --client-secret={MARK}",
        f"doctor --private-key {MARK}",
        f"doctor --output mdb_sa_sk_{MARK}",
        f"mdb_sa_sk_{MARK}",
    ):
        assert cli.main(command.split()) == 2
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{MARK}@127.0.0.1:{free_port()}")
    assert cli.main(["doctor", "--base-url", "https://atlas.test"]) == 1
    monkeypatch.delenv("MONGODB_ATLAS_CLIENT_ID")
    for command in commands:
        codes = {"logout --all": 0, "doctor": 1, "doctor --output json": 1}
        assert cli.main(command.split()) == codes.get(command, 3)
    profile(f"[default]\nclient_secret = '{MARK}\n", mode=0o644)
    assert cli.main(["doctor"]) == 1
    watch.object(cli)
