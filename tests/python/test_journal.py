"""Fleets that are taken up again: the journal, its refusals, and ten thousand creates through faults and five kills."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import Client, Emulator
from atlas_serverless.errors import ConfigurationError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from atlas_serverless.types import ManyProgress

PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}

#: A process that creates the whole list with a journal, and writes down what was reported.
WORKER = """
import sys
from atlas_serverless import Client

url, client_id, group_id, journal, count = sys.argv[1:]
client = Client(client_id=client_id, client_secret=sys.stdin.readline().strip(), base_url=url, group_id=group_id)
place = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
operations = ({"name": f"n{i}", "provider_settings": place} for i in range(int(count)))
for result in client.create_many(operations, journal=journal):
    print(result.index, "ok" if result.error is None else repr(result.error), flush=True)
"""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(clusters_per_project=20_000, rate_limits=False, provisioning="at_once") as emulator:
        yield emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    with emulator.client(group_id=emulator.group_id) as client:
        yield client


def operations(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"name": f"n{i}", "provider_settings": PLACE, **more} for i in range(count)]


def created(emulator: Emulator) -> int:
    return len([request for request in emulator.requests if request["method"] == "POST" and request["status"] == 201])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_succeeded_is_not_sent_again(emulator: Emulator, client: Client, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    first = list(client.create_many(operations(5), journal=journal))
    assert [result.error for result in first] == [None] * 5
    assert list(client.create_many(operations(5), journal=journal)) == []
    (more,) = client.create_many(operations(6), journal=str(journal))
    assert (more.index, more.value["name"]) == (5, "n5")
    assert (created(emulator), emulator.counters["created"]) == (6, 6)
    assert [line["begin"] for line in lines(journal) if "begin" in line] == list(range(6))
    assert sorted(line["end"] for line in lines(journal) if "end" in line) == list(range(6))


def test_what_failed_is_sent_again(emulator: Emulator, client: Client, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    emulator.fail_next("status", status=403, error_code="USER_UNAUTHORIZED", method="POST", name="n1")
    given = [*operations(3), {"name": "not a name"}]
    results = {result.index: result for result in client.create_many(given, journal=journal)}
    assert {index for index, result in results.items() if result.error} == {1, 3}
    assert sorted(line.get("error", "") for line in lines(journal) if "end" in line) == [
        "",
        "",
        "USER_UNAUTHORIZED",
        "ValidationError",
    ]
    again = {result.index: result for result in client.create_many(given, journal=journal)}
    assert again.keys() == {1, 3}
    assert again[1].error is None
    assert isinstance(again[3].error, ValidationError)
    assert emulator.counters["created"] == 3


def test_one_that_was_begun_is_looked_up_first(emulator: Emulator, client: Client, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    emulator.settings(provisioning="manual")
    with client.create_many(operations(1, wait=True), journal=journal, progress=lambda _: None) as creates:
        taken = threading.Thread(target=lambda: next(creates, None))
        taken.start()
        while not created(emulator):
            time.sleep(0.01)
        assert [line for line in lines(journal) if "end" in line] == []
        emulator.fail_next("status", status=403, method="GET", name="n0")
        taken.join(60)
    (end,) = [line for line in lines(journal) if "end" in line]
    assert (end["end"], "error" in end) == (0, True)
    emulator.set_state("n0", "IDLE")
    (result,) = client.create_many(operations(1, wait=True), journal=journal)
    assert (result.error, result.value["name"]) == (None, "n0")
    assert (emulator.counters["created"], created(emulator)) == (1, 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([{"name": "n0", "provider_settings": PLACE, "tags": {"a": "b"}}, *operations(3)[1:]], "operation 0 is 'n0'"),
        (list(reversed(operations(3))), "operation 0 is 'n2'"),
        (operations(2), "3 operations were begun, and there are 2"),
    ],
)
def test_another_list_is_refused_before_anything_is_sent(
    emulator: Emulator, client: Client, tmp_path: Path, given: list[dict[str, Any]], message: str
) -> None:
    journal = tmp_path / "journal"
    list(client.create_many(operations(3), journal=journal))
    before, text = len(emulator.requests), journal.read_text()
    with pytest.raises(ConfigurationError) as caught:
        list(client.create_many([*given, *operations(9)[4:]] if len(given) == 3 else given, journal=journal))
    assert message in str(caught.value).replace('"', "'")
    assert str(journal) in str(caught.value)
    assert (len(emulator.requests), journal.read_text()) == (before, text)


def test_other_files_are_refused(client: Client, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    list(client.delete_many([{"name": "gone", "missing_ok": True}], journal=journal))
    with pytest.raises(ConfigurationError, match="it is of deletes, not of creates"):
        client.create_many(operations(1), journal=journal)
    other = tmp_path / "other"
    other.write_text("important\n")
    with pytest.raises(ConfigurationError, match="it is no journal"):
        client.create_many(operations(1), journal=other)
    assert other.read_text() == "important\n"
    with pytest.raises(FileNotFoundError):
        client.create_many(operations(1), journal=tmp_path / "nowhere" / "journal")
    with pytest.raises(TypeError):
        client.create_many(operations(1), journal=7)  # type: ignore[arg-type]


def test_two_at_once_are_refused(client: Client, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with client.create_many(operations(2), journal=journal):
        with pytest.raises(ConfigurationError, match="in use by another process"):
            client.create_many(operations(2), journal=journal)
    list(client.create_many(operations(2), journal=journal))


def test_updates_and_deletions(emulator: Emulator, client: Client, tmp_path: Path) -> None:
    list(client.create_many(operations(4)))
    updates = [{"name": f"n{i}", "add_tags": {"env": "test"}} for i in range(4)]
    results = list(client.update_many(updates, journal=tmp_path / "updates"))
    assert {result.value["tags"][0]["value"] for result in results} == {"test"}
    assert repr(results[0]).startswith(f"<CreateResult {results[0].index} updated n{results[0].index}")
    assert list(client.update_many(updates, journal=tmp_path / "updates")) == []
    deletions = [{"name": f"n{i}", "wait": True} for i in range(5)]
    results = sorted(client.delete_many(deletions, journal=tmp_path / "deletions"), key=lambda result: result.index)
    assert [type(result.error).__name__ for result in results] == ["NoneType"] * 4 + ["ClusterNotFound"]
    assert (results[0].value, repr(results[0])) == (None, "<CreateResult 0 deleted>")
    assert emulator.instances() == []
    # Begun earlier and gone now: that is what was wanted.
    (result,) = client.delete_many(deletions, journal=tmp_path / "deletions")
    assert (result.index, result.error) == (4, None)


def test_wrong_operations_are_results(client: Client) -> None:
    (result,) = client.delete_many([{"name": "n0", "tags": {}}])
    assert isinstance(result.error, TypeError)
    assert "delete_many has no 'tags'" in str(result.error)
    (result,) = client.update_many([{"name": "n0", "missing_ok": True}])
    assert isinstance(result.error, ValidationError)
    (result,) = client.update_many([{"tags": {}}])
    assert result.error is not None


def test_an_asynchronous_client(emulator: Emulator, tmp_path: Path) -> None:
    import asyncio

    async def run() -> tuple[list[int], list[Any]]:
        async with emulator.async_client(group_id=emulator.group_id) as client:
            made = [result.index async for result in client.create_many(operations(3), journal=tmp_path / "journal")]
            deletions = [{"name": f"n{i}"} for i in range(3)]
            gone = [result.error async for result in client.delete_many(deletions)]
            return made, gone

    made, gone = asyncio.run(run())
    assert (sorted(made), gone) == ([0, 1, 2], [None] * 3)


def test_progress_counts(emulator: Emulator, client: Client, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    list(client.create_many(operations(2), journal=journal))
    emulator.fail_next("status", status=403, error_code="USER_UNAUTHORIZED", method="POST", name="n3")
    seen: list[ManyProgress] = []
    list(client.create_many(operations(6), journal=journal, progress=seen.append))
    last = seen[-1]
    assert [progress.finished for progress in seen].count(True) == 1
    assert (last.finished, last.skipped, last.succeeded, last.failed, last.ended) == (True, 2, 3, 1, 6)
    assert (last.failures, last.total, last.in_flight, last.remaining) == ({"USER_UNAUTHORIZED": 1}, 6, 0, 0.0)
    assert last.rate == pytest.approx(4 / last.elapsed)
    list(client.create_many(iter(operations(7)), journal=journal, progress=seen.append))
    assert (seen[-1].total, seen[-1].remaining) == (None, None)


def test_what_progress_raises_ends_it(client: Client) -> None:
    def stop(_progress: ManyProgress) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        list(client.create_many(operations(3), progress=stop))
    with pytest.raises(TypeError, match="progress must be"):
        client.create_many(operations(3), progress="bar")  # type: ignore[arg-type]


def test_progress_true_writes_to_stderr(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    list(client.create_many(operations(3), progress=True))
    assert "3" in capsys.readouterr().err


def faults(emulator: Emulator, count: int) -> None:
    """A 429 for one create in twenty, and a lost answer for one in fifty."""
    for number in range(count):
        if number % 20 == 7:
            emulator.fail_next("rate_limited", method="POST", name=f"n{number}", retry_after=0)
        if number % 50 == 11:
            emulator.fail_next("close", method="POST", name=f"n{number}", after_store=True)


def test_ten_thousand_creates_through_faults(emulator: Emulator, client: Client) -> None:
    count = 10_000
    faults(emulator, count)
    failed = [result for result in client.create_many(operations(count)) if result.error is not None]
    assert failed == []
    assert (emulator.counters["created"], len(emulator.instances())) == (count, count)


def test_ten_thousand_creates_that_are_killed_five_times(emulator: Emulator, tmp_path: Path) -> None:
    count, rng = 10_000, random.Random(15)
    faults(emulator, count)
    reported: list[str] = []

    def run(kill_after: int | None) -> int:
        arguments = [emulator.url, emulator.client_id, emulator.group_id, str(tmp_path / "journal"), str(count)]
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(emulator.client_secret + "\n")
        worker.stdin.close()
        for seen, line in enumerate(worker.stdout, 1):
            reported.append(line)
            if seen == kill_after:
                worker.kill()
        worker.stdout.close()
        return worker.wait(60)

    for _ in range(5):
        assert run(rng.randrange(500, 2_000)) == -signal.SIGKILL
    assert run(None) == 0
    assert [line for line in reported if not line.endswith(" ok\n") and line.endswith("\n")] == []
    assert (emulator.counters["created"], len(emulator.instances())) == (count, count)
    # Each was reported once: what is in the journal is not reported again.
    indices = [int(line.split()[0]) for line in reported]
    assert len(indices) == len(set(indices))
    assert run(None) == 0
    assert emulator.counters["created"] == count
