"""Servers that cannot be reached: what is tried again, and what each message says of host and remedy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes import Authority, Proxy, TlsServer

import systems
from atlas_serverless import AsyncClient, Client, Emulator, errors
from atlas_serverless._core import VirtualClock
from canned import BREAK, GROUP, STALL, Canned, reply
from listener import free_port

UNKNOWN = "no-such-host.invalid"  # RFC 6761: it never has an address
PLACE = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
CREDENTIALS: dict[str, dict[str, Any]] = {
    "service account": {"client_id": "mdb_sa_id_1", "client_secret": "mdb_sa_sk_1"},
    "API key": {"public_key": "abcdefgh", "private_key": "k" * 36},
    "token": {"access_token": "t" * 20},
}

Unreachable = Callable[[], dict[str, Any]]


def with_clock(client: Any, clock: VirtualClock, **options: Any) -> Any:
    """A client of either class, with a private argument that its stub does not have."""
    return client(**options, _clock=clock)


@pytest.fixture
def unreachable(authority: Authority, tls_server: TlsServer, atlas_emulator: Emulator) -> Any:
    """By name: the options of a client that can never connect, and what its error says."""
    trusting = {"ca_file": authority.certificate}
    port = tls_server.url.rpartition(":")[2]
    with Proxy(atlas_emulator.url, user="me:password") as proxy:
        through = {"proxy": proxy.url, "allow_insecure_http": True}
        yield {
            "unknown authority": ({"base_url": tls_server.url}, "give the missing CA as ca_file", f"localhost:{port}"),
            "other name": (
                {"base_url": f"https://127.0.0.1:{port}", **trusting},
                "the server has the certificate of another host: check base_url, and proxies on the way",
                f"127.0.0.1:{port}",
            ),
            "proxy asks for user, TLS": (
                {"base_url": "https://atlas.test", **through},
                "give user and password in the proxy's URL: http://user:password@host:port",
                "atlas.test:443",
            ),
            "proxy asks for user": (
                {"base_url": "http://atlas.test", **through},
                "give user and password in the proxy's URL: http://user:password@host:port",
                "atlas.test:80",
            ),
        }


NEVER = ["unknown authority", "other name", "proxy asks for user, TLS", "proxy asks for user"]
OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "get": lambda client: client.get_flex_cluster(GROUP, "orders"),
    "create": lambda client: client.create_flex_cluster(GROUP, name="orders", provider_settings=PLACE, wait=True),
    "create serverless": lambda client: client.create_serverless_instance(
        GROUP, name="orders", provider_settings=PLACE, wait=True
    ),
    "delete": lambda client: client.delete_flex_cluster(GROUP, "orders", wait=True),
    "wait": lambda client: client.wait_for_flex_cluster(GROUP, "orders"),
    "wait serverless": lambda client: client.wait_for_serverless_instance(GROUP, "orders"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("name", NEVER)
def test_what_cannot_get_better_is_not_tried_again(
    unreachable: Any, name: str, credentials: str, operation: str
) -> None:
    options, said, server = unreachable[name]
    clock = VirtualClock()
    with with_clock(Client, clock, **options, **CREDENTIALS[credentials]) as client:
        with pytest.raises(errors.AtlasError) as caught:
            OPERATIONS[operation](client)
    assert clock.sleeps == []
    assert said in str(caught.value)
    assert server in str(caught.value)
    assert ("give the missing CA" in str(caught.value)) is (name == "unknown authority")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("through", ["", "proxy"])
def test_an_unknown_host_is_tried_for_a_second_or_two(credentials: str, operation: str, through: str) -> None:
    options: dict[str, Any] = {"base_url": f"https://{UNKNOWN}"}
    said = "check base_url and this machine's DNS"
    if through:
        options |= {"base_url": "https://atlas.test", "proxy": f"http://{UNKNOWN}:3128"}
        said = f"by way of proxy http://{UNKNOWN}:3128; check the proxy's name"
    clock = VirtualClock()
    with with_clock(Client, clock, **options, **CREDENTIALS[credentials]) as client:
        with pytest.raises(errors.AtlasError) as caught:
            OPERATIONS[operation](client)
    assert 1 <= clock.now <= 3
    assert said in str(caught.value)
    assert f"the server is {UNKNOWN if not through else 'atlas.test'}:443" in str(caught.value)


def test_the_same_of_asyncio_and_of_create_many(unreachable: Any) -> None:
    options, said, server = unreachable["unknown authority"]

    async def called() -> None:
        async with with_clock(AsyncClient, clock, **options, access_token="t") as client:
            await client.get_flex_cluster(GROUP, "orders")

    clock = VirtualClock()
    with pytest.raises(errors.ConnectError, match=said):
        asyncio.run(called())
    with with_clock(Client, clock, **options, access_token="t") as client:
        plan = {"group_id": GROUP, "name": "orders", "provider_settings": PLACE}
        results = list(client.create_many([plan, plan | {"kind": "serverless"}]))
    assert [type(result.error) for result in results] == [errors.ConnectError] * 2
    assert all(said in str(result.error) and server in str(result.error) for result in results)
    assert clock.sleeps == []


FAILURES = {
    "broken": lambda: Canned(BREAK),
    "HTML": lambda: Canned(reply(200, "<html>")),
    "redirect": lambda: Canned(reply(302, "", Location="https://elsewhere.example/")),
    "half": lambda: Canned(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
    "no HTTP": lambda: Canned(b"SSH-2.0-OpenSSH\r\n"),
    "other resource": lambda: Canned(reply(200, {"name": "bills", "stateName": "IDLE"})),
    "silent": lambda: Canned(answer=lambda _: STALL),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("kind", ["flex_cluster", "serverless_instance"])
def test_every_transport_error_names_host_and_port(failure: str, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with FAILURES[failure]() as server:
        timeout = {"timeout": 0.05} if failure in ("half", "no HTTP", "silent") else {}
        client = server.client(max_retries=1, _clock=VirtualClock(), **timeout)
        where = server.url.removeprefix("http://")
        with pytest.raises(errors.TransportError) as caught:
            getattr(client, f"get_{kind}")(GROUP, "orders")
        assert where in str(caught.value)
        if failure != "other resource":  # a create takes another name for what a mock server says
            with pytest.raises(errors.TransportError) as caught:
                getattr(client, f"create_{kind}")(GROUP, name="orders", provider_settings=PLACE)
            assert where in str(caught.value)
        with pytest.raises(errors.AtlasError) as waited:
            getattr(client, f"wait_for_{kind}")(GROUP, "orders", timeout=5)
        assert where in str(waited.value)
    lines = [record.getMessage() for record in caplog.records if "again in" in record.getMessage()]
    assert all(where in line for line in lines)


def test_a_refused_connection_names_host_and_port() -> None:
    port = free_port()
    with with_clock(Client, VirtualClock(), access_token="t", base_url=f"http://127.0.0.1:{port}") as client:
        with pytest.raises(errors.ConnectError, match=rf"the server is 127\.0\.0\.1:{port}; tried 6 times"):
            client.get_flex_cluster(GROUP, "orders")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("proxy", ["http://proxy.test:99999", "ftp://me:MARK@proxy.test", "http://"])
def test_a_malformed_proxy_of_the_environment_is_an_error_at_once(
    name: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, proxy)
    said = f"{name} is not a proxy's URL such as http://user:password@host:port"
    with pytest.raises(errors.ConfigurationError) as caught:
        Client(access_token="t")
    assert str(caught.value).startswith(said)
    assert "MARK" not in str(caught.value)
    Client(access_token="t", base_url="http://127.0.0.1:9").close()


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_are_not_there_are_named(
    name: str, atlas_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "missing"
    monkeypatch.setenv(name, str(missing))
    # macOS adds them to the system's own, as every system does with REQUESTS_CA_BUNDLE; on Linux they take their place.
    said = ": it cannot be read " if systems.MACOS else ", which is not there: name a "
    for credentials in CREDENTIALS.values():
        with pytest.raises(errors.ConfigurationError, match=f"^{name} is {missing}{said}"):
            Client(base_url="https://localhost:9", **credentials)
    if systems.MACOS:
        return
    with atlas_emulator.client() as client:
        assert client.get_project()  # nothing of it is needed for http://
    other = {"SSL_CERT_FILE": "SSL_CERT_DIR", "SSL_CERT_DIR": "SSL_CERT_FILE"}[name]
    there = tmp_path / "there"
    there.mkdir()
    monkeypatch.setenv(other, str(there))
    with pytest.raises(errors.ConfigurationError, match="No trusted certificates were found in ") as caught:
        Client(base_url="https://localhost:9", access_token="t")
    assert f"{missing} ({name}, which is not there)" in str(caught.value)
