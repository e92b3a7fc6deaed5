//! What changed instances were before, for reads that are older than the change.

use std::collections::VecDeque;

use super::instances::Instance;

/// So many changes are kept; a read is seldom older.
const MOST: usize = 1000;

/// The latest change last.
#[derive(Debug, Default)]
pub(crate) struct RecentChanges(VecDeque<Change>);

#[derive(Debug)]
struct Change {
    group_id: String,
    name: String,
    /// `None`: nothing had the name.
    before: Option<Instance>,
}

impl RecentChanges {
    pub(crate) fn add(&mut self, group_id: &str, name: &str, before: Option<Instance>) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(Change { group_id: group_id.to_owned(), name: name.to_owned(), before });
    }

    /// Each name that changed, with what had it before its latest change. `name`: that one alone.
    pub(crate) fn before(&self, group_id: &str, name: Option<&str>) -> Vec<(String, Option<Instance>)> {
        let mut earlier: Vec<(String, Option<Instance>)> = Vec::new();
        for change in self.0.iter().rev() {
            let is_wanted = change.group_id == group_id && name.is_none_or(|name| name == change.name);
            if is_wanted && earlier.iter().all(|(known, _)| *known != change.name) {
                earlier.push((change.name.clone(), change.before.clone()));
            }
        }
        earlier
    }
}
