//! Authentication and authorization of callers.
pub(crate) mod digest;

use std::net::IpAddr;

use serde_json::json;

use self::digest::Refusal;
use crate::emulator::http::authorization::{digest_parameters, header};
use crate::emulator::http::operations::Operation;
use crate::emulator::http::replies::{ApiError, Reply, unauthorized};
use crate::emulator::http::request::Request;
use crate::emulator::options::Calendar;
use crate::emulator::store::Store;
use crate::emulator::store::identity::{Identity, IdentityKind};
use crate::emulator::store::ids::is_object_id;
use crate::emulator::store::nonces::NonceError;

/// Finds the caller of an API request. `Err` is the reply and what the request log says about it.
pub(crate) fn authenticate(store: &mut Store, request: &Request) -> Result<Identity, (Reply, &'static str)> {
    let value = header(&request.headers);
    let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => bearer(store, credentials.trim()),
        "digest" => digest(store, request),
        "" => Err((challenge(store, false), "no credentials")),
        _ => Err((challenge(store, false), "an authentication scheme that the API does not take")),
    }
}

/// A 401 with a new challenge.
pub(crate) fn challenge(store: &mut Store, stale: bool) -> Reply {
    store.request_log.counters.challenges += 1;
    let with_code = store.calendar() >= Calendar::Deprecated;
    unauthorized(&digest::challenge(store, stale), with_code)
}

/// A 401 for a bearer token (RFC 6750).
pub(crate) fn refuse_bearer() -> Reply {
    let value = "Bearer realm=\"MMS Public API\", error=\"invalid_token\", error_description=\"The access token is \
                 invalid, expired or revoked\"";
    unauthorized(&[value.to_owned()], true)
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

fn digest(store: &mut Store, request: &Request) -> Result<Identity, (Reply, &'static str)> {
    let answer = digest_parameters(header(&request.headers));
    let key = answer.get("username").and_then(|user| store.identities.get(user));
    let Some(key) = key.filter(|key| key.kind == IdentityKind::ApiKey).cloned() else {
        return Err((challenge(store, false), "the public key is unknown"));
    };
    match digest::verify(store, &answer, &key.secret, request.method.as_str(), &request.target) {
        Ok(()) => Ok(key),
        Err(refusal) => {
            let stale = refusal == Refusal::Nonce(NonceError::Stale);
            Err((challenge(store, stale), refusal.reason()))
        }
    }
}

/// The caller's address, as access lists see it.
pub(crate) fn caller_address(store: &Store, request: &Request) -> IpAddr {
    store.options.client_address.unwrap_or(request.client_address)
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
    operation: &Operation,
    group_id: &str,
) -> Result<(), ApiError> {
    if !is_object_id(group_id) {
        let detail = format!("An invalid group ID {group_id} was specified.");
        return Err(ApiError::new(404, "INVALID_GROUP_ID", detail).with([json!(group_id)]));
    }
    let Some(project) = store.project(group_id) else {
        return Err(ApiError::group_not_found(group_id));
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
