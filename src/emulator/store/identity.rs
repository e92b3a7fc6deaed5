//! Service accounts and API keys, their roles and access lists.

use std::collections::BTreeMap;

use ipnet::IpNet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentityKind {
    ServiceAccount,
    ApiKey,
}

#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) kind: IdentityKind,
    /// Client id or public key.
    pub(crate) id: String,
    /// Client secret or private key.
    pub(crate) secret: String,
    pub(crate) org_id: String,
    /// Such as `ORG_OWNER`.
    pub(crate) org_roles: Vec<String>,
    /// By project id, such as `GROUP_OWNER`.
    pub(crate) project_roles: BTreeMap<String, Vec<String>>,
    /// From where it may be used; `None`: from anywhere, unless its organization requires a list.
    pub(crate) access_list: Option<Vec<IpNet>>,
}

impl Identity {
    pub(crate) fn is_member(&self, org_id: &str) -> bool {
        self.org_id == org_id
    }

    fn has_org_role(&self, names: &[&str]) -> bool {
        self.org_roles.iter().any(|role| names.contains(&role.as_str()))
    }

    fn project_roles(&self, group_id: &str) -> impl Iterator<Item = &str> {
        self.project_roles.get(group_id).into_iter().flatten().map(String::as_str)
    }

    /// Whether it may see the project.
    pub(crate) fn can_read(&self, group_id: &str, org_id: &str) -> bool {
        self.is_member(org_id)
            && (self.has_org_role(&["ORG_OWNER", "ORG_READ_ONLY"]) || self.project_roles(group_id).next().is_some())
    }

    /// Whether it may create, change and delete in the project: Project Owner, or Organization Owner.
    pub(crate) fn can_write(&self, group_id: &str, org_id: &str) -> bool {
        self.is_member(org_id)
            && (self.has_org_role(&["ORG_OWNER"]) || self.project_roles(group_id).any(|role| role == "GROUP_OWNER"))
    }

    pub(crate) fn can_create_projects(&self) -> bool {
        self.has_org_role(&["ORG_OWNER", "ORG_GROUP_CREATOR"])
    }
}

/// Accepts the API's names and those of the web interface.
pub(crate) fn role(name: &str) -> Option<&'static str> {
    Some(match name {
        "Project Owner" | "GROUP_OWNER" => "GROUP_OWNER",
        "Project Read Only" | "Read Only" | "GROUP_READ_ONLY" => "GROUP_READ_ONLY",
        "Project Cluster Manager" | "GROUP_CLUSTER_MANAGER" => "GROUP_CLUSTER_MANAGER",
        "Project Data Access Admin" | "GROUP_DATA_ACCESS_ADMIN" => "GROUP_DATA_ACCESS_ADMIN",
        "Project Data Access Read Only" | "GROUP_DATA_ACCESS_READ_ONLY" => "GROUP_DATA_ACCESS_READ_ONLY",
        "Organization Owner" | "ORG_OWNER" => "ORG_OWNER",
        "Organization Project Creator" | "ORG_GROUP_CREATOR" => "ORG_GROUP_CREATOR",
        "Organization Read Only" | "ORG_READ_ONLY" => "ORG_READ_ONLY",
        "Organization Member" | "ORG_MEMBER" => "ORG_MEMBER",
        _ => return None,
    })
}
