//! The API's rate limits: token buckets for each endpoint set and scope.
//!
//! A bucket is refilled in steps, as the recorded `RateLimit-Remaining` show: nothing comes back before the
//! refill time is over, then `refill` tokens at once.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::route::Operation;
use crate::emulator::store::Store;

/// The size of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Tokens in a full bucket.
    pub capacity: u64,
    /// Tokens that come back at each refill.
    pub refill: u64,
    /// Seconds between refills.
    pub seconds: u64,
}

impl Limit {
    pub(crate) fn from_json(value: &Value) -> Result<Self, String> {
        let field = |name: &str| value.get(name).and_then(Value::as_u64);
        match (field("capacity"), field("refill"), field("seconds")) {
            (Some(capacity), Some(refill), Some(seconds)) if refill > 0 && seconds > 0 => {
                Ok(Self { capacity, refill, seconds })
            }
            _ => Err("A rate limit takes capacity, refill and seconds, all whole numbers.".to_owned()),
        }
    }

    pub(crate) fn to_json(self) -> Value {
        json!({"capacity": self.capacity, "refill": self.refill, "seconds": self.seconds})
    }
}

/// An endpoint set of the API, with Atlas' own size.
struct Set {
    id: &'static str,
    name: &'static str,
    scope: &'static str,
    endpoint: &'static str,
    /// `None`: no limit unless one is set; replies then carry no headers, as recorded for `/serverless`.
    limit: Option<Limit>,
}

const fn limit(capacity: u64, refill: u64) -> Option<Limit> {
    Some(Limit { capacity, refill, seconds: 60 })
}

/// The first set of an endpoint is the one that its headers show.
const SETS: [Set; 7] = [
    Set { id: "flexClusters_group", name: "Flex Clusters", scope: "GROUP", endpoint: "flex", limit: limit(1200, 500) },
    Set { id: "clusters_group", name: "Clusters", scope: "GROUP", endpoint: "clusters", limit: limit(10000, 5000) },
    Set { id: "clusters_user", name: "Clusters", scope: "USER", endpoint: "clusters", limit: limit(300, 100) },
    Set { id: "projects_user", name: "Projects", scope: "USER", endpoint: "groups", limit: limit(1200, 500) },
    Set { id: "organizations_user", name: "Organizations", scope: "USER", endpoint: "orgs", limit: limit(300, 100) },
    Set {
        id: "rateLimitsInspection_user",
        name: "Rate Limits Inspection",
        scope: "USER",
        endpoint: "rateLimits",
        limit: limit(300, 100),
    },
    Set { id: "serverless_group", name: "Serverless Instances", scope: "GROUP", endpoint: "serverless", limit: None },
];

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

/// What a request took from its bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
}

impl Buckets {
    /// Takes one token; `Err` is the seconds until the next refill.
    fn take(&mut self, set: &'static str, scope: &str, size: Limit, now: i64) -> Result<Taken, u64> {
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
        Ok(Taken { limit: size.capacity, remaining: bucket.tokens })
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut out: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for ((set, scope), bucket) in &self.buckets {
            out.entry((*set).to_owned()).or_default().insert(scope.clone(), bucket.tokens);
        }
        json!(out)
    }
}

/// Charges a request to its sets.
pub(crate) fn charge(
    store: &mut Store,
    operation: Operation,
    path: &str,
    group_id: Option<&str>,
    user: &str,
) -> Result<Option<Taken>, ApiError> {
    let now = store.now();
    let mut shown = None;
    for set in SETS.iter().filter(|set| set.endpoint == operation.endpoint()) {
        let Some(size) = store.options.rate_limit_sizes.get(set.id).copied().or(set.limit) else { continue };
        if !store.options.rate_limits {
            let full = Taken { limit: size.capacity, remaining: size.capacity };
            shown = shown.or(Some(full));
            continue;
        }
        let scope = if set.scope == "USER" { user } else { group_id.unwrap_or(user) };
        match store.buckets.take(set.id, scope, size, now) {
            Ok(taken) => shown = shown.or(Some(taken)),
            Err(wait) => return Err(refusal(path, size, wait)),
        }
    }
    Ok(shown)
}

/// The recorded form of a 429.
pub(crate) fn refusal(path: &str, size: Limit, wait: u64) -> ApiError {
    let path = path.trim_start_matches('/');
    let detail = format!(
        "Rate limit exceeded for {path}. Please retry after {wait} seconds. Request capacity: {}. Refill rate: {} \
         per {} seconds. For more information, see: http://dochub.mongodb.org/core/atlas-api-rate-limit.",
        size.capacity, size.refill, size.seconds
    );
    let parameters = [json!(path), json!(wait), json!(size.capacity), json!(size.refill), json!(size.seconds)];
    let mut error = ApiError::new(429, "RATE_LIMITED_TOKEN_BUCKET", detail).with(parameters);
    error.headers = vec![
        ("ratelimit-limit", size.capacity.to_string()),
        ("ratelimit-remaining", "0".to_owned()),
        ("retry-after", wait.to_string()),
    ];
    error
}

/// The size that holds for an operation's first set, for refusals on order.
pub(crate) fn size_of(store: &Store, operation: Option<Operation>) -> Limit {
    let set = operation.and_then(|o| SETS.iter().find(|set| set.endpoint == o.endpoint()));
    set.and_then(|set| store.options.rate_limit_sizes.get(set.id).copied().or(set.limit)).unwrap_or(Limit {
        capacity: 1200,
        refill: 500,
        seconds: 60,
    })
}

/// `GET /api/atlas/v2/rateLimits`.
pub(crate) fn list(store: &Store, request: &lists::Query<'_>) -> Result<Reply, ApiError> {
    let wanted = |name: &str| request.get(name);
    let sets: Vec<Value> = SETS
        .iter()
        .filter(|set| wanted("name").is_none_or(|name| name == set.name))
        .filter(|set| match (wanted("groupId").is_some(), wanted("userId").is_some()) {
            (false, false) => true,
            (group, user) => (group && set.scope == "GROUP") || (user && set.scope == "USER"),
        })
        .filter_map(|set| {
            let size = store.options.rate_limit_sizes.get(set.id).copied().or(set.limit)?;
            let default = set.limit;
            let endpoints = endpoints(set.endpoint);
            let path = wanted("endpointPath");
            if path.is_some_and(|path| !endpoints.iter().any(|(_, p)| *p == path)) {
                return None;
            }
            let pair = |value: u64, default: Option<u64>| json!({"defaultValue": default, "value": value});
            Some(json!({
                "capacity": pair(size.capacity, default.map(|d| d.capacity)),
                "endpointSetId": set.id,
                "endpointSetName": set.name,
                "endpoints": endpoints.iter()
                    .map(|(method, path)| json!({"method": method, "path": path})).collect::<Vec<_>>(),
                "refillDurationSeconds": pair(size.seconds, default.map(|d| d.seconds)),
                "refillRate": pair(size.refill, default.map(|d| d.refill)),
                "scope": set.scope,
            }))
        })
        .collect();
    lists::page(request, sets)
}

fn endpoints(endpoint: &str) -> Vec<(&'static str, &'static str)> {
    let (collection, entity) = match endpoint {
        "flex" => ("/api/atlas/v2/groups/{groupId}/flexClusters", "/api/atlas/v2/groups/{groupId}/flexClusters/{name}"),
        "clusters" => {
            ("/api/atlas/v2/groups/{groupId}/clusters", "/api/atlas/v2/groups/{groupId}/clusters/{clusterName}")
        }
        "serverless" => {
            ("/api/atlas/v2/groups/{groupId}/serverless", "/api/atlas/v2/groups/{groupId}/serverless/{name}")
        }
        "groups" => return vec![("GET", "/api/atlas/v2/groups"), ("GET", "/api/atlas/v2/groups/{groupId}")],
        "orgs" => return vec![("GET", "/api/atlas/v2/orgs"), ("GET", "/api/atlas/v2/orgs/{orgId}")],
        _ => return vec![("GET", "/api/atlas/v2/rateLimits")],
    };
    vec![("GET", collection), ("POST", collection), ("GET", entity), ("PATCH", entity), ("DELETE", entity)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_comes_back_in_steps() {
        let mut buckets = Buckets::default();
        let size = Limit { capacity: 3, refill: 2, seconds: 60 };
        let mut take = |now| buckets.take("set", "scope", size, now).map(|t| t.remaining);
        assert_eq!([take(0), take(1_000), take(2_000)], [Ok(2), Ok(1), Ok(0)]);
        assert_eq!(take(41_500), Err(19));
        assert_eq!(take(59_999), Err(1));
        assert_eq!([take(60_000), take(60_001), take(60_002)], [Ok(1), Ok(0), Err(60)]);
        assert_eq!(take(600_000), Ok(2));
    }
}
