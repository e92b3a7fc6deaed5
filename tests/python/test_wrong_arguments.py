"""Arguments in the wrong place or of the wrong kind: one message says what was meant, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from atlas_serverless import AsyncClient, Client, Emulator, cli, errors
from atlas_serverless._core import VirtualClock
from test_which_project import FACES, KINDS, WITH_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Call = Callable[..., None]

GROUP = "32b6e34b3d91647abb20e7b8"
PLACE = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
CREATES = [f"create_{kind}" for kind in KINDS]
CHANGES = [*(f"update_{kind}" for kind in KINDS), "upgrade_flex_cluster"]
WAITING = [*CREATES, *CHANGES, *(f"delete_{kind}" for kind in KINDS)]
NAMED = [*WITH_NAME, "upgrade_flex_cluster"]


@pytest.fixture
def client() -> Iterator[Client]:
    """Nothing listens there: what is sent is a ConnectError."""
    with Client(access_token="t", base_url="http://127.0.0.1:9", max_retries=0) as client:
        yield client


def options(method: str) -> dict[str, Any]:
    """What a method needs beside the project."""
    if method in CREATES:
        return {"name": "orders", "provider_settings": PLACE}
    return {"name": "orders"} | ({"tags": {"env": "dev"}} if method.startswith("update") else {})


# --- wait, timeout, interval -----------------------------------------------------------------------------------------

NO_FLAG = [
    (60, "wait must be True or False, not int; say wait=True, timeout=60"),
    (2.5, "wait must be True or False, not float; say wait=True, timeout=2.5"),
    ("yes", "wait must be True or False, not str"),
    (None, "wait must be True or False, not None"),
]


@pytest.mark.parametrize(("given", "said"), NO_FLAG)
@pytest.mark.parametrize("method", WAITING)
@pytest.mark.parametrize("call", FACES)
def test_wait_is_a_flag(client: Client, call: Call, method: str, given: Any, said: str) -> None:
    with pytest.raises(TypeError) as caught:
        call(client, method, GROUP, **options(method), wait=given)
    assert str(caught.value) == said


@pytest.mark.parametrize("name", ["timeout", "interval"])
@pytest.mark.parametrize("method", [*WAITING, *(f"wait_for_{kind}" for kind in KINDS)])
@pytest.mark.parametrize("call", FACES)
def test_seconds_are_a_number(client: Client, call: Call, method: str, name: str) -> None:
    for given, shown in ((True, "bool"), ("5", "str")):
        with pytest.raises(TypeError) as caught:
            call(client, method, GROUP, **options(method), **{name: given})
        assert str(caught.value) == f"{name} must be a number or None, not {shown}"


def test_the_same_in_operations_of_create_many(client: Client) -> None:
    for kind in ("flex", "serverless"):
        for given, said in NO_FLAG:
            [result] = client.create_many([{"kind": kind, "group_id": GROUP, "name": "orders", "wait": given}])
            assert (type(result.error), str(result.error)) == (TypeError, said)
        [result] = client.create_many([{"kind": kind, "group_id": GROUP, "name": "orders", "timeout": True}])
        assert str(result.error) == "timeout must be a number or None, not bool"


@pytest.mark.parametrize("kind", ["flex", "serverless"])
def test_the_command_line_says_where_seconds_belong(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--name", "orders", "--provider", "AWS", "--region", "US_EAST_1"]
    for words in (["create", "--wait", "60", *place], ["update", "orders", "--wait", "60", "--tag", "a=b"]):
        assert cli.main([kind, *words]) == 2
        assert "--wait takes no number: add --timeout 60" in capsys.readouterr().err
    assert cli.main([kind, "delete", GROUP, "orders", "--wait", "60"]) == 2
    assert "--wait takes no number: add --timeout 60" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["flex", "serverless"])
def test_the_command_line_says_that_a_name_stays(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    noun = {"flex": "Flex cluster", "serverless": "serverless instance"}[kind]
    assert cli.main([kind, "update", "orders", "--name", "renamed", "--tag", "a=b"]) == 2
    assert f"a {noun} can't be renamed: NAME says which one is updated" in capsys.readouterr().err


def test_options_of_a_client_that_are_seconds() -> None:
    made: list[Any] = [Client, AsyncClient]
    for new in made:
        for name in ("timeout", "connect_timeout", "max_retry_time"):
            for given, shown in ((True, "bool"), (None, "None")):
                with pytest.raises(TypeError) as caught:
                    new(access_token="t", **{name: given})
                assert str(caught.value) == f"{name} must be a number, not {shown}"


# --- project and name ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", NAMED)
@pytest.mark.parametrize("call", FACES)
def test_a_name_by_position_beside_the_project_by_keyword(client: Client, call: Call, method: str) -> None:
    more = {name: value for name, value in options(method).items() if name != "name"}
    with pytest.raises(errors.ValidationError) as caught:
        call(client, method, "orders", group_id=GROUP, **more)
    assert [violation["path"] for violation in caught.value.violations] == ["name"]
    assert str(caught.value).endswith('which is the project too; give the name as name="orders"')


@pytest.mark.parametrize("method", NAMED)
@pytest.mark.parametrize("call", FACES)
def test_a_name_that_is_given_twice(client: Client, call: Call, method: str) -> None:
    more = {name: value for name, value in options(method).items() if name != "name"}
    with pytest.raises(errors.ValidationError) as caught:
        call(client, method, GROUP, "orders", name="renamed", **more)
    if method in CHANGES:
        noun = "serverless instance" if "serverless" in method else "Flex cluster"
        expected = f'name: can\'t be changed after creation; name= says which {noun} it is, and "orders" does already'
    else:
        expected = "name: is given twice, as the second positional argument and as name=; keep one"
    assert str(caught.value) == expected


@pytest.mark.parametrize("method", NAMED)
@pytest.mark.parametrize("call", FACES)
def test_project_and_name_the_wrong_way_round(client: Client, call: Call, method: str) -> None:
    more = {name: value for name, value in options(method).items() if name != "name"}
    with pytest.raises(errors.ValidationError) as caught:
        call(client, method, "orders", GROUP, **more)
    said = f"it is the other way round, group_id='{GROUP}', name='orders'"
    assert f"groupId: is the name of a cluster, and name an id: {said}" in str(caught.value)


@pytest.mark.parametrize("method", [*NAMED, *CREATES, "list_flex_clusters", "list_serverless_instances", "get_project"])
@pytest.mark.parametrize("call", FACES)
def test_a_projects_name_in_the_place_of_its_id(client: Client, call: Call, method: str) -> None:
    more = {} if method.startswith(("list", "get_project")) else options(method)
    for given in ("Project 0", "my-project"):
        with pytest.raises(errors.ValidationError) as caught:
            call(client, method, group_id=given, **more)
        assert "; if it is the project's name, list_projects() has its id" in str(caught.value)
    with pytest.raises(errors.ValidationError) as caught:
        call(client, method, group_id=GROUP[:-1], **more)
    assert "list_projects" not in str(caught.value)


@pytest.mark.parametrize("method", NAMED)
@pytest.mark.parametrize("call", FACES)
def test_a_projects_name_in_the_place_of_a_clusters(client: Client, call: Call, method: str) -> None:
    with pytest.raises(errors.ValidationError) as caught:
        call(client, method, GROUP, **(options(method) | {"name": "Project 0"}))
    expected = (
        "name: has ' ' as character 8; only the letters a to z and A to Z, digits and hyphens are allowed; "
        "the name of a cluster is meant, not that of a project"
    )
    assert expected in str(caught.value)


@pytest.mark.parametrize("method", [method for method in NAMED if not method.startswith(("upgrade", "wait_for"))])
def test_an_id_in_the_place_of_a_name(method: str) -> None:
    note = "a cluster is asked for by its name, and what was given looks like an id"
    with Emulator(provisioning="at_once", calendar="2024") as emulator:
        with emulator.client(_clock=VirtualClock()) as client:
            with pytest.raises(errors.AtlasError) as caught:
                sync: Any = getattr(client, method)
                sync(None, **(options(method) | {"name": emulator.group_id}))
    assert note in str(caught.value)


def test_more_arguments_than_there_are(client: Client) -> None:
    for method in NAMED:
        with pytest.raises(TypeError, match="takes 2 positional arguments, group_id and name, but 3 were given"):
            getattr(client, method)(GROUP, "orders", "more")
        for given, name in (((5, "orders"), "group_id"), ((GROUP, 5), "name")):
            with pytest.raises(TypeError, match=f"^{name} must be text or None, not int$"):
                getattr(client, method)(*given)


# --- texts -----------------------------------------------------------------------------------------------------------

STATES = "CREATING, IDLE, UPDATING, REPAIRING, DELETING, DELETED"
EMPTY = "is empty: leave it out, or give what is meant"
TEXTS: list[tuple[str, tuple[Any, ...], str, list[Any], str]] = [
    *(
        (
            f"wait_for_{kind}",
            (GROUP, "a"),
            "state",
            [None, ""],
            f"is none of {STATES}, but empty: leave it out for IDLE",
        )
        for kind in KINDS
    ),
    *(
        (method, (GROUP,), "if_exists", [None, ""], 'if_exists must be "error", "return" or "update", not')
        for method in CREATES
    ),
    *(
        (method, (GROUP,), "on_timeout", [None, ""], 'on_timeout must be "error" or "delete", not')
        for method in CREATES
    ),
    ("create_serverless_instance", (GROUP,), "on_retired", [""], 'on_retired must be "raise" or "flex", not ""'),
    ("create_many", ([],), "on_error", [None, ""], 'on_error must be "collect" or "raise", not'),
    *(("list_rate_limits", (), name, [""], EMPTY) for name in ("group_id", "org_id", "name", "endpoint_path")),
    *(("list_rate_limits", (), name, [""], EMPTY) for name in ("user_id", "ip_address")),
    ("request", ("GET", "/api/atlas/v2/groups"), "api_version", [""], EMPTY),
    *((method, (), "group_id", [""], "must be the project's id: 24 of") for method in ("get_project", *NAMED[:1])),
]


@pytest.mark.parametrize(
    ("method", "args", "name", "values", "said"), TEXTS, ids=[f"{row[0]}-{row[2]}" for row in TEXTS]
)
def test_none_or_empty_in_the_place_of_a_text(
    client: Client, method: str, args: tuple[Any, ...], name: str, values: list[Any], said: str
) -> None:
    more = {"name": "a"} if method == "find" else {}
    for value in values:
        with pytest.raises((TypeError, ValueError)) as caught:
            getattr(client, method)(*args, **{name: value}, **more)
        assert (f"{name} must be text, not None" if value is None else said) in str(caught.value)


def test_method_and_path_of_a_request(client: Client) -> None:
    given: Any = None
    with pytest.raises(TypeError, match=r"^method must be text, not None"):
        client.request(given, "/api/atlas/v2/groups")
    with pytest.raises(TypeError, match=r"^path must be text, not None"):
        client.request("GET", given)
    given = ""
    with pytest.raises(errors.ValidationError, match=r"^method: must be GET, HEAD, POST, PUT, PATCH or DELETE$"):
        client.request(given, "/api/atlas/v2/groups")
    with pytest.raises(errors.ValidationError, match=r"^path: must be a path that begins with /api/"):
        client.request("GET", given)
    with pytest.raises(errors.ValidationError, match=r"^path: has a name in braces: put the id itself there"):
        client.request("GET", "/api/atlas/v2/groups/{groupId}/flexClusters")


CREDENTIALS = ["client_id", "client_secret", "public_key", "private_key", "access_token"]
HALVES = {"client_id": "client_secret", "public_key": "private_key"}
HALVES |= {other: one for one, other in HALVES.items()}
OPTIONS = {
    **{name: f"{name} is empty" for name in CREDENTIALS},
    "profile": "profile is empty: leave it out, or name a profile of the Atlas CLI",
    "base_url": "base_url is not a URL",
    "group_id": "group_id must be the project's id",
    "api_version": 'api_version must be a date such as "2025-03-12", not empty',
    "proxy": "proxy is not a proxy's URL such as http://user:password@host:port",
    "ca_file": "ca_file is empty: leave it out, or name a file of certificates (PEM)",
    "token_cache": "token_cache is “memory”, “file” or a folder",
    "on_retired": 'on_retired must be "raise" or "flex", not ""',
}


@pytest.mark.parametrize("name", OPTIONS)
def test_empty_options_of_a_client(name: str) -> None:
    whole: dict[str, Any] = {HALVES.get(name, "access_token"): "t"}
    both: list[Any] = [Client, AsyncClient]
    for made in both:
        with pytest.raises((errors.ConfigurationError, ValueError)) as caught:
            made(**(whole | {name: ""}))
        assert str(caught.value).startswith(OPTIONS[name])


def test_none_in_the_place_of_an_option_or_a_profile() -> None:
    both: list[Any] = [Client, AsyncClient]
    for made in both:
        for name in ("api_version", "on_retired"):
            with pytest.raises(TypeError, match=f"^{name} must be text, not None"):
                made(access_token="t", **{name: None})
        with pytest.raises(TypeError, match=r"^name must be text, not None"):
            made.from_profile(None)
        with pytest.raises(errors.ConfigurationError, match=r"^profile is empty: leave it out"):
            made.from_profile("")


def test_texts_of_operations_of_create_many(client: Client) -> None:
    plan = {"group_id": GROUP, "name": "orders", "provider_settings": PLACE}
    for name, given, said in [
        ("kind", None, "kind must be text, not None"),
        ("kind", "", 'kind must be "flex" or "serverless", not ""'),
        ("if_exists", None, "if_exists must be text, not None"),
        ("if_exists", "", 'if_exists must be "error", "return" or "update", not ""'),
        ("name", None, "name: is required and can't be None"),
        ("name", "", "name: must be text of letters, digits and hyphens, such as 'my-instance', not empty text"),
        ("group_id", "", "groupId: must be the project's id"),
    ]:
        [result] = client.create_many([plan | {name: given}])
        assert str(result.error).startswith(said)


# --- create_many -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("progress", 3, "progress must be True, False, None or a callable"),
        ("journal", 3, "journal must be a path or None, not int"),
        ("wait", True, 'wait is given with each operation of create_many: {…, "wait": …}'),
        ("group_id", GROUP, 'group_id is given with each operation of create_many: {…, "group_id": …}'),
        ("tags", {}, 'tags is given with each operation of create_many: {…, "tags": …}'),
        ("max_inflight", 3, "create_many() got an unexpected keyword argument 'max_inflight'"),
    ],
)
def test_what_create_many_does_not_take(client: Client, name: str, given: Any, said: str) -> None:
    more: dict[str, Any] = {name: given}
    asynchronous = AsyncClient(access_token="t")
    for made in (client, client.with_raw_response, asynchronous, asynchronous.with_raw_response):
        with pytest.raises(TypeError) as caught:
            made.create_many([], **more)
        assert str(caught.value) == said


def test_progress_in_an_operation(client: Client) -> None:
    plan: dict[str, Any] = {"group_id": GROUP, "name": "orders", "provider_settings": PLACE}
    for given, refused in ((True, True), (print, True), (False, False), (None, False)):
        [result] = client.create_many([plan | {"progress": given}])
        assert isinstance(result.error, TypeError) is refused
