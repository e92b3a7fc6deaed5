"""What the operations take: part of `atlas_serverless.types`, where the public names are.

Every field has two spellings, the API's own and its snake_case twin; both at once are an error. A type checker cannot
say “one of two keys is required”: what else than the name is required is checked before anything is sent. A `Literal`
beside `str` is for completion: text from a variable is taken too, as is a plain dict in the place of an object.
Source: the request bodies in https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Union

from ._regions import FlexRegion, Region
from ._replies import Provider, Tag

Kind = Literal["serverless", "flex"]
"""Which of the two something is."""


Tags = Union[Sequence[Union[Tag, Mapping[str, str]]], Mapping[str, str]]  # noqa: UP007  # evaluated on Python 3.10
"""At most 50 tags: a list of ``{"key": …, "value": …}``, or a plain mapping such as ``{"env": "dev"}``."""


class ServerlessProviderSettingsSpec(TypedDict, total=False):
    """Provider and region of a serverless instance. Both are required."""

    backingProviderName: Provider | str
    """AWS, AZURE or GCP. Required."""
    backing_provider_name: Provider | str
    """Twin of backingProviderName."""
    regionName: Region | str
    """Such as ``"US_EAST_1"``. Required. One that this version does not know is a RegionWarning, and is sent."""
    region_name: Region | str
    """Twin of regionName."""
    providerName: Literal["SERVERLESS"] | str
    """Default and only value: SERVERLESS."""
    provider_name: Literal["SERVERLESS"] | str
    """Twin of providerName."""


class ServerlessBackupOptionsSpec(TypedDict, total=False):
    """Backups of a serverless instance."""

    serverlessContinuousBackupEnabled: bool
    """Documented default True; without effect since February 2025, which is a FieldIgnoredWarning."""
    serverless_continuous_backup_enabled: bool
    """Twin of serverlessContinuousBackupEnabled."""


class ServerlessInstanceUpdate(TypedDict, total=False):
    """What can be changed on a serverless instance."""

    serverlessBackupOptions: ServerlessBackupOptionsSpec | Mapping[str, bool]
    """Backups; without effect since February 2025."""
    serverless_backup_options: ServerlessBackupOptionsSpec | Mapping[str, bool]
    """Twin of serverlessBackupOptions."""
    tags: Tags
    """Replaces all existing tags; ``[]`` or ``{}`` removes them. At most 50."""
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

    providerSettings: ServerlessProviderSettingsSpec | Mapping[str, str]
    """Provider and region. Required; cannot be changed later."""
    provider_settings: ServerlessProviderSettingsSpec | Mapping[str, str]
    """Twin of providerSettings."""


class FlexProviderSettingsSpec(TypedDict, total=False):
    """Provider and region of a Flex cluster. Both are required. The disk is always 5 GB."""

    backingProviderName: Provider | str
    """AWS, AZURE or GCP. Required."""
    backing_provider_name: Provider | str
    """Twin of backingProviderName."""
    regionName: FlexRegion | str
    """Such as ``"US_EAST_1"``. Required. One that this version does not know is a RegionWarning, and is sent."""
    region_name: FlexRegion | str
    """Twin of regionName."""
    providerName: Literal["FLEX"] | str
    """Default and only value: FLEX."""
    provider_name: Literal["FLEX"] | str
    """Twin of providerName."""


class FlexClusterUpdate(TypedDict, total=False):
    """What can be changed on a Flex cluster."""

    tags: Tags
    """Replaces all existing tags; ``[]`` or ``{}`` removes them. At most 50."""
    terminationProtectionEnabled: bool
    """True: deleting is refused until it is set to False. Default False."""
    termination_protection_enabled: bool
    """Twin of terminationProtectionEnabled."""


class FlexClusterSpec(_Name, FlexClusterUpdate, total=False):
    """What `create_flex_cluster` takes."""

    providerSettings: FlexProviderSettingsSpec | Mapping[str, str]
    """Provider and region. Required; cannot be changed later."""
    provider_settings: FlexProviderSettingsSpec | Mapping[str, str]
    """Twin of providerSettings."""


class FlexClusterUpgrade(TypedDict, total=False):
    """What a Flex cluster is to become: the fields of a dedicated cluster. Those not here go into `extra_fields`."""

    clusterType: str
    """``"REPLICASET"``, ``"SHARDED"`` or ``"GEOSHARDED"``."""
    cluster_type: str
    """Twin of clusterType."""
    replicationSpecs: Sequence[Mapping[str, Any]]
    """Regions, sizes and numbers of nodes: ``[{"regionConfigs": [{"providerName": …, "electableSpecs": …}]}]``."""
    replication_specs: Sequence[Mapping[str, Any]]
    """Twin of replicationSpecs, with snake_case at every depth where you like."""
    backupEnabled: bool
    """Whether backups are made. Default False."""
    backup_enabled: bool
    """Twin of backupEnabled."""
    tags: Tags
    """Replaces all existing tags. At most 50."""
    terminationProtectionEnabled: bool
    """True: deleting is refused until it is set to False. Default False."""
    termination_protection_enabled: bool
    """Twin of terminationProtectionEnabled."""


class Violation(TypedDict):
    """One broken rule: an item of `ValidationError.violations` and `ApiError.violations`."""

    path: str
    """Where: ``"providerSettings.regionName"``, ``"tags[3].key"``, ``"groupId"``."""
    message: str
    """What is wrong, and what is accepted."""
    value: Any
    """What was given, as JSON; a short text for what JSON does not have, such as ``"<bytes>"``."""
    rule: str
    """Short name: ``"required"``, ``"type"``, ``"pattern"``, ``"unknown"`` …; ``"server"`` for the server's own."""


class LostField(TypedDict):
    """An item of `FlexConversion.lost`: a field that a Flex cluster does not have."""

    field: str
    value: Any
    why: str


ChangedField = TypedDict("ChangedField", {"field": str, "from": Any, "to": Any, "why": str})
"""An item of `FlexConversion.changed`: a field that is different for a Flex cluster; `to` is None if it is left out."""
