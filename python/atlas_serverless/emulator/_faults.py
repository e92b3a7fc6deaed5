"""Faults as types, for editors and type checkers. The names are in `atlas_serverless.emulator`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

FaultKind = Literal[
    "status",
    "html",
    "rate_limited",
    "unauthorized",
    "not_found",
    "ignore",
    "stale",
    "delay",
    "stall",
    "close",
    "reset",
    "half_body",
    "empty_body",
    "wrong_type",
    "stale_nonce",
    "expire_tokens",
    "last_reply",
    "close_on_accept",
    "reset_on_accept",
]
"""What a fault does: the table is in the emulator's page of the documentation."""

FaultEndpoint = Literal[
    "api",
    "token",
    "revoke",
    "serverless",
    "flex",
    "clusters",
    "groups",
    "orgs",
    "databaseUsers",
    "accessList",
    "flexBackups",
    "rateLimits",
]
"""Which requests a fault hits; ``api`` is all but the first two after it."""


class FaultOrder(TypedDict, total=False):
    """Which requests a fault hits, and how."""

    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
    path: str
    """With ``*`` and ``?``."""
    name: str
    """The instance's, with ``*`` and ``?``."""
    endpoint: FaultEndpoint
    operation: str
    """An operation's id, such as ``createGroupFlexCluster``."""
    authorization: Literal["bearer", "digest", "basic", "none", "other", "any"]
    """The scheme of the credentials. Unless given, the first round trip of a digest exchange is not hit."""
    skip: int
    """So many matching requests pass first. Default 0."""
    times: int | None
    """How often it hits. Default 1; None: always."""
    after_store: bool
    """Whether the request is carried out before the fault."""
    status: int
    error_code: str | None
    """None: an error without a code."""
    detail: str
    retry_after: int | str | None
    """Seconds or an HTTP date; None: no such header."""
    headers: Mapping[str, str | int | None]
    """Headers to set; None removes one."""
    body: Any
    """Text, or JSON."""
    content_type: str
    seconds: float
    """So much later, on the emulator's clock."""
    delay_seconds: float
    """The same."""
    reset: bool
    """For ``half_body``: RST in the place of FIN."""
    then: Sequence[Mapping[str, Any]]
    """Faults, each with its `kind`, that are ordered when this one is used up."""
