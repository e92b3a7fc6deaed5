"""What the operations return: part of `atlas_serverless.types`, where the public names are.

All keys are optional to a type checker: a reply can lack a field, and has every other field that the API adds.
Source: the `200` and `201` replies in https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Provider = Literal["AWS", "AZURE", "GCP"]
"""The cloud underneath."""

State = Literal["CREATING", "IDLE", "UPDATING", "DELETING", "REPAIRING"]
"""The states of an instance. REPAIRING passes by itself; it is no failure."""


class Tag(TypedDict):
    """A label. Key and value: 1 to 255 letters, digits, spaces and ``; @ _ - . +``."""

    key: str
    """Unique in its resource; upper and lower case differ."""
    value: str


class Link(TypedDict, total=False):
    """A related address, such as ``rel`` ``"self"``."""

    href: str
    rel: str


class ServerlessProviderSettings(TypedDict, total=False):
    """Where a serverless instance is. Since February 2025 `effective*` tell of the Flex cluster behind it."""

    backingProviderName: Provider
    regionName: str
    providerName: str
    """``"SERVERLESS"``."""
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


class ServerlessConnectionStrings(TypedDict, total=False):
    """How to connect; can be absent until the instance is IDLE."""

    standardSrv: str
    """``"mongodb+srv://…"``, without user and password."""
    privateEndpoint: list[dict[str, Any]]


class ServerlessInstance(TypedDict, total=False):
    """A serverless instance, as the server describes it."""

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
    connectionStrings: ServerlessConnectionStrings
    providerSettings: ServerlessProviderSettings
    serverlessBackupOptions: ServerlessBackupOptions
    tags: list[Tag]
    terminationProtectionEnabled: bool
    links: list[Link]


class FlexProviderSettings(TypedDict, total=False):
    """Where a Flex cluster is."""

    backingProviderName: Provider
    regionName: str
    providerName: str
    """``"FLEX"``."""
    diskSizeGB: float
    """Gigabytes: 5.0."""


class FlexConnectionStrings(TypedDict, total=False):
    """How to connect; `standard` is there only once the cluster is IDLE."""

    standard: str
    """``"mongodb://…"`` with all hosts, without user and password."""
    standardSrv: str
    """``"mongodb+srv://…"``, without user and password."""


class FlexBackupSettings(TypedDict, total=False):
    """Backups of a Flex cluster: fixed."""

    enabled: bool
    """True."""


class FlexCluster(TypedDict, total=False):
    """A Flex cluster, as the server describes it."""

    id: str
    """24 hexadecimal digits."""
    groupId: str
    """The project: 24 hexadecimal digits."""
    name: str
    stateName: State
    createDate: str
    """ISO 8601 in UTC."""
    mongoDBVersion: str
    """Such as ``"8.0.29"``."""
    clusterType: str
    """``"REPLICASET"``."""
    versionReleaseSystem: str
    """``"LTS"``."""
    backupSettings: FlexBackupSettings
    connectionStrings: FlexConnectionStrings
    providerSettings: FlexProviderSettings
    tags: list[Tag]
    """Absent from the reply to a create without tags, ``[]`` later."""
    terminationProtectionEnabled: bool
    links: list[Link]


class Project(TypedDict, total=False):
    """A project, which the API calls group."""

    id: str
    """24 hexadecimal digits: the `group_id` of every operation."""
    name: str
    orgId: str
    clusterCount: int
    created: str
    """ISO 8601 in UTC."""
    regionUsageRestrictions: str
    tags: list[Tag]
    withDefaultAlertsSettings: bool
    links: list[Link]


class RateLimitValue(TypedDict, total=False):
    """A number of a rate limit: the one in force, and Atlas' default where it is another."""

    value: int
    defaultValue: int | None


class RateLimitEndpointSet(TypedDict, total=False):
    """Endpoints that share one token bucket."""

    endpointSetId: str
    endpointSetName: str
    """Such as ``"Flex Clusters"``."""
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


class ServerlessInstancePage(TypedDict, total=False):
    """One page of `client.with_raw_response.list_serverless_instances`."""

    results: list[ServerlessInstance]
    totalCount: int
    links: list[Link]


class FlexClusterPage(TypedDict, total=False):
    """One page of `client.with_raw_response.list_flex_clusters`."""

    results: list[FlexCluster]
    totalCount: int
    links: list[Link]


class ProjectPage(TypedDict, total=False):
    """One page of `client.with_raw_response.list_projects`."""

    results: list[Project]
    totalCount: int
    links: list[Link]


class RateLimitEndpointSetPage(TypedDict, total=False):
    """One page of `client.with_raw_response.list_rate_limits`."""

    results: list[RateLimitEndpointSet]
    totalCount: int
    links: list[Link]
