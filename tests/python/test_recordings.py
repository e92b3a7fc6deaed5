"""Every recorded reply goes through the operation it belongs to, and comes back as it was: sync, async and raw."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from atlas_serverless import _core, errors
from canned import RECORDINGS, Canned, Recording

AWS = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
G2025, G2026, FLEX = "68c06eaa1c5e073d846aad1c", "6957f861a08db8605b3f57a2", "b0123456789abcdef012345b"
MADE, ORG = "6a793feb2c88faeba59bd8f6", "a0123456789abcdef012345a"
GROUP = f"/api/atlas/v2/groups/{MADE}"
TAGS = {"env": "test"}
LISTED, SNAPSHOT = "6a793f62c0eb9e7a1771502a", "6a6f78e0cab84da5c4476b25"
RESTORE = {"snapshot_id": SNAPSHOT, "target_deployment_item_name": "cluster-833"}
USER = {
    "roles": [{"role_name": "atlasAdmin", "database_name": "admin"}],
    "scopes": [{"name": "snapshotCluster0", "type": "CLUSTER"}, {"name": "snapshotCluster1", "type": "CLUSTER"}],
    "delete_after_date": "2026-08-11T03:05:41Z",
}

# recording -> method, positional arguments, keywords
CASES: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    "serverless-create-201-2025": (
        "create_serverless_instance",
        (G2025,),
        {"name": "cluster-743", "provider_settings": AWS, "tags": TAGS},
    ),
    "serverless-create-201-2026-deprecated": (
        "create_serverless_instance",
        (G2026,),
        {"name": "cluster-782", "provider_settings": AWS, "tags": TAGS},
    ),
    "serverless-get-200-creating-2025": ("get_serverless_instance", (G2025, "cluster-743"), {}),
    "serverless-get-200-idle-2025": ("get_serverless_instance", (G2025, "cluster-743"), {}),
    "serverless-list-200-2025": ("list_serverless_instances", (G2025,), {}),
    "serverless-update-200-2025": ("update_serverless_instance", (G2025, "cluster-743"), {"tags": {"env": "e2e"}}),
    "serverless-delete-202-2025": ("delete_serverless_instance", (G2025, "cluster-743"), {}),
    "flex-create-201": ("create_flex_cluster", (FLEX,), {"name": "cluster-83", "provider_settings": AWS}),
    "flex-get-200": ("get_flex_cluster", (FLEX, "cluster-83"), {}),
    "flex-get-404": ("get_flex_cluster", (FLEX, "cluster-83"), {}),
    "flex-list-200": ("list_flex_clusters", (FLEX,), {}),
    "flex-delete-204": ("delete_flex_cluster", (FLEX, "cluster-83"), {}),
    "clusters-delete-400-is-flex": (
        "request",
        ("DELETE", f"/api/atlas/v2/groups/{FLEX}/clusters/cluster-83"),
        {"api_version": "2023-02-01"},
    ),
    "group-create-201": ("create_project", (), {"name": "serverless-e2e-947", "org_id": ORG}),
    "clusters-get-flex-old-version": (
        "request",
        ("GET", f"/api/atlas/v2/groups/{FLEX}/clusters/cluster-83"),
        {"api_version": "2023-02-01"},
    ),
    "group-get-200": ("request", ("GET", GROUP), {}),
    "group-update-200": ("update_project", (MADE,), {"name": "e2e-proj-939-updated"}),
    "group-update-reset-tags-200": ("update_project", (MADE,), {"tags": []}),
    "group-delete-202": ("delete_project", (MADE,), {}),
    "group-settings-200": ("request", ("GET", f"{GROUP}/settings"), {}),
    "group-teams-list-200": ("request", ("GET", f"{GROUP}/teams"), {}),
    "org-get-200": ("request", ("GET", f"/api/atlas/v2/orgs/{ORG}"), {}),
    "org-list-200": ("request", ("GET", "/api/atlas/v2/orgs"), {}),
    "provider-regions-200": ("request", ("GET", f"{GROUP}/clusters/provider/regions"), {}),
    "group-not-found-404": ("get_project", ("1" * 24,), {}),
    "database-user-create-201": ("create_database_user", (FLEX, "user-253"), {"password": "a-password", **USER}),
    "database-user-create-oidc-201": (
        "create_database_user",
        (FLEX, "d0123456789abcdef012345d/user-332"),
        {"oidcAuthType": "IDP_GROUP", "roles": USER["roles"], "scopes": USER["scopes"]},
    ),
    "database-user-get-200": ("get_database_user", (FLEX, "user-253"), {}),
    "database-user-list-200": ("list_database_users", (FLEX,), {}),
    "database-user-update-200": (
        "update_database_user",
        (FLEX, "user-253"),
        {"roles": [{"role_name": "readWrite", "database_name": "admin"}]},
    ),
    "database-user-delete-204": ("delete_database_user", (FLEX, "user-253"), {}),
    "access-list-create-201": ("create_access_list_entry", (LISTED,), {"ip_address": "192.168.0.243"}),
    "access-list-create-delete-after-201": (
        "create_access_list_entry",
        (LISTED,),
        {"ip_address": "192.168.0.243", "comment": "test", "delete_after_date": "2026-08-10T03:08:14Z"},
    ),
    "access-list-get-200": ("get_access_list_entry", (LISTED, "192.168.0.243/32"), {}),
    "access-list-list-200": ("list_access_list_entries", (LISTED,), {}),
    "access-list-delete-204": ("delete_access_list_entry", (LISTED, "192.168.0.243"), {}),
    "flex-snapshots-list-200": ("list_flex_backup_snapshots", (FLEX, "snapshotCluster0"), {}),
    "flex-snapshot-get-200": ("get_flex_backup_snapshot", (FLEX, "snapshotCluster0", SNAPSHOT), {}),
    "flex-restore-create-automated": ("create_flex_restore_job", (FLEX, "snapshotCluster0"), RESTORE),
    "flex-restore-create-download": ("create_flex_restore_job", (FLEX, "snapshotCluster0"), RESTORE),
    "flex-restore-get-200": ("get_flex_restore_job", (FLEX, "snapshotCluster0", "6a793f812c88faeba59bc399"), {}),
    "digest-challenge-401": ("get_project", (FLEX,), {}),
}
ERRORS = {
    "flex-get-404": errors.ClusterNotFound,
    "clusters-delete-400-is-flex": errors.CannotUseFlexClusterInClusterApi,
    "clusters-get-flex-old-version": errors.CannotUseFlexClusterInClusterApi,
    "group-not-found-404": errors.GroupNotFound,
    "digest-challenge-401": errors.UnauthorizedError,
}
GOOD = sorted(CASES.keys() - ERRORS.keys())
LISTS = ("list_", "create_access_list_entry")
SHAPED = [name for name in GOOD if CASES[name][0] != "request" and not CASES[name][0].startswith(LISTS)]


def test_every_recording_has_its_operation() -> None:
    assert CASES.keys() == {path.stem for path in RECORDINGS.glob("*.http")}


def call(server: Canned, name: str, way: str, **shape: bool) -> Any:
    """The result of the recording's operation: plain or raw, synchronous or not; lists as a list."""
    method, args, keywords = CASES[name]
    keywords = keywords | shape
    if "async" not in way:
        with server.client(max_retries=0) as client:
            result = getattr(client.with_raw_response if "raw" in way else client, method)(*args, **keywords)
            return list(result) if method.startswith("list_") else result

    async def run() -> Any:
        async with server.async_client(max_retries=0) as client:
            result = getattr(client.with_raw_response if "raw" in way else client, method)(*args, **keywords)
            return [entry async for entry in result] if method.startswith("list_") else await result

    return asyncio.run(run())


def written(value: Any) -> bytes:
    """As Atlas writes it."""
    return b"" if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


WAYS = ["sync", "sync raw", "async", "async raw"]


@pytest.mark.filterwarnings("ignore::atlas_serverless.errors.EndpointDeprecatedWarning")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", GOOD)
def test_a_success_comes_back_byte_for_byte(name: str, way: str) -> None:
    recording = Recording.read(f"{name}.http")
    with Canned(recording.bytes()) as server:
        result = call(server, name, way)
    method = CASES[name][0]
    assert len(server.requests) == 1
    if "raw" in way:
        [response] = result if method.startswith("list_") else [result]
        assert written(response.data) == recording.body
        assert (response.status, response.attempts, response.reconciled) == (recording.status, 1, False)
        sent = [(key.lower(), value) for key, value in recording.headers]
        assert [pair for pair in response.headers.pairs() if pair in sent] == sent
    elif method.startswith("list_"):
        assert [written(entry) for entry in result] == [
            written(entry) for entry in json.loads(recording.body)["results"]
        ]
    else:
        assert written(result) == recording.body


@pytest.mark.filterwarnings("ignore::atlas_serverless.errors.EndpointDeprecatedWarning")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SHAPED)
def test_an_envelope_comes_back_whole(name: str, way: str) -> None:
    recording = Recording.read(f"{name}.http")
    content = b',"content":' + recording.body if recording.body else b""
    body = b'{"status":%d%s}' % (recording.status, content) if recording.status != 204 else b""
    with Canned(recording.bytes(body)) as server:
        result = call(server, name, way, envelope=True)
    assert written(result.data if "raw" in way else result) == body
    assert server.requests[0].target.endswith("?envelope=true")
    if "raw" in way:
        assert result.status == recording.status


@pytest.mark.filterwarnings("ignore::atlas_serverless.errors.EndpointDeprecatedWarning")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SHAPED)
def test_pretty_replies_are_the_same(name: str, way: str) -> None:
    recording = Recording.read(f"{name}.http")
    pretty = (
        json.dumps(json.loads(recording.body), indent=2, separators=(",", " : ")).encode() if recording.body else b""
    )
    with Canned(recording.bytes(pretty)) as server:
        result = call(server, name, way, pretty=True)
    assert written(result.data if "raw" in way else result) == recording.body
    assert server.requests[0].target.endswith("?pretty=true")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", sorted(ERRORS))
def test_an_error_has_every_fact(name: str, way: str) -> None:
    recording = Recording.read(f"{name}.http")
    body = json.loads(recording.body)
    with Canned(recording.bytes()) as server, pytest.raises(errors.ApiError) as caught:
        call(server, name, way)
    error = caught.value
    assert type(error) is ERRORS[name]
    assert (error.status, error.error_code, error.detail, error.reason) == (
        recording.status,
        body["errorCode"],
        body["detail"],
        body["reason"],
    )
    assert error.parameters == body.get("parameters", [])
    assert (error.violations, error.retryable, error.retry_after, error.body_start) == ([], False, None, None)
    assert (error.method, error.url) == (server.requests[-1].method, server.url + server.requests[-1].path)
    assert error.attempts == 1
    assert error.elapsed >= 0
    sent = [(key.lower(), value) for key, value in recording.headers]
    assert [pair for pair in error.headers.pairs() if pair in sent] == sent
    assert body["detail"].rstrip(".") in str(error)


@pytest.mark.parametrize("status", [200, 404])
def test_an_error_in_an_envelope(status: int) -> None:
    recording = Recording.read("flex-get-404.http")
    body = b'{"status":404,"content":%s}' % recording.body
    with Canned(recording.bytes(body, status)) as server, pytest.raises(errors.ClusterNotFound) as caught:
        call(server, "flex-get-404", "sync", envelope=True)
    assert (caught.value.status, caught.value.parameters) == (404, ["cluster-83", FLEX])


def test_a_digest_challenge_is_answered() -> None:
    challenge, good = Recording.read("digest-challenge-401.http"), Recording.read("flex-get-200.http")
    with Canned(challenge.bytes(), good.bytes()) as server:
        with server.client(access_token=None, public_key="key", private_key="secret") as client:
            assert client.get_flex_cluster(FLEX, "cluster-83")["stateName"] == "DELETING"
    assert [request.headers.get("authorization", "")[:6] for request in server.requests] == ["", "Digest"]


@pytest.mark.parametrize("way", WAYS)
def test_the_deprecated_create_warns_once_and_says_when(way: str) -> None:
    _core.forget_deprecations()
    recording = Recording.read("serverless-create-201-2026-deprecated.http")
    with Canned(recording.bytes()) as server:
        with pytest.warns(errors.EndpointDeprecatedWarning) as caught:
            result = call(server, "serverless-create-201-2026-deprecated", way)
        call(server, "serverless-create-201-2026-deprecated", way)
    [warning] = caught
    assert warning.filename == __file__
    for fact in ("createServerlessInstance", "10 Dec 2025", "15 Jan 2026", "create_flex_cluster", "to_flex_spec"):
        assert fact in str(warning.message)
    if "raw" in way:
        assert result.deprecation.isoformat() == "2025-12-10T00:00:00+00:00"
        assert result.sunset.isoformat() == "2026-01-15T00:00:00+00:00"


def test_a_wait_ends_with_the_recorded_state() -> None:
    create, creating, idle = (
        Recording.read(f"serverless-{name}.http")
        for name in ("create-201-2025", "get-200-creating-2025", "get-200-idle-2025")
    )
    with Canned(create.bytes(), creating.bytes(), idle.bytes()) as server:
        with server.client(_clock=_core.VirtualClock()) as client:
            method, args, keywords = CASES["serverless-create-201-2025"]
            assert written(getattr(client, method)(*args, **keywords, wait=True)) == idle.body


def test_a_mock_server_that_names_things_as_it_likes_is_believed_with_a_warning() -> None:
    """A mock made from the API's description answers every request with its example, whatever the name."""
    recording = Recording.read("serverless-create-201-2025.http")
    with Canned(recording.bytes()) as server, server.client() as client:
        with pytest.warns(errors.FieldIgnoredWarning, match='name: asked for "mine", got "cluster-743"'):
            made = client.create_serverless_instance(
                G2025, name="mine", provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
            )
    assert made == json.loads(recording.body)
    assert server.asked == ["POST serverless", "GET mine"]
