//! Service accounts and API keys, their roles and access lists, and the tokens that were issued.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use super::ids::Ids;

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
    pub(crate) access_list: Option<Vec<Network>>,
}

/// An address with a prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `192.0.2.0/24` or a single address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address.parse::<IpAddr>().ok()?, Some(bits.parse::<u8>().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    pub(crate) fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(u128::from(a.to_bits()), u128::from(b.to_bits()), 32, self.bits),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128, self.bits),
            _ => false,
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

fn same(a: u128, b: u128, width: u8, bits: u8) -> bool {
    (a ^ b).checked_shr(u32::from(width - bits)).unwrap_or(0) == 0
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

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) client_id: String,
    /// Milliseconds since the epoch.
    pub(crate) expires: i64,
    /// Whether it counts towards the live tokens of its account.
    pub(crate) counted: bool,
}

/// Issued tokens and the pace at which they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    issued: HashMap<String, Token>,
    /// When each client asked, in the last minute.
    asked: HashMap<(IpAddr, String), Vec<i64>>,
    /// The ready-made token of the default service account.
    ready: String,
}

impl Tokens {
    pub(crate) fn issue(&mut self, ids: &mut Ids, client_id: &str, now: i64, lifetime: i64, counted: bool) -> String {
        if self.issued.len() % 512 == 511 {
            self.issued.retain(|_, token| token.expires > now);
        }
        let expires = now.saturating_add(lifetime);
        let text = ids.access_token(client_id, lifetime);
        self.issued.insert(text.clone(), Token { client_id: client_id.to_owned(), expires, counted });
        text
    }

    /// A live token that nobody had to ask for.
    pub(crate) fn ready(&mut self, ids: &mut Ids, client_id: &str, now: i64, lifetime: i64) -> String {
        if self.check(&self.ready, now).is_none_or(|id| id != client_id) {
            self.ready = self.issue(ids, client_id, now, lifetime, false);
        }
        self.ready.clone()
    }

    /// Whose token it is, if it is live.
    pub(crate) fn check(&self, token: &str, now: i64) -> Option<&str> {
        self.issued.get(token).filter(|t| t.expires > now).map(|t| t.client_id.as_str())
    }

    pub(crate) fn live(&self, client_id: &str, now: i64) -> usize {
        self.issued.values().filter(|t| t.counted && t.expires > now && t.client_id == client_id).count()
    }

    pub(crate) fn revoke(&mut self, token: &str, client_id: &str) {
        if self.issued.get(token).is_some_and(|t| t.client_id == client_id) {
            self.issued.remove(token);
        }
    }

    pub(crate) fn revoke_all(&mut self) -> usize {
        let count = self.issued.len();
        self.issued.clear();
        count
    }

    /// Counts a request; `Err` is the seconds to wait.
    pub(crate) fn pace(&mut self, address: IpAddr, client_id: &str, now: i64, limit: u32) -> Result<(), u64> {
        let asked = self.asked.entry((address, client_id.to_owned())).or_default();
        asked.retain(|at| *at > now - 60_000 && *at <= now);
        if asked.len() >= limit as usize {
            let first = asked.first().copied().unwrap_or(now);
            let wait = u64::try_from(first + 60_000 - now).unwrap_or(60_000);
            return Err(wait.div_ceil(1000).max(1));
        }
        asked.push(now);
        Ok(())
    }

    /// Tokens stay good, but none counts any more.
    pub(crate) fn reset(&mut self, identities: &BTreeMap<String, Identity>) {
        self.issued.retain(|_, token| identities.contains_key(&token.client_id));
        self.issued.values_mut().for_each(|token| token.counted = false);
        self.asked.clear();
    }

    pub(crate) fn len(&self, now: i64) -> usize {
        self.issued.values().filter(|t| t.expires > now).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_what_they_should() {
        let net = Network::parse("192.0.2.0/24").unwrap();
        assert!(net.contains("192.0.2.77".parse().unwrap()));
        assert!(!net.contains("192.0.3.1".parse().unwrap()));
        assert!(!net.contains("::1".parse().unwrap()));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains("127.0.0.1".parse().unwrap()));
        assert!(Network::parse("::/0").unwrap().contains("::1".parse().unwrap()));
        assert!(Network::parse("192.0.2.0/33").is_none() && Network::parse("here").is_none());
    }
}
