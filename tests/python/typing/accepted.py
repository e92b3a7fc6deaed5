"""What mypy and pyright shall accept, both in their strictest mode. Not run, only checked."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from atlas_serverless import errors, to_flex_spec
from atlas_serverless.errors import ConnectError, DuplicateClusterName, NoGroupSshKey, ServerValidationError
from atlas_serverless.testing import mock_atlas
from atlas_serverless.types import (
    FlexClusterOperation,
    FlexClusterSpec,
    Poll,
    Response,
    ServerlessInstance,
    ServerlessInstanceOperation,
    ServerlessInstanceSpec,
    Tag,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from atlas_serverless import AsyncClient, Client, Emulator
    from atlas_serverless.types import AsyncRawClient, ManyProgress, RawClient


def both_spellings(raw: RawClient) -> ServerlessInstance:
    raw.create_serverless_instance(
        "32b6e34b3d91647abb20e7b8",
        name="orders",
        providerSettings={"backingProviderName": "AWS", "regionName": "US_EAST_1", "providerName": "SERVERLESS"},
        serverlessBackupOptions={"serverlessContinuousBackupEnabled": True},
        tags=[{"key": "env", "value": "dev"}],
        terminationProtectionEnabled=True,
    )
    response = raw.create_serverless_instance(
        "32b6e34b3d91647abb20e7b8",
        name="orders",
        provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
        serverless_backup_options={"serverless_continuous_backup_enabled": False},
        tags={"env": "dev"},
        termination_protection_enabled=False,
        wait=True,
        progress=print_poll,
        extra_fields={"newField": 1},
    )
    status: int = response.status
    content_type: str = response.headers["Content-Type"]
    print(status, content_type, response.sunset, response.reconciled)
    return response.data


def print_poll(poll: Poll) -> None:
    print(poll.kind, poll.name, poll.state, round(poll.elapsed), poll.last_error)


def a_spec_of_ones_own(raw: RawClient) -> str:
    tag: Tag = {"key": "env", "value": "dev"}
    spec: ServerlessInstanceSpec = {"name": "orders", "provider_settings": {"regionName": "US_EAST_1"}, "tags": [tag]}
    raw.create_serverless_instance("32b6e34b3d91647abb20e7b8", if_exists="return", on_retired="flex", **spec)
    flex: FlexClusterSpec = {"name": "orders", "providerSettings": {"region_name": "US_EAST_1"}}
    made = raw.create_flex_cluster("32b6e34b3d91647abb20e7b8", **flex).data
    raw.update_flex_cluster("32b6e34b3d91647abb20e7b8", "orders", tags={}, wait=True, timeout=60)
    return made.get("connectionStrings", {}).get("standardSrv", "") + made["providerSettings"]["regionName"]


def a_fleet(raw: RawClient, group_id: str) -> list[str]:
    fleet: list[FlexClusterOperation | ServerlessInstanceOperation] = [
        {"group_id": group_id, "name": "a", "provider_settings": {"region_name": "US_EAST_1"}, "wait": True},
        {"group_id": group_id, "kind": "serverless", "name": "b", "on_retired": "flex", "timeout": None},
    ]
    plain = {"group_id": group_id, "name": "c"}
    return [result.operation["name"] for result in raw.create_many([*fleet, plain])]


def from_variables(client: Client) -> str:
    place = {"backing_provider_name": os.environ["PROVIDER"], "region_name": os.environ["REGION"]}
    tags = [{"key": "env", "value": os.environ["ENV"]}]
    made = client.create_flex_cluster(name=os.environ["NAME"], provider_settings=place, tags=tags, wait=True)
    client.create_flex_cluster(
        name="b",
        provider_settings={"backing_provider_name": os.environ["PROVIDER"], "region_name": "US_EAST_1"},
        tags=dict(env="dev"),  # noqa: C408
    )
    client.create_serverless_instance(
        None,
        name="c",
        providerSettings=dict(backingProviderName="AWS", regionName="US_EAST_1"),  # noqa: C408
        serverlessBackupOptions=dict(serverlessContinuousBackupEnabled=False),  # noqa: C408
    )
    return made["connectionStrings"]["standardSrv"] + made["connectionStrings"]["standard"]


def without_a_project(client: Client) -> list[str]:
    client.get_flex_cluster(name="orders")
    client.update_flex_cluster(None, "orders", tags={})
    client.update_serverless_instance(name="orders", tags={}, wait=True)
    client.wait_for_flex_cluster(os.environ.get("PROJECT"), "orders")
    return [client.get_project()["name"], *(cluster["name"] for cluster in client.list_flex_clusters())]


def run_again_and_cleaned_up(client: Client) -> list[str]:
    place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    tags: dict[str, str] = {"run": os.environ["RUN"]}
    client.create_flex_cluster(
        name="a", provider_settings=place, tags=tags, if_exists="update", wait=True, on_timeout="delete"
    )
    client.update_flex_cluster(name="a", add_tags=tags, remove_tags=["old"], wait=True)
    client.update_serverless_instance(name="a", add_tags=[{"key": "a", "value": "b"}], remove_tags=("old",))
    try:
        client.wait_for_flex_cluster(name="a", grace=0, timeout=60)
    except errors.WaitNotFoundError as error:
        print(error.status, error.polls, error.detail, error.deleted)
    client.delete_flex_cluster(name="a", missing_ok=True, wait=True)
    client.delete_serverless_instance(name="a", missing_ok=True)
    left = client.list_flex_clusters(name_prefix="ci-", tags=tags, state="IDLE")
    return [cluster["name"] for cluster in left]


def found(client: Client) -> float | str:
    pair = client.find(name="orders")
    if pair[0] == "flex":
        return pair[1]["providerSettings"]["diskSizeGB"]
    return pair[1].get("serverlessBackupOptions", {}).get("serverlessContinuousBackupEnabled", False)


async def the_same_awaited(client: AsyncClient) -> str:
    async for cluster in client.list_flex_clusters():
        print(cluster["stateName"])
    await client.delete_flex_cluster(name="orders", wait=True)
    pair = await client.find(name="orders")
    return pair[1]["name"]


async def awaited(raw: AsyncRawClient) -> float:
    response: Response[ServerlessInstance] = await raw.get_serverless_instance("32b6e34b3d91647abb20e7b8", "orders")
    async for page in raw.list_flex_clusters("32b6e34b3d91647abb20e7b8"):
        print([cluster["stateName"] for cluster in page.data["results"]])
    return response.elapsed


def facts(raw: RawClient) -> None:
    try:
        both_spellings(raw)
    except DuplicateClusterName as error:
        code: str = error.error_code
        print(code, error.status, error.violations[0]["path"], error.headers.get("Retry-After"))
    except (errors.RateLimitedError, errors.ServerError) as error:
        wait: float | None = error.retry_after
        print(wait, error.retryable, error.hint)
    except errors.ValidationError as error:
        print([violation["path"] for violation in error.violations])
    except errors.OutcomeUnknownError as error:
        print(error.operation, error.name, error.group_id)
    except TimeoutError:
        raise
    except errors.TransportError as error:
        print(error.attempts, error.elapsed, error.cause)


def exceptions_can_be_made_by_hand() -> list[errors.AtlasError]:
    refused: errors.ValidationError = ServerValidationError(violations=[{"field": "name", "description": "bad"}])
    network: ConnectionError = ConnectError("no route")
    print(network)
    return [refused, NoGroupSshKey(detail="no key", headers={"Date": "today"}), errors.WaitTimeoutError(polls=3)]


def lists_in_pieces(client: Client) -> list[str]:
    clusters = client.list_flex_clusters(name_prefix="team-")
    first = clusters[0]["name"]
    some = [cluster["name"] for cluster in clusters[:10]]
    peeked = clusters.peek(3)
    return [first, *some, *(cluster["stateName"] for cluster in peeked), next(clusters)["name"]]


async def awaited_lists(client: AsyncClient) -> int:
    clusters = await client.list_flex_clusters()
    names: list[str] = [cluster["name"] async for cluster in client.list_flex_clusters()]
    raw = await client.with_raw_response.list_projects()
    return len(clusters) + len(names) + raw[0].status


def faults_of_a_test(emulator: Emulator) -> None:
    emulator.fail_next("close", method="POST", endpoint="flex", after_store=True)
    emulator.fail_next(status=503, times=None, retry_after=None, headers={"x-one": None})
    emulator.faults.order("delay", seconds=1.5, then=[{"kind": "html", "method": "GET"}])
    print([fault["kind"] for fault in emulator.faults.unmet()])


def regions_from_anywhere(client: Client, region: str) -> None:
    client.create_flex_cluster(name="a", provider_settings={"backing_provider_name": "AWS", "region_name": region})
    client.create_flex_cluster(name="b", provider_settings={"backing_provider_name": "GCP", "region_name": "NEW_1"})


def up_and_down(client: Client) -> str:
    connection = client.up(
        "shop", provider="AWS", region="US_EAST_1", access=["192.0.2.7"], roles=["readWrite@shop"], tags={"env": "dev"}
    )
    print(connection.username, [step["how"] for step in connection.did], connection.password is None)
    print([step["why"] for step in client.down("shop", wait=True)])
    return connection.uri


def leftovers(client: Client) -> list[str]:
    found = client.find_leftovers(tags={"ci": "1"}, older_than=86400, name_prefix="ci-")
    print([one["age"] for one in found if not one["protected"]])
    return [one["how"] for one in client.delete_leftovers(found, dry_run=True)]


def users_and_access(client: Client) -> int:
    user = client.create_database_user(
        username="reports",
        password=os.environ["PASSWORD"],
        roles=[{"role_name": "read", "database_name": "shop"}],
        scopes=[{"name": "orders", "type": "CLUSTER"}],
    )
    client.update_database_user(username=user["username"], description="reads")
    client.delete_database_user(None, "reports")
    client.create_access_list_entry(cidr_block="198.51.100.0/24", comment="office")
    client.delete_access_list_entry(entry_value="198.51.100.0/24")
    return len(list(client.list_database_users())) + len(list(client.list_access_list_entries()))


def projects(client: Client, org_id: str) -> str:
    made = client.create_project(name="shop", org_id=org_id)
    renamed = client.update_project(made["id"], name="shop-2")
    client.delete_project(made["id"])
    return renamed["name"]


def backups(client: Client) -> str:
    snapshots = list(client.list_flex_backup_snapshots(name="orders"))
    job = client.create_flex_restore_job(
        name="orders", snapshot_id=snapshots[0]["id"], target_deployment_item_name="orders"
    )
    return client.wait_for_flex_restore_job(name="orders", restore_job_id=job["id"])["status"]


def a_fleet_with_a_journal(client: Client, journal: Path) -> list[str]:
    fleet: list[FlexClusterOperation] = [{"name": "a", "provider_settings": {"region_name": "US_EAST_1"}, "wait": True}]
    results = client.create_many(fleet, journal=journal, progress=print_progress, max_in_flight=8)
    failed = [f"{one.index} {one.operation['name']}: {one.error}" for one in results if one.error is not None]
    for result in client.update_many([{"name": "a", "add_tags": {"env": "dev"}}], journal=str(journal)):
        print(result.value)
    list(client.delete_many([{"name": "a", "missing_ok": True}], progress=True))
    return failed


def print_progress(progress: ManyProgress) -> None:
    print(progress.ended, progress.total, progress.failures.get("RATE_LIMITED"), progress.remaining)


def a_conversion() -> str:
    conversion = to_flex_spec({"name": "orders", "providerSettings": {"regionName": "US_EAST_1"}}, strict=False)
    print([lost["why"] for lost in conversion.lost], [changed["from"] for changed in conversion.changed])
    return conversion.spec["name"]


def ways_to_make_a_client() -> list[Client]:
    from atlas_serverless import Client

    with Client(max_retries=3, timeout=30, on_retired="flex", token_cache="file") as client:
        print(client.credentials.explain(), client.default_group_id)
    return [Client.from_env(), Client.from_profile("work"), Client(client_id="a", client_secret="b", group_id="c")]


def the_rest_of_the_api(client: Client) -> None:
    reply = client.request("GET", "/api/atlas/v2/orgs", params={"itemsPerPage": 5})
    print(reply["results"][0]["name"])
    client.request("PATCH", "/api/atlas/v2/groups/32b6e34b3d91647abb20e7b8", json={"name": "shop"})


async def many_at_once(client: AsyncClient) -> list[str]:
    place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
    creates = (client.create_flex_cluster(name=f"n{i}", provider_settings=place, wait=True) for i in range(3))
    made = await asyncio.gather(*creates)
    async for result in client.create_many([{"name": "b"}]):
        print(result.error)
    return [cluster["connectionStrings"]["standardSrv"] for cluster in made]


def a_fixture_of_ones_own(atlas_emulator: Emulator) -> Iterator[Client]:
    with atlas_emulator.client("api_key", group_id=atlas_emulator.group_id) as client:
        yield client
    assert [request["status"] for request in atlas_emulator.requests] == [200, 201]
    atlas_emulator.clock.advance(60)


@mock_atlas(calendar="2026", unmet_faults="allow")
def a_test_of_ones_own(emulator: Emulator) -> None:
    emulator.add_instance("orders", kind="flex", tags={"env": "dev"})
    assert [instance["name"] for instance in emulator.instances()] == ["orders"]


def limits(client: Client) -> list[str]:
    print(client.rate_limits)
    return [limit["endpointSetId"] for limit in client.list_rate_limits()]
