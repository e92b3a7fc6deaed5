"""What the operations return: part of `atlas_serverless.types`, where the public names are.

What every recorded reply about an IDLE instance has is required for a type checker, what it can lack is not; replies
have further fields when the API adds them. Python 3.10 has no NotRequired, hence the base classes with an underscore.
Source: the `200` and `201` replies in https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Provider = Literal["AWS", "AZURE", "GCP"]
"""The cloud underneath."""

State = Literal["CREATING", "IDLE", "UPDATING", "DELETING", "REPAIRING"]
"""The states of an instance. REPAIRING is temporary; it is no failure."""


class Tag(TypedDict):
    """A label. Key and value: 1 to 255 letters, digits, spaces and ``; @ _ - . +``."""

    key: str
    """Unique in its resource; upper and lower case differ."""
    value: str


class Link(TypedDict, total=False):
    """A related address, such as ``rel`` ``"self"``."""

    href: str
    rel: str


class _Place(TypedDict):
    backingProviderName: Provider
    regionName: str
    """Such as ``"US_EAST_1"``."""
    providerName: str
    """``"SERVERLESS"`` or ``"FLEX"``."""


class _Instance(TypedDict):
    id: str
    """24 hexadecimal digits."""
    groupId: str
    """The project: 24 hexadecimal digits."""
    name: str
    stateName: State
    createDate: str
    """ISO 8601 in UTC."""
    mongoDBVersion: str
    """Such as ``"8.0.13"``."""
    terminationProtectionEnabled: bool


class ServerlessProviderSettings(_Place, total=False):
    """Provider and region of a serverless instance. Since February 2025 `effective*` describe its Flex cluster."""

    effectiveProviderName: str
    effectiveInstanceSizeName: str
    """``"FLEX"`` where a Flex cluster is behind it."""
    effectiveDiskSizeGBLimit: int
    """Gigabytes."""
    nextBackupDate: str
    """ISO 8601 in UTC."""
    tenantBackupEnabled: bool


class ServerlessBackupOptions(TypedDict, total=False):
    """Backups of a serverless instance, as returned."""

    serverlessContinuousBackupEnabled: bool


class _StandardSrv(TypedDict):
    standardSrv: str
    """``"mongodb+srv://…"``, without user and password."""


class ServerlessConnectionStrings(_StandardSrv, total=False):
    """How to connect; can be absent until the instance is IDLE."""

    privateEndpoint: list[dict[str, Any]]


class _Serverless(_Instance):
    providerSettings: ServerlessProviderSettings
    connectionStrings: ServerlessConnectionStrings
    """Absent from some replies until the instance is IDLE: without `wait`, read it with ``.get()``."""


class ServerlessInstance(_Serverless, total=False):
    """A serverless instance, as the server describes it."""

    serverlessBackupOptions: ServerlessBackupOptions
    tags: list[Tag]
    links: list[Link]


class FlexProviderSettings(_Place):
    """Provider, region and disk of a Flex cluster."""

    diskSizeGB: float
    """Gigabytes: 5.0."""


class FlexConnectionStrings(_StandardSrv):
    """How to connect; `standard` is there only once the cluster is IDLE."""

    standard: str
    """``"mongodb://…"`` with all hosts, without user and password."""


class FlexBackupSettings(TypedDict, total=False):
    """Backups of a Flex cluster; they cannot be changed."""

    enabled: bool
    """True."""


class _Flex(_Instance):
    providerSettings: FlexProviderSettings
    connectionStrings: FlexConnectionStrings
    """Absent from some replies until the cluster is IDLE: without `wait`, read it with ``.get()``."""


class FlexCluster(_Flex, total=False):
    """A Flex cluster, as the server describes it."""

    clusterType: str
    """``"REPLICASET"``."""
    versionReleaseSystem: str
    """``"LTS"``."""
    backupSettings: FlexBackupSettings
    tags: list[Tag]
    """Absent from the reply to a create without tags, ``[]`` later."""
    links: list[Link]


class _Project(TypedDict):
    id: str
    """24 hexadecimal digits: the `group_id` of every operation."""
    name: str
    orgId: str
    clusterCount: int
    created: str
    """ISO 8601 in UTC."""


class Project(_Project, total=False):
    """A project, which the API calls group."""

    regionUsageRestrictions: str
    tags: list[Tag]
    withDefaultAlertsSettings: bool
    links: list[Link]


class RateLimitValue(TypedDict, total=False):
    """A number of a rate limit: the one in force, and Atlas' default if that differs."""

    value: int
    defaultValue: int | None


class _EndpointSet(TypedDict):
    endpointSetId: str
    endpointSetName: str
    """Such as ``"Flex Clusters"``."""


class RateLimitEndpointSet(_EndpointSet, total=False):
    """Endpoints that share one rate limit (a token bucket)."""

    scope: Literal["IP", "GROUP", "ORGANIZATION", "USER"]
    """Whose requests are counted together."""
    capacity: RateLimitValue
    """Requests that a full bucket allows."""
    refillRate: RateLimitValue
    """Requests added each time."""
    refillDurationSeconds: RateLimitValue
    """Seconds from one refill to the next."""
    endpoints: list[dict[str, str]]
    """Each ``{"method": …, "path": …}``."""


class _Page(TypedDict, total=False):
    totalCount: int
    links: list[Link]
    """With ``rel`` ``"previous"`` and ``"next"`` where there are such pages."""


class ServerlessInstancePage(_Page):
    """One page of `client.with_raw_response.list_serverless_instances`."""

    results: list[ServerlessInstance]


class FlexClusterPage(_Page):
    """One page of `client.with_raw_response.list_flex_clusters`."""

    results: list[FlexCluster]


class ProjectPage(_Page):
    """One page of `client.with_raw_response.list_projects`."""

    results: list[Project]


class RateLimitEndpointSetPage(_Page):
    """One page of `client.with_raw_response.list_rate_limits`."""

    results: list[RateLimitEndpointSet]
