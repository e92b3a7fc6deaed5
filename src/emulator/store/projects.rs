//! Organizations and projects, with the instances of a project under their names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize, Serializer};

use super::access::{AccessListEntry, DatabaseUser, network};
use super::instances::{Instance, Kind, Tags};
use super::transition::TransitionEnd;
use crate::emulator::clock::{iso_seconds, parse};

/// Serialized in the form of a seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Org {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Whether API access is only possible through an access list.
    pub(crate) requires_access_list: bool,
}

/// How many leading characters of cluster names must differ in a project.
pub(crate) const PREFIX: usize = 23;

/// A team's roles in a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) roles: Vec<String>,
}

/// Serialized in the form of a seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) org_id: String,
    /// Milliseconds since the epoch.
    #[serde(with = "iso_seconds")]
    pub(crate) created: i64,
    pub(crate) default_alerts: bool,
    pub(crate) tags: Tags,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) teams: Vec<Team>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) database_users: Vec<DatabaseUser>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) access_list: Vec<AccessListEntry>,
    /// By sequence number, so in the order of creation.
    #[serde(serialize_with = "list")]
    pub(crate) instances: BTreeMap<u64, Instance>,
    #[serde(skip)]
    names: HashMap<Box<str>, u64>,
    #[serde(skip)]
    /// How many names of at least [`PREFIX`] characters start so.
    prefixes: HashMap<Box<str>, u32>,
    #[serde(skip)]
    /// Instances whose state ends by being read.
    pub(super) by_reads: BTreeSet<u64>,
    #[serde(skip)]
    /// Serverless, Flex, dedicated.
    counts: [usize; 3],
}

impl Project {
    pub(crate) fn new(id: String, name: String, org_id: String, created: i64) -> Self {
        Self {
            id,
            name,
            org_id,
            created,
            default_alerts: true,
            tags: Tags::default(),
            teams: Vec::new(),
            database_users: Vec::new(),
            access_list: Vec::new(),
            instances: BTreeMap::new(),
            names: HashMap::new(),
            prefixes: HashMap::new(),
            by_reads: BTreeSet::new(),
            counts: [0; 3],
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<(u64, &Instance)> {
        let sequence = *self.names.get(name)?;
        self.instances.get(&sequence).map(|instance| (sequence, instance))
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    pub(crate) fn has_prefix(&self, name: &str) -> bool {
        prefix(name).is_some_and(|prefix| self.prefixes.contains_key(prefix))
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.counts.get(kind as usize).copied().unwrap_or(0)
    }

    pub(super) fn insert(&mut self, sequence: u64, instance: Instance) {
        self.names.insert(instance.name.clone(), sequence);
        if let Some(prefix) = prefix(&instance.name) {
            *self.prefixes.entry(prefix.into()).or_default() += 1;
        }
        if let Some(count) = self.counts.get_mut(instance.kind as usize) {
            *count += 1;
        }
        self.track_reads(sequence, instance.due);
        self.instances.insert(sequence, instance);
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Instance> {
        let instance = self.instances.remove(&sequence)?;
        self.names.remove(&instance.name);
        self.by_reads.remove(&sequence);
        if let Some(prefix) = prefix(&instance.name)
            && let Some(count) = self.prefixes.get_mut(prefix)
        {
            *count -= 1;
            if *count == 0 {
                self.prefixes.remove(prefix);
            }
        }
        if let Some(count) = self.counts.get_mut(instance.kind as usize) {
            *count = count.saturating_sub(1);
        }
        Some(instance)
    }

    pub(super) fn track_reads(&mut self, sequence: u64, due: Option<TransitionEnd>) {
        if matches!(due, Some(TransitionEnd::Reads(_))) {
            self.by_reads.insert(sequence);
        } else {
            self.by_reads.remove(&sequence);
        }
    }
}

impl Project {
    pub(crate) fn user(&self, database_name: &str, username: &str) -> Option<&DatabaseUser> {
        self.database_users.iter().find(|user| user.is(database_name, username))
    }

    /// The entry of an address, a block or a security group.
    pub(crate) fn access_list_entry(&self, value: &str) -> Option<&AccessListEntry> {
        let block = network(value).map(|network| network.to_string());
        let value = block.as_deref().unwrap_or(value);
        self.access_list.iter().find(|entry| entry.value() == value)
    }

    /// Removes users and entries whose time is over.
    pub(crate) fn remove_expired(&mut self, now: i64) {
        let lives = |date: &Option<String>| date.as_deref().and_then(parse).is_none_or(|at| at > now);
        self.database_users.retain(|user| lives(&user.delete_after_date));
        self.access_list.retain(|entry| lives(&entry.delete_after_date));
    }
}

fn list<S: Serializer>(instances: &BTreeMap<u64, Instance>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(instances.values())
}

fn prefix(name: &str) -> Option<&str> {
    name.get(..PREFIX)
}
