"""A Flex cluster becomes a dedicated one: both clients, the answers that can be lost, and the command line."""

from __future__ import annotations

import asyncio
import inspect
import json
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import Emulator, cli, errors
from atlas_serverless._core import VirtualClock

if TYPE_CHECKING:
    from pathlib import Path

REGION = {"provider_name": "AWS", "region_name": "US_EAST_1", "electable_specs": {"instance_size": "M20"}}
SENT = [
    {"regionConfigs": [{"providerName": "AWS", "regionName": "US_EAST_1", "electableSpecs": {"instanceSize": "M20"}}]}
]


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("fault", "posts", "reconciled"),
    [
        (None, 1, False),
        ({"kind": "close", "after_store": True}, 1, True),
        ({"kind": "close"}, 2, False),
        ({"kind": "status", "status": 503, "after_store": True}, 1, True),
        ({"kind": "half_body", "after_store": True}, 1, True),
    ],
)
def test_a_flex_cluster_is_upgraded_once(fault: Any, posts: int, reconciled: bool, asynchronous: bool) -> None:
    async def upgrade(client: Any, group: str) -> Any:
        call = client.with_raw_response.upgrade_flex_cluster
        target = {"clusterType": "REPLICASET", "replication_specs": [{"region_configs": [REGION]}]}
        result = call(group, "orders", wait=True, extra_fields={"pit_enabled": True}, **target)
        return await result if inspect.isawaitable(result) else result

    with Emulator(provisioning={"reads": 1}) as emulator:
        emulator.add_instance("orders", kind="flex", state="IDLE")
        if fault:
            emulator.fail_next(operation="tenantUpgrade", **fault)
        make: Any = emulator.async_client if asynchronous else emulator.client
        response = asyncio.run(upgrade(make("access_token", _clock=VirtualClock()), emulator.group_id))
        assert (response.status, response.reconciled, response.attempts) == (200, reconciled, posts)
        assert (response.data["stateName"], response.data["replicationSpecs"]) == ("IDLE", SENT)
        assert response.data["pitEnabled"] is True
        sent = [one for one in emulator.requests if one["operation"] == "tenantGroupFlexClusterUpgrade"]
        assert len(sent) == posts
        assert [one["kind"] for one in emulator.instances()] == ["dedicated"]


def test_an_upgrade_without_wait_is_answered_as_a_flex_cluster() -> None:
    with Emulator() as emulator, emulator.client() as client:
        emulator.add_instance("orders", kind="flex", state="IDLE")
        upgraded = client.upgrade_flex_cluster(emulator.group_id, "orders", cluster_type="REPLICASET")
        assert (upgraded["stateName"], upgraded["providerSettings"]["providerName"]) == ("UPDATING", "FLEX")
        with pytest.raises(errors.CannotUseNonFlexClusterInFlexApi):
            client.upgrade_flex_cluster(emulator.group_id, "orders", cluster_type="REPLICASET")
        with pytest.raises(errors.ClusterNotFound):
            client.upgrade_flex_cluster(emulator.group_id, "other", cluster_type="REPLICASET")


def test_an_upgrade_takes_its_target_from_a_file(
    atlas_emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in atlas_emulator.environment().items():
        monkeypatch.setenv(name, value)
    (tmp_path / "target.json").write_text('{"replication_specs": [{"zone_name": "Zone 1"}]}', encoding="utf-8")
    atlas_emulator.add_instance("orders", kind="flex", state="IDLE")
    command = ["flex", "upgrade", atlas_emulator.group_id, "orders", "--spec", str(tmp_path / "target.json")]
    assert cli.main([*command, "--wait", "--interval", "0.02"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["name"], printed["stateName"]) == ("orders", "IDLE")
    assert printed["replicationSpecs"] == [{"zoneName": "Zone 1"}]
    assert cli.main(command) == 1
    assert "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "said"),
    [("flex", "the following arguments are required: --spec"), ("serverless", "invalid choice: 'upgrade'")],
)
def test_the_command_line_upgrades_flex_clusters_to_a_target(
    capsys: pytest.CaptureFixture[str], kind: str, said: str
) -> None:
    assert cli.main([kind, "upgrade", "32b6e34b3d91647abb20e7b8", "orders"]) == 2
    assert said in capsys.readouterr().err
