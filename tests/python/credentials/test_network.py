"""Whom a client trusts, by which way it goes, and whom it never tells its credentials."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from fakes import Authority, Proxy, TlsServer

from atlas_serverless import Client, Emulator, errors
from canned import Canned, reply
from listener import free_port


def projects(client: Client) -> list[Any]:
    with client:
        return list(client.list_projects())


def test_an_authority_that_nobody_knows_is_refused_and_said(atlas_emulator: Emulator, tls_server: TlsServer) -> None:
    with pytest.raises(errors.ConnectError) as caught:
        projects(_client(atlas_emulator, tls_server.url))
    assert "UnknownIssuer" in str(caught.value)
    assert "trusted: " in str(caught.value)
    assert "give the missing CA as ca_file" in str(caught.value)


def test_an_authority_is_trusted_by_argument(
    atlas_emulator: Emulator, tls_server: TlsServer, authority: Authority
) -> None:
    client = _client(atlas_emulator, tls_server.url, ca_file=authority.certificate)
    assert f"{authority.certificate} (ca_file)" in client.credentials.explain()
    assert projects(client)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_is_trusted_by_environment(
    name: str,
    atlas_emulator: Emulator,
    tls_server: TlsServer,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, str(authority.certificate))
    client = _client(atlas_emulator, tls_server.url)
    assert f"{authority.certificate} ({name})" in client.credentials.explain()
    assert projects(client)


def test_a_trusted_authority_does_not_make_another_name_good(
    atlas_emulator: Emulator, tls_server: TlsServer, authority: Authority
) -> None:
    url = tls_server.url.replace("localhost", "127.0.0.1")
    with pytest.raises(errors.ConnectError, match="not valid for name"):
        projects(_client(atlas_emulator, url, ca_file=authority.certificate))


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "it cannot be read"), ("", "holds no certificate in PEM form"), ("-----BEGIN", "PEM")],
)
def test_a_file_without_certificates_is_refused_at_once(content: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(errors.ConfigurationError, match=message):
        Client(access_token="x" * 20, ca_file=path)


@pytest.mark.parametrize("url", ["http://atlas.test", "http://192.0.2.1:8080", "http://127.0.0.1.atlas.test"])
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    with pytest.raises(errors.ConfigurationError, match="allow_insecure_http=True"):
        Client(access_token="x" * 20, base_url=url)
    Client(access_token="x" * 20, base_url=url, allow_insecure_http=True).close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("auth", ["service_account", "api_key", "access_token"])
def test_a_redirect_is_not_followed(auth: Any, status: int, atlas_emulator: Emulator) -> None:
    """Neither the token request nor a call: nothing is sent to the other origin."""
    with Canned(reply(200, {})) as elsewhere:
        with Canned(reply(status, Location=f"{elsewhere.url}/api/atlas/v2/groups")) as server:
            client = Client(base_url=server.url, max_retries=0, **atlas_emulator._credentials(auth))
            with pytest.raises(errors.AtlasError):
                projects(client)
            first = "/api/oauth/token" if auth == "service_account" else "/api/atlas/v2/groups"
            assert server.requests[0].path == first
        assert elsewhere.opened == 0


def test_loopback_goes_through_no_proxy(environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(environment.url) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert projects(Client())
        assert projects(Client(proxy=proxy.url))
        assert proxy.seen == []


def test_a_proxy_of_the_environment_is_used_and_left_out(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(environment.url) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert projects(_client(environment, "http://atlas.test", allow_insecure_http=True))
        assert proxy.seen[0] == "POST http://atlas.test/api/oauth/token HTTP/1.1"
        monkeypatch.setenv("NO_PROXY", "atlas.test")
        with pytest.raises(errors.ConnectError):
            projects(_client(environment, "http://atlas.test:9", allow_insecure_http=True))
        assert not any("atlas.test:9" in line for line in proxy.seen)


def test_a_proxy_is_told_user_and_password_and_nobody_else_is(environment: Emulator) -> None:
    with Proxy(environment.url, user="me:p@ss word") as proxy:
        url = proxy.with_user("me:p%40ss%20word")
        client = _client(environment, "http://atlas.test", proxy=url, allow_insecure_http=True)
        assert f"Way: proxy {proxy.url} (proxy=)\n" in client.credentials.explain()
        assert projects(client)
    assert all("proxy-authorization" not in request["headers"] for request in environment.requests)


def test_tls_goes_through_a_proxy_with_a_password(
    environment: Emulator, tls_server: TlsServer, authority: Authority
) -> None:
    with Proxy(tls_server.url, user="me:password") as proxy:
        options = {"proxy": proxy.with_user("me:password"), "ca_file": authority.certificate}
        assert projects(_client(environment, "https://atlas.test", **options))
        assert set(proxy.seen) == {"CONNECT atlas.test:443 HTTP/1.1"}


@pytest.mark.parametrize("base_url", ["http://atlas.test", "https://atlas.test"])
def test_a_proxy_that_refuses_is_named_and_its_password_is_not(base_url: str, environment: Emulator) -> None:
    with Proxy(environment.url, user="me:password") as proxy:
        options = {"proxy": proxy.with_user("me:wrongMARK"), "allow_insecure_http": True}
        with pytest.raises(errors.AtlasError, match=r"407|authorization required") as caught:
            projects(_client(environment, base_url, **options))
    encoded = base64.b64encode(b"me:wrongMARK").decode()
    shown = f"{caught.value} {vars(caught.value)}"
    assert "wrongMARK" not in shown
    assert encoded not in shown


def test_a_proxy_that_is_not_there_is_named(environment: Emulator) -> None:
    proxy = f"http://me:wrongMARK@127.0.0.1:{free_port()}"
    with pytest.raises(errors.ConnectError, match=r"by way of proxy http://127\.0\.0\.1:\d+") as caught:
        projects(_client(environment, "https://atlas.test", proxy=proxy))
    assert "wrongMARK" not in f"{caught.value} {vars(caught.value)}"


@pytest.mark.parametrize("proxy", ["", "ftp://proxy.test", "http://", "http://me:MARK@"])
def test_a_wrong_proxy_url_is_refused_at_once(proxy: str) -> None:
    with pytest.raises(errors.ConfigurationError, match="proxy is not a proxy's URL") as caught:
        Client(access_token="x" * 20, proxy=proxy)
    assert "MARK" not in str(caught.value)


def _client(emulator: Emulator, url: str, **options: Any) -> Client:
    credentials: Any = {"client_id": emulator.client_id, "client_secret": emulator.client_secret}
    return Client(base_url=url, max_retries=0, **credentials, **options)
