//! Who may connect to the clusters of a project, and from where: database users and the IP access list. Both are
//! serialized in the API's own form, in a seed too. A user's password is checked when it is sent, and never stored.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The authentication types of a user who has a password.
pub(crate) const NONE: &str = "NONE";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DatabaseUser {
    #[serde(rename = "awsIAMType")]
    pub(crate) aws_iam_type: String,
    pub(crate) database_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delete_after_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) labels: Vec<Value>,
    pub(crate) ldap_auth_type: String,
    pub(crate) oidc_auth_type: String,
    pub(crate) roles: Vec<Value>,
    pub(crate) scopes: Vec<Value>,
    pub(crate) username: String,
    #[serde(rename = "x509Type")]
    pub(crate) x509_type: String,
}

impl Default for DatabaseUser {
    fn default() -> Self {
        let none = || NONE.to_owned();
        DatabaseUser {
            aws_iam_type: none(),
            database_name: "admin".to_owned(),
            delete_after_date: None,
            description: None,
            labels: Vec::new(),
            ldap_auth_type: none(),
            oidc_auth_type: none(),
            roles: Vec::new(),
            scopes: Vec::new(),
            username: String::new(),
            x509_type: none(),
        }
    }
}

impl DatabaseUser {
    pub(crate) fn is(&self, database_name: &str, username: &str) -> bool {
        self.database_name == database_name && self.username == username
    }

    /// Whether it proves who it is with a password.
    pub(crate) fn has_password(&self) -> bool {
        [&self.aws_iam_type, &self.ldap_auth_type, &self.oidc_auth_type, &self.x509_type]
            .iter()
            .all(|kind| *kind == NONE)
    }
}

/// An entry of the IP access list: a block of addresses, or a security group of AWS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AccessListEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aws_security_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cidr_block: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delete_after_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip_address: Option<String>,
}

impl AccessListEntry {
    /// What it is found by: the block, or the security group.
    pub(crate) fn value(&self) -> &str {
        self.cidr_block.as_deref().or(self.aws_security_group.as_deref()).unwrap_or_default()
    }

    /// Fills in the address of a block of one, and the block of an address. `Err`: what is neither.
    pub(crate) fn completed(mut self) -> Result<Self, String> {
        let given = self.cidr_block.as_ref().or(self.ip_address.as_ref());
        if let Some(given) = given {
            let network = network(given).ok_or_else(|| given.clone())?;
            self.cidr_block = Some(network.to_string());
            self.ip_address = (network.prefix_len() == network.max_prefix_len()).then(|| network.addr().to_string());
        }
        Ok(self)
    }
}

/// A block of addresses, or one address as a block.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse().map(|address: std::net::IpAddr| IpNet::from(address)).ok())
}
