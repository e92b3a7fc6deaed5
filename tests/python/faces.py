"""One call through each face of the client: plain, raw, asynchronous. Tests run a table of them instead of copies."""

from __future__ import annotations

import asyncio
from typing import Any

FACES = ["sync", "async", "raw", "async raw"]
KINDS = {"serverless": "serverless_instance", "flex": "flex_cluster"}
"""Kind of resource: how the client's methods call it."""


def method_of(verb: str, kind: str) -> str:
    """``list_flex_clusters``, ``wait_for_serverless_instance``."""
    return f"{verb}_{KINDS[kind]}" + ("s" if verb == "list" else "")


def called(server: Any, face: str, method: str, *args: Any, **keywords: Any) -> Any:
    """The data that a call of that face comes to; a list of entries for a list. `server` makes the clients."""
    options = keywords.pop("client_options", {})
    if face.startswith("async"):
        return asyncio.run(_awaited(server, face, options, method, args, keywords))
    with server.client(**options) as client:
        face_of = client.with_raw_response if face == "raw" else client
        result = getattr(face_of, method)(*args, **keywords)
        if method.startswith("list_"):
            return _entries(face, list(result))
        return result.data if face == "raw" and result is not None else result


async def _awaited(server: Any, face: str, options: Any, method: str, args: Any, keywords: Any) -> Any:
    async with server.async_client(**options) as client:
        face_of = client.with_raw_response if face == "async raw" else client
        result = getattr(face_of, method)(*args, **keywords)
        if hasattr(result, "__aiter__"):
            return _entries(face, [entry async for entry in result])
        result = await result
        return result.data if face == "async raw" and result is not None else result


def _entries(face: str, listed: list[Any]) -> list[Any]:
    return [entry for page in listed for entry in page.data["results"]] if "raw" in face else listed
