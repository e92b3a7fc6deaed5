"""A thousand collections while objects of the binding are made, linked into cycles and dropped: nothing stays."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from atlas_serverless import Client, Emulator, errors, to_flex_spec

CYCLES = 1000
PLACE: Any = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}


class Holder:
    """Refers to what a call returned, and to itself."""

    def __init__(self, *held: object) -> None:
        self.held = held
        self.itself = self


def one_of_each(client: Client, number: int) -> Holder:
    raw = client.with_raw_response
    listed = client.list_flex_clusters()
    page = list(client.list_flex_clusters()) if number % 20 == 0 else []
    response = raw.get_flex_cluster(name="kept") if number % 20 == 0 else None
    conversion = to_flex_spec({"name": "a", "provider_settings": PLACE | {"provider_name": "SERVERLESS"}})
    try:
        client.get_flex_cluster(name="no such name!")
    except errors.AtlasError as error:
        return Holder(raw, listed, response, conversion, error, page, client.credentials)
    raise AssertionError("it has no such name")


def test_nothing_stays_after_a_thousand_collections() -> None:
    with Emulator(provisioning="at_once", rate_limit_headers=False) as emulator, emulator.client() as client:
        client.create_flex_cluster(name="kept", provider_settings=PLACE)
        for number in range(21):
            one_of_each(client, number)
        gc.collect()
        before, references = len(gc.get_objects()), []
        for number in range(CYCLES):
            references.append(weakref.ref(one_of_each(client, number)))
            gc.collect(0)
        gc.collect()
        assert [reference for reference in references if reference() is not None] == []
        # The references themselves are among the objects.
        assert len(gc.get_objects()) - before < CYCLES + 200
