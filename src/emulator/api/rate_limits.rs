//! The API's rate limits: the endpoint sets with their sizes, what a request is charged, and `GET /rateLimits`, all or one.

use serde_json::{Value, json};

use crate::emulator::http::handled::RateLimitState;
use crate::emulator::http::lists;
use crate::emulator::http::operations::{Endpoint, OPERATIONS, Operation};
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::Call;
use crate::emulator::options::RateLimit;
use crate::emulator::store::Store;

/// An endpoint set of the API, with Atlas' own size.
struct EndpointSet {
    id: &'static str,
    name: &'static str,
    scope: &'static str,
    endpoint: Endpoint,
    /// `None`: no limit unless one is set; replies then carry no headers, as recorded for `/serverless`.
    limit: Option<RateLimit>,
}

const fn limit(capacity: u64, refill: u64) -> Option<RateLimit> {
    Some(RateLimit { capacity, refill, seconds: 60 })
}

/// The first set of an endpoint is the one that its headers show.
const SETS: [EndpointSet; 10] = [
    EndpointSet {
        id: "flexClusters_group",
        name: "Flex Clusters",
        scope: "GROUP",
        endpoint: Endpoint::Flex,
        limit: limit(1200, 500),
    },
    EndpointSet {
        id: "clusters_group",
        name: "Clusters",
        scope: "GROUP",
        endpoint: Endpoint::Clusters,
        limit: limit(10000, 5000),
    },
    EndpointSet {
        id: "clusters_user",
        name: "Clusters",
        scope: "USER",
        endpoint: Endpoint::Clusters,
        limit: limit(300, 100),
    },
    EndpointSet {
        id: "projects_user",
        name: "Projects",
        scope: "USER",
        endpoint: Endpoint::Groups,
        limit: limit(1200, 500),
    },
    EndpointSet {
        id: "organizations_user",
        name: "Organizations",
        scope: "USER",
        endpoint: Endpoint::Orgs,
        limit: limit(300, 100),
    },
    EndpointSet {
        id: "databaseUsers_group",
        name: "Database Users",
        scope: "GROUP",
        endpoint: Endpoint::DatabaseUsers,
        limit: limit(10000, 5000),
    },
    EndpointSet {
        id: "accessList_group",
        name: "Project IP Access List",
        scope: "GROUP",
        endpoint: Endpoint::AccessList,
        limit: limit(1200, 500),
    },
    EndpointSet {
        id: "flexBackups_group",
        name: "Flex Backups",
        scope: "GROUP",
        endpoint: Endpoint::FlexBackups,
        limit: limit(1200, 500),
    },
    EndpointSet {
        id: "rateLimitsInspection_user",
        name: "Rate Limits Inspection",
        scope: "USER",
        endpoint: Endpoint::RateLimits,
        limit: limit(300, 100),
    },
    EndpointSet {
        id: "serverless_group",
        name: "Serverless Instances",
        scope: "GROUP",
        endpoint: Endpoint::Serverless,
        limit: None,
    },
];

/// Charges a request to its sets.
pub(crate) fn charge(
    store: &mut Store,
    operation: &Operation,
    path: &str,
    group_id: Option<&str>,
    user: &str,
) -> Result<Option<RateLimitState>, ApiError> {
    let now = store.now();
    let mut shown = None;
    for set in SETS.iter().filter(|set| set.endpoint == operation.endpoint) {
        let Some(size) = store.options.rate_limit_sizes.get(set.id).copied().or(set.limit) else { continue };
        if !store.options.rate_limits {
            let full = RateLimitState { limit: size.capacity, remaining: size.capacity };
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
pub(crate) fn refusal(path: &str, size: RateLimit, wait: u64) -> ApiError {
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

/// The size of an operation's first set, for faults that send a 429.
pub(crate) fn size_of(store: &Store, operation: Option<&'static Operation>) -> RateLimit {
    let set = operation.and_then(|o| SETS.iter().find(|set| set.endpoint == o.endpoint));
    set.and_then(|set| store.options.rate_limit_sizes.get(set.id).copied().or(set.limit)).unwrap_or(RateLimit {
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
        .filter(|set| wanted("endpointPath").is_none_or(|path| operations(set).any(|operation| operation.path == path)))
        .filter_map(|set| show(store, set))
        .collect();
    lists::page(request, sets)
}

/// `GET /api/atlas/v2/rateLimits/{endpointSetId}`.
pub(crate) fn get(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let set = SETS.iter().find(|set| set.id == call.name).and_then(|set| show(store, set));
    set.map(|set| Reply::entity(200, set)).ok_or_else(|| {
        let detail = format!("No rate limit endpoint set with ID {} exists.", call.name);
        ApiError::new(404, "RESOURCE_NOT_FOUND", detail).with([json!(call.name)])
    })
}

fn operations(set: &EndpointSet) -> impl Iterator<Item = &'static Operation> + use<> {
    let endpoint = set.endpoint;
    OPERATIONS.iter().filter(move |operation| operation.endpoint == endpoint)
}

/// `None`: the set has no limit.
fn show(store: &Store, set: &EndpointSet) -> Option<Value> {
    let size = store.options.rate_limit_sizes.get(set.id).copied().or(set.limit)?;
    let default = set.limit;
    let pair = |value: u64, default: Option<u64>| json!({"defaultValue": default, "value": value});
    let endpoints: Vec<Value> =
        operations(set).map(|operation| json!({"method": operation.method, "path": operation.path})).collect();
    Some(json!({
        "capacity": pair(size.capacity, default.map(|d| d.capacity)),
        "endpointSetId": set.id,
        "endpointSetName": set.name,
        "endpoints": endpoints,
        "refillDurationSeconds": pair(size.seconds, default.map(|d| d.seconds)),
        "refillRate": pair(size.refill, default.map(|d| d.refill)),
        "scope": set.scope,
    }))
}
