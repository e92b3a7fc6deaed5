//! What the server has said about its rate limits, per endpoint set and project, shared by the calls of a client.
//! Callers wait ahead of a limit that is used up instead of running into it, and leave a block one after another.
//! Without headers and without a 429 nothing is known and nothing waits.
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;

/// Knowledge is forgotten after this long: every bucket of Atlas is refilled within a minute.
const FORGET: Duration = Duration::from_secs(60);
/// One token comes back in this time where 500 do in a minute, as documented for Flex clusters and projects.
const PACE: Duration = Duration::from_millis(120);
/// However long a server asks one call to wait, the others ask again after this time.
const LONGEST_BLOCK: Duration = Duration::from_secs(300);

/// A set of endpoints that share a bucket: Atlas' name for it, and what is known of its refill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndpointSet {
    /// Flex clusters of a project.
    FlexClusters,
    /// Serverless instances of a project.
    ServerlessInstances,
    /// Projects.
    Projects,
    /// The rate limits themselves.
    RateLimits,
    /// Anything else, known by nothing but the project.
    Other,
}

impl EndpointSet {
    /// Atlas' name.
    pub fn name(self) -> &'static str {
        match self {
            Self::FlexClusters => "Flex Clusters",
            Self::ServerlessInstances => "Serverless Instances",
            Self::Projects => "Projects",
            Self::RateLimits => "Rate Limits Inspection",
            Self::Other => "Other",
        }
    }
}

/// What is known of one bucket, for a reader.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The set's name.
    pub endpoint_set: &'static str,
    /// The project, where the bucket is per project.
    pub group_id: Option<String>,
    /// `RateLimit-Limit`.
    pub limit: Option<u64>,
    /// `RateLimit-Remaining`, less the requests that were sent since.
    pub remaining: Option<u64>,
    /// Time until the server takes requests again.
    pub blocked_for: Duration,
    /// Age of this knowledge.
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
    /// A 429 was heard, and since then nothing that says how many are left: one at a time.
    limited: bool,
    /// The next free place in the queue of those who wait.
    next_place: Duration,
    heard: Duration,
}

impl RateLimits {
    fn lock(&self) -> MutexGuard<'_, HashMap<(EndpointSet, String), Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for one request. [`Permit::wait`] says how long to hold it before sending: nearly always zero.
    pub fn take<'a>(&'a self, set: EndpointSet, group_id: &str, now: Duration) -> Permit<'a> {
        let key = (set, group_id.to_owned());
        let mut buckets = self.lock();
        // Nothing is known before the first reply with headers, and then nothing is kept.
        let (wait, counted) = match buckets.get_mut(&key) {
            Some(bucket) => {
                bucket.in_flight += 1;
                (bucket.permit(now), true)
            }
            None => (Duration::ZERO, false),
        };
        Permit { limits: self, key, wait, counted }
    }

    /// What is known, for a reader.
    pub fn known(&self, now: Duration) -> Vec<Known> {
        let mut known: Vec<Known> = self
            .lock()
            .iter()
            .map(|((set, group_id), bucket)| Known {
                endpoint_set: set.name(),
                group_id: (!group_id.is_empty()).then(|| group_id.clone()),
                limit: bucket.limit,
                remaining: if bucket.limited { Some(0) } else { bucket.remaining },
                blocked_for: bucket.blocked_until.saturating_sub(now),
                age: now.saturating_sub(bucket.heard),
            })
            .collect();
        known.sort_by(|a, b| (a.endpoint_set, &a.group_id).cmp(&(b.endpoint_set, &b.group_id)));
        known
    }
}

impl Bucket {
    /// The time until the next free place, which is taken.
    fn permit(&mut self, now: Duration) -> Duration {
        if now.saturating_sub(self.heard) > FORGET && now >= self.blocked_until {
            self.remaining = None;
            self.limited = false;
            self.next_place = Duration::ZERO;
        }
        let free = self.blocked_until.max(self.next_place);
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
        let permit = if free <= now && used_up { now + PACE } else { free.max(now) };
        self.next_place = permit + PACE;
        permit - now
    }

    /// What a reply says. `let_in`: it answers a request that the limit let pass.
    fn heard(&mut self, told: Told, now: Duration) {
        self.limit = told.limit.or(self.limit);
        if let Some(blocked_for) = told.blocked_for {
            self.blocked_until = self.blocked_until.max(now + blocked_for.min(LONGEST_BLOCK));
            self.remaining = None;
            self.limited = true;
            self.heard = now;
        } else if let Some(remaining) = told.remaining {
            let left = remaining.saturating_sub(self.in_flight);
            self.remaining = Some(left);
            self.heard = now;
            if now >= self.blocked_until {
                self.limited = false;
                if left > 0 {
                    self.next_place = Duration::ZERO;
                }
            }
        } else if told.let_in && self.limited && now >= self.blocked_until {
            self.limited = false;
            self.next_place = Duration::ZERO;
        }
    }
}

/// What a reply says of a limit.
struct Told {
    limit: Option<u64>,
    remaining: Option<u64>,
    blocked_for: Option<Duration>,
    let_in: bool,
}

/// A place in the queue of one bucket. It is given back when it is dropped without a reply.
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

    /// That time is over. If the server has called for another pause meanwhile, there is another wait.
    pub fn waited(&mut self, now: Duration) {
        self.wait = match self.limits.lock().get_mut(&self.key) {
            Some(bucket) if bucket.blocked_until > now => bucket.permit(now),
            _ => Duration::ZERO,
        };
    }

    /// The reply is here: takes over what it says. `blocked_for` is set for a 429.
    pub fn heard(mut self, status: u16, headers: &HeaderMap, blocked_for: Option<Duration>, now: Duration) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let (limit, remaining) = (number("ratelimit-limit"), number("ratelimit-remaining"));
        let says_something = limit.is_some() || remaining.is_some() || blocked_for.is_some();
        let mut buckets = self.limits.lock();
        if says_something && !buckets.contains_key(&self.key) {
            buckets.insert(self.key.clone(), Bucket::default());
        }
        if let Some(bucket) = buckets.get_mut(&self.key) {
            if std::mem::take(&mut self.counted) {
                bucket.in_flight = bucket.in_flight.saturating_sub(1);
            }
            let let_in = status < 500 && blocked_for.is_none();
            bucket.heard(Told { limit, remaining, blocked_for, let_in }, now);
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
                // Somebody who leaves the queue makes it shorter for those who come.
                bucket.next_place = bucket.next_place.saturating_sub(PACE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EndpointSet::FlexClusters;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }
    fn headers(remaining: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("ratelimit-limit", "1200".parse().unwrap());
        headers.insert("ratelimit-remaining", remaining.parse().unwrap());
        headers
    }

    fn wait(limits: &RateLimits, group: &str, now: Duration) -> u128 {
        limits.take(FlexClusters, group, now).wait().as_millis()
    }
    /// A reply without a wait before it.
    fn tell(limits: &RateLimits, headers: &HeaderMap, blocked_for: Option<Duration>, now: Duration) {
        let status = if blocked_for.is_some() { 429 } else { 200 };
        limits.take(FlexClusters, "g", now).heard(status, headers, blocked_for, now);
    }
    /// A caller who takes a place and keeps it.
    fn stay(limits: &RateLimits, group: &str, now: Duration) -> u128 {
        let permit = limits.take(FlexClusters, group, now);
        let wait = permit.wait().as_millis();
        std::mem::forget(permit);
        wait
    }

    #[test]
    fn nothing_known_nothing_waits_and_missing_headers_change_nothing() {
        let limits = RateLimits::default();
        for _ in 0..1000 {
            assert_eq!(wait(&limits, "g", ms(0)), 0);
            tell(&limits, &HeaderMap::new(), None, ms(0));
        }
        assert_eq!(limits.known(ms(0)), []);
    }

    #[test]
    fn callers_wait_ahead_of_a_limit_that_is_used_up_one_after_another() {
        let limits = RateLimits::default();
        tell(&limits, &headers("2"), None, ms(0));
        let waits: Vec<_> = (0..5).map(|_| stay(&limits, "g", ms(0))).collect();
        assert_eq!(waits, [0, 0, 120, 240, 360]);
        assert_eq!(wait(&limits, "other", ms(0)), 0);
        let known = limits.known(ms(5));
        assert_eq!((known[0].limit, known[0].remaining, known[0].age), (Some(1200), Some(0), ms(5)));
        // The server says that there is room again: nobody queues.
        tell(&limits, &headers("800"), None, ms(10));
        assert_eq!(wait(&limits, "g", ms(10)), 0);
    }

    #[test]
    fn after_a_429_nobody_comes_back_early_and_nobody_together() {
        let limits = RateLimits::default();
        tell(&limits, &HeaderMap::new(), Some(ms(7000)), ms(0));
        let waits: Vec<_> = (0..4).map(|_| stay(&limits, "g", ms(1000))).collect();
        assert_eq!(waits, [6000, 6120, 6240, 6360]);
        // Those who slept through the block come one after another too.
        assert_eq!([stay(&limits, "g", ms(8000)), stay(&limits, "g", ms(8000))], [0, 120]);
        // Once one is let in, nobody waits: with what is left in a header, or without.
        let permit = limits.take(FlexClusters, "g", ms(8240));
        permit.heard(201, &HeaderMap::new(), None, ms(8240));
        assert_eq!([stay(&limits, "g", ms(9000)), stay(&limits, "g", ms(9000))], [0, 0]);
    }

    #[test]
    fn a_block_that_is_renewed_is_waited_for_again() {
        let limits = RateLimits::default();
        tell(&limits, &HeaderMap::new(), Some(ms(1000)), ms(0));
        let mut permit = limits.take(FlexClusters, "g", ms(0));
        let other = limits.take(FlexClusters, "g", ms(0));
        assert_eq!((permit.wait(), other.wait()), (ms(1000), ms(1120)));
        other.heard(429, &HeaderMap::new(), Some(ms(5000)), ms(900));
        permit.waited(ms(1000));
        assert_eq!(permit.wait(), ms(4900));
        permit.waited(ms(5900));
        assert_eq!(permit.wait(), ms(0));
    }

    #[test]
    fn an_absurd_wait_blocks_others_for_a_while_only() {
        let limits = RateLimits::default();
        tell(&limits, &HeaderMap::new(), Some(Duration::MAX), ms(0));
        assert_eq!(wait(&limits, "g", ms(0)), 300_000);
        assert_eq!(wait(&limits, "g", ms(300_000)), 0);
    }

    #[test]
    fn callers_who_leave_the_queue_leave_no_gap() {
        let limits = RateLimits::default();
        tell(&limits, &headers("0"), None, ms(0));
        let places: Vec<_> = (0..1000).map(|_| limits.take(FlexClusters, "g", ms(0))).collect();
        assert_eq!(places[999].wait(), ms(120_000));
        drop(places);
        assert_eq!(wait(&limits, "g", ms(0)), 120);
        assert_eq!(limits.known(ms(0))[0].remaining, Some(0));
    }

    #[test]
    fn old_knowledge_is_forgotten() {
        let limits = RateLimits::default();
        tell(&limits, &headers("0"), None, ms(0));
        assert_eq!(wait(&limits, "g", ms(61_000)), 0);
    }

    #[test]
    fn requests_in_flight_count_and_abandoned_ones_do_not() {
        let limits = RateLimits::default();
        tell(&limits, &headers("10"), None, ms(0));
        let places: Vec<_> = (0..4).map(|_| limits.take(FlexClusters, "g", ms(0))).collect();
        let mut places = places.into_iter();
        // The reply to the first was written before the other three arrived.
        places.next().unwrap().heard(200, &headers("9"), None, ms(1));
        assert_eq!(limits.known(ms(1))[0].remaining, Some(6));
        drop(places);
        tell(&limits, &headers("9"), None, ms(2));
        assert_eq!(limits.known(ms(2))[0].remaining, Some(9));
    }
}
