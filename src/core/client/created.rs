//! What a client created a short time ago: a read may not know it yet, so a wait that follows is patient.
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// For so long it is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);
/// A fleet is created by calls that wait themselves; more names than this are not kept.
const MOST: usize = 10_000;

/// Hashes of project and name, and when the create was answered; the latest last. Two names with the same hash would only
/// make a wait a little more patient.
#[derive(Default)]
pub(crate) struct RecentlyCreated {
    names: Mutex<VecDeque<(Duration, u64)>>,
    hasher: RandomState,
}

impl RecentlyCreated {
    pub(crate) fn add(&self, now: Duration, group_id: &str, name: &str) {
        let hash = self.hasher.hash_one((group_id, name));
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        while names.front().is_some_and(|(at, ..)| now.saturating_sub(*at) > REMEMBERED) || names.len() >= MOST {
            names.pop_front();
        }
        names.push_back((now, hash));
    }

    /// When the latest create of that name was answered, if it is remembered.
    pub(crate) fn at(&self, group_id: &str, name: &str) -> Option<Duration> {
        let hash = self.hasher.hash_one((group_id, name));
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().rev().find(|(_, created)| *created == hash).map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_a_name_is_remembered_for_a_minute() {
        let created = RecentlyCreated::default();
        let seconds = Duration::from_secs;
        created.add(seconds(1), "g", "a");
        created.add(seconds(5), "g", "b");
        created.add(seconds(9), "g", "a");
        assert_eq!(created.at("g", "a"), Some(seconds(9)));
        assert_eq!((created.at("h", "a"), created.at("g", "c")), (None, None));
        created.add(seconds(66), "g", "c");
        assert_eq!((created.at("g", "b"), created.at("g", "a")), (None, Some(seconds(9))));
    }
}
