"""The emulator as Python holds it: the class, the command, the fixtures."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import Client, Emulator, errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from atlas_serverless.emulator import Auth

SPEC: dict[str, Any] = {"provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}}
START = datetime(2025, 9, 9, 18, 15, 11, tzinfo=timezone.utc)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(clock=START, provisioning="at_once") as emulator:
        yield emulator


@pytest.mark.parametrize("auth", ["service_account", "api_key", "access_token"])
def test_a_client_is_made_for_each_credential(emulator: Emulator, auth: Auth) -> None:
    with emulator.client(auth) as client:
        created = client.create_serverless_instance(emulator.group_id, name="orders", **SPEC)
    assert created["stateName"] == "CREATING"

    async def listed() -> list[str]:
        async with emulator.async_client(auth) as client:
            return [instance["name"] async for instance in client.list_serverless_instances(emulator.group_id)]

    assert asyncio.run(listed()) == ["orders"]
    schemes = {request["authorization"] for request in emulator.requests if request["endpoint"] == "serverless"}
    assert schemes == ({"none", "digest"} if auth == "api_key" else {"bearer"})


def test_credentials_are_new_at_every_start(emulator: Emulator) -> None:
    names = ("client_id", "client_secret", "public_key", "private_key", "access_token")
    with Emulator() as other:
        assert [name for name in names if getattr(emulator, name) == getattr(other, name)] == []
        with emulator.client("access_token", base_url=other.url) as client:
            with pytest.raises(errors.UnauthorizedError):
                list(client.list_projects())


def test_the_environment_is_what_a_client_finds(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("MONGODB_", "MCLI_"))]:
        monkeypatch.delenv(name)
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    with Client() as client:
        assert [project["id"] for project in client.list_projects()] == [emulator.group_id]


def test_time_is_moved_by_hand(emulator: Emulator) -> None:
    assert emulator.clock.now == START
    emulator.clock.advance(1.5)
    assert emulator.clock.now == START + timedelta(seconds=1.5)
    emulator.clock.set("2026-01-02T00:00:00Z")
    assert emulator.clock.now == datetime(2026, 1, 2, tzinfo=timezone.utc)
    emulator.clock.resume()
    deadline = time.monotonic() + 5
    while emulator.clock.now == datetime(2026, 1, 2, tzinfo=timezone.utc):
        assert time.monotonic() < deadline, "the clock stands still"
    emulator.clock.freeze()
    before = emulator.clock.now
    assert datetime(2026, 1, 2, tzinfo=timezone.utc) < before < datetime(2026, 1, 2, 1, tzinfo=timezone.utc)
    time.sleep(0.002)  # longer than the clock's resolution: only a frozen clock still shows the same
    assert emulator.clock.now == before
    with pytest.raises(ValueError, match="time zone"):
        emulator.clock.set(datetime(2026, 1, 1))
    emulator.reset()
    assert emulator.clock.now == START


def test_faults_are_ordered_listed_and_taken_back(emulator: Emulator) -> None:
    first = emulator.fail_next("status", status=409, error_code="NO_CAPACITY", method="POST")
    second = emulator.faults.order("stall", name="never", times=None)
    assert [fault["id"] for fault in emulator.faults.standing()] == [first, second]
    emulator.faults.cancel(second)
    with emulator.client("access_token") as client, pytest.raises(errors.NoCapacity):
        client.create_flex_cluster(emulator.group_id, name="orders", **SPEC)
    assert emulator.faults.standing() == []
    emulator.fail_next("close")
    emulator.faults.clear()
    assert emulator.faults.standing() == []
    assert emulator.requests[-1]["fault"] == {"id": first, "kind": "status"}
    with pytest.raises(ValueError, match="half_body"):
        emulator.fail_next("explode")  # type: ignore[arg-type]
    with pytest.raises(LookupError):
        emulator.faults.cancel(99)


def test_the_calendar_and_other_settings_are_changed_while_it_runs(emulator: Emulator) -> None:
    emulator.set_calendar("2026", retired_reply=404)
    settings = emulator.settings(clusters_per_project=1, live_tokens=None)
    assert (settings["calendar"], settings["retired_reply"], settings["live_tokens"]) == ("2026", 404, None)
    with pytest.raises(ValueError, match="colour"):
        emulator.settings(colour="green")
    with pytest.raises(ValueError, match="colour"):
        Emulator(colour="green")


def test_what_is_stored_can_be_seen_and_set(emulator: Emulator) -> None:
    emulator.add_instance("orders", kind="serverless", tags={"env": "test"})
    emulator.set_state("orders", "REPAIRING", reads=1)
    (stored,) = emulator.instances()
    assert (stored["state"], stored["tags"]) == ("REPAIRING", {"env": "test"})
    with emulator.client("access_token") as client:
        states = [client.get_serverless_instance(emulator.group_id, "orders")["stateName"] for _ in range(2)]
    assert states == ["REPAIRING", "IDLE"]
    emulator.set_state("orders", "GONE")
    assert emulator.instances(emulator.group_id) == []
    project = emulator.add_project("second")
    assert {p["id"] for p in emulator.snapshot()["projects"]} == {emulator.group_id, project}
    assert emulator.counters["by_operation"] == {"getServerlessInstance": 2}


def test_callers_and_their_roles(emulator: Emulator) -> None:
    reader = emulator.add_service_account(role="Project Read Only")
    key = emulator.add_api_key(role="Project Owner", access_list=["192.0.2.0/24"])
    with Client(client_id=reader["id"], client_secret=reader["secret"], base_url=emulator.url) as client:
        assert list(client.list_flex_clusters(emulator.group_id)) == []
        with pytest.raises(errors.ForbiddenError):
            client.create_flex_cluster(emulator.group_id, name="orders", **SPEC)
        emulator.change_identity(reader["id"], role="Project Owner")
        client.create_flex_cluster(emulator.group_id, name="orders", **SPEC)
    with Client(public_key=key["id"], private_key=key["secret"], base_url=emulator.url) as client:
        with pytest.raises(errors.IpAddressNotOnAccessList):
            client.get_project(emulator.group_id)
        emulator.settings(client_address="192.0.2.9")
        client.get_project(emulator.group_id)
    emulator.require_access_list()
    with emulator.client("access_token") as client, pytest.raises(errors.OrgRequiresAccessList):
        client.get_project(emulator.group_id)


def test_added_credentials_are_named_as_in_a_seed(emulator: Emulator) -> None:
    account, key = emulator.add_service_account(role="Project Owner"), emulator.add_api_key(role="Project Owner")
    assert (account["client_id"], account["client_secret"]) == (account["id"], account["secret"])
    assert (key["public_key"], key["private_key"]) == (key["id"], key["secret"])


def test_a_role_of_a_seed_holds_in_the_project_that_is_filled_in() -> None:
    account = {"client_id": "mdb_sa_id_0123456789abcdef01234567", "client_secret": "mdb_sa_sk_example"}
    with Emulator(seed={"service_accounts": [{**account, "role": "Project Owner"}]}) as emulator:
        with emulator.client() as client:
            assert client.create_flex_cluster(name="orders", **SPEC)["groupId"] == emulator.group_id
        assert emulator.client_id == account["client_id"]


def test_a_deleted_project_is_said_to_be_gone(emulator: Emulator) -> None:
    with emulator.client("access_token") as client:
        assert client.request("DELETE", f"/api/atlas/v2/groups/{emulator.group_id}") == {}
    for name in ("group_id", "org_id"):
        with pytest.raises(LookupError, match=f"^the emulator has no {name}: its last project is deleted"):
            getattr(emulator, name)
    assert "MONGODB_ATLAS_PROJECT_ID" not in emulator.environment()
    added = emulator.add_project("next")
    assert emulator.group_id == added


def test_no_limit_of_clusters() -> None:
    with Emulator(clusters_per_project=None) as emulator, emulator.client("access_token") as client:
        for number in range(26):
            client.create_flex_cluster(name=f"c{number}", **SPEC)
        assert emulator.settings()["clusters_per_project"] is None


def test_credentials_expire_on_order(emulator: Emulator) -> None:
    with emulator.client() as client, emulator.client("api_key") as by_key:
        client.get_project(emulator.group_id)
        by_key.get_project(emulator.group_id)
        emulator.expire_tokens()
        emulator.expire_nonces()
        client.get_project(emulator.group_id)
        by_key.get_project(emulator.group_id)
    assert emulator.counters["tokens_issued"] == 2


def test_seed_and_scenario_may_be_files(tmp_path: Path) -> None:
    seed, scenario = tmp_path / "seed.json", tmp_path / "scenario.json"
    seed.write_text('{"projects": [{"name": "p", "instances": [{"name": "orders", "kind": "flex"}]}]}')
    scenario.write_text('{"settings": {"calendar": "2026"}, "faults": [{"kind": "close"}]}')
    with Emulator(seed=seed, scenario=str(scenario)) as emulator:
        assert [instance["name"] for instance in emulator.instances()] == ["orders"]
        assert emulator.settings()["calendar"] == "2026"
        assert len(emulator.faults.standing()) == 1
    with pytest.raises(ValueError, match="projct"):
        Emulator(seed={"projct": []})


MISSPELT = [
    ("operation", "createFlexClustr", 'There is no operation "createFlexClustr". Did you mean "createFlexCluster"?'),
    ("endpoint", "flx", 'There is no endpoint "flx". Did you mean "flex"?'),
    ("method", "PSOT", 'There is no method "PSOT". Did you mean "POST"?'),
    ("authorization", "bearr", 'There is no authorization "bearr". Did you mean "bearer"?'),
    ("nmae", "a", 'A fault has no key "nmae". Did you mean "name"?'),
]


@pytest.mark.parametrize(("key", "value", "said"), MISSPELT)
def test_a_misspelt_fault_is_refused_wherever_it_is_ordered(
    emulator: Emulator, key: str, value: str, said: str, tmp_path: Path
) -> None:
    fault: Any = {key: value}
    with pytest.raises(ValueError, match=re.escape(said)) as refused:
        emulator.fail_next(**fault)
    assert str(refused.value) == said
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps({"faults": [fault]}))
    for source in ({"faults": [fault]}, scenario):
        with pytest.raises(ValueError, match=re.escape(said)) as refused:
            Emulator(scenario=source)
        assert str(refused.value) == said
    for path, body in [("faults", fault), ("faults", [fault]), ("scenario", {"faults": [fault]})]:
        request = urllib.request.Request(f"{emulator.url}/_emulator/{path}", json.dumps(body).encode(), method="POST")
        with pytest.raises(urllib.error.HTTPError) as answered:
            urllib.request.urlopen(request)
        assert (answered.value.code, json.load(answered.value)) == (400, {"error": said})
    assert emulator.faults.standing() == []


@pytest.mark.parametrize("operation", ["createGroupFlexCluster", "createFlexCluster"])
def test_a_fault_is_ordered_with_either_id_of_an_operation(emulator: Emulator, operation: str) -> None:
    emulator.fail_next("status", operation=operation, status=409, error_code="NO_CAPACITY")
    with emulator.client("access_token") as client, pytest.raises(errors.NoCapacity):
        client.create_flex_cluster(emulator.group_id, name="orders", **SPEC)
    assert emulator.requests[-1]["operation"] == "createGroupFlexCluster"


def test_it_says_why_it_does_not_start(emulator: Emulator) -> None:
    with pytest.raises(RuntimeError, match="cannot listen"):
        Emulator(port=int(emulator.url.rsplit(":", 1)[1]))
    with pytest.raises(RuntimeError, match="loopback"):
        Emulator(host="0.0.0.0")


def test_it_stops_twice_and_shows_no_secret(emulator: Emulator) -> None:
    assert repr(emulator) == f"<Emulator at {emulator.url}>"
    emulator.stop()
    emulator.stop()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(emulator.url)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_leaves_its_parents_emulator_alone(emulator: Emulator) -> None:
    child = os.fork()
    if child == 0:
        emulator.stop()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    with urllib.request.urlopen(f"{emulator.url}/_emulator/counters") as reply:
        assert reply.status == 200


def command(*arguments: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "atlas_serverless", "emulator", *arguments]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_runs_until_it_is_told_to_stop(number: signal.Signals, tmp_path: Path) -> None:
    process = command("--output", "json", "--json-log", "--state-dir", str(tmp_path), "--setting", "live_tokens=null")
    with process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert list(first) == [
            "url",
            "group_id",
            "org_id",
            "client_id",
            "client_secret",
            "public_key",
            "private_key",
            "access_token",
        ]
        with Client(access_token=first["access_token"], base_url=first["url"]) as client:
            client.create_flex_cluster(first["group_id"], name="kept", **SPEC)
        process.send_signal(number)
        _, log = process.communicate(timeout=10)
        assert process.returncode == 0, log
    assert json.loads(log.splitlines()[0])["operation"] == "createGroupFlexCluster"
    assert first["access_token"] not in log
    with Emulator(state_dir=tmp_path) as emulator:
        assert emulator.client_id == first["client_id"]
        assert [instance["name"] for instance in emulator.instances()] == ["kept"]


@pytest.mark.parametrize(("arguments", "limits"), [([], (None, None)), (["--atlas-limits"], (10, 100))])
def test_the_command_lets_a_script_fetch_tokens(arguments: list[str], limits: tuple[int | None, int | None]) -> None:
    process = command("--output", "json", *arguments)
    with process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with urllib.request.urlopen(f"{url}/_emulator/settings") as reply:
            settings = json.load(reply)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=10)
    assert process.returncode == 0, log
    assert (settings["token_requests_per_minute"], settings["live_tokens"]) == limits


def test_the_command_says_what_is_wrong() -> None:
    for arguments, said in [
        (["--calendar", "1999"], "calendar takes"),
        (["--host", "192.0.2.1"], "loopback"),
        (["--seed", "nowhere.json"], "nowhere.json"),
    ]:
        process = command(*arguments)
        _, error = process.communicate(timeout=20)
        assert (process.returncode, said in error, error.count("\n")) == (1, True, 1), error
    process = command("--setting", "nothing")
    assert "NAME=JSON" in process.communicate(timeout=20)[1]
    assert process.returncode == 2


PLUGIN_TESTS = """
import pytest

SPEC = {"provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}}

@pytest.mark.parametrize("number", range(30))
def test_each_starts_clean(atlas_emulator, atlas_client, atlas_project, number):
    assert list(atlas_client.list_flex_clusters(atlas_project)) == []
    atlas_client.create_flex_cluster(atlas_project, name="orders", **SPEC)
    assert atlas_emulator.counters["created"] == 1
    assert atlas_emulator.settings()["calendar"] == "2026"
"""
PLUGIN_OPTIONS = """
import pytest

@pytest.fixture(scope="session")
def atlas_emulator_options():
    return {"calendar": "2026"}
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_the_fixtures_work_alone_and_under_xdist(tmp_path: Path, workers: list[str]) -> None:
    (tmp_path / "test_plugin.py").write_text(PLUGIN_TESTS)
    (tmp_path / "conftest.py").write_text(PLUGIN_OPTIONS)
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers, str(tmp_path)]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "30 passed" in done.stdout
