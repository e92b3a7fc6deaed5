"""What mypy and pyright shall accept, both in their strictest mode. Not run, only checked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from atlas_serverless import errors
from atlas_serverless.errors import ConnectError, DuplicateClusterName, NoGroupSshKey, ServerValidationError
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
    from atlas_serverless import AsyncClient, Client, Emulator
    from atlas_serverless.types import AsyncRawClient, RawClient


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
