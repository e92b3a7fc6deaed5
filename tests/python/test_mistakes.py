"""Mistakes that one can recognise: one message that says what was meant, for both kinds and from every side."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import Client, Emulator, cli, errors

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ["flex_cluster", "serverless_instance"]
GROUP = "32b6e34b3d91647abb20e7b8"
PLACE = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
CREATE: dict[str, Any] = {"name": "orders", "provider_settings": PLACE}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(provisioning="at_once", calendar="2024") as running:
        yield running


MISSPELT = [
    ("AWS", "us-east-1", "US_EAST_1"),
    ("AWS", "us_east_1", "US_EAST_1"),
    ("AWS", " US_EAST_1 ", "US_EAST_1"),
    ("GCP", "us-central1", "CENTRAL_US"),
    ("AZURE", "eastus2", "US_EAST_2"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("provider", "region", "meant"), MISSPELT)
def test_a_misspelt_region_is_a_violation(
    emulator: Emulator, kind: str, provider: str, region: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spec: dict[str, Any] = {
        "name": "orders",
        "provider_settings": {"backing_provider_name": provider, "region_name": region},
    }
    before = len(emulator.requests)

    async def awaited() -> None:
        async with emulator.async_client() as client:
            await getattr(client, f"create_{kind}")(**spec)

    with emulator.client() as client:
        raised = []
        for create in (
            lambda: getattr(client, f"create_{kind}")(**spec),
            lambda: getattr(client.with_raw_response, f"create_{kind}")(**spec),
            lambda: asyncio.run(awaited()),
        ):
            with pytest.raises(errors.ValidationError) as caught:
                create()
            raised.append(caught.value)
        [result] = client.create_many([spec | {"kind": kind.partition("_")[0]}])
        assert isinstance(result.error, errors.ValidationError)
        raised.append(result.error)
    for error in raised:
        [violation] = error.violations
        assert (violation["path"], violation["value"]) == ("providerSettings.regionName", region)
        assert f'as {meant}: give "{meant}"' in violation["message"]
    assert len(emulator.requests) == before


def test_the_command_line_says_it_too(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    words = ["create", "--name", "a", "--provider", "AWS", "--region", "us-east-1", "--no-token-cache"]
    for kind in ("flex", "serverless"):
        assert cli.main([kind, *words]) == 2
        assert "Atlas spells the AWS region 'us-east-1' as US_EAST_1: give \"US_EAST_1\"" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_a_region_that_is_only_unknown_is_sent_and_explained_when_it_is_refused(emulator: Emulator, kind: str) -> None:
    place = {"backing_provider_name": "AWS", "region_name": "EU_WEST_9"}
    warned = "this version knows no AWS region 'EU_WEST_9', and sends it as it is"
    with emulator.client() as client, pytest.warns(errors.RegionWarning, match=warned):
        with pytest.raises(errors.BadRequestError) as caught:
            getattr(client, f"create_{kind}")(name="orders", provider_settings=place)
    assert warned in str(caught.value.hint)


MISTAKES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (
        {"name": "a", "region": "US_EAST_1", "provider": "AWS"},
        [
            ("region", "belongs under providerSettings, as regionName"),
            ("provider", "belongs under providerSettings, as backingProviderName"),
        ],
    ),
    ({**CREATE, "waitt": True}, [("waitt", "; did you mean the argument wait?")]),
    ({**CREATE, "time_out": 3}, [("time_out", "; did you mean the argument timeout?")]),
    ({**CREATE, "if_exist": "return"}, [("if_exist", "; did you mean the argument if_exists?")]),
    ({**CREATE, "name": None}, [("name", "is required and can't be None")]),
    ({**CREATE, "name": ""}, [("name", "not empty text")]),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("spec", "expected"), MISTAKES, ids=[str(expected[0][0]) for _, expected in MISTAKES])
def test_one_message_says_what_was_meant(kind: str, spec: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    with Client(access_token="t", group_id=GROUP) as client, pytest.raises(errors.ValidationError) as caught:
        getattr(client, f"create_{kind}")(**spec)
    assert [violation["path"] for violation in caught.value.violations] == [path for path, _ in expected]
    for violation, (_, said) in zip(caught.value.violations, expected, strict=True):
        assert said in violation["message"]


def test_the_cloud_in_the_place_of_the_kind() -> None:
    place = {"providerName": "AWS", "backingProviderName": "AWS", "regionName": "US_EAST_1"}
    with Client(access_token="t", group_id=GROUP) as client, pytest.raises(errors.ValidationError) as caught:
        client.create_serverless_instance(name="a", providerSettings=place)
    [violation] = caught.value.violations
    assert violation["message"].endswith("not 'AWS'; the cloud is given as backingProviderName")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["get", "delete"])
def test_an_id_where_a_name_belongs(emulator: Emulator, kind: str, verb: str) -> None:
    note = "a cluster is asked for by its name, and what was given looks like an id"
    with emulator.client() as client:
        with pytest.raises(errors.NotFoundError) as caught:
            getattr(client, f"{verb}_{kind}")(None, GROUP)
        assert note in str(caught.value)
        with pytest.raises(errors.NotFoundError) as caught:
            getattr(client, f"{verb}_{kind}")(None, "nothing")
        assert note not in str(caught.value)


def test_several_violations_stand_on_a_line_each() -> None:
    with Client(access_token="t", group_id=GROUP) as client, pytest.raises(errors.ValidationError) as caught:
        client.create_flex_cluster(name="-", tags={"": "x"})
    heading, *lines = str(caught.value).splitlines()
    assert heading == f"the request breaks {len(caught.value.violations)} rules:"
    assert len(lines) == len(caught.value.violations) >= 3
    assert lines[0].startswith("  name: ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_create_is_one_line_of_the_log(emulator: Emulator, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "atlas_serverless")
    noun = kind.replace("_", " ").replace("flex", "Flex")
    with emulator.client() as client:
        getattr(client, f"create_{kind}")(name=f"log-{kind[:4]}", provider_settings=PLACE)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"the {noun} log-{kind[:4]} in project {emulator.group_id} is CREATING after ")


@pytest.mark.parametrize("kind", KINDS)
def test_the_repr_of_a_result_says_what_it_is(emulator: Emulator, kind: str) -> None:
    name = f"repr-{kind[:4]}"
    operation = {"kind": kind.partition("_")[0], "name": name, "provider_settings": PLACE}
    with emulator.client() as client:
        [result] = client.create_many([operation])
        assert repr(result) == f"<CreateResult 0 created {name} CREATING>"
        [result] = client.with_raw_response.create_many([operation | {"if_exists": "return", "envelope": True}])
        assert repr(result).startswith(f"<CreateResult 0 created {name} ")


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_update_can_change_is_told_apart_from_what_it_cannot(emulator: Emulator, kind: str) -> None:
    name, noun = f"differs-{kind[:4]}", kind.replace("_", " ").replace("flex", "Flex")
    elsewhere = {"backing_provider_name": "AWS", "region_name": "EU_WEST_1"}
    with emulator.client() as client:
        create = getattr(client, f"create_{kind}")
        create(name=name, provider_settings=PLACE, tags={"env": "dev"}, wait=True)
        for changed, said in [
            (
                {"tags": {"env": "live"}},
                f"There is a {noun} {name} already; it differs in what an update changes (tags",
            ),
            (
                {"provider_settings": elsewhere},
                f"The name {name} is taken by another {noun} than was asked for (provider",
            ),
        ]:
            spec: dict[str, Any] = {"name": name, "provider_settings": PLACE, "tags": {"env": "dev"}, **changed}
            with pytest.raises(errors.DuplicateClusterName) as caught:
                create(**spec, if_exists="return")
            assert said in str(caught.value)


def test_a_path_of_request_that_is_none() -> None:
    with Client(access_token="t") as client, pytest.raises(errors.ValidationError) as caught:
        client.request("GET", "/nope")
    assert str(caught.value).endswith('without "..", and without a query: give that as params')


def test_trio_is_told_what_asyncio_needs() -> None:
    from atlas_serverless import AsyncClient

    client = AsyncClient(access_token="t", group_id=GROUP)
    coroutine = client.get_project()
    with pytest.raises(RuntimeError, match="no running event loop: AsyncClient runs in asyncio, not in trio"):
        coroutine.send(None)
