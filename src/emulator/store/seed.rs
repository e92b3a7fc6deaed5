//! The form of a seed: what is given, read from JSON. A misspelt key is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::access::{AccessListEntry, DatabaseUser};
use super::backups::Backups;
use super::identity::{IdentityKind, Network, Role};
use super::instances::{Kind, State, Tags};
use super::projects::Team;
use super::transition::TransitionEnd;
use crate::emulator::clock::iso_seconds;
use crate::emulator::json::present;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Seed {
    pub(crate) organizations: Vec<OrgSeed>,
    pub(crate) projects: Vec<ProjectSeed>,
    pub(crate) identities: Vec<IdentitySeed>,
    pub(crate) service_accounts: Vec<IdentitySeed>,
    pub(crate) api_keys: Vec<IdentitySeed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OrgSeed {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) requires_access_list: bool,
    pub(crate) projects: Vec<ProjectSeed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ProjectSeed {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) org_id: Option<String>,
    #[serde(deserialize_with = "time")]
    pub(crate) created: Option<i64>,
    pub(crate) default_alerts: Option<bool>,
    pub(crate) tags: Option<Tags>,
    pub(crate) teams: Vec<Team>,
    pub(crate) instances: Vec<InstanceSeed>,
    pub(crate) database_users: Vec<DatabaseUser>,
    pub(crate) access_list: Vec<AccessListEntry>,
}

/// `count` makes many of a `name_prefix`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct InstanceSeed {
    /// For the control API; in a seed the project is around it.
    pub(crate) group_id: Option<String>,
    pub(crate) id: Option<Box<str>>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) name_prefix: Option<String>,
    pub(crate) count: Option<u64>,
    pub(crate) kind: Option<Kind>,
    pub(crate) provider: Option<Box<str>>,
    pub(crate) region: Option<Box<str>>,
    #[serde(deserialize_with = "time")]
    pub(crate) created: Option<i64>,
    pub(crate) state: Option<State>,
    pub(crate) due: Option<TransitionEnd>,
    pub(crate) tags: Option<Tags>,
    pub(crate) termination_protection: Option<bool>,
    pub(crate) continuous_backup: Option<bool>,
    /// Of a dedicated cluster: fields that differ from the usual ones.
    pub(crate) target: Option<Box<Map<String, Value>>>,
    pub(crate) backups: Option<Box<Backups>>,
}

/// A service account or an API key; the control API changes one in the same form.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct IdentitySeed {
    pub(crate) kind: Option<IdentityKind>,
    #[serde(alias = "client_id", alias = "public_key")]
    pub(crate) id: Option<String>,
    #[serde(alias = "client_secret", alias = "private_key")]
    pub(crate) secret: Option<String>,
    pub(crate) org_id: Option<String>,
    /// A shorthand: of a project kind, it holds in every project of the organization.
    pub(crate) role: Option<Role>,
    pub(crate) org_roles: Option<Vec<Role>>,
    pub(crate) project_roles: Option<BTreeMap<String, Vec<Role>>>,
    #[serde(deserialize_with = "present")]
    pub(crate) access_list: Option<Option<Vec<Network>>>,
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Time(#[serde(with = "iso_seconds")] i64);
    Ok(Option::<Time>::deserialize(from)?.map(|time| time.0))
}
