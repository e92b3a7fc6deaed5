"""One client for all triggers of a process that use the same credentials.

They share its connections, its token and what it knows of Atlas' rate limits: a thousand deferred tasks are a thousand
coroutines, not a thousand connections.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from atlas_serverless import AsyncClient

_lock = threading.Lock()
_clients: dict[str, tuple[AsyncClient, int]] = {}  # with the number of those that use it


@asynccontextmanager
async def shared_client(options: dict[str, Any]) -> AsyncIterator[AsyncClient]:
    """A client with these options; the last one that leaves closes it."""
    key = hashlib.sha256(repr(sorted(options.items())).encode()).hexdigest()  # the options have a secret
    with _lock:
        client, users = _clients.get(key) or (AsyncClient(**options), 0)
        _clients[key] = (client, users + 1)
    try:
        yield client
    finally:
        with _lock:
            client, users = _clients.pop(key)
            if users > 1:
                _clients[key] = (client, users - 1)
        if users == 1:
            await client.close()
