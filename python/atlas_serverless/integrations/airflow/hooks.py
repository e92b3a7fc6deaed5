"""`AtlasHook`: a client of Atlas with the credentials of an Airflow Connection.

@task
def names() -> list[str]:
    with AtlasHook().get_conn() as client:  # the Connection atlas_default
        return [cluster["name"] for cluster in client.list_flex_clusters()]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import atlas_serverless

from . import CONNECTION_TYPE, FORM_FIELDS, HIDDEN_FIELDS, HOOK_NAME, LABELS, PLACEHOLDERS
from ._airflow import AirflowNotFoundException, BaseHook

if TYPE_CHECKING:
    from collections.abc import Callable

    from atlas_serverless import AsyncClient, Client

#: Options of the client that the Connection's `extra` may have beside those of its form.
CLIENT_OPTIONS = ("api_version", "ca_file", "max_retries", "max_retry_time", "proxy", "timeout", "token_cache")
#: Those of them that are numbers.
NUMBERS: dict[str, Callable[[str], float]] = {"max_retries": int, "max_retry_time": float, "timeout": float}


class AtlasHook(BaseHook):
    """Makes clients with the credentials of a Connection.

    =============== =================================================================================================
    `atlas_conn_id` the Connection. Default ``"atlas_default"``. None, or an ``atlas_default`` that does not exist:
                    what ``Client()`` finds in the environment of the worker
    `group_id`      the project. Default: ``group_id`` in the Connection's extra
    `**options`     options of :class:`atlas_serverless.Client`, such as ``on_retired="flex"``. They win over the
                    Connection's. Default for `token_cache`: ``"file"``, so that the tasks of a machine share a token
    =============== =================================================================================================

    The Connection's login and password are a client id and its secret, or a public and a private key; the password
    alone is a token. Its host is the base URL.
    """

    conn_name_attr: ClassVar[str] = "atlas_conn_id"
    default_conn_name: ClassVar[str] = "atlas_default"
    conn_type: ClassVar[str] = CONNECTION_TYPE
    hook_name: ClassVar[str] = HOOK_NAME

    def __init__(
        self, atlas_conn_id: str | None = default_conn_name, *, group_id: str | None = None, **options: Any
    ) -> None:
        super().__init__()
        self.atlas_conn_id = atlas_conn_id
        self.group_id = group_id
        self._options = options

    def get_conn(self) -> Client:
        """A new :class:`atlas_serverless.Client`: close it, or leave it as a context manager."""
        connection = self._connection()
        extra = connection.extra_dejson if connection else {}
        return atlas_serverless.Client(**self._client_options(connection, extra))

    async def get_async_conn(self) -> AsyncClient:
        """A new :class:`atlas_serverless.AsyncClient`, for triggers: nothing here blocks the event loop."""
        return atlas_serverless.AsyncClient(**await self._async_client_options())

    def test_connection(self) -> tuple[bool, str]:
        """What the button “Test” of the Connection's form does: one read with these credentials and no shared token."""
        try:
            hook = type(self)(self.atlas_conn_id, group_id=self.group_id, **(self._options | {"token_cache": "memory"}))
            with hook.get_conn() as client:
                if client.default_group_id:
                    project = client.get_project()
                    return True, f"project {project.get('name')} ({client.default_group_id})"
                return True, f"{sum(1 for _ in client.list_projects())} projects"
        except (atlas_serverless.errors.AtlasError, AirflowNotFoundException, TypeError, ValueError) as error:
            return False, f"{type(error).__name__}: {error}"

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Fields of the Connection's form before Airflow 3.2, which takes them from `get_provider_info`."""
        from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
        from flask_babel import lazy_gettext
        from wtforms import StringField

        return {
            name: StringField(lazy_gettext(label), description=description, widget=BS3TextFieldWidget())
            for name, (label, description) in FORM_FIELDS.items()
        }

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Labels of the Connection's form before Airflow 3.2."""
        return {"hidden_fields": HIDDEN_FIELDS, "relabeling": LABELS, "placeholders": PLACEHOLDERS}

    def _connection(self) -> Any:
        if self.atlas_conn_id is None:
            return None
        try:
            return self.get_connection(self.atlas_conn_id)
        except AirflowNotFoundException as error:
            self._use_environment(error)
            return None

    async def _async_client_options(self) -> dict[str, Any]:
        if self.atlas_conn_id is None:
            return self._client_options(None, {})
        try:
            connection = await _connection_of(self)
        except AirflowNotFoundException as error:
            self._use_environment(error)
            return self._client_options(None, {})
        return self._client_options(connection, await _extra_of(connection))

    def _use_environment(self, error: Exception) -> None:
        """A Connection that was named on purpose has to exist."""
        if self.atlas_conn_id != self.default_conn_name:
            raise error
        self.log.info("no Connection %s: credentials of this worker's environment are used", self.atlas_conn_id)

    def _client_options(self, connection: Any, extra: dict[str, Any]) -> dict[str, Any]:
        options = {name: _option(name, extra[name]) for name in CLIENT_OPTIONS if extra.get(name) not in (None, "")}
        options = {"token_cache": "file", "user_agent_suffix": _user_agent()} | options
        if connection is not None:
            options |= credentials(connection.login, connection.password, extra.get("credentials"))
            if base_url := _base_url(connection):
                options["base_url"] = base_url
        options |= self._options
        if group_id := self.group_id or extra.get("group_id"):
            options["group_id"] = group_id if self.group_id else _option("group_id", group_id)
        return options


def _option(name: str, value: Any) -> Any:
    """An option of the Connection's extra. All that a Connection written as a URI has there is text."""
    convert = NUMBERS.get(name)
    try:
        if convert is None:
            if not isinstance(value, str):
                raise TypeError(f"must be text, not {type(value).__name__}")
        elif isinstance(value, str):
            return convert(value)
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"must be a number, not {type(value).__name__}")
    except (TypeError, ValueError) as error:
        message = f'"{name}" in the Connection\'s extra cannot be used: {error}'
        raise atlas_serverless.errors.ConfigurationError(message) from None
    return value


def credentials(login: str | None, password: str | None, kind: str | None = None) -> dict[str, str]:
    """A Connection's login and password as arguments of a client; none of them: what the environment has."""
    if not login and not password:
        return {}
    if not kind:
        # Public keys are eight lower-case letters; what is none, was a client id before API keys could be given here.
        is_public_key = login and len(login) == 8 and login.isalpha() and login.islower()
        kind = "api_key" if is_public_key else "service_account" if login else "token"
    match kind:
        case "service_account":
            return {"client_id": login or "", "client_secret": password or ""}
        case "api_key":
            return {"public_key": login or "", "private_key": password or ""}
        case "token":
            return {"access_token": password or ""}
    raise atlas_serverless.errors.ConfigurationError(
        f'"credentials" in the Connection\'s extra is {kind!r}, not service_account, api_key or token'
    )


def _base_url(connection: Any) -> str | None:
    """A host without a scheme is what a Connection written as a URI has."""
    host: str | None = connection.host
    if not host or "://" in host:
        return host or None
    return f"https://{host}:{connection.port}" if connection.port else f"https://{host}"


def _user_agent() -> str:
    from airflow import __version__

    return f"airflow/{__version__}"


async def _connection_of(hook: AtlasHook) -> Any:
    """The Connection, from within an event loop. Airflow's own coroutine blocks the loop before 3.3.2, in which a
    Connection got `aextra_dejson`; elsewhere the blocking call is made in a thread."""
    if hasattr(hook, "aget_connection"):
        from airflow.sdk import Connection

        if hasattr(Connection, "aextra_dejson"):
            return await hook.aget_connection(hook.atlas_conn_id)
    from asgiref.sync import sync_to_async

    return await sync_to_async(hook.get_connection)(hook.atlas_conn_id)


async def _extra_of(connection: Any) -> dict[str, Any]:
    if hasattr(connection, "aextra_dejson"):
        return dict(await connection.aextra_dejson())
    from asgiref.sync import sync_to_async

    return dict(await sync_to_async(lambda: connection.extra_dejson)())
