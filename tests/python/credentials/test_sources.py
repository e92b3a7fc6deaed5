"""Where credentials come from, and what is said of them."""

from __future__ import annotations

import asyncio
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

import systems
from atlas_serverless import AsyncClient, Client, Emulator, errors


def test_from_env_takes_the_environment_only(environment: Emulator, profile: Any) -> None:
    profile("[default]\nclient_id = 'mdb_sa_id_profile'\nclient_secret = 'mdb_sa_sk_profile'\n")
    with Client.from_env() as client:
        assert client.credentials.kind == "service_account"
        assert client.credentials.id == environment.client_id
        assert client.credentials.source == "environment (MONGODB_ATLAS_CLIENT_ID, MONGODB_ATLAS_CLIENT_SECRET)"
        assert client.credentials.base_url == client.base_url == environment.url
        assert client.credentials.base_url_source == "environment (MONGODB_ATLAS_BASE_URL)"
        assert client.default_group_id == environment.group_id
        assert [project["id"] for project in client.list_projects()] == [environment.group_id]


def test_from_profile_takes_the_profile_only(environment: Emulator, profile: Any) -> None:
    path = profile(
        f"[work]\npublic_api_key = '{environment.public_key}'\nprivate_api_key = '{environment.private_key}'\n"
        f"ops_manager_url = '{environment.url}/'\nproject_id = '{environment.group_id}'\n"
    )
    with Client.from_profile("work", timeout=5.0) as client:
        assert (client.credentials.kind, client.credentials.id) == ("api_key", environment.public_key)
        assert client.credentials.source == f"profile work in {path}"
        assert client.get_project(client.default_group_id or "")["id"] == environment.group_id
    with Client(profile="work") as client:
        assert client.credentials.kind == "api_key"


def test_the_same_on_the_asynchronous_client(environment: Emulator, profile: Any) -> None:
    profile(f"[work]\naccess_token = '{environment.access_token}'\n")

    async def ask() -> None:
        async with AsyncClient.from_env() as client:
            assert client.credentials.kind == "service_account"
            assert [project["id"] async for project in client.list_projects()] == [environment.group_id]
        async with AsyncClient.from_profile("work") as client:
            assert (client.credentials.kind, client.credentials.id) == ("access_token", None)
            assert type(client) is AsyncClient
            assert client.base_url == environment.url

    asyncio.run(ask())


def test_a_subclass_stays_one(environment: Emulator) -> None:
    class Ours(Client):
        pass

    assert type(Ours.from_env()) is Ours


def test_what_cannot_be_found_says_what_was_looked_at(home: Path, profile: Any) -> None:
    with pytest.raises(errors.ConfigurationError, match=r"MONGODB_ATLAS_CLIENT_ID, MCLI_CLIENT_ID.*not set"):
        Client.from_env()
    config = systems.config_folder(home) / "atlascli" / "config.toml"
    with pytest.raises(errors.ConfigurationError, match=rf"there is no file {re.escape(str(config))}.*profile="):
        Client.from_profile("work")
    profile("[default]\n[other]\n")
    with pytest.raises(errors.ConfigurationError, match=r"no profile “work” \(profiles there: default, other\)"):
        Client.from_profile("work")


def test_contradictions_are_refused(environment: Emulator) -> None:
    with pytest.raises(errors.ConfigurationError, match="a profile is given"):
        Client.from_env(profile="work")
    with pytest.raises(errors.ConfigurationError, match="asked of the environment: give one only"):
        Client.from_env(access_token="x" * 20)
    with pytest.raises(TypeError, match="multiple values for argument 'profile'"):
        Client.from_profile("work", profile="work")
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        Client.from_env(colour="red")


def test_a_file_that_others_can_read_is_a_warning(atlas_emulator: Emulator, profile: Any) -> None:
    path = profile(f"[default]\naccess_token = '{atlas_emulator.access_token}'\n", mode=0o644)
    with pytest.warns(errors.CredentialWarning, match=f"{re.escape(str(path))}.*mode 0644.*chmod 600"):
        Client.from_profile("default", base_url=atlas_emulator.url)


def test_explain_says_what_was_looked_at_and_how_the_client_goes_about_it(environment: Emulator) -> None:
    with Client() as client:
        text = client.credentials.explain()
    last = environment.client_secret[-2:]
    assert f"service account {environment.client_id}, secret of 50 characters, ending in …{last}\n" in text
    assert "Tokens: kept in memory\n" in text
    assert "Way: no proxy, since the server is this machine\n" in text
    assert "  1. arguments: no credentials\n" in text
    assert environment.client_secret not in text
    assert repr(client.credentials) == (
        f"<Credentials: service account {environment.client_id} from environment (MONGODB_ATLAS_CLIENT_ID, "
        f"MONGODB_ATLAS_CLIENT_SECRET) at {environment.url}>"
    )
    with pytest.raises(TypeError):
        pickle.dumps(client.credentials)


def test_a_refusal_says_which_credentials_and_which_access_list(environment: Emulator) -> None:
    account = f"used service account {environment.client_id} from environment"
    used = rf"{account} \(MONGODB_ATLAS_CLIENT_ID, .*\) at {environment.url}"
    with Client(max_retries=0) as client:
        environment.change_identity(environment.client_id, access_list=["203.0.113.7"])
        with pytest.raises(errors.IpAddressNotOnAccessList) as caught:
            list(client.list_projects())
        assert re.search(
            rf"{used}; add 127\.0\.0\.1 to the API access list of that service account", caught.value.hint or ""
        )
        environment.change_identity(environment.client_id, access_list=None, role="Project Read Only")
        with pytest.raises(errors.ForbiddenError) as forbidden:
            client.delete_flex_cluster(environment.group_id, "nobody")
        assert re.search(rf"{used}; it lacks the role: Project Owner", str(forbidden.value))
    os.environ["MONGODB_ATLAS_CLIENT_SECRET"] = "mdb_sa_sk_wrong"
    with Client(max_retries=0) as client:
        with pytest.raises(errors.AuthenticationError) as refused:
            list(client.list_projects())
        assert re.search(rf"{used}; check client id and secret", refused.value.hint or "")
        assert refused.value.status == 401
    with environment.client("access_token", max_retries=0) as client:
        environment.expire_tokens()
        with pytest.raises(errors.UnauthorizedError) as expired:
            list(client.list_projects())
        assert "used access token (" in str(expired.value)
        assert "from arguments (access_token)" in str(expired.value)


def test_the_page_names_every_variable() -> None:
    page = (Path(__file__).parents[3] / "docs" / "credentials.md").read_text(encoding="utf-8")
    with pytest.raises(errors.ConfigurationError) as caught:
        Client.from_env()
    names = set(re.findall(r"\b(?:MONGODB_ATLAS|MCLI)_\w+", str(caught.value)))
    assert len(names) == 12
    assert {name for name in names if f"`{name}`" not in page} == set()
