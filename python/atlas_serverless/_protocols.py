"""What `client.with_raw_response` is: the client's own methods, each returning a :class:`Response`.

The public names are in `atlas_serverless.types`. Every argument is as in the plain method. Lists yield one Response for
each page instead of one entity at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from typing_extensions import Unpack  # type checkers bring their own; nothing is imported at run time

    from . import types as t
    from ._values import Poll, Response

    Progress = bool | Callable[[Poll], object] | None
    Extra = Mapping[str, Any] | None

IfExists = Literal["error", "return"]
OnRetired = Literal["raise", "flex"]


class RawClient(Protocol):
    """`Client.with_raw_response`."""

    def create_serverless_instance(
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
    ) -> Response[t.ServerlessInstance]: ...
    def create_flex_cluster(
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
    ) -> Response[t.FlexCluster]: ...
    def get_serverless_instance(
        self, group_id: str, name: str, *, envelope: bool = False, pretty: bool = False
    ) -> Response[t.ServerlessInstance]: ...
    def get_flex_cluster(
        self, group_id: str, name: str, *, envelope: bool = False, pretty: bool = False
    ) -> Response[t.FlexCluster]: ...
    def list_serverless_instances(
        self, group_id: str, *, items_per_page: int = 500, include_count: bool = True
    ) -> Iterator[Response[t.ServerlessInstancePage]]: ...
    def list_flex_clusters(
        self, group_id: str, *, items_per_page: int = 500, include_count: bool = True
    ) -> Iterator[Response[t.FlexClusterPage]]: ...
    def update_serverless_instance(
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
    ) -> Response[t.ServerlessInstance]: ...
    def update_flex_cluster(
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
    ) -> Response[t.FlexCluster]: ...
    def delete_serverless_instance(
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
    ) -> Response[Any]: ...
    def delete_flex_cluster(
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
    ) -> Response[Any]: ...
    def wait_for_serverless_instance(
        self,
        group_id: str,
        name: str,
        *,
        state: str = "IDLE",
        timeout: float = 1800.0,
        interval: float | None = None,
        progress: Progress = None,
    ) -> Response[t.ServerlessInstance]: ...
    def wait_for_flex_cluster(
        self,
        group_id: str,
        name: str,
        *,
        state: str = "IDLE",
        timeout: float = 1800.0,
        interval: float | None = None,
        progress: Progress = None,
    ) -> Response[t.FlexCluster]: ...
    def find(self, group_id: str, name: str) -> tuple[t.Kind, Response[t.ServerlessInstance | t.FlexCluster]]: ...
    def list_projects(self, *, items_per_page: int = 500) -> Iterator[Response[t.ProjectPage]]: ...
    def get_project(self, group_id: str) -> Response[t.Project]: ...
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
    ) -> Iterator[Response[t.RateLimitEndpointSetPage]]: ...
    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        api_version: str | None = None,
        timeout: float | None = None,
    ) -> Response[Any]: ...


class AsyncRawClient(Protocol):
    """`AsyncClient.with_raw_response`."""

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
    ) -> Response[t.ServerlessInstance]: ...
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
    ) -> Response[t.FlexCluster]: ...
    async def get_serverless_instance(
        self, group_id: str, name: str, *, envelope: bool = False, pretty: bool = False
    ) -> Response[t.ServerlessInstance]: ...
    async def get_flex_cluster(
        self, group_id: str, name: str, *, envelope: bool = False, pretty: bool = False
    ) -> Response[t.FlexCluster]: ...
    def list_serverless_instances(
        self, group_id: str, *, items_per_page: int = 500, include_count: bool = True
    ) -> AsyncIterator[Response[t.ServerlessInstancePage]]: ...
    def list_flex_clusters(
        self, group_id: str, *, items_per_page: int = 500, include_count: bool = True
    ) -> AsyncIterator[Response[t.FlexClusterPage]]: ...
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
    ) -> Response[t.ServerlessInstance]: ...
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
    ) -> Response[t.FlexCluster]: ...
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
    ) -> Response[Any]: ...
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
    ) -> Response[Any]: ...
    async def wait_for_serverless_instance(
        self,
        group_id: str,
        name: str,
        *,
        state: str = "IDLE",
        timeout: float = 1800.0,
        interval: float | None = None,
        progress: Progress = None,
    ) -> Response[t.ServerlessInstance]: ...
    async def wait_for_flex_cluster(
        self,
        group_id: str,
        name: str,
        *,
        state: str = "IDLE",
        timeout: float = 1800.0,
        interval: float | None = None,
        progress: Progress = None,
    ) -> Response[t.FlexCluster]: ...
    async def find(self, group_id: str, name: str) -> tuple[t.Kind, Response[t.ServerlessInstance | t.FlexCluster]]: ...
    def list_projects(self, *, items_per_page: int = 500) -> AsyncIterator[Response[t.ProjectPage]]: ...
    async def get_project(self, group_id: str) -> Response[t.Project]: ...
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
    ) -> AsyncIterator[Response[t.RateLimitEndpointSetPage]]: ...
    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        api_version: str | None = None,
        timeout: float | None = None,
    ) -> Response[Any]: ...
