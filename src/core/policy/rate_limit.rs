//! What the server has reported of its rate limits, for each endpoint set and project, shared by the calls of a client.
//! Requests wait until a used-up limit is refilled, instead of being refused, and after a 429 they start one by one.
//! Without `RateLimit` headers and without a 429 nothing is known, and no request waits.
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;

/// What a reply reported is out of date after this time: Atlas refills every bucket within a minute.
const EXPIRY: Duration = Duration::from_secs(60);
/// The time in which one request is refilled at 500 a minute, the rate documented for Flex clusters and projects.
const REFILL_INTERVAL: Duration = Duration::from_millis(120);
/// However long a 429 asks to wait, other requests are sent again after this time.
const MAX_BLOCK: Duration = Duration::from_secs(300);

/// A set of endpoints that share a bucket, as Atlas groups them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndpointSet {
    /// Flex clusters of a project.
    FlexClusters,
    /// Serverless instances of a project.
    ServerlessInstances,
    /// Projects.
    Projects,
    /// Database users of a project.
    DatabaseUsers,
    /// The IP access list of a project.
    AccessList,
    /// Snapshots and restores of a project's Flex clusters.
    FlexBackups,
    /// The rate limits themselves.
    RateLimits,
    /// Anything else: one set for each project.
    Other,
}

impl EndpointSet {
    /// Atlas' name.
    pub fn name(self) -> &'static str {
        match self {
            Self::FlexClusters => "Flex Clusters",
            Self::ServerlessInstances => "Serverless Instances",
            Self::Projects => "Projects",
            Self::DatabaseUsers => "Database Users",
            Self::AccessList => "Project IP Access List",
            Self::FlexBackups => "Flex Backups",
            Self::RateLimits => "Rate Limits Inspection",
            Self::Other => "Other",
        }
    }
}

/// The last known state of one bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct RateLimitStatus {
    /// The set's name.
    pub endpoint_set: &'static str,
    /// The project, where the bucket is per project.
    pub group_id: Option<String>,
    /// `RateLimit-Limit`.
    pub limit: Option<u64>,
    /// `RateLimit-Remaining`, less the requests sent since.
    pub remaining: Option<u64>,
    /// Time until a block by a 429 ends.
    pub blocked_for: Duration,
    /// Time since the server reported it.
    pub age: Duration,
}

/// All buckets of a client.
#[derive(Debug, Default)]
pub struct RateLimits {
    buckets: Mutex<HashMap<(EndpointSet, String), Bucket>>,
}

#[derive(Debug, Default, Clone)]
struct Bucket {
    limit: Option<u64>,
    remaining: Option<u64>,
    in_flight: u64,
    blocked_until: Duration,
    /// There was a 429, and since then no reply that said how many requests are left: they start one by one.
    limited: bool,
    /// When the next request that has to wait may start.
    next_slot: Duration,
    updated_at: Duration,
}

impl RateLimits {
    fn lock(&self) -> MutexGuard<'_, HashMap<(EndpointSet, String), Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A permit for one request. [`Permit::wait`] says how long to wait before it is sent: nearly always zero.
    pub fn acquire<'a>(&'a self, set: EndpointSet, group_id: &str, now: Duration) -> Permit<'a> {
        let key = (set, group_id.to_owned());
        let mut buckets = self.lock();
        // There is no bucket before the first reply with headers: then there is nothing to count.
        let (wait, counted) = match buckets.get_mut(&key) {
            Some(bucket) => {
                bucket.in_flight += 1;
                (bucket.reserve(now), true)
            }
            None => (Duration::ZERO, false),
        };
        Permit { limits: self, key, wait, counted }
    }

    /// The state of all buckets, sorted by name and project.
    pub fn status(&self, now: Duration) -> Vec<RateLimitStatus> {
        let mut status: Vec<RateLimitStatus> = self
            .lock()
            .iter()
            .map(|((set, group_id), bucket)| RateLimitStatus {
                endpoint_set: set.name(),
                group_id: (!group_id.is_empty()).then(|| group_id.clone()),
                limit: bucket.limit,
                remaining: if bucket.limited { Some(0) } else { bucket.remaining },
                blocked_for: bucket.blocked_until.saturating_sub(now),
                age: now.saturating_sub(bucket.updated_at),
            })
            .collect();
        status.sort_by(|a, b| (a.endpoint_set, &a.group_id).cmp(&(b.endpoint_set, &b.group_id)));
        status
    }
}

impl Bucket {
    /// Reserves the next free slot; returns the time until then.
    fn reserve(&mut self, now: Duration) -> Duration {
        if now.saturating_sub(self.updated_at) > EXPIRY && now >= self.blocked_until {
            self.remaining = None;
            self.limited = false;
            self.next_slot = Duration::ZERO;
        }
        let free = self.blocked_until.max(self.next_slot);
        let used_up = match &mut self.remaining {
            Some(remaining) if free <= now && *remaining > 0 => {
                *remaining -= 1;
                false
            }
            Some(remaining) => *remaining == 0,
            None => false,
        };
        if free <= now && !self.limited && !used_up {
            return Duration::ZERO;
        }
        let slot = if free <= now && used_up { now + REFILL_INTERVAL } else { free.max(now) };
        self.next_slot = slot + REFILL_INTERVAL;
        slot - now
    }

    /// Takes over what a reply reports.
    fn update(&mut self, report: Report, now: Duration) {
        self.limit = report.limit.or(self.limit);
        if let Some(blocked_for) = report.blocked_for {
            self.blocked_until = self.blocked_until.max(now + blocked_for.min(MAX_BLOCK));
            self.remaining = None;
            self.limited = true;
            self.updated_at = now;
        } else if let Some(remaining) = report.remaining {
            let left = remaining.saturating_sub(self.in_flight);
            self.remaining = Some(left);
            self.updated_at = now;
            if now >= self.blocked_until {
                self.limited = false;
                if left > 0 {
                    self.next_slot = Duration::ZERO;
                }
            }
        } else if report.was_admitted && self.limited && now >= self.blocked_until {
            self.limited = false;
            self.next_slot = Duration::ZERO;
        }
    }
}

/// What a reply reports of a limit.
struct Report {
    limit: Option<u64>,
    remaining: Option<u64>,
    blocked_for: Option<Duration>,
    /// The request was not refused by the limit.
    was_admitted: bool,
}

/// The right to send one request. Dropped without a reply, it is given back.
pub struct Permit<'a> {
    limits: &'a RateLimits,
    key: (EndpointSet, String),
    wait: Duration,
    counted: bool,
}

impl Permit<'_> {
    /// Time to wait before sending.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// To be called after that wait. If the server has asked for another meanwhile, there is another wait.
    pub fn recheck(&mut self, now: Duration) {
        self.wait = match self.limits.lock().get_mut(&self.key) {
            Some(bucket) if bucket.blocked_until > now => bucket.reserve(now),
            _ => Duration::ZERO,
        };
    }

    /// Takes over what the reply reports. `blocked_for` is set for a 429.
    pub fn complete(mut self, status: u16, headers: &HeaderMap, blocked_for: Option<Duration>, now: Duration) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let (limit, remaining) = (number("ratelimit-limit"), number("ratelimit-remaining"));
        let has_report = limit.is_some() || remaining.is_some() || blocked_for.is_some();
        let mut buckets = self.limits.lock();
        if has_report && !buckets.contains_key(&self.key) {
            buckets.insert(self.key.clone(), Bucket::default());
        }
        if let Some(bucket) = buckets.get_mut(&self.key) {
            if std::mem::take(&mut self.counted) {
                bucket.in_flight = bucket.in_flight.saturating_sub(1);
            }
            let was_admitted = status < 500 && blocked_for.is_none();
            bucket.update(Report { limit, remaining, blocked_for, was_admitted }, now);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.counted {
            return;
        }
        if let Some(bucket) = self.limits.lock().get_mut(&self.key) {
            bucket.in_flight = bucket.in_flight.saturating_sub(1);
            if !self.wait.is_zero() {
                // The queue is shorter for later requests.
                bucket.next_slot = bucket.next_slot.saturating_sub(REFILL_INTERVAL);
            }
        }
    }
}

#[cfg(test)]
mod tests;
