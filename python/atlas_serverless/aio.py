"""`AsyncClient`: the methods of `Client` as coroutines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core import Client as _Client
from ._core import Noticed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from typing_extensions import Unpack

    from . import types as t
    from ._core import Pages, Pending
    from ._protocols import AsyncRawClient, Extra, IfExists, OnRetired, Progress


async def _result(pending: Pending) -> Any:
    """Awaits a call of the core; whoever stops waiting ends the call and its request."""
    try:
        result = await pending.future
    except BaseException:
        pending.cancel()
        pending.warn(3)
        raise
    if type(result) is Noticed:
        return result.settle(3)  # the warnings point at the line that awaits the method
    return result


async def _each(pages: Pages) -> AsyncIterator[Any]:
    while (page := await _result(pages.next_page())) is not None:
        for entry in page:
            yield entry


class AsyncClient:
    """A client of the MongoDB Atlas Administration API for asyncio.

    Takes what :class:`Client` takes and has the same methods with the same arguments; each is a coroutine, lists are
    asynchronous iterators. Cancelling a call cancels its request. It may be used from several event loops and threads.

    ::

        async with AsyncClient() as client:
            cluster = await client.create_flex_cluster(group_id, name="orders", provider_settings={...}, wait=True)
            async for cluster in client.list_flex_clusters(group_id):
                print(cluster["name"], cluster["stateName"])
    """

    def __init__(self, **options: Any) -> None:
        self._core = _Client(**options, _asynchronous=True)

    async def create_serverless_instance(
        self,
        group_id: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        if_exists: IfExists = "error",
        on_retired: OnRetired | None = None,
        progress: Progress = None,
        validate: bool = True,
        extra_fields: Extra = None,
        **spec: Unpack[t.ServerlessInstanceSpec],
    ) -> t.ServerlessInstance:
        """See :meth:`Client.create_serverless_instance`."""
        return await _result(
            self._core.create_serverless_instance(
                group_id,
                envelope=envelope,
                pretty=pretty,
                wait=wait,
                timeout=timeout,
                interval=interval,
                if_exists=if_exists,
                on_retired=on_retired,
                progress=progress,
                validate=validate,
                extra_fields=extra_fields,
                **spec,
            )
        )  # type: ignore[arg-type,return-value]

    async def create_flex_cluster(
        self,
        group_id: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        if_exists: IfExists = "error",
        progress: Progress = None,
        validate: bool = True,
        extra_fields: Extra = None,
        **spec: Unpack[t.FlexClusterSpec],
    ) -> t.FlexCluster:
        """See :meth:`Client.create_flex_cluster`."""
        return await _result(
            self._core.create_flex_cluster(
                group_id,
                envelope=envelope,
                pretty=pretty,
                wait=wait,
                timeout=timeout,
                interval=interval,
                if_exists=if_exists,
                progress=progress,
                validate=validate,
                extra_fields=extra_fields,
                **spec,
            )
        )  # type: ignore[arg-type,return-value]

    async def get_serverless_instance(
        self, group_id: str, name: str, *, envelope: bool = False, pretty: bool = False
    ) -> t.ServerlessInstance:
        """See :meth:`Client.get_serverless_instance`."""
        return await _result(self._core.get_serverless_instance(group_id, name, envelope=envelope, pretty=pretty))  # type: ignore[arg-type,return-value]

    async def get_flex_cluster(
        self, group_id: str, name: str, *, envelope: bool = False, pretty: bool = False
    ) -> t.FlexCluster:
        """See :meth:`Client.get_flex_cluster`."""
        return await _result(self._core.get_flex_cluster(group_id, name, envelope=envelope, pretty=pretty))  # type: ignore[arg-type,return-value]

    async def update_serverless_instance(
        self,
        group_id: str,
        name: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        progress: Progress = None,
        validate: bool = True,
        extra_fields: Extra = None,
        **changes: Unpack[t.ServerlessInstanceUpdate],
    ) -> t.ServerlessInstance:
        """See :meth:`Client.update_serverless_instance`."""
        return await _result(
            self._core.update_serverless_instance(
                group_id,
                name,
                envelope=envelope,
                pretty=pretty,
                wait=wait,
                timeout=timeout,
                interval=interval,
                progress=progress,
                validate=validate,
                extra_fields=extra_fields,
                **changes,
            )
        )  # type: ignore[arg-type,return-value]

    async def update_flex_cluster(
        self,
        group_id: str,
        name: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        progress: Progress = None,
        validate: bool = True,
        extra_fields: Extra = None,
        **changes: Unpack[t.FlexClusterUpdate],
    ) -> t.FlexCluster:
        """See :meth:`Client.update_flex_cluster`."""
        return await _result(
            self._core.update_flex_cluster(
                group_id,
                name,
                envelope=envelope,
                pretty=pretty,
                wait=wait,
                timeout=timeout,
                interval=interval,
                progress=progress,
                validate=validate,
                extra_fields=extra_fields,
                **changes,
            )
        )  # type: ignore[arg-type,return-value]

    async def delete_serverless_instance(
        self,
        group_id: str,
        name: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        progress: Progress = None,
    ) -> dict[str, Any]:
        """See :meth:`Client.delete_serverless_instance`."""
        return await _result(
            self._core.delete_serverless_instance(
                group_id,
                name,
                envelope=envelope,
                pretty=pretty,
                wait=wait,
                timeout=timeout,
                interval=interval,
                progress=progress,
            )
        )  # type: ignore[arg-type,return-value]

    async def delete_flex_cluster(
        self,
        group_id: str,
        name: str,
        *,
        envelope: bool = False,
        pretty: bool = False,
        wait: bool = False,
        timeout: float | None = None,
        interval: float | None = None,
        progress: Progress = None,
    ) -> None:
        """See :meth:`Client.delete_flex_cluster`."""
        return await _result(
            self._core.delete_flex_cluster(
                group_id,
                name,
                envelope=envelope,
                pretty=pretty,
                wait=wait,
                timeout=timeout,
                interval=interval,
                progress=progress,
            )
        )  # type: ignore[arg-type,return-value]

    async def wait_for_serverless_instance(
        self,
        group_id: str,
        name: str,
        *,
        state: str = "IDLE",
        timeout: float | None = 1800.0,
        interval: float | None = None,
        progress: Progress = None,
    ) -> t.ServerlessInstance | None:
        """See :meth:`Client.wait_for_serverless_instance`."""
        return await _result(
            self._core.wait_for_serverless_instance(
                group_id, name, state=state, timeout=timeout, interval=interval, progress=progress
            )
        )  # type: ignore[arg-type,return-value]

    async def wait_for_flex_cluster(
        self,
        group_id: str,
        name: str,
        *,
        state: str = "IDLE",
        timeout: float | None = 1800.0,
        interval: float | None = None,
        progress: Progress = None,
    ) -> t.FlexCluster | None:
        """See :meth:`Client.wait_for_flex_cluster`."""
        return await _result(
            self._core.wait_for_flex_cluster(
                group_id, name, state=state, timeout=timeout, interval=interval, progress=progress
            )
        )  # type: ignore[arg-type,return-value]

    async def find(self, group_id: str, name: str) -> tuple[t.Kind, t.ServerlessInstance | t.FlexCluster]:
        """See :meth:`Client.find`."""
        return await _result(self._core.find(group_id, name))  # type: ignore[arg-type,return-value]

    async def get_project(self, group_id: str) -> t.Project:
        """See :meth:`Client.get_project`."""
        return await _result(self._core.get_project(group_id))  # type: ignore[arg-type,return-value]

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Extra = None,
        json: Any = None,
        api_version: str | None = None,
        timeout: float | None = None,
    ) -> Any:
        """See :meth:`Client.request`."""
        return await _result(
            self._core.request(method, path, params=params, json=json, api_version=api_version, timeout=timeout)
        )  # type: ignore[arg-type,return-value]

    def list_serverless_instances(
        self, group_id: str, *, items_per_page: int = 500, include_count: bool = True
    ) -> AsyncIterator[t.ServerlessInstance]:
        """See :meth:`Client.list_serverless_instances`."""
        return _each(
            self._core.list_serverless_instances(group_id, items_per_page=items_per_page, include_count=include_count)
        )

    def list_flex_clusters(
        self, group_id: str, *, items_per_page: int = 500, include_count: bool = True
    ) -> AsyncIterator[t.FlexCluster]:
        """See :meth:`Client.list_flex_clusters`."""
        return _each(
            self._core.list_flex_clusters(group_id, items_per_page=items_per_page, include_count=include_count)
        )

    def list_projects(self, *, items_per_page: int = 500) -> AsyncIterator[t.Project]:
        """See :meth:`Client.list_projects`."""
        return _each(self._core.list_projects(items_per_page=items_per_page))

    def list_rate_limits(
        self,
        *,
        group_id: str | None = None,
        org_id: str | None = None,
        user_id: str | None = None,
        ip_address: str | None = None,
        name: str | None = None,
        endpoint_path: str | None = None,
        items_per_page: int = 500,
    ) -> AsyncIterator[t.RateLimitEndpointSet]:
        """See :meth:`Client.list_rate_limits`."""
        return _each(
            self._core.list_rate_limits(
                group_id=group_id,
                org_id=org_id,
                user_id=user_id,
                ip_address=ip_address,
                name=name,
                endpoint_path=endpoint_path,
                items_per_page=items_per_page,
            )
        )

    @property
    def rate_limits(self) -> list[dict[str, Any]]:
        """See :attr:`Client.rate_limits`."""
        return self._core.rate_limits

    @property
    def base_url(self) -> str:
        """Scheme, host and port of the service."""
        return self._core.base_url

    @property
    def default_group_id(self) -> str | None:
        """The project named by the environment or the profile, if any."""
        return self._core.default_group_id

    @property
    def with_raw_response(self) -> AsyncRawClient:
        """The same methods, each returning a :class:`Response`."""
        raw = object.__new__(type(self))
        raw._core = self._core.with_raw_response
        return raw  # type: ignore[return-value]

    async def close(self) -> None:
        """Revoke the token that this client holds, and refuse further calls. Closing twice is fine."""
        await _result(self._core.close())

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return repr(self._core).replace("<Client", "<AsyncClient", 1)
