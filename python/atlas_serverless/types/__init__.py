"""Types for your annotations: what the operations take and return, as the Atlas Administration API names it.

    from atlas_serverless.types import ServerlessInstance, ServerlessInstanceSpec

What is *sent* is written in the API's own spelling or in its snake_case twin, at every depth; both spellings of one
field at once are an error. A type checker cannot say “one of two keys is required”, so only `name` is required here;
what else is missing is a ValidationError before anything is sent. What is *returned* is exactly what the server sent:
a dict with these keys and any that the API adds later, absent where the server left them out.

Nothing here is imported by `import atlas_serverless`. Sources: the operation's pages in
https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/ (createServerlessInstance, createGroupFlexCluster and theirs).
"""

from __future__ import annotations

from ._connect import (
    AccessListEntry,
    AccessListEntryPage,
    AccessListEntrySpec,
    AccessListStatus,
    DatabaseUser,
    DatabaseUserPage,
    DatabaseUserRole,
    DatabaseUserRoleSpec,
    DatabaseUserSpec,
    Deletion,
    FlexBackupSnapshot,
    FlexBackupSnapshotPage,
    FlexRestoreJob,
    FlexRestoreJobPage,
    FlexRestoreJobSpec,
    Leftover,
    ProjectSpec,
    ProjectUpdate,
    Step,
    UserScope,
    UserScopeSpec,
)
from ._connection import Connection
from ._create_many import AsyncCreates, CreateResult, Creates
from ._lists import AsyncPages, Pages
from ._operations import FlexClusterOperation, ServerlessInstanceOperation
from ._protocols import AsyncRawClient, RawClient
from ._regions import FlexRegion, Region
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
from ._specs import (
    ChangedField,
    FlexClusterSpec,
    FlexClusterUpdate,
    FlexClusterUpgrade,
    FlexProviderSettingsSpec,
    Kind,
    LostField,
    ServerlessBackupOptionsSpec,
    ServerlessInstanceSpec,
    ServerlessInstanceUpdate,
    ServerlessProviderSettingsSpec,
    Tags,
    Violation,
)
from ._values import FlexConversion, Headers, ManyProgress, Poll, Response

__all__ = [
    "AccessListEntry",
    "AccessListEntryPage",
    "AccessListEntrySpec",
    "AccessListStatus",
    "AsyncCreates",
    "AsyncPages",
    "AsyncRawClient",
    "ChangedField",
    "Connection",
    "CreateResult",
    "Creates",
    "DatabaseUser",
    "DatabaseUserPage",
    "DatabaseUserRole",
    "DatabaseUserRoleSpec",
    "DatabaseUserSpec",
    "Deletion",
    "FlexBackupSettings",
    "FlexBackupSnapshot",
    "FlexBackupSnapshotPage",
    "FlexCluster",
    "FlexClusterOperation",
    "FlexClusterPage",
    "FlexClusterSpec",
    "FlexClusterUpdate",
    "FlexClusterUpgrade",
    "FlexConnectionStrings",
    "FlexConversion",
    "FlexProviderSettings",
    "FlexProviderSettingsSpec",
    "FlexRegion",
    "FlexRestoreJob",
    "FlexRestoreJobPage",
    "FlexRestoreJobSpec",
    "Headers",
    "Kind",
    "Leftover",
    "Link",
    "LostField",
    "ManyProgress",
    "Pages",
    "Poll",
    "Project",
    "ProjectPage",
    "ProjectSpec",
    "ProjectUpdate",
    "Provider",
    "RateLimitEndpointSet",
    "RateLimitEndpointSetPage",
    "RateLimitValue",
    "RawClient",
    "Region",
    "Response",
    "ServerlessBackupOptions",
    "ServerlessBackupOptionsSpec",
    "ServerlessConnectionStrings",
    "ServerlessInstance",
    "ServerlessInstanceOperation",
    "ServerlessInstancePage",
    "ServerlessInstanceSpec",
    "ServerlessInstanceUpdate",
    "ServerlessProviderSettings",
    "ServerlessProviderSettingsSpec",
    "State",
    "Step",
    "Tag",
    "Tags",
    "UserScope",
    "UserScopeSpec",
    "Violation",
]
