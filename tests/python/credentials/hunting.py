"""Looks for a secret in everything that can be seen of a program."""

from __future__ import annotations

import base64
import copy
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import atlas_serverless

OURS = str(Path(atlas_serverless.__file__).parent)


def forms(secret: str, id: str = "") -> set[str]:
    """A secret as it is, encoded, and as half of a Basic pair. The last characters of a form may be shown."""
    pair = base64.b64encode(f"{id}:{secret}".encode()).decode().rstrip("=")
    # Within base64 what follows the id begins anew at every third character.
    inside = {base64.b64encode(("x" * n + secret).encode()).decode()[4:-8] for n in range(3)}
    return {secret[:-2], quote(secret, safe="")[:-2], pair[:-4], secret.encode().hex()[:-4], *inside}


def of_exception(error: BaseException) -> Iterator[str]:
    """Everything that a log, a report or another process gets of an exception and of those behind it."""
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        one = queue.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        queue += [one.__cause__, one.__context__]
        yield from (str(one), repr(one), repr(one.args), repr(getattr(one, "__dict__", None)))
        yield from (repr(getattr(one, name, None)) for name in dir(one) if not name.startswith("__"))
        if isinstance(one, atlas_serverless.errors.AtlasError):
            yield pickle.dumps(one).decode("latin-1")
            yield repr(vars(pickle.loads(pickle.dumps(one))))
        yield from locals_of_ours(one.__traceback__)
    yield "".join(traceback.format_exception(error))


def locals_of_ours(trace: TracebackType | None) -> Iterator[str]:
    """Variables in the package's own frames: tools that report errors show them."""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(OURS):
            yield repr(dict(trace.tb_frame.f_locals))
        trace = trace.tb_next


def of_object(thing: Any) -> Iterator[str]:
    """Everything that an object shows of itself."""
    yield from (repr(thing), str(thing), f"{thing}", repr(getattr(thing, "__dict__", None)))
    for name in dir(thing):
        if not name.startswith("__"):
            yield repr(getattr(thing, name, None))
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        yield from of_attempt(attempt, thing)


def of_attempt(attempt: Callable[[Any], Any], thing: Any) -> Iterator[str]:
    try:
        yield repr(attempt(thing))
    except Exception as error:
        yield from of_exception(error)


def hidden(secrets: set[str], texts: Iterator[str]) -> int:
    """Asserts that none of the texts holds any of the secrets; how many there were."""
    count = 0
    for text in texts:
        count += 1
        for secret in secrets:
            assert secret not in text, f"…{text[max(0, text.find(secret) - 200) :][:400]}"
    return count
