//! From a request to its reply: the caller, the version, the project, the limits, and then the operation.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use serde_json::{Map, Value, json};

use super::rate_limits;
use super::rate_limits::Taken;
use super::{clusters, flex, orgs, projects, serverless, token};
use crate::emulator::auth;
use crate::emulator::auth::digest;
use crate::emulator::faults::{Fault, FaultKind};
use crate::emulator::http::lists::Query;
use crate::emulator::http::replies::{ApiError, Reply, reason};
use crate::emulator::http::route::{Miss, Operation, Route};
use crate::emulator::http::version;
use crate::emulator::serve::app::{Call, Incoming, method_not_allowed, no_such_path};
use crate::emulator::store::Store;
use crate::emulator::store::identity::Identity;

/// A reply with what its headers and the journal need to know.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    pub(crate) taken: Option<Taken>,
    pub(crate) version: &'static str,
    pub(crate) identity: Option<String>,
    pub(crate) refusal: Option<&'static str>,
    /// Whether a resource of the API was reached, so that its headers are sent.
    pub(crate) reached: Reached,
}

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reached {
    /// Not past the authentication.
    Door,
    /// The resource class, which refused before it looked at the entity.
    Class,
    /// The entity.
    Entity,
}

impl Outcome {
    fn new(reply: Reply, reached: Reached) -> Self {
        Self { reply, taken: None, version: "", identity: None, refusal: None, reached }
    }

    /// A reply that was made on order.
    pub(crate) fn given(reply: Reply) -> Self {
        Self::new(reply, Reached::Entity)
    }
}

impl Store {
    /// The caller's address, as access lists see it.
    pub(crate) fn address(&self, request: &Incoming) -> IpAddr {
        self.options.client_address.unwrap_or(request.peer)
    }

    /// Milliseconds.
    pub(crate) fn token_lifetime(&self) -> i64 {
        i64::try_from(self.options.token_lifetime.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Answers as the API would.
pub(crate) fn answer(store: &mut Store, request: &Incoming, route: &Result<Route, Miss>, base: &str) -> Outcome {
    if let Ok(route) = route
        && route.operation.is_token_endpoint()
    {
        let reply = match route.operation {
            Operation::CreateToken => token::token(store, request),
            _ => token::revoke(store, request),
        };
        let identity = auth::basic(&request.headers).map(|(id, _)| id);
        return Outcome { identity, ..Outcome::new(reply, Reached::Door) };
    }
    let caller = match auth::authenticate(store, request) {
        Ok(caller) => caller,
        Err((reply, refusal)) => {
            return Outcome { refusal: Some(refusal), ..Outcome::new(reply, Reached::Door) };
        }
    };
    let identity = Some(caller.id.clone());
    let route = match route {
        Ok(route) => route,
        Err(Miss::NotFound) => {
            return Outcome { identity, ..Outcome::new(no_such_path(&request.path).into(), Reached::Class) };
        }
        Err(Miss::MethodNotAllowed) => {
            return Outcome { identity, ..Outcome::new(method_not_allowed().into(), Reached::Class) };
        }
    };
    let mut outcome = authorized(store, request, route, base, &caller);
    outcome.identity = identity;
    outcome
}

fn authorized(store: &mut Store, request: &Incoming, route: &Route, base: &str, caller: &Identity) -> Outcome {
    let operation = route.operation;
    if let Err(error) = auth::check_access_list(store, caller, store.address(request)) {
        return Outcome::new(error.into(), Reached::Class);
    }
    let version = if route.unversioned { Some("") } else { version::negotiate(&request.headers, operation.versions()) };
    let Some(version) = version else {
        let asked = version::asked(&request.headers).unwrap_or_default();
        let error = ApiError::new(406, "INVALID_VERSION_DATE", "Invalid accept header or version date.");
        return Outcome::new(error.with([json!(asked)]).into(), Reached::Class);
    };
    if let Some(group_id) = &route.group_id
        && let Err(error) = auth::check_project(store, caller, operation, group_id)
    {
        return Outcome { version, ..Outcome::new(error.into(), Reached::Class) };
    }
    let taken = match rate_limits::charge(store, operation, &request.path, route.group_id.as_deref(), &caller.id) {
        Ok(taken) => taken,
        Err(error) => return Outcome { version, ..Outcome::new(error.into(), Reached::Class) },
    };
    let call = Call {
        group_id: route.group_id.as_deref().unwrap_or_default(),
        name: route.name.as_deref().unwrap_or_default(),
        query: Query { base, path: &request.path, parameters: &request.parameters },
        version,
    };
    let reply = operate(store, operation, &call, request, caller).unwrap_or_else(Reply::from);
    Outcome { taken, version, ..Outcome::new(reply, Reached::Entity) }
}

fn operate(
    store: &mut Store,
    operation: Operation,
    call: &Call<'_>,
    request: &Incoming,
    caller: &Identity,
) -> Result<Reply, ApiError> {
    use Operation as O;
    match operation {
        O::ListServerless => serverless::list(store, call),
        O::CreateServerless => serverless::create(store, call, request),
        O::GetServerless => serverless::get(store, call),
        O::UpdateServerless => serverless::update(store, call, request),
        O::DeleteServerless => serverless::delete(store, call),
        O::ListFlex => flex::list(store, call),
        O::CreateFlex => flex::create(store, call, request),
        O::GetFlex => flex::get(store, call),
        O::UpdateFlex => flex::update(store, call, request),
        O::DeleteFlex => flex::delete(store, call),
        O::ListClusters => clusters::list(store, call),
        O::GetCluster => clusters::get(store, call),
        O::CreateCluster | O::UpdateCluster | O::DeleteCluster => clusters::not_emulated(store, call),
        O::ListGroups => projects::list(store, call, caller, None),
        O::CreateGroup => projects::create(store, call, request, caller),
        O::GetGroup => projects::get(store, call),
        O::GetGroupByName => projects::get_by_name(store, call, caller),
        O::DeleteGroup => projects::delete(store, call),
        O::ListOrgs => orgs::list(store, call, caller),
        O::GetOrg => orgs::get(store, call, caller),
        O::ListOrgGroups => {
            let org_id = orgs::check(store, call.name, caller)?.id.clone();
            projects::list(store, call, caller, Some(&org_id))
        }
        O::ListRateLimits => rate_limits::list(store, &call.query),
        O::CreateToken | O::RevokeToken => Err(no_such_path(call.query.path)),
    }
}

/// Answers as the API would, and then takes back what was stored.
pub(crate) fn undone(store: &mut Store, request: &Incoming, route: &Result<Route, Miss>, base: &str) -> Outcome {
    let group_id = route.as_ref().ok().and_then(|route| route.group_id.clone()).unwrap_or_default();
    let in_body = || {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        body.get("name")?.as_str().map(str::to_owned)
    };
    let name = route.as_ref().ok().and_then(|route| route.name.clone()).or_else(in_body).unwrap_or_default();
    let before = store.project(&group_id).and_then(|project| project.find(&name)).map(|(_, instance)| instance.clone());
    let counters = &store.request_log.counters;
    let (created, updated, deleted) = (counters.created, counters.updated, counters.deleted);
    let outcome = answer(store, request, route, base);
    store.restore_instance(&group_id, &name, before);
    let counters = &mut store.request_log.counters;
    (counters.created, counters.updated, counters.deleted) = (created, updated, deleted);
    outcome
}

/// What a fault does to credentials.
pub(crate) fn spoil(store: &mut Store, request: &Incoming, kind: FaultKind) {
    match kind {
        FaultKind::ExpireTokens => {
            store.tokens.revoke_all();
        }
        FaultKind::StaleNonce => {
            if let Some(nonce) = nonce(&request.headers) {
                store.nonces.expire(&nonce);
            }
        }
        _ => {}
    }
}

fn nonce(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, answer) = value.split_once(' ')?;
    digest::parse(answer).remove("nonce")
}

/// The reply that a fault puts in the place of the true one.
pub(crate) fn made(store: &mut Store, route: &Result<Route, Miss>, request: &Incoming, fault: &Fault) -> Reply {
    let operation = route.as_ref().ok().map(|route| route.operation);
    let token_endpoint = operation.is_some_and(Operation::is_token_endpoint);
    match fault.kind {
        FaultKind::Html => {
            let status = fault.status.unwrap_or(502);
            let title = format!("{status} {}", reason(status));
            let page = format!(
                "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
                 <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
            );
            Reply::raw(status, "text/html", page)
        }
        FaultKind::RateLimited if !token_endpoint => {
            let wait = fault.retry_after.clone().flatten().and_then(|text| text.parse().ok()).unwrap_or(1);
            rate_limits::refusal(&request.path, rate_limits::size_of(store, operation), wait).into()
        }
        FaultKind::Unauthorized if !token_endpoint => match auth::scheme(&request.headers) {
            "digest" | "none" => auth::challenge(store, false),
            _ => auth::refuse_bearer(),
        },
        FaultKind::NotFound => not_found(route, request).into(),
        kind => {
            let status = fault.status.unwrap_or(match kind {
                FaultKind::RateLimited => 429,
                FaultKind::Unauthorized => 401,
                _ => 500,
            });
            if token_endpoint { oauth_error(status, fault) } else { api_error(status, fault) }
        }
    }
}

fn not_found(route: &Result<Route, Miss>, request: &Incoming) -> ApiError {
    let Ok(Route { operation, group_id: Some(group_id), name, .. }) = route else { return no_such_path(&request.path) };
    match (operation.endpoint(), name) {
        ("serverless", Some(name)) => serverless::not_found(name, group_id),
        ("flex" | "clusters", Some(name)) => flex::not_found(name, group_id),
        _ => {
            let detail = format!("No group with ID {group_id} exists.");
            ApiError::new(404, "GROUP_NOT_FOUND", detail).with([json!(group_id)])
        }
    }
}

fn api_error(status: u16, fault: &Fault) -> Reply {
    let code = fault.error_code.clone().unwrap_or_else(|| Some("UNEXPECTED_ERROR".to_owned()));
    let detail = fault.detail.clone().unwrap_or_else(|| "Unexpected error.".to_owned());
    let mut body = Map::new();
    body.insert("detail".into(), json!(detail));
    body.insert("error".into(), json!(status));
    if let Some(code) = &code {
        body.insert("errorCode".into(), json!(code));
    }
    body.insert("parameters".into(), json!([]));
    body.insert("reason".into(), json!(reason(status)));
    Reply { error_code: code, ..Reply::plain(status, Value::Object(body)) }
}

fn oauth_error(status: u16, fault: &Fault) -> Reply {
    let default = match status {
        400 => "invalid_request",
        401 => "invalid_client",
        403 => "access_denied",
        429 => "rate_limited",
        503 => "temporarily_unavailable",
        _ => "server_error",
    };
    let code = fault.error_code.clone().flatten().unwrap_or_else(|| default.to_owned());
    let detail = fault.detail.clone().unwrap_or_else(|| reason(status).to_owned());
    let body = json!({"error": code, "error_description": detail});
    Reply { error_code: Some(code), ..Reply::plain(status, body) }
}
