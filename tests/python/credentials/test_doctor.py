"""`atlas-serverless doctor` against everything that can be wrong, and `logout`."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from fakes import Authority, Proxy, TlsServer

import systems
from atlas_serverless import Emulator, cli, errors
from conftest import CommandLine
from listener import Listener, free_port

STEPS = [
    *("credentials", "name", "connection", "tls", "clock"),
    *("authentication", "projects", "project", "role", "rate limit"),
]


class Doctor:
    """Runs the command in this process, in both forms; `failed` has the steps that failed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Doctor:
        self.code = cli.main(["doctor", "--output", "json", *arguments])
        printed = self._capsys.readouterr().out
        self.report: dict[str, Any] = json.loads(printed)
        self.steps = {step["step"]: step for step in self.report["steps"]}
        assert list(self.steps) == STEPS
        self.failed = [name for name, step in self.steps.items() if step["outcome"] == "failed"]
        assert all(self.steps[name]["remedy"] for name in self.failed)
        assert self.report["ok"] == (self.code == 0) == (self.failed == [])
        return self

    def text(self, *arguments: str) -> str:
        cli.main(["doctor", *arguments])
        return self._capsys.readouterr().out

    def says(self, step: str) -> str:
        return f"{self.steps[step]['message']} -> {self.steps[step]['remedy']}"


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(capsys)


def test_all_well(environment: Emulator, doctor: Doctor) -> None:
    assert doctor().failed == []
    assert all(step["outcome"] == "ok" for step in doctor.steps.values())
    assert doctor.report["group_id"] == environment.group_id
    assert environment.instances() == []
    text = doctor.text()
    assert text.endswith("All well.\n")
    assert f"Credentials: service account {environment.client_id}" in text
    assert "\nok      role            it may create: asked to change nothing of" in text
    assert environment.client_secret not in text + json.dumps(doctor.report)


def test_nothing_is_created_changed_or_deleted(environment: Emulator, doctor: Doctor) -> None:
    live = environment.counters["live_tokens"]
    doctor()
    assert {(request["method"], request["operation"]) for request in environment.requests} == {
        ("GET", "listGroups"),
        ("GET", "getGroup"),
        ("PATCH", "updateGroupFlexCluster"),
        ("POST", "createToken"),
        ("POST", "revokeToken"),
    }
    counters = environment.counters
    assert (counters["created"], counters["updated"], counters["deleted"]) == (0, 0, 0)
    assert counters["live_tokens"] == live  # what was fetched is revoked


@pytest.mark.parametrize("auth", ["api_key", "access_token"])
def test_all_well_with_the_other_credentials(
    auth: Any, atlas_emulator: Emulator, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in atlas_emulator.environment(auth).items():
        monkeypatch.setenv(name, value)
    assert doctor().failed == []


def test_no_credentials_but_a_network(environment: Emulator, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MONGODB_ATLAS_CLIENT_SECRET")
    assert doctor().failed == ["credentials"]
    assert "MONGODB_ATLAS_CLIENT_ID is set but MONGODB_ATLAS_CLIENT_SECRET is not" in doctor.report["explanation"]
    assert doctor.steps["clock"]["outcome"] == "ok"
    assert doctor.says("projects").startswith("not looked at, since credentials failed")
    text = doctor.text()
    assert "No usable credentials: " in text
    assert text.endswith("Failed: credentials.\n")


@pytest.mark.parametrize(
    ("auth", "remedy"),
    [
        ("service_account", "check client id and secret"),
        ("api_key", "unknown, expired"),
        ("access_token", "unknown, expired"),
    ],
)
def test_wrong_secret(
    auth: Any, remedy: str, atlas_emulator: Emulator, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"MONGODB_ATLAS_CLIENT_SECRET", "MONGODB_ATLAS_PRIVATE_API_KEY", "MONGODB_ATLAS_ACCESS_TOKEN"}
    for name, value in atlas_emulator.environment(auth).items():
        monkeypatch.setenv(name, "wrong" + value[5:] if name in secrets else value)
    monkeypatch.delenv("MONGODB_ATLAS_PRIVATE_KEY", raising=False)
    monkeypatch.delenv("MONGODB_ATLAS_PUBLIC_KEY", raising=False)
    assert doctor().failed == ["authentication"]
    assert "401" in doctor.says("authentication")
    assert remedy in doctor.says("authentication")


@pytest.mark.parametrize(("hours", "words"), [(2, "behind"), (-2, "ahead of")])
def test_wrong_clock(hours: int, words: str, environment: Emulator, doctor: Doctor) -> None:
    environment.clock.set(datetime.now(timezone.utc) + timedelta(hours=hours))
    assert doctor().failed == ["clock"]
    assert words in doctor.says("clock")
    assert "NTP" in doctor.says("clock")
    assert doctor.steps["role"]["outcome"] == "ok"


@pytest.mark.parametrize("status", [401, 403])
def test_a_role_that_is_too_weak(status: int, environment: Emulator, doctor: Doctor) -> None:
    environment.settings(role_refusal_status=status)
    environment.change_identity(environment.client_id, role="Project Read Only")
    assert doctor().failed == ["role"]
    assert str(status) in doctor.says("role")


def test_no_role_in_the_project(environment: Emulator, doctor: Doctor) -> None:
    other = environment.add_project("Elsewhere")
    assert doctor("--group-id", other).failed == ["project"]
    assert "USER_CANNOT_ACCESS_GROUP" in doctor.says("project")
    assert doctor("--group-id", "0" * 24).failed == ["project"]
    assert "GROUP_NOT_FOUND" in doctor.says("project")
    assert doctor("--group-id", "orders").failed == ["project"]
    assert "24 hexadecimal digits" in doctor.says("project")


def test_no_role_anywhere(environment: Emulator, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    account = environment.add_service_account()
    monkeypatch.setenv("MONGODB_ATLAS_CLIENT_ID", account["id"])
    monkeypatch.setenv("MONGODB_ATLAS_CLIENT_SECRET", account["secret"])
    assert doctor().failed == ["projects"]
    assert "no project is visible" in doctor.says("projects")


def test_several_projects_and_none_is_named(
    environment: Emulator, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MONGODB_ATLAS_PROJECT_ID")
    assert doctor().report["group_id"] == environment.group_id  # the only one
    environment.add_project("Second")
    environment.change_identity(environment.client_id, role="Organization Owner")
    assert doctor().failed == []
    assert doctor.steps["role"]["outcome"] == "skipped"
    assert "--group-id or MONGODB_ATLAS_PROJECT_ID" in doctor.says("role")
    assert "2 visible: " in doctor.says("projects")


def test_access_list(environment: Emulator, doctor: Doctor) -> None:
    environment.change_identity(environment.client_id, access_list=["203.0.113.0/24"])
    assert doctor().failed == ["projects"]
    assert "IP_ADDRESS_NOT_ON_ACCESS_LIST" in doctor.says("projects")
    assert "add 127.0.0.1 to the API access list" in doctor.says("projects")
    environment.change_identity(environment.client_id, access_list=None)
    environment.require_access_list()
    assert doctor().failed == ["projects"]
    assert "ORG_REQUIRES_ACCESS_LIST" in doctor.says("projects")


def test_rate_limit_used_up(environment: Emulator, doctor: Doctor) -> None:
    environment.settings(rate_limit_sizes={"flexClusters_group": {"capacity": 1, "refill": 1, "seconds": 60}})
    assert doctor().failed == ["rate limit"]
    assert "used up: Flex Clusters 0 of 1" in doctor.says("rate limit")
    assert doctor().failed == ["role"]
    assert "429" in doctor.says("role")


def test_unreachable(environment: Emulator, doctor: Doctor) -> None:
    port = free_port()
    assert doctor("--base-url", f"https://127.0.0.1:{port}").failed == ["connection"]
    assert f"127.0.0.1:{port}: connection refused" in doctor.says("connection")
    assert doctor("--base-url", "https://atlas.invalid", "--timeout", "3").failed == ["name"]
    assert "atlas.invalid is not known" in doctor.says("name")


def test_a_server_that_says_nothing(environment: Emulator, doctor: Doctor) -> None:
    class Silent(Listener):
        def serve(self, connection: Any) -> None:
            while connection.recv(1000):
                pass

    with Silent() as silent:
        assert doctor("--base-url", f"http://127.0.0.1:{silent.port}", "--timeout", "0.3").failed == ["tls"]
        assert "no reply within 0.3 s" in doctor.says("tls")
        assert doctor("--base-url", f"https://127.0.0.1:{silent.port}", "--timeout", "0.3").failed == ["tls"]


def test_not_atlas(environment: Emulator, doctor: Doctor) -> None:
    environment.faults.order("html", status=200, endpoint="api", times=None, authorization="any")
    environment.faults.order("html", status=200, endpoint="token", times=None)
    assert doctor().failed == ["authentication"]
    environment.faults.clear()
    assert doctor("--base-url", environment.url.replace("http:", "https:")).failed == ["tls"]
    assert "is it an https server" in doctor.says("tls")


def test_broken_proxy(environment: Emulator, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    atlas = ("--base-url", "https://atlas.test")
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:wrongMARK@127.0.0.1:{free_port()}")
    assert doctor(*atlas).failed == ["connection"]
    assert "check host and port of the proxy" in doctor.says("connection")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:wrongMARK@proxy.invalid:3128")
    assert doctor(*atlas, "--timeout", "3").failed == ["name"]
    assert "the proxy proxy.invalid is not known" in doctor.says("name")
    with Proxy(environment.url, user="me:password") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.with_user("me:wrongMARK"))
        assert doctor(*atlas).failed == ["tls"]
        assert "give user and password in the proxy's URL" in doctor.says("tls")
        monkeypatch.setenv("HTTP_PROXY", proxy.with_user("me:wrongMARK"))
        assert doctor("--base-url", "http://atlas.test", "--allow-insecure-http").failed == ["tls"]
        assert "the proxy asks who you are (407)" in doctor.says("tls")
    assert "MARK" not in json.dumps(doctor.report)
    assert "MARK" not in doctor.text(*atlas)


def test_all_well_through_a_proxy(
    environment: Emulator,
    doctor: Doctor,
    tls_server: TlsServer,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Proxy(tls_server.url, user="me:password") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.with_user("me:password"))
        assert doctor("--base-url", "https://atlas.test", "--ca-file", str(authority.certificate)).failed == []
        assert f"proxy {proxy.url} (HTTPS_PROXY)" in doctor.says("connection")


def test_untrusted_certificate(
    environment: Emulator,
    doctor: Doctor,
    tls_server: TlsServer,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = ("--base-url", tls_server.url)
    assert doctor(*server).failed == ["tls"]
    assert "UnknownIssuer" in doctor.says("tls")
    assert "SSL_CERT_FILE or REQUESTS_CA_BUNDLE" in doctor.says("tls")
    assert doctor(*server, "--ca-file", str(authority.certificate)).failed == []
    assert f"{authority.certificate} (ca_file)" in doctor.says("tls")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    assert doctor(*server).failed == []


def test_the_secret_is_tried_and_not_a_cached_token(
    environment: Emulator, doctor: Doctor, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with environment.client(token_cache="file") as client:
        list(client.list_projects())
    assert doctor("--token-cache", "file").failed == []
    assert "the server gave a token" in doctor.says("authentication")
    folder = systems.cache_folder(home) / "atlas-serverless" / "tokens"
    assert f"Tokens: kept in {folder} (token_cache)" in doctor.report["explanation"]
    monkeypatch.setenv("MONGODB_ATLAS_CLIENT_SECRET", "mdb_sa_sk_rotated")
    assert doctor("--token-cache", "file").failed == ["authentication"]


@pytest.mark.parametrize("code", ["USER_UNAUTHORIZED", "USER_CANNOT_ACCESS_GROUP", "USER_CANNOT_ACCESS_ORG"])
def test_a_401_about_the_role_does_not_blame_the_credentials(environment: Emulator, doctor: Doctor, code: str) -> None:
    environment.faults.order("status", status=401, error_code=code, operation="listGroups", times=None)
    assert doctor().failed == ["projects"]
    assert "the credentials are known" in doctor.says("authentication")
    assert "the credentials themselves are known: " in doctor.says("projects")
    with environment.client() as client, pytest.raises(errors.UnauthorizedError) as caught:
        list(client.list_projects())
    assert "the credentials themselves are known: " in str(caught.value)
    assert "expired" not in str(caught.value)


def test_as_a_process(environment: Emulator, command: CommandLine) -> None:
    done = command("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("All well.\n")
    wrong = command("doctor", MONGODB_ATLAS_CLIENT_SECRET="mdb_sa_sk_wrong")
    assert (wrong.returncode, wrong.stderr) == (1, "")


def test_logout(environment: Emulator, command: CommandLine, capsys: pytest.CaptureFixture[str]) -> None:
    other = environment.add_service_account(role="Project Owner")
    for client in (
        environment.client(token_cache="file"),
        type(environment.client())(
            client_id=other["id"], client_secret=other["secret"], base_url=environment.url, token_cache="file"
        ),
    ):
        with client:
            list(client.list_projects())
    assert environment.counters["tokens_revoked"] == 0  # shared: closing leaves them
    assert cli.main(["logout"]) == 0
    said = capsys.readouterr().out
    assert "The token was revoked and deleted." in said
    assert f"left: {other['id']} at {environment.url}, ends " in said
    assert environment.counters["tokens_revoked"] == 1
    assert cli.main(["logout", "--all"]) == 0
    said = capsys.readouterr().out
    assert "There is no token of these credentials." in said
    assert f"deleted: {other['id']}" in said
    assert cli.main(["logout"]) == 0
    assert "left" not in capsys.readouterr().out
    done = command("logout", "--token-cache", "memory")
    assert (done.returncode, done.stdout) == (0, "Tokens are kept in memory: there is nothing to log out of.\n")


def test_logout_with_another_secret_says_so(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with environment.client(token_cache="file") as client:
        list(client.list_projects())
    monkeypatch.setenv("MONGODB_ATLAS_CLIENT_SECRET", "mdb_sa_sk_another")
    assert cli.main(["logout"]) == 1
    said = capsys.readouterr().out
    assert "The token was deleted, but the server did not confirm" in said
    assert said.endswith("It had been fetched with another secret of this account.\n")
    assert cli.main(["logout"]) == 0
    assert "There is no token of these credentials." in capsys.readouterr().out


def test_logout_when_the_server_is_away(environment: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    with environment.client(token_cache="file") as client:
        list(client.list_projects())
    environment.faults.order("status", status=503, endpoint="revoke")
    assert cli.main(["logout"]) == 1
    assert "did not confirm" in capsys.readouterr().out


def test_logout_without_credentials(environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    with environment.client(token_cache="file") as client:
        list(client.list_projects())
    monkeypatch.delenv("MONGODB_ATLAS_CLIENT_ID")
    monkeypatch.delenv("MONGODB_ATLAS_CLIENT_SECRET")
    assert cli.main(["logout"]) == 3
    assert cli.main(["logout", "--all"]) == 0
    cached = list((systems.cache_folder(Path.home()) / "atlas-serverless" / "tokens").glob("*.json"))
    assert cached == []
