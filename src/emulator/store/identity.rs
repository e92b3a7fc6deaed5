//! Service accounts and API keys, their roles and access lists.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IdentityKind {
    ServiceAccount,
    ApiKey,
}

/// Serialized in the form of a seed, with its secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Identity {
    pub(crate) kind: IdentityKind,
    /// Client id or public key.
    pub(crate) id: String,
    /// Client secret or private key.
    pub(crate) secret: String,
    pub(crate) org_id: String,
    pub(crate) org_roles: Vec<Role>,
    /// By project id.
    pub(crate) project_roles: BTreeMap<String, Vec<Role>>,
    /// From where it may be used; `None`: from anywhere, unless its organization requires a list.
    pub(crate) access_list: Option<Vec<Network>>,
}

/// A role under the API's name; read also under that of the web interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Role {
    #[serde(alias = "Project Owner")]
    GroupOwner,
    #[serde(alias = "Project Read Only", alias = "Read Only")]
    GroupReadOnly,
    #[serde(alias = "Project Cluster Manager")]
    GroupClusterManager,
    #[serde(alias = "Project Data Access Admin")]
    GroupDataAccessAdmin,
    #[serde(alias = "Project Data Access Read Only")]
    GroupDataAccessReadOnly,
    #[serde(alias = "Organization Owner")]
    OrgOwner,
    #[serde(alias = "Organization Project Creator")]
    OrgGroupCreator,
    #[serde(alias = "Organization Read Only")]
    OrgReadOnly,
    #[serde(alias = "Organization Member")]
    OrgMember,
}

/// A CIDR block, or a single address as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Network(IpNet);

impl Network {
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0.to_string()
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| format!("{text:?} is neither an address nor a CIDR block"))
    }
}

impl Role {
    /// Whether it is a role in a project, not in an organization.
    pub(crate) fn is_of_project(self) -> bool {
        use Role as R;
        !matches!(self, R::OrgOwner | R::OrgGroupCreator | R::OrgReadOnly | R::OrgMember)
    }
}

impl Identity {
    pub(crate) fn is_member(&self, org_id: &str) -> bool {
        self.org_id == org_id
    }

    fn has_org_role(&self, roles: &[Role]) -> bool {
        self.org_roles.iter().any(|role| roles.contains(role))
    }

    fn project_roles(&self, group_id: &str) -> impl Iterator<Item = Role> {
        self.project_roles.get(group_id).into_iter().flatten().copied()
    }

    /// Whether it may see the project.
    pub(crate) fn can_read(&self, group_id: &str, org_id: &str) -> bool {
        self.is_member(org_id)
            && (self.has_org_role(&[Role::OrgOwner, Role::OrgReadOnly])
                || self.project_roles(group_id).next().is_some())
    }

    /// Whether it may create, change and delete in the project: Project Owner, or Organization Owner.
    pub(crate) fn can_write(&self, group_id: &str, org_id: &str) -> bool {
        self.is_member(org_id)
            && (self.has_org_role(&[Role::OrgOwner])
                || self.project_roles(group_id).any(|role| role == Role::GroupOwner))
    }

    pub(crate) fn can_create_projects(&self) -> bool {
        self.has_org_role(&[Role::OrgOwner, Role::OrgGroupCreator])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_what_they_should() {
        let contains = |network: &str, address: &str| {
            Network::try_from(network.to_owned()).map(|network| network.contains(address.parse().unwrap()))
        };
        for (network, address, expected) in [
            ("192.0.2.0/24", "192.0.2.77", true),
            ("192.0.2.0/24", "192.0.3.1", false),
            ("192.0.2.0/24", "::1", false),
            ("192.0.2.9", "192.0.2.9", true),
            ("192.0.2.9", "192.0.2.8", false),
            ("0.0.0.0/0", "127.0.0.1", true),
            ("::/0", "::1", true),
        ] {
            assert_eq!(contains(network, address), Ok(expected), "{network} {address}");
        }
        for network in ["192.0.2.0/33", "here", ""] {
            let said = format!("{network:?} is neither an address nor a CIDR block");
            assert_eq!(contains(network, "::1"), Err(said));
        }
    }
}
