"""The hook: Connections of every form, whose credentials they are, and what the form's test says."""

import asyncio
import logging

import pytest
from airflow.exceptions import AirflowNotFoundException

from atlas_serverless import errors
from atlas_serverless.integrations.airflow.hooks import AtlasHook, credentials

SERVICE_ACCOUNT = ("mdb_sa_id_0123456789abcdef01234567", "a-secret")


@pytest.mark.parametrize(
    ("login", "password", "kind", "expected"),
    [
        (*SERVICE_ACCOUNT, None, {"client_id": SERVICE_ACCOUNT[0], "client_secret": "a-secret"}),
        ("some-id", "a-secret", None, {"client_id": "some-id", "client_secret": "a-secret"}),
        ("abcdefgh", "a-key", None, {"public_key": "abcdefgh", "private_key": "a-key"}),
        ("abcdefgh", "a-secret", "service_account", {"client_id": "abcdefgh", "client_secret": "a-secret"}),
        ("SomeKey", "a-key", "api_key", {"public_key": "SomeKey", "private_key": "a-key"}),
        (None, "a-token", None, {"access_token": "a-token"}),
        ("ignored", "a-token", "token", {"access_token": "a-token"}),
        (None, None, None, {}),
        ("", "", "", {}),
    ],
)
def test_what_login_and_password_are(login, password, kind, expected):
    assert credentials(login, password, kind) == expected


def test_an_unknown_kind_of_credentials_is_named():
    with pytest.raises(errors.ConfigurationError, match="'password'"):
        credentials("a", "b", "password")


def test_a_service_account(atlas):
    with AtlasHook().get_conn() as client:
        assert (client.default_group_id, client.base_url) == (atlas.group_id, atlas.url)
        assert list(client.list_flex_clusters()) == []
    assert [request["endpoint"] for request in atlas.requests] == ["token", "flex"]


def test_an_api_key_and_a_token(atlas, connect):
    connect("key", login=atlas.public_key, password=atlas.private_key)
    connect("token", password=atlas.access_token)
    for conn_id in ("key", "token"):
        with AtlasHook(conn_id).get_conn() as client:
            assert client.get_project()["id"] == atlas.group_id
    assert [request["endpoint"] for request in atlas.requests if request["endpoint"] == "token"] == []


def test_a_generic_connection_as_the_first_example_had_it(atlas, connect):
    connect("old", conn_type="generic", login=atlas.client_id, password=atlas.client_secret)
    with AtlasHook("old").get_conn() as client:
        assert client.get_project()["id"] == atlas.group_id


def test_a_connection_that_is_a_uri(atlas, monkeypatch):
    host = atlas.url.removeprefix("http://").partition(":")[0]
    monkeypatch.setenv(
        "AIRFLOW_CONN_URI", f"mongodbatlas://{SERVICE_ACCOUNT[0]}:s@{host}:8443/?group_id={atlas.group_id}"
    )
    with AtlasHook("uri").get_conn() as client:
        assert (client.base_url, client.default_group_id) == (f"https://{host}:8443", atlas.group_id)


def test_the_tasks_project_wins_over_the_connections(atlas):
    other = atlas.add_project("other")
    with AtlasHook(group_id=other).get_conn() as client:
        assert client.default_group_id == other


def test_options_of_the_connection_and_of_the_task(atlas, connect, tmp_path):
    account = {"login": atlas.client_id, "password": atlas.client_secret}
    connect(**account, extra={"max_retries": "many"})
    with pytest.raises(errors.ConfigurationError, match='"max_retries" in the Connection\'s extra'):
        AtlasHook().get_conn()
    connect(**account, extra={"max_retries": 2})
    with AtlasHook(max_retries=0).get_conn() as client:
        assert client.default_group_id is None
    folder = tmp_path / "tokens"
    connect(**account, extra={"group_id": atlas.group_id, "token_cache": str(folder)})
    with AtlasHook().get_conn() as client:
        client.get_project()
    assert len(list(folder.rglob("*.json"))) == 1


def test_numbers_of_a_connection_may_be_text(atlas, connect, monkeypatch):
    """As all of them are in a Connection that is written as a URI."""
    account = {"login": atlas.client_id, "password": atlas.client_secret}
    numbers = {"max_retries": "2", "timeout": "30", "max_retry_time": "1.5"}
    connect(**account, extra=numbers | {"group_id": atlas.group_id})
    made = AtlasHook()._client_options(AtlasHook()._connection(), AtlasHook()._connection().extra_dejson)
    assert (made["max_retries"], made["timeout"], made["max_retry_time"]) == (2, 30.0, 1.5)
    with AtlasHook().get_conn() as client:
        assert client.get_project()["id"] == atlas.group_id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_retries", "1.5"),
        ("max_retries", True),
        ("timeout", "soon"),
        ("timeout", [60]),
        ("group_id", 7),
        ("proxy", {"http": "x"}),
        ("ca_file", 1),
        ("api_version", 2025),
        ("token_cache", ["file"]),
    ],
)
def test_an_option_of_the_wrong_type_is_named(atlas, connect, name, value):
    account = {"login": atlas.client_id, "password": atlas.client_secret}
    connect(**account, extra={"group_id": atlas.group_id, name: value})
    with pytest.raises(errors.ConfigurationError, match=f'"{name}" in the Connection\'s extra cannot be used: '):
        AtlasHook().get_conn()
    good, message = AtlasHook().test_connection()
    assert (good, message.partition(":")[0]) == (False, "ConfigurationError")


def test_two_hooks_share_a_token(atlas):
    for _ in range(2):
        with AtlasHook().get_conn() as client:
            client.get_project()
    assert len([request for request in atlas.requests if request["endpoint"] == "token"]) == 1


def test_without_the_default_connection_the_environment_is_used(atlas, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_ATLAS_DEFAULT")
    for name, value in atlas.environment().items():
        monkeypatch.setenv(name, value)
    for hook in (AtlasHook(), AtlasHook(None)):
        with hook.get_conn() as client:
            assert client.get_project()["id"] == atlas.group_id

    async def asynchronous():
        async with await AtlasHook().get_async_conn() as client:
            return await client.get_project()

    assert asyncio.run(asynchronous())["id"] == atlas.group_id


def test_another_connection_has_to_exist(atlas):
    with pytest.raises(AirflowNotFoundException):
        AtlasHook("misspelt").get_conn()


def test_an_asynchronous_client(atlas):
    async def project():
        async with await AtlasHook().get_async_conn() as client:
            return await client.get_project()

    assert asyncio.run(project())["id"] == atlas.group_id


def test_the_forms_test(atlas, connect):
    good, message = AtlasHook().test_connection()
    assert (good, message.split(" (")[0].split()[0]) == (True, "project")
    assert atlas.group_id in message
    connect(login=atlas.client_id, password=atlas.client_secret, extra={})
    assert AtlasHook().test_connection() == (True, "1 projects")


def test_the_forms_test_says_what_is_wrong_without_the_secret(atlas, connect):
    secret = "mdb_sa_sk_" + "wrongbutsecret"
    with AtlasHook().get_conn() as client:
        client.get_project()  # a token is in the cache, which must not hide that the secret is wrong
    connect(login=atlas.client_id, password=secret)
    good, message = AtlasHook().test_connection()
    assert (good, message.partition(":")[0]) == (False, "AuthenticationError")
    assert secret not in message
    connect(login=atlas.client_id, password=atlas.client_secret, host="http://127.0.0.1:1")
    assert AtlasHook(max_retries=0).test_connection()[1].startswith("ConnectError: ")
    connect(login=atlas.client_secret, password=atlas.client_id)
    good, message = AtlasHook().test_connection()
    assert (good, message.partition(":")[0]) == (False, "ConfigurationError")
    assert atlas.client_secret not in message
    assert AtlasHook("misspelt").test_connection()[1].startswith("AirflowNotFoundException: ")


def test_no_secret_is_in_a_repr_or_a_log(atlas, caplog):
    caplog.set_level(logging.DEBUG)
    hook = AtlasHook()
    with hook.get_conn() as client:
        client.get_project()
        shown = [repr(hook), str(vars(hook)), repr(client), caplog.text]
    assert "POST /api/oauth/token" in caplog.text
    assert [text for text in shown if atlas.client_secret in text] == []
