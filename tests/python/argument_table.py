"""Every argument of every public call, with values that it cannot have: a program that `test_arguments.py` runs.

It prints a line for each call that ends otherwise than it may: before a request, with a `TypeError`, a `ValueError` or
an error of ours that names the argument; after one, with a result or an error of ours. It is given URL and project of a
server.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import sys
import tempfile
import warnings
from itertools import islice, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas_serverless import AsyncClient, Client, Emulator, errors, to_flex_spec
from atlas_serverless._core import VirtualClock
from atlas_serverless.emulator import Clock, Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URL, GROUP = sys.argv[1:]
OPTIONS: dict[str, Any] = {"access_token": "t", "base_url": URL, "max_retries": 0, "_clock": VirtualClock()}
PLACE: dict[str, Any] = {"backing_provider_name": "AWS", "region_name": "US_EAST_1"}
REGION: dict[str, Any] = {"providerName": "AWS", "regionName": "US_EAST_1", "priority": 7}
REGION["electableSpecs"] = {"instanceSize": "M10", "nodeCount": 3}
CLUSTER: dict[str, Any] = {"name": "orders", "provider_settings": PLACE}
ID = "5f1b2c3d4e5f6a7b8c9d0e1f"
FIELDS: dict[str, dict[str, Any]] = {
    "create_flex_cluster": CLUSTER,
    "create_serverless_instance": CLUSTER,
    "update_flex_cluster": {"tags": {"env": "dev"}},
    "update_serverless_instance": {"tags": {"env": "dev"}},
    "upgrade_flex_cluster": {"clusterType": "REPLICASET", "replicationSpecs": [{"regionConfigs": [REGION]}]},
    "create_project": {"name": "shop", "org_id": ID},
    "update_project": {"tags": {"env": "dev"}},
    "create_database_user": {
        "password": "s3cret-enough",
        "roles": [{"role_name": "readWrite", "database_name": "shop"}],
    },
    "update_database_user": {"description": "reports"},
    "create_access_list_entry": {"ip_address": "192.0.2.7"},
    "create_flex_restore_job": {"snapshot_id": ID, "target_deployment_item_name": "orders"},
}
# A field of each that is not a tag.
ODD_FIELD = {
    "create_database_user": "roles",
    "update_database_user": "description",
    "create_access_list_entry": "comment",
}
ODD_FIELD["create_flex_restore_job"] = "snapshot_id"


#: More results than one list of operations has here: of those that nobody takes there is a line in the log.
MANY = 50
#: The operation that a call of many is given, if it is no create.
OPERATIONS: dict[str, dict[str, Any]] = {
    "update_many": {"group_id": GROUP, "name": "orders", "tags": {"env": "dev"}},
    "delete_many": {"group_id": GROUP, "name": "orders"},
}


def cycle() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def cyclic_dict() -> dict[str, Any]:
    made: dict[str, Any] = {}
    made["name"] = made
    return made


def deep(wrap: Callable[[Any], Any]) -> Any:
    made: Any = wrap(None)
    for _ in range(100_000):
        made = wrap(made)
    return made


VALUES: dict[str, Any] = {
    "a cycle": cycle(),
    "a cyclic dict": cyclic_dict(),
    "a deep list": deep(lambda inner: [inner]),
    "a deep dict": deep(lambda inner: {"tags": inner}),
    "NaN": float("nan"),
    "bytes": b"\xff",
    "a huge int": 10**5000,
    "a negative int": -1,
    "a lone surrogate": "\ud800",
    "control characters": "a\x00\r\n\tb",
    "None": None,
    "a float": 1.5,
    "an object": object(),
    "a set": {1},
    "a type": int,
    "empty text": "",
}


def names(argument: str, text: str) -> bool:
    """As it is written in Python, or in the API: `group_id`, `groupId`."""
    camel = re.sub(r"_(.)", lambda match: match[1].upper(), argument)
    return argument in text or camel in text or text.startswith("There is no ")


def run(made: Any) -> None:
    """Take what a call returned to its end."""
    if inspect.iscoroutine(made):
        asyncio.run(made)
    elif hasattr(made, "__aiter__"):
        asyncio.run(first(made))
    elif hasattr(made, "__next__"):
        raise_error_of(list(islice(made, MANY)))
    elif isinstance(made, Emulator):
        made.stop()


async def first(results: Any) -> None:
    taken = []
    async for result in results:
        taken.append(result)
        if len(taken) == MANY:
            break
    raise_error_of(taken)


def raise_error_of(results: list[Any]) -> None:
    for result in results:
        error = getattr(result, "error", None)
        if error is not None:
            raise error


def attempt(call: str, argument: str, word: str, work: Callable[..., Any], /, *given: Any, **named: Any) -> None:
    """Call `work` with a value that `word` describes as an argument of this name, or "" if what is in it is named."""
    try:
        run(work(*given, **named))
    except (errors.TransportError, errors.ApiError, errors.WaitError, FileNotFoundError, LookupError):
        pass  # it was sent, or looked for
    except Exception as error:
        allowed = type(error) in (TypeError, ValueError) or isinstance(error, errors.AtlasError)
        if not (allowed and names(argument, str(error))):
            print(ascii(f"{call}({argument}={word}): {type(error).__name__}: {error}"[:300]))
    except BaseException as error:  # a panic
        print(ascii(f"{call}({argument}={word}): {type(error).__name__}"))


def methods() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, own in inspect.getmembers(Client):
        if not name.startswith("_") and callable(own) and name not in ("close", "from_env", "from_profile"):
            yield name, own


def arguments_of(own: Callable[..., Any]) -> dict[str, Any]:
    """What every call is given beside the odd value."""
    known = inspect.signature(own).parameters
    given: dict[str, Any] = {"group_id": GROUP, "name": "orders", "method": "POST", "path": "/api/atlas/v2/groups"}
    given |= {"username": "reader", "entry_value": "192.0.2.7", "snapshot_id": ID, "restore_job_id": ID}
    given["leftovers"] = [{"kind": "flex", "group_id": GROUP, "name": "orders"}]
    given["operations"] = [OPERATIONS.get(own.__name__, {"group_id": GROUP, **CLUSTER})]
    given = {key: value for key, value in given.items() if key in known}
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()):
        given |= FIELDS[own.__name__]
    return given


def clients() -> None:
    client, asynchronous = Client(**OPTIONS), AsyncClient(**OPTIONS)
    faces: dict[str, Any] = {"": client, "raw.": client.with_raw_response, "async.": asynchronous}
    faces["async.raw."] = asynchronous.with_raw_response
    for (prefix, face), (name, own), (word, value) in product(faces.items(), methods(), VALUES.items()):
        for parameter in inspect.signature(own).parameters.values():
            key = ODD_FIELD.get(name, "tags") if parameter.kind is parameter.VAR_KEYWORD else parameter.name
            if key == "self" or (key, word) == ("progress", "a type"):  # a type is called
                continue
            shown = "operation" if key == "operations" else key
            attempt(prefix + name, shown, word, getattr(face, name), **{**arguments_of(own), key: value})


def constructors() -> None:
    kinds: list[Any] = [Client, AsyncClient]
    for kind, (word, value) in product(kinds, VALUES.items()):
        for argument in inspect.signature(kind).parameters:
            attempt(kind.__name__, argument, word, kind, **{**OPTIONS, argument: value})
        attempt(
            f"{kind.__name__}.from_profile", "" if isinstance(value, str) else "name", word, kind.from_profile, value
        )


#: The keys of an operation of each call of many.
_ALL = ["group_id", "kind", "envelope", "pretty", "wait", "timeout", "interval", "progress", "name"]
_CHANGES = ["validate", "extra_fields", "tags"]
KEYS = {
    "create_many": [*_ALL, *_CHANGES, "if_exists", "on_timeout", "on_retired", "providerSettings"],
    "update_many": [*_ALL, *_CHANGES, "add_tags", "remove_tags", "terminationProtectionEnabled"],
    "delete_many": [*_ALL, "missing_ok", "tags"],
}


def operations() -> None:
    """Each key of an operation of the calls of many, and what stands in its place."""
    for face, (method, keys), (word, value) in product((Client, AsyncClient), KEYS.items(), VALUES.items()):
        work = getattr(face(**OPTIONS), method)
        given = OPERATIONS.get(method, {"group_id": GROUP, **CLUSTER})
        for key in keys:
            attempt(f"{face.__name__}.{method}", key, word, work, [{**given, key: value}])
        attempt(method, "" if isinstance(value, dict) else "operation", word, work, [value])
        if word in ("NaN", "bytes", "a lone surrogate", "None", "an object", "control characters", "empty text"):
            attempt(f"{method} key", "", word, work, [{**given, value: 1}])


def conversions() -> None:
    fields = ["name", "tags", "providerSettings", "provider_settings", "serverlessBackupOptions"]
    for word, value in VALUES.items():
        attempt("to_flex_spec", "" if isinstance(value, (dict, str)) else "spec", word, to_flex_spec, value)
        attempt("to_flex_spec", "strict", word, to_flex_spec, {}, strict=value)
        for field in fields:
            attempt("to_flex_spec", field, word, to_flex_spec, {field: value})


def emulators() -> None:
    for (argument, parameter), (word, value) in product(inspect.signature(Emulator).parameters.items(), VALUES.items()):
        key = "speed" if parameter.kind is parameter.VAR_KEYWORD else argument
        attempt("Emulator", key, word, Emulator, **{key: value})
    with Emulator() as emulator:
        for face in (emulator, emulator.clock, emulator.faults):
            controls(face)


def controls(face: Emulator | Clock | Faults) -> None:
    for name, method in inspect.getmembers(face, inspect.ismethod):
        if name.startswith("_") or name in ("stop", "client", "async_client", "environment"):
            continue
        known = inspect.signature(method).parameters
        needed = (key for key, of in known.items() if of.default is of.empty and of.kind is not of.VAR_KEYWORD)
        required = {key: {"state": "IDLE", "calendar": "2026"}.get(key, "GET") for key in needed}
        for (key, parameter), (word, value) in product(known.items(), VALUES.items()):
            fields = parameter.kind is parameter.VAR_KEYWORD
            shown = "" if fields or key in ("changes", "to") else "requires" if key == "required" else key
            attempt(
                f"{type(face).__name__}.{name}", shown, word, method, **{**required, "body" if fields else key: value}
            )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        for table in (clients, constructors, operations, conversions, emulators):
            table()
