//! What belongs to a project beside its clusters, and the project itself: paths and operation ids.
use bytes::Bytes;
use reqwest::Method;

use super::call::{Call, ExpectedBody, ReplyFormat, Subject, segment};
use crate::core::policy::rate_limit::EndpointSet;
use crate::core::policy::retry::RequestKind;
use crate::core::secret::Secret;
use crate::core::spec::model::Operation;

/// One of them, or with an empty last part the collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entity {
    Project { group_id: String },
    DatabaseUser { group_id: String, database_name: String, username: String },
    AccessListEntry { group_id: String, value: String },
    FlexBackupSnapshot { group_id: String, cluster: String, id: String },
    FlexRestoreJob { group_id: String, cluster: String, id: String },
}

/// A request's body, and the secret in it, which no error may show.
#[derive(Debug, Clone, Default)]
pub struct EntityBody {
    pub json: Bytes,
    pub secret: Option<Secret>,
}

impl Entity {
    pub fn group_id(&self) -> &str {
        match self {
            Self::Project { group_id }
            | Self::DatabaseUser { group_id, .. }
            | Self::AccessListEntry { group_id, .. }
            | Self::FlexBackupSnapshot { group_id, .. }
            | Self::FlexRestoreJob { group_id, .. } => group_id,
        }
    }

    /// In a sentence, without an article.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Project { .. } => "project",
            Self::DatabaseUser { .. } => "database user",
            Self::AccessListEntry { .. } => "access list entry",
            Self::FlexBackupSnapshot { .. } => "snapshot",
            Self::FlexRestoreJob { .. } => "restore job",
        }
    }

    /// The operation's id in the published API description.
    pub fn operation_id(&self, operation: Operation) -> &'static str {
        use Operation as O;
        match (self, operation) {
            (Self::Project { .. }, O::Create) => "createGroup",
            (Self::Project { .. }, O::Get) => "getGroup",
            (Self::Project { .. }, O::List) => "listGroups",
            (Self::Project { .. }, O::Update) => "updateGroup",
            (Self::Project { .. }, O::Delete) => "deleteGroup",
            (Self::DatabaseUser { .. }, O::Create) => "createDatabaseUser",
            (Self::DatabaseUser { .. }, O::Get) => "getDatabaseUser",
            (Self::DatabaseUser { .. }, O::List) => "listDatabaseUsers",
            (Self::DatabaseUser { .. }, O::Update) => "updateDatabaseUser",
            (Self::DatabaseUser { .. }, O::Delete) => "deleteDatabaseUser",
            // Adding an entry changes one that is there: there is no other update.
            (Self::AccessListEntry { .. }, O::Create | O::Update) => "createAccessListEntry",
            (Self::AccessListEntry { .. }, O::Get) => "getAccessListEntry",
            (Self::AccessListEntry { .. }, O::List) => "listAccessListEntries",
            (Self::AccessListEntry { .. }, O::Delete) => "deleteAccessListEntry",
            (Self::FlexBackupSnapshot { .. }, O::List) => "listFlexBackupSnapshots",
            (Self::FlexBackupSnapshot { .. }, _) => "getFlexBackupSnapshot",
            (Self::FlexRestoreJob { .. }, O::Create) => "createFlexRestoreJob",
            (Self::FlexRestoreJob { .. }, O::List) => "listFlexRestoreJobs",
            (Self::FlexRestoreJob { .. }, _) => "getFlexRestoreJob",
        }
    }

    fn collection(&self) -> String {
        let group = segment(self.group_id());
        let backups = |cluster: &str, of: &str| {
            format!("/api/atlas/v2/groups/{group}/flexClusters/{}/backup/{of}", segment(cluster))
        };
        match self {
            Self::Project { .. } => "/api/atlas/v2/groups".to_owned(),
            Self::DatabaseUser { .. } => format!("/api/atlas/v2/groups/{group}/databaseUsers"),
            Self::AccessListEntry { .. } => format!("/api/atlas/v2/groups/{group}/accessList"),
            Self::FlexBackupSnapshot { cluster, .. } => backups(cluster, "snapshots"),
            Self::FlexRestoreJob { cluster, .. } => backups(cluster, "restoreJobs"),
        }
    }

    fn path(&self) -> String {
        let own = match self {
            Self::Project { group_id } => segment(group_id),
            Self::DatabaseUser { database_name, username, .. } => {
                format!("{}/{}", segment(database_name), segment(username))
            }
            Self::AccessListEntry { value, .. } => segment(value),
            Self::FlexBackupSnapshot { id, .. } | Self::FlexRestoreJob { id, .. } => segment(id),
        };
        format!("{}/{own}", self.collection())
    }

    /// What the reply must be about. Of a create only where the path says it: a project and a restore are named in the body.
    fn subject(&self, operation: Operation) -> Option<Subject> {
        let is_create = operation == Operation::Create;
        match self {
            Self::DatabaseUser { username, database_name, .. } => {
                Some(Subject::User { username: username.clone(), database_name: database_name.clone() })
            }
            Self::AccessListEntry { value, .. } if is_create => Some(Subject::EntriesWith(value.clone())),
            Self::AccessListEntry { value, .. } => Some(Subject::Entry(value.clone())),
            _ if is_create => None,
            Self::Project { group_id } => Some(Subject::Fields(vec![("id", group_id.clone())])),
            Self::FlexBackupSnapshot { id, .. } | Self::FlexRestoreJob { id, .. } => {
                Some(Subject::Fields(vec![("id", id.clone())]))
            }
        }
    }

    fn endpoint_set(&self) -> EndpointSet {
        match self {
            Self::Project { .. } => EndpointSet::Projects,
            Self::DatabaseUser { .. } => EndpointSet::DatabaseUsers,
            Self::AccessListEntry { .. } => EndpointSet::AccessList,
            Self::FlexBackupSnapshot { .. } | Self::FlexRestoreJob { .. } => EndpointSet::FlexBackups,
        }
    }

    /// A call without a body on `target`.
    fn call(&self, operation: Operation, target: String, expected: ExpectedBody) -> Call {
        // The rate limit of projects is per user.
        let scope = if matches!(self, Self::Project { .. }) { "" } else { self.group_id() };
        Call::get(self.operation_id(operation), target, self.endpoint_set(), scope, expected)
    }
}

impl Call {
    /// Get, create, update or delete of an entity.
    pub fn entity(entity: &Entity, operation: Operation, reply_format: ReplyFormat, body: Option<EntityBody>) -> Self {
        let (method, request_kind, expected) = match operation {
            // Adding an entry answers with the whole list.
            Operation::Create if matches!(entity, Entity::AccessListEntry { .. }) => {
                (Method::POST, RequestKind::Reconcilable, ExpectedBody::Page)
            }
            Operation::Create => (Method::POST, RequestKind::Reconcilable, ExpectedBody::Resource),
            Operation::Get | Operation::List => (Method::GET, RequestKind::Read, ExpectedBody::Resource),
            Operation::Update => (Method::PATCH, RequestKind::IdempotentChange, ExpectedBody::Resource),
            Operation::Delete => (Method::DELETE, RequestKind::IdempotentChange, ExpectedBody::ResourceOrEmpty),
        };
        let place = if operation == Operation::Create { entity.collection() } else { entity.path() };
        let body = body.unwrap_or_default();
        Call {
            method,
            request_kind,
            subject: entity.subject(operation),
            body: (!body.json.is_empty()).then_some(body.json),
            secret: body.secret,
            envelope: reply_format.envelope,
            ..entity.call(operation, format!("{place}{}", reply_format.query()), expected)
        }
    }

    /// Lists the entities of the kind of this one; without a query yet.
    pub fn entities(of: &Entity) -> Self {
        of.call(Operation::List, of.collection(), ExpectedBody::Page)
    }

    /// Gets a project by its name.
    pub fn project_by_name(name: &str) -> Self {
        let target = format!("/api/atlas/v2/groups/byName/{}", segment(name));
        let call = Call::get("getGroupByName", target, EndpointSet::Projects, "", ExpectedBody::Resource);
        Call { subject: Some(Subject::Fields(vec![("name", name.to_owned())])), ..call }
    }

    /// Whether an entry of the access list is in force.
    pub fn access_list_status(group_id: &str, value: &str, reply_format: ReplyFormat) -> Self {
        let entry = Entity::AccessListEntry { group_id: group_id.to_owned(), value: value.to_owned() };
        let target = format!("{}/status{}", entry.path(), reply_format.query());
        let call = entry.call(Operation::Get, target, ExpectedBody::Resource);
        Call { operation: "getAccessListStatus", envelope: reply_format.envelope, ..call }
    }
}
