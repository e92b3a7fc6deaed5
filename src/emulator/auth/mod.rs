//! Who is calling, and whether they may.
pub(crate) mod digest;

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use serde_json::json;

use crate::emulator::http::replies::{ApiError, Reply, unauthorized};
use crate::emulator::http::route::Operation;
use crate::emulator::serve::app::Incoming;
use crate::emulator::store::Store;
use crate::emulator::store::identity::{Identity, IdentityKind};

/// The scheme of a request's credentials, as faults match it.
pub(crate) fn scheme(headers: &HeaderMap) -> &'static str {
    let value = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match value.split(' ').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "" => "none",
        "bearer" => "bearer",
        "digest" => "digest",
        "basic" => "basic",
        _ => "other",
    }
}

/// Finds the caller of an API request. `Err` is the reply and what the journal says about it.
pub(crate) fn authenticate(store: &mut Store, request: &Incoming) -> Result<Identity, (Reply, &'static str)> {
    let value = request.headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => bearer(store, credentials.trim()),
        "digest" => answer(store, request, credentials),
        "" => Err((challenge(store, false), "no credentials")),
        _ => Err((challenge(store, false), "an authentication scheme that the API does not take")),
    }
}

/// A 401 with a new challenge.
pub(crate) fn challenge(store: &mut Store, stale: bool) -> Reply {
    let now = store.now();
    store.request_log.counters.challenges += 1;
    unauthorized(&store.nonces.challenge(&mut store.ids, &store.options, now, stale))
}

/// A 401 for a bearer token (RFC 6750).
pub(crate) fn refuse_bearer() -> Reply {
    let value = "Bearer realm=\"MMS Public API\", error=\"invalid_token\", error_description=\"The access token is \
                 invalid, expired or revoked\"";
    unauthorized(&[value.to_owned()])
}

fn bearer(store: &Store, token: &str) -> Result<Identity, (Reply, &'static str)> {
    let now = store.now();
    store
        .tokens
        .check(token, now)
        .and_then(|id| store.identities.get(id))
        .cloned()
        .ok_or_else(|| (refuse_bearer(), "the token is unknown, expired or revoked"))
}

fn answer(store: &mut Store, request: &Incoming, credentials: &str) -> Result<Identity, (Reply, &'static str)> {
    let now = store.now();
    let answer = digest::parse(credentials);
    let key = answer.get("username").and_then(|user| store.identities.get(user));
    let Some(key) = key.filter(|key| key.kind == IdentityKind::ApiKey).cloned() else {
        return Err((challenge(store, false), "the public key is unknown"));
    };
    let (nonces, options) = (&mut store.nonces, &store.options);
    let method = request.method.as_str();
    match digest::verify(nonces, options, &answer, &key.secret, method, &request.target, now) {
        Ok(()) => Ok(key),
        Err(refusal) => Err((challenge(store, refusal == digest::Refusal::Stale), refusal.reason())),
    }
}

/// User and password of an `Authorization: Basic` header.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Whether the caller's address is one from which its credentials may be used.
pub(crate) fn check_access_list(store: &Store, caller: &Identity, address: IpAddr) -> Result<(), ApiError> {
    match &caller.access_list {
        None if store.org(&caller.org_id).is_some_and(|org| org.requires_access_list) => Err(ApiError::new(
            403,
            "ORG_REQUIRES_ACCESS_LIST",
            "This organization requires access through an access list of ip ranges.",
        )),
        Some(list) if !list.iter().any(|network| network.contains(address)) => {
            let detail = format!("IP address {address} is not allowed to access this resource.");
            Err(ApiError::new(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", detail).with([json!(address.to_string())]))
        }
        _ => Ok(()),
    }
}

/// Whether the caller may do this in the project. The project's existence is checked here too.
pub(crate) fn check_project(
    store: &Store,
    caller: &Identity,
    operation: Operation,
    group_id: &str,
) -> Result<(), ApiError> {
    if !crate::emulator::store::ids::is_object_id(group_id) {
        let detail = format!("An invalid group ID {group_id} was specified.");
        return Err(ApiError::new(404, "INVALID_GROUP_ID", detail).with([json!(group_id)]));
    }
    let Some(project) = store.project(group_id) else {
        let detail = format!("No group with ID {group_id} exists.");
        return Err(ApiError::new(404, "GROUP_NOT_FOUND", detail).with([json!(group_id)]));
    };
    if !caller.can_read(group_id, &project.org_id) {
        return Err(ApiError::new(401, "USER_CANNOT_ACCESS_GROUP", "User cannot access this group."));
    }
    if operation.writes() && !caller.can_write(group_id, &project.org_id) {
        return Err(weak_role(store));
    }
    Ok(())
}

/// The refusal of a caller whose role is too weak.
pub(crate) fn weak_role(store: &Store) -> ApiError {
    let code = if store.options.role_refusal_status == 401 { "USER_UNAUTHORIZED" } else { "ACCESS_FORBIDDEN" };
    let detail = "Current user is not authorized to perform this action.";
    ApiError::new(store.options.role_refusal_status, code, detail)
}
