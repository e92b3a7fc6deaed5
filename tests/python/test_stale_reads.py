"""Replies that are older than what Atlas has said before: a wait does not believe a single one of them."""

from __future__ import annotations

from typing import Any

import pytest

from atlas_serverless import Emulator, _core, errors
from canned import ABSENT, GROUP, Canned, Request, entity, refusal, reply
from faces import FACES, KINDS, called, method_of

OLD, NEW = [{"key": "env", "value": "old"}], [{"key": "env", "value": "new"}]
SETTINGS = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


def tagged(state: str, tags: Any, ident: str = "a1", **more: Any) -> bytes:
    return reply(200, {"id": ident, "name": "orders", "stateName": state, "tags": tags, **more})


def updated(server: Canned, face: str, kind: str, clock: Any, **options: Any) -> Any:
    keywords = {"tags": {"env": "new"}, "wait": True, **options}
    return called(
        server, face, method_of("update", kind), GROUP, "orders", client_options={"_clock": clock}, **keywords
    )


# --- updates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
def test_idle_with_the_old_values_is_not_the_end_of_an_update(kind: str, face: str) -> None:
    looks = [
        tagged("IDLE", OLD),
        tagged("IDLE", OLD),
        tagged("UPDATING", NEW),
        tagged("IDLE", OLD),
        tagged("IDLE", NEW),
    ]
    with Canned(tagged("UPDATING", NEW), *looks) as server:
        result = updated(server, face, kind, _core.VirtualClock())
    assert (result["stateName"], result["tags"]) == ("IDLE", NEW)
    assert server.asked == ["PATCH orders", *["GET orders"] * 5]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_change_that_is_never_shown_is_an_ignored_field(kind: str, face: str) -> None:
    clock = _core.VirtualClock()
    with Canned(tagged("UPDATING", NEW), tagged("IDLE", OLD)) as server:
        with pytest.warns(errors.FieldIgnoredWarning, match="did not take over tags: asked for .*new.*, got .*old"):
            result = updated(server, face, kind, clock)
    assert (result["stateName"], result["tags"]) == ("IDLE", OLD)
    assert 30 <= clock.now < 45


def test_the_time_of_patience_begins_when_it_is_idle() -> None:
    looks = [*[tagged("UPDATING", NEW)] * 20, tagged("IDLE", OLD), tagged("IDLE", NEW)]
    with Canned(tagged("UPDATING", NEW), *looks) as server:
        assert updated(server, "sync", "flex", _core.VirtualClock())["tags"] == NEW


def test_a_timeout_says_what_is_shown_instead() -> None:
    with Canned(tagged("UPDATING", NEW), tagged("IDLE", OLD)) as server:
        with pytest.raises(errors.WaitTimeoutError) as caught:
            updated(server, "sync", "flex", _core.VirtualClock(), timeout=10)
    text = str(caught.value)
    assert text.startswith(
        "The Flex cluster orders was changed, but does not show it: the time is up (last seen IDLE, "
    )
    assert 'tags: asked for [{"key":"env","value":"new"}], shown is [{"key":"env","value":"old"}]' in text
    assert text.endswith("get_flex_cluster shows whether Atlas takes it over")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_known_to_be_ignored_is_not_waited_for(kind: str) -> None:
    if kind == "flex":
        with Canned(tagged("UPDATING", OLD), tagged("IDLE", OLD)) as server:
            updated(server, "sync", kind, _core.VirtualClock(), tags={"env": "old"})
        assert len(server.requests) == 2
        return
    options = {"serverlessContinuousBackupEnabled": True}
    shown: dict[str, Any] = {"serverlessBackupOptions": {"serverlessContinuousBackupEnabled": False}}
    with Canned(tagged("UPDATING", NEW, **shown), tagged("IDLE", NEW, **shown)) as server:
        with pytest.warns(errors.FieldIgnoredWarning, match="serverlessContinuousBackupEnabled: asked for true"):
            updated(server, "sync", kind, _core.VirtualClock(), serverless_backup_options=options)
    assert len(server.requests) == 2


def test_in_an_envelope_too() -> None:
    def wrapped(state: str, tags: Any) -> bytes:
        return reply(200, {"status": 200, "content": {"id": "a1", "name": "orders", "stateName": state, "tags": tags}})

    with Canned(wrapped("UPDATING", NEW), wrapped("IDLE", OLD), wrapped("IDLE", NEW)) as server:
        assert updated(server, "sync", "flex", _core.VirtualClock(), envelope=True)["content"]["tags"] == NEW


# --- a name that is used again, and a single 404 ------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_after_a_create_the_name_may_still_show_what_had_it_before(kind: str) -> None:
    looks = [
        entity("IDLE", "old"),
        entity("DELETING", "old"),
        entity("CREATING"),
        entity("IDLE", "old"),
        entity("IDLE"),
    ]
    with Canned(entity("CREATING", status=201), *looks) as server:
        options = {"_clock": _core.VirtualClock()}
        keywords = {"name": "orders", "provider_settings": SETTINGS, "wait": True}
        made = called(server, "sync", method_of("create", kind), GROUP, client_options=options, **keywords)
    assert (made["id"], made["stateName"]) == ("a1", "IDLE")


@pytest.mark.parametrize("kind", KINDS)
def test_after_a_create_another_that_stays_is_an_error(kind: str) -> None:
    clock = _core.VirtualClock()
    with Canned(entity("CREATING", status=201), entity("IDLE", "old")) as server, server.client(_clock=clock) as client:
        with pytest.raises(errors.WaitFailedError) as caught:
            create = getattr(client, method_of("create", kind))
            create(GROUP, name="orders", provider_settings=SETTINGS, wait=True)
    assert 60 <= clock.now < 80
    assert caught.value.result["id"] == "a1"


@pytest.mark.parametrize("kind", KINDS)
def test_one_404_of_what_was_seen_is_looked_at_again(kind: str) -> None:
    wait = method_of("wait_for", kind)
    with Canned(entity("CREATING"), ABSENT, entity("CREATING"), ABSENT, entity("IDLE")) as server:
        with server.client(_clock=_core.VirtualClock()) as client:
            assert getattr(client, wait)(GROUP, "orders")["stateName"] == "IDLE"
    with Canned(entity("CREATING"), ABSENT) as server, server.client(_clock=_core.VirtualClock()) as client:
        with pytest.raises(errors.WaitFailedError, match="it is gone"):
            getattr(client, wait)(GROUP, "orders")
    assert len(server.requests) == 3


# --- deletions ----------------------------------------------------------------------------------------------------


def forgotten(request: Request) -> bytes:
    return reply(204) if request.method == "DELETE" else entity("IDLE")


@pytest.mark.parametrize("kind", KINDS)
def test_a_deletion_that_is_forgotten_three_times_is_said_so(kind: str) -> None:
    method = method_of("delete", kind)
    with Canned(answer=forgotten) as server, server.client(_clock=_core.VirtualClock()) as client:
        with pytest.raises(errors.WaitTimeoutError) as caught:
            getattr(client, method)(GROUP, "orders", wait=True)
    again = f'{method_of("wait_for", kind)} with state="DELETED" waits for it again'
    assert str(caught.value).endswith(
        f"; its deletion was accepted 3 times, and it is still IDLE: delete it again; {again}"
    )
    assert "goes on" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("state", "ends"),
    [
        ("IDLE", "it is IDLE, so nothing deletes it: <delete> does; <again>"),
        ("DELETING", "it goes on in Atlas: <again>"),
    ],
)
def test_a_wait_for_a_deletion_names_its_state(kind: str, state: str, ends: str) -> None:
    again = f'{method_of("wait_for", kind)} with state="DELETED" waits for it again'
    with Canned(entity(state)) as server, server.client(_clock=_core.VirtualClock()) as client:
        with pytest.raises(errors.WaitTimeoutError) as caught:
            getattr(client, method_of("wait_for", kind))(GROUP, "orders", state="DELETED", timeout=20)
    ends = ends.replace("<again>", again).replace("<delete>", method_of("delete", kind))
    assert str(caught.value).endswith(f"; {ends}")


@pytest.mark.parametrize(
    ("state", "wanted", "ends"),
    [
        ("IDLE", "UPDATING", "it is IDLE, so nothing goes on that makes it UPDATING"),
        ("CREATING", "UPDATING", 'it goes on in Atlas: wait_for_flex_cluster with state="UPDATING" waits for it again'),
        ("CREATING", "IDLE", "it goes on in Atlas: wait_for_flex_cluster waits for it again"),
    ],
)
def test_a_wait_for_another_state_names_it(state: str, wanted: Any, ends: str) -> None:
    with Canned(entity(state)) as server, server.client(_clock=_core.VirtualClock()) as client:
        with pytest.raises(errors.WaitTimeoutError) as caught:
            client.wait_for_flex_cluster(GROUP, "orders", state=wanted, timeout=20)
    assert str(caught.value).endswith(f"; {ends}")


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_created_after_the_deletion_is_never_deleted(kind: str) -> None:
    """The first look comes after somebody else has used the name again: the deletion is done, and not repeated."""
    new = {"id": "b2", "name": "orders", "stateName": "IDLE", "createDate": "2026-03-01T10:00:05Z"}
    accepted = reply(204, Date="Sun, 01 Mar 2026 10:00:00 GMT")
    with Canned(accepted, reply(200, new)) as server, server.client(_clock=_core.VirtualClock()) as client:
        getattr(client, method_of("delete", kind))(GROUP, "orders", wait=True)
    assert server.asked == ["DELETE orders", "GET orders"]


# --- refused looks ------------------------------------------------------------------------------------------------

REFUSED = refusal(401, "USER_UNAUTHORIZED")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("state", "unknown"), [("DELETED", "is gone"), ("IDLE", "became IDLE")])
def test_a_refused_look_says_what_is_not_known(kind: str, state: Any, unknown: str) -> None:
    with Canned(entity("UPDATING"), REFUSED) as server, server.client(_clock=_core.VirtualClock()) as client:
        with pytest.raises(errors.UnauthorizedError, match=f"whether it {unknown} is not known"):
            getattr(client, method_of("wait_for", kind))(GROUP, "orders", state=state)


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_look_after_a_deletion_does_not_say_that_it_is_there(kind: str) -> None:
    with (
        Canned(reply(204), entity("DELETING"), REFUSED) as server,
        server.client(_clock=_core.VirtualClock()) as client,
    ):
        with pytest.raises(errors.WaitFailedError) as caught:
            getattr(client, method_of("delete", kind))(GROUP, "orders", wait=True)
    assert "is to be deleted, but whether it is gone is not known: waiting for it failed with 401" in str(caught.value)
    assert "still there" not in str(caught.value)


# --- the same, played by the emulator -------------------------------------------------------------------------------


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_life_of_a_cluster_among_old_replies(kind: str, face: str) -> None:
    """Every read of every wait comes twice from before the change, and every deletion is forgotten once."""
    with Emulator(provisioning="at_once") as emulator:
        group, quick = emulator.group_id, {"wait": True, "interval": 0.01}
        name = {"name": "orders", "provider_settings": SETTINGS}

        def stale() -> None:
            emulator.fail_next("stale", method="GET", name="orders", times=2)

        stale()
        made = called(emulator, face, method_of("create", kind), group, **name, tags={"env": "old"}, **quick)
        assert (made["stateName"], made["tags"]) == ("IDLE", OLD)
        stale()
        changed = called(emulator, face, method_of("update", kind), group, "orders", tags={"env": "new"}, **quick)
        assert (changed["id"], changed["stateName"], changed["tags"]) == (made["id"], "IDLE", NEW)
        stale()
        called(emulator, face, method_of("delete", kind), group, "orders", **quick)
        assert emulator.instances() == []
        # Under the same name again, while reads still show the first one.
        stale()
        again = called(emulator, face, method_of("create", kind), group, **name, **quick)
        assert again["id"] != made["id"]
        assert emulator.faults.standing() == []


def test_a_stale_list_and_a_stale_get_in_the_emulator() -> None:
    with Emulator(provisioning="at_once") as emulator, emulator.client() as client:
        group = emulator.group_id

        def shown() -> list[tuple[str, str]]:
            emulator.fail_next("stale", operation="listGroupFlexClusters")
            return [(found["name"], found["stateName"]) for found in client.list_flex_clusters(group)]

        for name in ("one", "two"):
            client.create_flex_cluster(group, name=name, provider_settings=SETTINGS, wait=True, interval=0.01)
        assert shown() == []
        client.update_flex_cluster(group, "one", tags={"a": "b"}, wait=True, interval=0.01)
        assert shown() == [("one", "IDLE")]
        client.delete_flex_cluster(group, "one", wait=True, interval=0.01)
        assert shown() == [("one", "IDLE")]
        assert [found["name"] for found in client.list_flex_clusters(group)] == ["two"]
        emulator.fail_next("stale", operation="getGroupFlexCluster")
        assert client.get_flex_cluster(group, "one")["tags"] == [{"key": "a", "value": "b"}]
        with pytest.raises(errors.ClusterNotFound):
            client.get_flex_cluster(group, "one")
