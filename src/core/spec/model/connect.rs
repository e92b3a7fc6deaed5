//! What a connection needs beside a cluster, as data: database users, entries of the IP access list, projects, and restores
//! of Flex clusters. Source: the bodies of `createDatabaseUser`, `createAccessListEntry`, `createGroup`, `updateGroup` and
//! `createFlexRestoreJob` in MongoDB's published API description.
use super::fields::{Access, Field, Object, Type};
use super::text_form::TextForm;

/// The database of users that Atlas itself knows.
pub const ADMIN: &str = "admin";

/// Fields that both a create and an update take.
const fn both(
    name: &'static str,
    snake: &'static str,
    kind: Type,
    expects: &'static str,
    about: &'static str,
) -> Field {
    Field { name, snake, kind, create: Access::Optional, update: Access::Optional, default: None, expects, about }
}

/// Fields of a create alone.
const fn create(
    name: &'static str,
    snake: &'static str,
    kind: Type,
    expects: &'static str,
    about: &'static str,
) -> Field {
    Field { update: Access::Unchangeable, ..both(name, snake, kind, expects, about) }
}

const fn required(field: Field) -> Field {
    Field { create: Access::Required, ..field }
}

const fn of_service(name: &'static str, snake: &'static str, about: &'static str) -> Field {
    Field { create: Access::ReadOnly, update: Access::ReadOnly, ..both(name, snake, Type::ReadOnly, "left out", about) }
}

const fn text(min: usize, max: usize) -> Type {
    Type::Text(TextForm::Plain { min, max })
}

const LINKS: Field = of_service("links", "links", "Related addresses.");
const DELETE_AFTER_DATE: Field = both(
    "deleteAfterDate",
    "delete_after_date",
    Type::Text(TextForm::Date),
    "a time in ISO 8601 with its zone, such as '2026-08-11T03:05:41Z'",
    "Atlas deletes it then; within a week from now, which Atlas itself checks.",
);

/// A role of a database user.
pub static ROLE: Object = Object {
    noun: "a role",
    fields: &[
        required(both(
            "roleName",
            "role_name",
            text(1, 1024),
            "a role's name, such as 'readWrite'",
            "A built-in role or a custom one.",
        )),
        required(both(
            "databaseName",
            "database_name",
            text(1, 1024),
            "a database's name, such as 'admin'",
            "The database that the role holds in.",
        )),
        both(
            "collectionName",
            "collection_name",
            text(1, 1024),
            "a collection's name",
            "The collection that it is limited to.",
        ),
    ],
    read_only_prefix: None,
};

/// What a database user is limited to.
pub static SCOPE: Object = Object {
    noun: "a scope",
    fields: &[
        required(both(
            "name",
            "name",
            Type::Text(TextForm::Name),
            "the name of a cluster, Data Lake or stream instance",
            "Which one.",
        )),
        required(both(
            "type",
            "type",
            Type::Enum(&["CLUSTER", "DATA_LAKE", "STREAM"]),
            "CLUSTER, DATA_LAKE or STREAM",
            "`CLUSTER`, `DATA_LAKE` or `STREAM`.",
        )),
    ],
    read_only_prefix: None,
};

/// A label of a database user.
pub static LABEL: Object = Object {
    noun: "a label",
    fields: &[
        required(both("key", "key", text(1, 255), "text of 1 to 255 characters", "1 to 255 characters.")),
        required(both("value", "value", text(1, 255), "text of 1 to 255 characters", "1 to 255 characters.")),
    ],
    read_only_prefix: None,
};

/// A database user; its name is no field here, but an argument.
pub static DATABASE_USER: Object = Object {
    noun: "a database user",
    fields: &[
        both(
            "password",
            "password",
            Type::Text(TextForm::Secret { min: 8 }),
            "text of at least 8 characters",
            "At least 8 characters; required unless one of the types below says how else the user is known. Never shown.",
        ),
        required(both(
            "roles",
            "roles",
            Type::List(&ROLE),
            "a list such as [{'roleName': 'readWrite', 'databaseName': 'shop'}]",
            "What the user may do: at least one role.",
        )),
        both(
            "scopes",
            "scopes",
            Type::List(&SCOPE),
            "a list such as [{'name': 'orders', 'type': 'CLUSTER'}]",
            "The clusters that the user is limited to; without any, all of the project.",
        ),
        DELETE_AFTER_DATE,
        both("description", "description", text(0, 100), "text of at most 100 characters", "At most 100 characters."),
        both(
            "labels",
            "labels",
            Type::List(&LABEL),
            "a list such as [{'key': 'team', 'value': 'shop'}]",
            "Key and value each 1 to 255 characters.",
        ),
        both(
            "awsIAMType",
            "aws_iam_type",
            Type::Enum(&["NONE", "USER", "ROLE"]),
            "NONE, USER or ROLE",
            "`NONE`, `USER` or `ROLE`: known to AWS IAM.",
        ),
        both(
            "ldapAuthType",
            "ldap_auth_type",
            Type::Enum(&["NONE", "USER", "GROUP"]),
            "NONE, USER or GROUP",
            "`NONE`, `USER` or `GROUP`: known to LDAP.",
        ),
        both(
            "oidcAuthType",
            "oidc_auth_type",
            Type::Enum(&["NONE", "USER", "IDP_GROUP"]),
            "NONE, USER or IDP_GROUP",
            "`NONE`, `USER` or `IDP_GROUP`: known to an identity provider by OIDC.",
        ),
        both(
            "x509Type",
            "x509_type",
            Type::Enum(&["NONE", "CUSTOMER", "MANAGED"]),
            "NONE, CUSTOMER or MANAGED",
            "`NONE`, `CUSTOMER` or `MANAGED`: known by an X.509 certificate.",
        ),
        of_service("groupId", "group_id", "The project; in a request it stands in the path."),
        LINKS,
    ],
    read_only_prefix: None,
};

/// An entry of the IP access list.
pub static ACCESS_LIST_ENTRY: Object = Object {
    noun: "an entry of the access list",
    fields: &[
        create(
            "ipAddress",
            "ip_address",
            Type::Text(TextForm::Address),
            "an IP address, such as '192.0.2.7'",
            "One address. One of these three is required.",
        ),
        create(
            "cidrBlock",
            "cidr_block",
            Type::Text(TextForm::Block),
            "a block of addresses, such as '192.0.2.0/24'",
            "A block of addresses in CIDR notation.",
        ),
        create(
            "awsSecurityGroup",
            "aws_security_group",
            Type::Text(TextForm::SecurityGroup),
            "a security group of AWS, such as 'sg-0123abcd'",
            "A security group of a peered VPC.",
        ),
        create("comment", "comment", text(0, 80), "text of at most 80 characters", "At most 80 characters."),
        Field { update: Access::Unchangeable, ..DELETE_AFTER_DATE },
        of_service("groupId", "group_id", "The project; in a request it stands in the path."),
        LINKS,
    ],
    read_only_prefix: None,
};

/// A project.
pub static PROJECT: Object = Object {
    noun: "a project",
    fields: &[
        required(both(
            "name",
            "name",
            Type::Text(TextForm::ProjectName),
            "text of 1 to 64 letters, digits and -_.(),:&@+'",
            "1 to 64 letters, digits and ``- _ . ( ) , : & @ + '``; unique in the organization.",
        )),
        required(create(
            "orgId",
            "org_id",
            Type::Text(TextForm::Id),
            "the organization's id: 24 of the characters 0 to 9 and a to f",
            "The organization. Default: that of the environment or the profile.",
        )),
        both(
            "tags",
            "tags",
            Type::Tags,
            "a mapping such as {'env': 'dev'}, or a list of {'key': …, 'value': …}",
            "At most 50, as for a cluster. An update replaces all of them.",
        ),
        create(
            "regionUsageRestrictions",
            "region_usage_restrictions",
            Type::Enum(&["COMMERCIAL_FEDRAMP_REGIONS_ONLY", "GOV_REGIONS_ONLY"]),
            "COMMERCIAL_FEDRAMP_REGIONS_ONLY or GOV_REGIONS_ONLY",
            "Of Atlas for Government: `COMMERCIAL_FEDRAMP_REGIONS_ONLY` or `GOV_REGIONS_ONLY`.",
        ),
        create(
            "withDefaultAlertsSettings",
            "with_default_alerts_settings",
            Type::Bool,
            "True or False",
            "Whether it starts with Atlas' default alerts.",
        ),
        of_service("clusterCount", "cluster_count", "How many clusters it has."),
        of_service("created", "created", "When it was created, ISO 8601 in UTC."),
        of_service("id", "id", "The project's own id."),
        LINKS,
    ],
    read_only_prefix: None,
};

/// A restore of a Flex cluster's snapshot.
pub static RESTORE_JOB: Object = Object {
    noun: "a restore",
    fields: &[
        required(create(
            "snapshotId",
            "snapshot_id",
            Type::Text(TextForm::Id),
            "a snapshot's id: 24 of the characters 0 to 9 and a to f",
            "The snapshot that is restored.",
        )),
        required(create(
            "targetDeploymentItemName",
            "target_deployment_item_name",
            Type::Text(TextForm::Name),
            "the name of the cluster to restore to",
            "The cluster that gets the data, and loses what it had.",
        )),
        create(
            "targetProjectId",
            "target_project_id",
            Type::Text(TextForm::Id),
            "a project's id: 24 of the characters 0 to 9 and a to f",
            "Its project. Default: that of the snapshot.",
        ),
        of_service("deliveryType", "delivery_type", "`RESTORE`, or `DOWNLOAD`."),
        of_service("expirationDate", "expiration_date", "Until when the job can be asked for."),
        of_service("id", "id", "The job's own id."),
        of_service("instanceName", "instance_name", "The cluster that the snapshot is of."),
        LINKS,
        of_service("projectId", "project_id", "Its project."),
        of_service("restoreFinishedDate", "restore_finished_date", "When it was completed."),
        of_service("restoreScheduledDate", "restore_scheduled_date", "When it was asked for."),
        of_service("snapshotFinishedDate", "snapshot_finished_date", "When the snapshot was taken."),
        of_service("snapshotUrl", "snapshot_url", "Of a download."),
        of_service("status", "status", "`PENDING`, `QUEUED`, `RUNNING`, `FAILED` or `COMPLETED`."),
    ],
    read_only_prefix: None,
};

/// Each object with its title in the documentation.
pub static OBJECTS: [(&str, &Object); 7] = [
    ("A database user", &DATABASE_USER),
    ("A role of a database user", &ROLE),
    ("A scope of a database user", &SCOPE),
    ("A label of a database user", &LABEL),
    ("An entry of the access list", &ACCESS_LIST_ENTRY),
    ("A project", &PROJECT),
    ("A restore of a Flex cluster", &RESTORE_JOB),
];
