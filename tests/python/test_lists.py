"""Lists page by themselves, and stop, however the list changes while it is read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest

from atlas_serverless import Emulator, errors
from canned import GROUP, Canned, Request, refusal, reply

Page = Callable[[int, int], dict[str, Any]]


def page_of(names: list[str], number: int, items: int, **more: Any) -> dict[str, Any]:
    start = (number - 1) * items
    # As recorded, the addresses name a host that only the service itself can reach.
    links = [{"href": "http://localhost:8080/self", "rel": "self"}]
    if start + items < len(names):
        links.append({"href": "http://localhost:8080/next", "rel": "next"})
    results = [{"id": name, "name": name} for name in names[start : start + items]]
    return {"links": links, "results": results, "totalCount": len(names), **more}


def served(page: Page) -> Canned:
    def answer(request: Request) -> bytes:
        query = parse_qs(request.target.partition("?")[2])
        return reply(200, page(int(query["pageNum"][0]), int(query["itemsPerPage"][0])))

    return Canned(answer=answer)


def names(server: Canned, items: int = 2, **options: Any) -> list[str]:
    with server.client() as client:
        listed = client.list_flex_clusters(GROUP, items_per_page=items, **options)
        return [entry["name"] for entry in listed]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_pages_are_followed_and_the_last_is_the_last(count: int) -> None:
    there = [f"n{number}" for number in range(count)]
    with served(lambda number, items: page_of(there, number, items)) as server:
        assert names(server) == there
    assert len(server.requests) == max(1, (count + 1) // 2)
    assert server.requests[0].target.endswith("?pageNum=1&itemsPerPage=2&includeCount=true")


def test_nothing_is_asked_for_before_it_is_needed() -> None:
    there = [f"n{number}" for number in range(6)]
    with served(lambda number, items: page_of(there, number, items)) as server, server.client() as client:
        listed = client.list_flex_clusters(GROUP, items_per_page=2)
        assert server.requests == []
        assert [next(listed)["name"] for _ in range(2)] == ["n0", "n1"]
        assert len(server.requests) == 1
        assert next(listed)["name"] == "n2"
        assert iter(listed) is listed
        assert len(list(listed)) == 3
        assert list(listed) == []


@pytest.mark.parametrize("items", [0, 501, -1])
def test_a_page_has_one_to_500_entries(items: int) -> None:
    with (
        Canned(b"") as server,
        server.client() as client,
        pytest.raises(errors.ValidationError, match="items_per_page: must be from 1 to 500"),
    ):
        client.list_projects(items_per_page=items)
    assert server.requests == []


def test_links_are_not_needed() -> None:
    there = [f"n{number}" for number in range(5)]

    def page(number: int, items: int) -> dict[str, Any]:
        whole = page_of(there, number, items)
        return {"results": whole["results"]}

    with served(page) as server:
        assert names(server, include_count=False) == there
    assert "includeCount=false" in server.requests[0].target


def test_an_empty_page_is_the_last_whatever_its_links_say() -> None:
    def page(number: int, items: int) -> dict[str, Any]:
        links = [{"href": "x", "rel": "next"}]
        return page_of(["n0", "n1"], number, items) | {"links": links}

    with served(page) as server:
        assert names(server) == ["n0", "n1"]
    assert len(server.requests) == 2


def test_entries_that_come_while_it_is_read_are_not_twice() -> None:
    there = ["n1", "n2", "n3"]

    def page(number: int, items: int) -> dict[str, Any]:
        if number == 2:
            there.insert(0, "n0")
        return page_of(there, number, items)

    with served(page) as server:
        assert names(server) == ["n1", "n2", "n3"]


@pytest.mark.parametrize("gone", [["n0"], ["n1", "n0"], ["n0", "n1", "n2"], ["n5"], ["n3"]])
def test_entries_that_go_while_it_is_read_hide_no_other(gone: list[str]) -> None:
    there = [f"n{number}" for number in range(7)]
    stay = [name for name in there if name not in gone]

    def page(number: int, items: int) -> dict[str, Any]:
        if number == 3:
            for name in gone:
                if name in there:
                    there.remove(name)
        return page_of(there, number, items)

    with served(page) as server:
        listed = names(server)
    assert set(stay) <= set(listed)
    assert len(listed) == len(set(listed))


def test_the_last_page_vanishes_while_it_is_read() -> None:
    there = ["n0", "n1", "n2"]

    def page(number: int, items: int) -> dict[str, Any]:
        if number == 2 and "n0" in there:
            there.remove("n0")
        return page_of(there, number, items)

    with served(page) as server:
        assert names(server) == ["n0", "n1", "n2"]


@pytest.mark.parametrize("ids", [True, False])
def test_a_list_without_end_is_an_error(ids: bool) -> None:
    entry = {"id": "a", "name": "a"} if ids else {"name": "a"}
    endless = {"links": [{"rel": "next", "href": "x"}], "results": [entry] * 500, "totalCount": 500}
    with Canned(reply(200, endless)) as server, server.client() as client:
        with pytest.raises(errors.ProtocolError, match="the list does not end"):
            list(client.list_flex_clusters(GROUP))
    assert len(server.requests) < 30


def test_a_total_count_that_changes_does_not_end_a_list() -> None:
    there = [f"n{number}" for number in range(4)]
    totals = iter([9, 4, 9, 4, 9, 4, *[4] * 100])
    with served(lambda number, items: page_of(there, number, items, totalCount=next(totals))) as server:
        assert names(server) == there


def test_a_page_that_fails_is_tried_again_and_a_refused_one_is_told() -> None:
    first = page_of(["n0", "n1", "n2"], 1, 2)
    last = page_of(["n0", "n1", "n2"], 2, 2)
    with Canned(reply(200, first), refusal(503, None), reply(200, last)) as server:
        assert names(server) == ["n0", "n1", "n2"]
    with Canned(reply(200, first), refusal(403, "USER_UNAUTHORIZED")) as server, server.client() as client:
        listed = client.list_flex_clusters(GROUP, items_per_page=2)
        assert [next(listed)["name"], next(listed)["name"]] == ["n0", "n1"]
        with pytest.raises(errors.ForbiddenError):
            next(listed)


def test_no_such_project() -> None:
    with Canned(refusal(404, "GROUP_NOT_FOUND")) as server, server.client() as client:
        with pytest.raises(errors.GroupNotFound):
            list(client.list_serverless_instances(GROUP))
        with pytest.raises(errors.ValidationError):
            client.list_serverless_instances("nonsense")


@pytest.mark.parametrize("way", ["sync", "async"])
def test_raw_lists_are_pages(way: str) -> None:
    there = [f"n{number}" for number in range(3)]

    async def run(server: Canned) -> list[Any]:
        async with server.async_client() as client:
            return [page async for page in client.with_raw_response.list_flex_clusters(GROUP, items_per_page=2)]

    with served(lambda number, items: page_of(there, number, items)) as server:
        if way == "async":
            pages = asyncio.run(run(server))
        else:
            with server.client() as client:
                pages = list(client.with_raw_response.list_flex_clusters(GROUP, items_per_page=2))
    assert [[entry["name"] for entry in page.data["results"]] for page in pages] == [["n0", "n1"], ["n2"]]
    assert [page.data["totalCount"] for page in pages] == [3, 3]


def test_asynchronous_lists_and_more_than_500() -> None:
    async def run(emulator: Emulator) -> tuple[list[str], list[str]]:
        async with emulator.async_client() as client:
            flex = [entry["name"] async for entry in client.list_flex_clusters(emulator.group_id)]
            some = []
            async for entry in client.list_flex_clusters(emulator.group_id, items_per_page=10):
                some.append(entry["name"])
                if len(some) == 15:
                    break
            return flex, some

    with Emulator(clusters_per_project=2000, rate_limits=False) as emulator:
        for number in range(601):
            emulator.add_instance(f"n{number}", state="IDLE")
        listed, some = asyncio.run(run(emulator))
        assert listed == [f"n{number}" for number in range(601)]
        assert some == listed[:15]
        pages = [request["query"] for request in emulator.requests if request["endpoint"] == "flex"]
        assert len(pages) == 4
        with emulator.client() as client:
            assert [project["id"] for project in client.list_projects()] == [emulator.group_id]
            assert client.get_project(emulator.group_id)["id"] == emulator.group_id
            limits = list(client.list_rate_limits(group_id=emulator.group_id))
            assert [limit["endpointSetName"] for limit in limits] == [
                "Flex Clusters",
                "Clusters",
                "Database Users",
                "Project IP Access List",
                "Flex Backups",
            ]


def test_threads_that_share_a_list_lose_nothing() -> None:
    """One thread may meet the end while another has read a page and not put it down yet."""
    there = [f"n{number}" for number in range(60)]
    with served(lambda number, items: page_of(there, number, items)) as server, server.client() as client:
        for _ in range(10):
            listed = client.list_flex_clusters(GROUP, items_per_page=5)
            with ThreadPoolExecutor(8) as pool:
                parts = list(pool.map(lambda listed: [entry["name"] for entry in listed], [listed] * 8))
            assert sorted(name for part in parts for name in part) == sorted(there)


def test_a_handler_that_reads_on_in_the_list_that_is_being_read() -> None:
    there = [f"n{number}" for number in range(6)]
    refused: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with pytest.raises(RuntimeError) as caught:
                next(listed)
            refused.append(str(caught.value))

    logger, handler = logging.getLogger("atlas_serverless"), Handler()
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with served(lambda number, items: page_of(there, number, items)) as server, server.client() as client:
            listed = client.list_flex_clusters(GROUP, items_per_page=2)
            assert [entry["name"] for entry in listed] == there
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
    message = "this thread is reading a page of the list already: a handler that runs meanwhile cannot read on"
    assert set(refused) == {message}


def test_tasks_that_share_a_list_lose_nothing() -> None:
    there = [f"n{number}" for number in range(60)]

    async def read(server: Canned) -> list[str]:
        async with server.async_client() as client:
            listed = client.list_flex_clusters(GROUP, items_per_page=5)

            async def part() -> list[str]:
                names = []
                async for entry in listed:
                    names.append(entry["name"])
                    await asyncio.sleep(0)
                return names

            return [name for names in await asyncio.gather(*(part() for _ in range(8))) for name in names]

    with served(lambda number, items: page_of(there, number, items)) as server:
        for _ in range(5):
            assert sorted(asyncio.run(read(server))) == sorted(there)
