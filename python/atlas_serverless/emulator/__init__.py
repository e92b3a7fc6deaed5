"""A small Atlas on 127.0.0.1, to test against.

    from atlas_serverless import Emulator

    with Emulator(provisioning_seconds=0.2) as emulator, emulator.client() as client:
        client.create_serverless_instance(
            emulator.group_id,
            name="orders",
            provider_settings={"backing_provider_name": "AWS", "region_name": "US_EAST_1"},
            wait=True,
        )
        assert emulator.requests[-1]["status"] == 200

It speaks HTTP, so any client of the Atlas Administration API can use it: only the base URL changes. Everything here
goes through :meth:`Emulator.control`, which is also there for other languages under ``{url}/_emulator/``.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from ._arguments import file_path, listed, load, part, seconds
from ._controls import Clock, Faults, iso
from ._process import AnyProcess

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Unpack

    from atlas_serverless._core import Client
    from atlas_serverless.aio import AsyncClient

    from ._faults import FaultKind, FaultOrder

    Auth = Literal["service_account", "api_key", "access_token"]
    Calendar = Literal["2024", "2025", "2025-12", "2026", "2027", "clock"] | str
    Role = Literal["Project Owner", "Project Read Only", "Organization Owner", "Organization Member"] | str
    Source = Mapping[str, Any] | str | os.PathLike[str]

__all__ = ["Clock", "Emulator", "Faults"]


class Emulator:
    """A running emulator. It starts when it is constructed and stops at the end of ``with``, at :meth:`stop`, or when
    it is garbage-collected. A child made by fork reaches its parent's emulator over HTTP, and never stops it.

    Without arguments it holds one organization with one project, one service account and one API key, both Project
    Owner, under credentials that are new at every start.

    Args:
        port: The port on 127.0.0.1; 0 takes a free one.
        host: The loopback address to listen on.
        provisioning_seconds: How long an instance is CREATING, UPDATING or DELETING, on the emulator's clock.
        provisioning: Another way for states to move: ``"at_once"`` (the reply to a change has the transitional
            state, the next read does not), ``{"reads": n}`` (n reads still see it), ``"manual"`` (see
            :meth:`set_state`). Wins over `provisioning_seconds`.
        calendar: Which stage of the serverless endpoints is simulated: ``"2024"`` real serverless instances, ``"2025"``
            Flex clusters behind the serverless shape, ``"2025-12"`` the same with deprecation headers,
            ``"2026"`` retired, ``"2027"`` ended, ``"clock"`` as the clock says; or a date such as ``"2026-01-02"``.
        clock: ``"real"``, ``"manual"`` (it stands still until it is moved), ``"auto"`` (waits move it themselves: a
            read of an instance that is changing moves it to the end of the change, a delay or a ``Retry-After`` by its
            seconds), or where a manual clock starts (a datetime, an ISO time or Unix seconds).
        seed: Organizations, projects, identities and instances to start with: a dict, or the path of a JSON file.
        scenario: Settings and faults to start with: a dict, or the path of a JSON file.
        state_dir: A folder that keeps the state over restarts.
        json_log: Whether each request is written to standard error as one line of JSON.
        settings: Any other setting by name, as `GET /_emulator/settings` lists them; among them
            ``token_requests_per_minute`` (10), ``live_tokens`` (100), ``token_lifetime_seconds`` (3600),
            ``rate_limits`` (True), ``clusters_per_project`` (25), ``nonce_lifetime_seconds`` (300),
            ``digest_algorithm`` ("MD5"), ``random_seed`` (makes ids and secrets repeatable). None means no
            limit.

    Raises:
        RuntimeError: The port is taken, or the state folder cannot be used.
        ValueError: A setting, the seed or the scenario has an unknown key, or a value that it does not take.
    """

    def __init__(
        self,
        /,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        provisioning_seconds: float = 1.0,
        provisioning: str | Mapping[str, Any] | None = None,
        calendar: Calendar = "2025",
        clock: str | float | datetime = "real",
        seed: Source | None = None,
        scenario: Source | None = None,
        state_dir: str | os.PathLike[str] | None = None,
        json_log: bool = False,
        **settings: Any,
    ) -> None:
        from atlas_serverless._core import Emulator as Core

        if provisioning is None:
            provisioning = {"seconds": seconds("provisioning_seconds", provisioning_seconds)}
        core = Core(
            {
                "host": host,
                "port": port,
                "provisioning": provisioning,
                "calendar": calendar,
                "clock": iso(clock) if isinstance(clock, datetime) else clock,
                "seed": load("seed", seed),
                "scenario": load("scenario", scenario),
                "state_dir": None if state_dir is None else file_path("state_dir", state_dir),
                "json_log": json_log,
                **settings,
            }
        )
        self._core = AnyProcess(core)
        self.clock = Clock(self._core.control)
        self.faults = Faults(self._core.control)

    def __enter__(self) -> Emulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Emulator at {self.url}>"

    # Address and credentials

    @property
    def url(self) -> str:
        """Such as ``http://127.0.0.1:41234``: the `base_url` of a client."""
        return self._core.url

    @property
    def group_id(self) -> str:
        """The id of the first project. A LookupError once the last one is deleted."""
        return self._described("group_id")

    @property
    def org_id(self) -> str:
        """The id of the first project's organization. A LookupError once the last project is deleted."""
        return self._described("org_id")

    @property
    def client_id(self) -> str:
        """The default service account, which is Project Owner."""
        return self._described("client_id")

    @property
    def client_secret(self) -> str:
        """The secret of :attr:`client_id`."""
        return self._described("client_secret")

    @property
    def public_key(self) -> str:
        """The default API key, which is Project Owner."""
        return self._described("public_key")

    @property
    def private_key(self) -> str:
        """The secret of :attr:`public_key`."""
        return self._described("private_key")

    @property
    def access_token(self) -> str:
        """A live token of :attr:`client_id`, without a request for it; a new one when the last has expired."""
        return self._described("access_token")

    @property
    def description(self) -> dict[str, str]:
        """All of the above as one dict."""
        return self._core.description()

    def client(self, auth: Auth = "service_account", **options: Any) -> Client:
        """A :class:`Client` for this emulator and its first project; `options` are the client's own."""
        from atlas_serverless._core import Client

        return Client(**self._access(auth) | options)

    def async_client(self, auth: Auth = "service_account", **options: Any) -> AsyncClient:
        """An :class:`AsyncClient` for this emulator and its first project; `options` are the client's own."""
        from atlas_serverless.aio import AsyncClient

        return AsyncClient(**self._access(auth) | options)

    def environment(self, auth: Auth = "service_account") -> dict[str, str]:
        """The environment variables with which MongoDB's own tools, and `Client()`, find this emulator."""
        from_credentials = {f"MONGODB_ATLAS_{key.upper()}": value for key, value in self._credentials(auth).items()}
        if auth == "api_key":  # the Atlas CLI has a spelling of its own
            from_credentials["MONGODB_ATLAS_PUBLIC_API_KEY"] = self.public_key
            from_credentials["MONGODB_ATLAS_PRIVATE_API_KEY"] = self.private_key
        described = self._core.description()
        places = {"MONGODB_ATLAS_PROJECT_ID": described["group_id"], "MONGODB_ATLAS_ORG_ID": described["org_id"]}
        return {
            "MONGODB_ATLAS_BASE_URL": self.url,
            "MONGODB_ATLAS_OPS_MANAGER_URL": f"{self.url}/",
            **{name: value for name, value in places.items() if value is not None},
            **from_credentials,
        }

    # Inspection

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What was received and answered, oldest first, without secrets: `method`, `path`, `query`, `headers`, `body`,
        `operation`, `endpoint`, `name`, `authorization` (the scheme), `identity`, `fault`, `status`, `error_code`,
        `outcome` (``answered``, ``closed``, ``reset``, ``stalled`` or ``pending``), `reply`, `at`, …"""
        return self._core.requests()

    @property
    def counters(self) -> dict[str, Any]:
        """How many requests, by status and by operation; created, deleted and stored instances; tokens; faults."""
        return dict(self.control("GET", "counters"))

    def instances(self, group_id: str | None = None) -> list[dict[str, Any]]:
        """What is stored in a project (the first one), in the emulator's own form. It does not count as a read."""
        query = "" if group_id is None else f"?group_id={part('group_id', group_id)}"
        return list(self.control("GET", f"instances{query}"))

    def snapshot(self) -> dict[str, Any]:
        """All that is stored, in the form of a seed."""
        return dict(self.control("GET", "snapshot"))

    # Control

    def reset(self) -> None:
        """Stored things, faults, counters, requests, settings and clock back to the start. Credentials stay, and tokens
        that were issued stay good."""
        self.control("POST", "reset")

    def fail_next(self, kind: FaultKind = "status", **order: Unpack[FaultOrder]) -> int:
        """Short for :meth:`Faults.order`: ``emulator.fail_next("close", method="POST", after_store=True)``."""
        return self.faults.order(kind, **order)

    def set_calendar(self, calendar: Calendar, *, retired_reply: Literal[410, 404, 405] | None = None) -> None:
        """Moves to another stage of the serverless endpoints (see `calendar` of the class).

        Args:
            calendar: The stage.
            retired_reply: How retired endpoints answer from now on: 410 ``VERSION_GONE``, or as a path or a method that
                the API does not know.
        """
        order: dict[str, Any] = {"calendar": calendar}
        if retired_reply is not None:
            order["retired_reply"] = retired_reply
        self.control("PUT", "calendar", order)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Changes settings by name, all or none, and returns how they stand."""
        return dict(self.control("PATCH", "settings", changes) if changes else self.control("GET", "settings"))

    def set_state(
        self,
        name: str,
        state: Literal["CREATING", "IDLE", "UPDATING", "REPAIRING", "DELETING", "GONE"],
        *,
        group_id: str | None = None,
        seconds: float | None = None,
        reads: int | None = None,
    ) -> None:
        """Puts an instance into a state, for good, or for a time or a number of reads; GONE removes it."""
        order: dict[str, Any] = {"state": state}
        if seconds is not None:
            order["seconds"] = seconds
        if reads is not None:
            order["reads"] = reads
        self.control("PATCH", f"instances/{part('group_id', group_id or 'default')}/{part('name', name)}", order)

    def add_instance(
        self, name: str, *, kind: Literal["serverless", "flex", "dedicated"] = "flex", **facts: Any
    ) -> None:
        """Stores an instance without the API's checks; `facts` are those of a seed: `group_id`, `provider`, `region`,
        `state`, `tags`, `termination_protection`, …"""
        self.control("POST", "instances", {"name": name, "kind": kind, **facts})

    def add_project(self, name: str, *, org_id: str | None = None) -> str:
        """Adds a project, which nobody has a role in yet, and returns its id."""
        order = {"name": name} if org_id is None else {"name": name, "org_id": part("org_id", org_id)}
        return str(self.control("POST", "projects", order)["id"])

    def add_organization(self, name: str, *, requires_access_list: bool = False) -> str:
        """Adds an organization and returns its id."""
        order = {"name": name, "requires_access_list": requires_access_list}
        return str(self.control("POST", "organizations", order)["id"])

    def add_service_account(
        self, *, role: Role | None = None, org_id: str | None = None, access_list: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Adds a service account: the result has its `client_id` and `client_secret`, as `id` and `secret` too.

        Args:
            role: A role in every project that the organization has now, or an organization role; without one it can do
                nothing.
            org_id: Its organization; the first one unless given.
            access_list: Addresses and CIDR blocks from which it may be used; anywhere unless given.
        """
        return self._add_identity("service_account", role, org_id, access_list)

    def add_api_key(
        self, *, role: Role | None = None, org_id: str | None = None, access_list: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Adds an API key: the result has its `public_key` and `private_key`, as `id` and `secret` too. Arguments as in
        :meth:`add_service_account`."""
        return self._add_identity("api_key", role, org_id, access_list)

    def change_identity(self, identity: str, **changes: Any) -> dict[str, Any]:
        """Changes a service account or API key: `role`, `org_roles`, `project_roles`, `access_list` (None: from
        anywhere)."""
        return dict(self.control("PATCH", f"identities/{part('identity', identity)}", changes))

    def require_access_list(self, required: bool = True, *, org_id: str | None = None) -> None:
        """Whether an organization (the first one) refuses credentials without an access list."""
        self.control(
            "PATCH", f"organizations/{part('org_id', org_id or 'default')}", {"requires_access_list": required}
        )

    def expire_tokens(self) -> None:
        """Every token expires now."""
        self.control("POST", "tokens/expire")

    def expire_nonces(self) -> None:
        """Every digest nonce is stale now."""
        self.control("POST", "nonces/expire")

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """What ``{method} {url}/_emulator/{path}`` does, without HTTP.

        Raises:
            LookupError: There is nothing at that path.
            ValueError: The order is invalid; the message says why.
        """
        return self._core.control(method, path, body)

    def stop(self) -> None:
        """Stops it; the port is free when this returns. Stopping twice does nothing."""
        self._core.stop()

    def _described(self, name: str) -> str:
        value = self._core.description()[name]
        if value is None:
            raise LookupError(f"the emulator has no {name}: its last project is deleted; add_project() adds one")
        return str(value)

    def _access(self, auth: str) -> dict[str, Any]:
        group_id = self._core.description()["group_id"]  # None once the project is deleted
        return {"base_url": self.url, "group_id": group_id, **self._credentials(auth)}

    def _credentials(self, auth: str) -> dict[str, Any]:
        names = {
            "service_account": ("client_id", "client_secret"),
            "api_key": ("public_key", "private_key"),
            "access_token": ("access_token",),
        }
        if auth not in names:
            raise ValueError(f"auth is one of {', '.join(names)}, not {auth!r}")
        described = self._core.description()
        return {name: described[name] for name in names[auth]}

    def _add_identity(
        self, kind: str, role: str | None, org_id: str | None, access_list: Sequence[str] | None
    ) -> dict[str, Any]:
        order: dict[str, Any] = {"kind": kind}
        if role is not None:
            order["role"] = role
        if org_id is not None:
            order["org_id"] = part("org_id", org_id)
        if access_list is not None:
            order["access_list"] = listed("access_list", access_list)
        added = dict(self.control("POST", "identities", order))
        names = ("client_id", "client_secret") if kind == "service_account" else ("public_key", "private_key")
        return {**added, names[0]: added["id"], names[1]: added["secret"]}
