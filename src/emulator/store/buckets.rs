//! Token buckets, one for each endpoint set and scope.
//!
//! A bucket is refilled in steps, as the recorded `RateLimit-Remaining` show: nothing comes back before the
//! refill time is over, then `refill` tokens at once.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::emulator::http::handled::RateLimitState;
use crate::emulator::options::RateLimit;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: u64,
    /// Milliseconds since the epoch.
    refilled: i64,
}

/// The buckets in use, by set and scope.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    buckets: HashMap<(&'static str, String), Bucket>,
}

impl Buckets {
    /// Takes one token; `Err` is the seconds until the next refill.
    pub(crate) fn take(
        &mut self,
        set: &'static str,
        scope: &str,
        size: RateLimit,
        now: i64,
    ) -> Result<RateLimitState, u64> {
        let bucket =
            self.buckets.entry((set, scope.to_owned())).or_insert(Bucket { tokens: size.capacity, refilled: now });
        let step = i64::try_from(size.seconds.saturating_mul(1000)).unwrap_or(i64::MAX).max(1);
        let steps = now.saturating_sub(bucket.refilled).div_euclid(step).max(0);
        if steps > 0 {
            let back = u64::try_from(steps).unwrap_or(0).saturating_mul(size.refill);
            bucket.tokens = bucket.tokens.saturating_add(back).min(size.capacity);
            bucket.refilled = bucket.refilled.saturating_add(steps.saturating_mul(step));
        }
        bucket.tokens = bucket.tokens.min(size.capacity);
        if bucket.tokens == 0 {
            let wait = bucket.refilled.saturating_add(step).saturating_sub(now);
            return Err(u64::try_from(wait).unwrap_or(0).div_ceil(1000).max(1));
        }
        bucket.tokens -= 1;
        Ok(RateLimitState { limit: size.capacity, remaining: bucket.tokens })
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut out: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for ((set, scope), bucket) in &self.buckets {
            out.entry((*set).to_owned()).or_default().insert(scope.clone(), bucket.tokens);
        }
        json!(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_comes_back_in_steps() {
        let mut buckets = Buckets::default();
        let size = RateLimit { capacity: 3, refill: 2, seconds: 60 };
        let mut take = |now| buckets.take("set", "scope", size, now).map(|state| state.remaining);
        assert_eq!([take(0), take(1_000), take(2_000)], [Ok(2), Ok(1), Ok(0)]);
        assert_eq!(take(41_500), Err(19));
        assert_eq!(take(59_999), Err(1));
        assert_eq!([take(60_000), take(60_001), take(60_002)], [Ok(1), Ok(0), Err(60)]);
        assert_eq!(take(600_000), Ok(2));
    }
}
