"""Types for your annotations: what the operations take and return, as the Atlas Administration API names it.

    from atlas_serverless.types import ServerlessInstance, ServerlessInstanceSpec

What is *sent* is written in the API's own spelling or in its snake_case twin, at every depth; both spellings of one
field at once are an error. A type checker cannot say “one of two keys is required”, so only `name` is required here;
what else is missing is a violation before anything is sent. What is *returned* is exactly what the server sent: a dict
with these keys and any that the API adds later, absent where the server left them out.

Nothing here is imported by `import atlas_serverless`. Sources: the operation's pages in
https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/ (createServerlessInstance, createFlexCluster and theirs).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Union

from ._create_many import AsyncCreates, CreateResult, Creates
from ._protocols import AsyncRawClient, RawClient
from ._replies import (
    FlexBackupSettings,
    FlexCluster,
    FlexClusterPage,
    FlexConnectionStrings,
    FlexProviderSettings,
    Link,
    Project,
    ProjectPage,
    Provider,
    RateLimitEndpointSet,
    RateLimitEndpointSetPage,
    RateLimitValue,
    ServerlessBackupOptions,
    ServerlessConnectionStrings,
    ServerlessInstance,
    ServerlessInstancePage,
    ServerlessProviderSettings,
    State,
    Tag,
)
from ._values import FlexConversion, Headers, Poll, Response

__all__ = [
    "AsyncCreates",
    "AsyncRawClient",
    "ChangedField",
    "CreateResult",
    "Creates",
    "FlexBackupSettings",
    "FlexCluster",
    "FlexClusterPage",
    "FlexClusterSpec",
    "FlexClusterUpdate",
    "FlexConnectionStrings",
    "FlexConversion",
    "FlexProviderSettings",
    "FlexProviderSettingsSpec",
    "Headers",
    "Kind",
    "Link",
    "LostField",
    "Poll",
    "Project",
    "ProjectPage",
    "Provider",
    "RateLimitEndpointSet",
    "RateLimitEndpointSetPage",
    "RateLimitValue",
    "RawClient",
    "Response",
    "ServerlessBackupOptions",
    "ServerlessBackupOptionsSpec",
    "ServerlessConnectionStrings",
    "ServerlessInstance",
    "ServerlessInstancePage",
    "ServerlessInstanceSpec",
    "ServerlessInstanceUpdate",
    "ServerlessProviderSettings",
    "ServerlessProviderSettingsSpec",
    "State",
    "Tag",
    "Tags",
    "Violation",
]

Kind = Literal["serverless", "flex"]
"""Which of the two an instance is."""


Tags = Union[Sequence[Tag], Mapping[str, str]]  # noqa: UP007  # evaluated on Python 3.10
"""At most 50 tags: a list of ``{"key": …, "value": …}``, or a plain mapping such as ``{"env": "dev"}``."""


class ServerlessProviderSettingsSpec(TypedDict, total=False):
    """Where a serverless instance shall be. Required: provider and region."""

    backingProviderName: Provider
    """AWS, AZURE or GCP. Required."""
    backing_provider_name: Provider
    """Twin of backingProviderName."""
    regionName: str
    """Such as ``"US_EAST_1"``. Required. One that this version does not know is a RegionWarning, and is sent."""
    region_name: str
    """Twin of regionName."""
    providerName: Literal["SERVERLESS"]
    """Default and only value: SERVERLESS."""
    provider_name: Literal["SERVERLESS"]
    """Twin of providerName."""


class ServerlessBackupOptionsSpec(TypedDict, total=False):
    """Backups of a serverless instance."""

    serverlessContinuousBackupEnabled: bool
    """Documented default True; without effect since February 2025, which is a FieldIgnoredWarning."""
    serverless_continuous_backup_enabled: bool
    """Twin of serverlessContinuousBackupEnabled."""


class ServerlessInstanceUpdate(TypedDict, total=False):
    """What can be changed on a serverless instance."""

    serverlessBackupOptions: ServerlessBackupOptionsSpec
    """Backups; without effect since February 2025."""
    serverless_backup_options: ServerlessBackupOptionsSpec
    """Twin of serverlessBackupOptions."""
    tags: Tags
    """Replaces all tags there are; ``[]`` or ``{}`` removes them. At most 50."""
    terminationProtectionEnabled: bool
    """True: deleting is refused until it is set to False. Default False."""
    termination_protection_enabled: bool
    """Twin of terminationProtectionEnabled."""


class _Name(TypedDict):
    name: str
    """Required. Letters, digits and hyphens, a letter or digit first; at most 64 characters, the first 23 unique in the
    project and not ending in a hyphen. Cannot be changed later."""


class ServerlessInstanceSpec(_Name, ServerlessInstanceUpdate, total=False):
    """What `create_serverless_instance` takes."""

    providerSettings: ServerlessProviderSettingsSpec
    """Provider and region. Required; cannot be changed later."""
    provider_settings: ServerlessProviderSettingsSpec
    """Twin of providerSettings."""


class FlexProviderSettingsSpec(TypedDict, total=False):
    """Where a Flex cluster shall be. Required: provider and region. The disk is always 5 GB."""

    backingProviderName: Provider
    """AWS, AZURE or GCP. Required."""
    backing_provider_name: Provider
    """Twin of backingProviderName."""
    regionName: str
    """Such as ``"US_EAST_1"``. Required. One that this version does not know is a RegionWarning, and is sent."""
    region_name: str
    """Twin of regionName."""


class FlexClusterUpdate(TypedDict, total=False):
    """What can be changed on a Flex cluster."""

    tags: Tags
    """Replaces all tags there are; ``[]`` or ``{}`` removes them. At most 50."""
    terminationProtectionEnabled: bool
    """True: deleting is refused until it is set to False. Default False."""
    termination_protection_enabled: bool
    """Twin of terminationProtectionEnabled."""


class FlexClusterSpec(_Name, FlexClusterUpdate, total=False):
    """What `create_flex_cluster` takes."""

    providerSettings: FlexProviderSettingsSpec
    """Provider and region. Required; cannot be changed later."""
    provider_settings: FlexProviderSettingsSpec
    """Twin of providerSettings."""


# --- what goes with them -------------------------------------------------------------------------------------------


class Violation(TypedDict):
    """One rule that one value breaks: an item of `ValidationError.violations` and `ApiError.violations`."""

    path: str
    """Where: ``"providerSettings.regionName"``, ``"tags[3].key"``, ``"groupId"``."""
    message: str
    """What is wrong and what would be right."""
    value: Any
    """What was given, as JSON; for what JSON cannot say, a short text such as ``"<bytes>"``."""
    rule: str
    """Short name: ``"required"``, ``"type"``, ``"pattern"``, ``"unknown"`` …; ``"server"`` for the server's own."""


class LostField(TypedDict):
    """An item of `FlexConversion.lost`: what a Flex cluster does not have."""

    field: str
    value: Any
    why: str


ChangedField = TypedDict("ChangedField", {"field": str, "from": Any, "to": Any, "why": str})
"""An item of `FlexConversion.changed`: what a Flex cluster has otherwise; `to` is None where the spec has no place."""
