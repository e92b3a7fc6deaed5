"""What a connection needs beside a cluster: part of `atlas_serverless.types`, where the public names are.

Database users, the IP access list, projects, and backups of Flex clusters: what is sent (names that end in `Spec` or
`Update`, every field in both spellings), and what is returned. Source: the operations' pages in
https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from ._replies import Link
from ._specs import Tags


class DatabaseUserRoleSpec(TypedDict, total=False):
    """What a database user may do. `roleName` and `databaseName` are required."""

    roleName: str
    """A built-in role such as ``"readWrite"``, or a custom one."""
    role_name: str
    """Twin of roleName."""
    databaseName: str
    """The database that it holds in."""
    database_name: str
    """Twin of databaseName."""
    collectionName: str
    """The collection that it is limited to."""
    collection_name: str
    """Twin of collectionName."""


class UserScopeSpec(TypedDict, total=False):
    """A cluster that a database user is limited to. Both are required."""

    name: str
    type: Literal["CLUSTER", "DATA_LAKE", "STREAM"] | str


class DatabaseUserSpec(TypedDict, total=False):
    """What `create_database_user` and `update_database_user` take."""

    password: str
    """At least 8 characters. Never shown again."""
    roles: Sequence[DatabaseUserRoleSpec | Mapping[str, str]]
    """Required for a create: at least one."""
    scopes: Sequence[UserScopeSpec | Mapping[str, str]]
    """Without any, all of the project."""
    deleteAfterDate: str
    """ISO 8601; within a week from now."""
    delete_after_date: str
    """Twin of deleteAfterDate."""
    description: str
    """At most 100 characters."""
    labels: Sequence[Mapping[str, str]]
    """``[{"key": …, "value": …}]``."""
    awsIAMType: Literal["NONE", "USER", "ROLE"] | str
    """Known to AWS IAM."""
    aws_iam_type: Literal["NONE", "USER", "ROLE"] | str
    """Twin of awsIAMType."""
    ldapAuthType: Literal["NONE", "USER", "GROUP"] | str
    """Known to LDAP."""
    ldap_auth_type: Literal["NONE", "USER", "GROUP"] | str
    """Twin of ldapAuthType."""
    oidcAuthType: Literal["NONE", "USER", "IDP_GROUP"] | str
    """Known to an identity provider by OIDC."""
    oidc_auth_type: Literal["NONE", "USER", "IDP_GROUP"] | str
    """Twin of oidcAuthType."""
    x509Type: Literal["NONE", "CUSTOMER", "MANAGED"] | str
    """Known by an X.509 certificate."""
    x509_type: Literal["NONE", "CUSTOMER", "MANAGED"] | str
    """Twin of x509Type."""


class DatabaseUserRole(TypedDict, total=False):
    """A role, as returned."""

    roleName: str
    databaseName: str
    collectionName: str


class UserScope(TypedDict):
    """A scope, as returned."""

    name: str
    type: str


class _DatabaseUser(TypedDict):
    username: str
    databaseName: str
    groupId: str
    roles: list[DatabaseUserRole]
    scopes: list[UserScope]


class DatabaseUser(_DatabaseUser, total=False):
    """A database user, as the server describes it: without its password."""

    awsIAMType: str
    deleteAfterDate: str
    description: str
    labels: list[dict[str, str]]
    ldapAuthType: str
    links: list[Link]
    oidcAuthType: str
    x509Type: str


class AccessListEntrySpec(TypedDict, total=False):
    """What `create_access_list_entry` takes: one of the first three is required."""

    ipAddress: str
    """Such as ``"192.0.2.7"``."""
    ip_address: str
    """Twin of ipAddress."""
    cidrBlock: str
    """Such as ``"192.0.2.0/24"``."""
    cidr_block: str
    """Twin of cidrBlock."""
    awsSecurityGroup: str
    """Such as ``"sg-0123abcd"``."""
    aws_security_group: str
    """Twin of awsSecurityGroup."""
    comment: str
    """At most 80 characters."""
    deleteAfterDate: str
    """ISO 8601; within a week from now."""
    delete_after_date: str
    """Twin of deleteAfterDate."""


class AccessListEntry(TypedDict, total=False):
    """An entry of the IP access list, as the server describes it."""

    cidrBlock: str
    ipAddress: str
    awsSecurityGroup: str
    comment: str
    deleteAfterDate: str
    groupId: str
    links: list[Link]


class AccessListStatus(TypedDict):
    """Whether an entry is in force."""

    STATUS: Literal["PENDING", "ACTIVE", "FAILED"]


class ProjectUpdate(TypedDict, total=False):
    """What can be changed on a project."""

    name: str
    """1 to 64 letters, digits and ``- _ . ( ) , : & @ + '``."""
    tags: Tags
    """Replaces all existing tags; ``[]`` or ``{}`` removes them. At most 50."""


class ProjectSpec(ProjectUpdate, total=False):
    """What `create_project` takes. `name` is required, `org_id` unless environment or profile name one."""

    orgId: str
    """The organization: 24 hexadecimal digits."""
    org_id: str
    """Twin of orgId."""
    regionUsageRestrictions: Literal["COMMERCIAL_FEDRAMP_REGIONS_ONLY", "GOV_REGIONS_ONLY"] | str
    """Of Atlas for Government."""
    region_usage_restrictions: Literal["COMMERCIAL_FEDRAMP_REGIONS_ONLY", "GOV_REGIONS_ONLY"] | str
    """Twin of regionUsageRestrictions."""
    withDefaultAlertsSettings: bool
    """Whether it starts with Atlas' default alerts. Default True."""
    with_default_alerts_settings: bool
    """Twin of withDefaultAlertsSettings."""


class _BackupTask(TypedDict):
    id: str
    status: str
    """``"PENDING"``, ``"QUEUED"``, ``"RUNNING"``, ``"FAILED"`` or ``"COMPLETED"``."""


class FlexBackupSnapshot(_BackupTask, total=False):
    """A snapshot of a Flex cluster."""

    mongoDBVersion: str
    scheduledTime: str
    startTime: str
    finishTime: str
    expiration: str
    links: list[Link]


class FlexRestoreJobSpec(TypedDict, total=False):
    """What `create_flex_restore_job` takes: the first two are required."""

    snapshotId: str
    snapshot_id: str
    """Twin of snapshotId."""
    targetDeploymentItemName: str
    """The cluster that gets the data, and loses what it had."""
    target_deployment_item_name: str
    """Twin of targetDeploymentItemName."""
    targetProjectId: str
    """Default: the project of the snapshot."""
    target_project_id: str
    """Twin of targetProjectId."""


class FlexRestoreJob(_BackupTask, total=False):
    """A restore of a snapshot."""

    deliveryType: str
    instanceName: str
    projectId: str
    snapshotId: str
    snapshotFinishedDate: str
    restoreScheduledDate: str
    restoreFinishedDate: str
    expirationDate: str
    targetDeploymentItemName: str
    targetProjectId: str
    links: list[Link]


class _Page(TypedDict, total=False):
    totalCount: int
    links: list[dict[str, Any]]


class DatabaseUserPage(_Page):
    """One page of `client.with_raw_response.list_database_users`."""

    results: list[DatabaseUser]


class AccessListEntryPage(_Page):
    """One page of the IP access list."""

    results: list[AccessListEntry]


class FlexBackupSnapshotPage(_Page):
    """One page of `client.with_raw_response.list_flex_backup_snapshots`."""

    results: list[FlexBackupSnapshot]


class FlexRestoreJobPage(_Page):
    """One page of `client.with_raw_response.list_flex_restore_jobs`."""

    results: list[FlexRestoreJob]


class Step(TypedDict):
    """What `up` or `down` did with one thing: an item of `Connection.did`, or of what `down` returns."""

    what: Literal["project", "cluster", "user", "access"]
    name: str
    how: str
    """made, found, changed, deleted, kept; in a dry run ``"to be made"``, ``"to be changed"``, ``"to be deleted"``."""
    why: str | None


class Leftover(TypedDict):
    """A cluster that `find_leftovers` has found."""

    kind: Literal["flex", "serverless"]
    group_id: str
    project: str | None
    """The project's name; None where the project was named by its id."""
    name: str
    id: str | None
    state: str | None
    created: str | None
    """ISO 8601 in UTC."""
    age: float | None
    """Seconds, by the service's own clock."""
    tags: dict[str, str]
    protected: bool
    """Termination protection is on."""


class Deletion(TypedDict):
    """What became of one of many deletions."""

    kind: Literal["flex", "serverless"]
    group_id: str
    name: str
    how: Literal["deleted", "to be deleted", "protected", "gone", "failed"]
    why: str | None
