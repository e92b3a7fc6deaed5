"""What notebooks and terminals show of lists, replies, results, conversions, violations and credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from atlas_serverless import Client, Emulator, errors, to_flex_spec
from atlas_serverless._runtime.pages import Entries
from atlas_serverless.types import Response

HOSTILE = "<img src=x onerror=alert(1)>&\"'</td><script>alert(2)</script>"
SPEC: Any = {"provider_settings": {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}}


class Tags(HTMLParser):
    """The tags of a piece of HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"style"}

    def handle_data(self, data: str) -> None:
        self.text += data


ALLOWED = {"table", "thead", "tbody", "tr", "th", "td", "p", "b", "i", "span", "pre", "code", "details", "summary"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(provisioning="at_once", clusters_per_project=None) as emulator:
        for number in range(25):
            emulator.add_instance(f"c{number:02}", tags={"n": str(number)})
        yield emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    with emulator.client() as client:
        yield client


def names(entries: Any) -> list[str]:
    return [entry["name"] for entry in entries]


ALL = [f"c{number:02}" for number in range(25)]


def test_indexes_and_slices_take_nothing(client: Client) -> None:
    pages = client.list_flex_clusters(items_per_page=10)
    assert pages[0]["name"] == "c00"
    assert names(pages[:3]) == ["c00", "c01", "c02"]
    assert isinstance(pages[:3], list)
    assert pages.progress[:2] == (0, 10)  # type: ignore[attr-defined]
    assert next(pages)["name"] == "c00"
    assert pages[0]["name"] == "c01"
    assert names(pages[2:12:5]) == ["c03", "c08"]
    assert pages[-1]["name"] == "c24"
    assert names(pages[-2:]) == ["c23", "c24"]
    assert names(pages) == ALL[1:]
    with pytest.raises(IndexError, match="there is no entry 0: 0 are left"):
        pages[0]
    assert names(pages[: 10**30]) == []
    with pytest.raises(IndexError, match="there is no entry 1000"):
        pages[10**30]
    for wrong in (-1, 10**30):
        with pytest.raises(ValueError, match="count is a number out of range"):
            pages.peek(wrong)
    with pytest.raises(TypeError, match="count must be a whole number or None, not str"):
        pages.peek("1")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not str"):
        pages["c00"]  # type: ignore[call-overload]
    assert list(pages) == []


def test_a_list_says_how_far_it_is_without_a_request(client: Client, emulator: Emulator) -> None:
    pages = client.list_flex_clusters(items_per_page=10)
    assert repr(pages) == "<Pages: nothing read yet; for … in it, list(it), it[:10]>"
    assert [request for request in emulator.requests if request["endpoint"] == "flex"] == []
    next(pages)
    assert repr(pages) == "<Pages: c01 IDLE, c02 IDLE, c03 IDLE, … (9 read, 1 taken, more follow)>"
    list(pages)
    assert repr(pages) == "<Pages: (25 taken, no more)>"


def test_a_list_in_a_notebook(client: Client, emulator: Emulator) -> None:
    pages: Any = client.list_flex_clusters()
    shown = Tags(pages._repr_html_())
    assert shown.tags <= ALLOWED
    assert [name for name in ALL if name in shown.text] == ALL[:10]
    assert "and more: for … in it takes them one by one" in shown.text
    assert names(pages) == ALL
    assert "25 are taken already" in Tags(pages._repr_html_()).text
    emulator.reset()
    assert Tags(client.list_flex_clusters()._repr_html_()).text == "nothing"  # type: ignore[attr-defined]


def test_an_awaited_list(emulator: Emulator) -> None:
    async def run() -> None:
        async with emulator.async_client() as client:
            pages = client.list_flex_clusters(items_per_page=10)
            assert repr(pages) == "<AsyncPages: nothing read yet; async for … in it, await it for the list>"
            assert (await anext(pages))["name"] == "c00"
            assert "(9 read, 1 taken, more follow)" in repr(pages)
            rest = await pages
            assert names(rest) == ALL[1:]
            assert await pages == []
            assert [entry async for entry in pages] == []
            assert names(await client.list_flex_clusters()) == ALL
            closed = client.list_flex_clusters()
            await closed.aclose()
            assert await closed == []
            assert "<table>" in rest._repr_html_()  # type: ignore[attr-defined]
            raw = await client.with_raw_response.list_flex_clusters()
            assert [page.status for page in raw] == [200]

    asyncio.run(run())


def test_what_is_hostile_is_text() -> None:
    entity = {
        "name": HOSTILE,
        "stateName": HOSTILE,
        "providerSettings": {"backingProviderName": HOSTILE, "regionName": HOSTILE},
        "tags": [{"key": HOSTILE, "value": HOSTILE}],
    }
    violation = {"path": HOSTILE, "message": HOSTILE, "value": HOSTILE, "rule": HOSTILE}
    headers = [(HOSTILE, HOSTILE)]
    shown = [
        Entries([entity, entity])._repr_html_(),
        Entries([{HOSTILE: HOSTILE}])._repr_html_(),
        Entries([HOSTILE])._repr_html_(),
        Response(entity, status=200, headers=headers)._repr_html_(),
        Response({"results": [entity], "totalCount": HOSTILE}, status=200)._repr_html_(),
        errors.ValidationError(violations=[violation])._repr_html_(),
    ]
    for html in shown:
        assert Tags(html).tags <= ALLOWED, html
        assert "<img" in Tags(html).text


def test_results_conversions_violations_and_credentials(client: Client, emulator: Emulator) -> None:
    operations: Any = [{"kind": "flex", "name": "new", **SPEC}, {"kind": "flex", "name": HOSTILE, **SPEC}]
    results: Any = sorted(client.create_many(operations), key=lambda result: result.index)
    created, failed = (Tags(result._repr_html_()) for result in results)
    assert created.text == "#namestate0newCREATING"
    assert failed.tags <= ALLOWED
    assert "ValidationError" in failed.text
    assert HOSTILE[:20] in failed.text
    backup = {"serverlessContinuousBackupEnabled": True}
    with pytest.warns(errors.ConversionWarning):
        conversion = to_flex_spec({"name": "a", **SPEC, "serverlessBackupOptions": backup})
    text = Tags(conversion._repr_html_()).text
    assert '"name": "a"' in text
    assert "lost" in text
    with pytest.raises(errors.ValidationError) as raised:
        client.create_flex_cluster(name="a b", provider_settings={"backing_provider_name": "AWZ", "region_name": "X"})
    text = Tags(raised.value._repr_html_()).text
    assert [path for path in ("name", "providerSettings.backingProviderName") if path in text] == [
        "name",
        "providerSettings.backingProviderName",
    ]
    credentials: Any = client.credentials
    assert emulator.client_id in credentials._repr_html_()
    assert emulator.client_secret not in credentials._repr_html_()


def test_long_lists_and_texts_are_cut() -> None:
    html = Entries([{"name": "x" * 10_000, "stateName": "IDLE"}] * 1000)._repr_html_()
    assert len(html) < 10_000
    assert "1000 in all, the first 10 are shown" in html
    assert len(Response({"a": "x" * 100_000}, status=200)._repr_html_()) < 10_000
