//! What a fault does to credentials, to what is stored, and to the original reply.

use axum::body::Bytes;

use super::kind::FaultKind;
use super::order::Order;
use crate::emulator::api::dispatch;
use crate::emulator::http::authorization::{digest_parameters, header};
use crate::emulator::http::handled::Handled;
use crate::emulator::http::operations::Endpoint;
use crate::emulator::http::request::Request;
use crate::emulator::http::response::WireResponse;
use crate::emulator::http::route::{Route, RouteError};
use crate::emulator::store::Store;

/// Makes the credentials of a request invalid, if the fault is of such a kind.
pub(crate) fn invalidate_credentials(store: &mut Store, request: &Request, kind: FaultKind) {
    match kind {
        FaultKind::ExpireTokens => {
            store.tokens.revoke_all();
        }
        FaultKind::StaleNonce => {
            if let Some(nonce) = digest_parameters(header(&request.headers)).get("nonce") {
                store.nonces.expire(nonce);
            }
        }
        _ => {}
    }
}

/// Answers as the API would, but leaves stored things and counters as they were.
pub(crate) fn answer_without_storing(
    store: &mut Store,
    request: &Request,
    route: &Result<Route, RouteError>,
    base: &str,
) -> Handled {
    let route_facts = route.as_ref().ok();
    let group_id = route_facts.and_then(|route| route.group_id.clone()).unwrap_or_default();
    let name = route_facts.and_then(|route| route.name.clone()).or_else(|| request.name_in_body()).unwrap_or_default();
    let before = store.project(&group_id).and_then(|project| project.find(&name)).map(|(_, instance)| instance.clone());
    let counters = &store.request_log.counters;
    let (created, updated, deleted) = (counters.created, counters.updated, counters.deleted);
    let of_cluster = route_facts.is_none_or(|route| {
        matches!(route.operation.endpoint, Endpoint::Serverless | Endpoint::Flex | Endpoint::Clusters)
    });
    let projects = (!of_cluster).then(|| (store.projects.clone(), store.project_index.clone()));
    let handled = dispatch::answer(store, request, route, base);
    match projects {
        Some((projects, index)) => (store.projects, store.project_index) = (projects, index),
        None => store.restore_instance(&group_id, &name, before),
    }
    let counters = &mut store.request_log.counters;
    (counters.created, counters.updated, counters.deleted) = (created, updated, deleted);
    handled
}

/// Answers a read as before the latest change of each cluster that it shows; any other request as it is.
pub(crate) fn answer_as_before(
    store: &mut Store,
    request: &Request,
    route: &Result<Route, RouteError>,
    base: &str,
) -> Handled {
    let found = route.as_ref().ok().filter(|route| route.operation.method == "GET");
    let group_id = found.and_then(|route| route.group_id.clone()).unwrap_or_default();
    let name = found.and_then(|route| route.name.as_deref());
    let Some(now) = store.project(&group_id).cloned() else { return dispatch::answer(store, request, route, base) };
    for (name, before) in store.recent_changes.before(&group_id, name) {
        store.restore_instance(&group_id, &name, before);
    }
    let handled = dispatch::answer(store, request, route, base);
    if let Some(project) = store.project_mut(&group_id) {
        *project = now;
    }
    handled
}

/// Applies what a fault says of status, headers and body.
pub(crate) fn change_response(response: &mut WireResponse, fault: &Order) {
    match fault.kind {
        FaultKind::EmptyBody => response.body = Bytes::new(),
        FaultKind::WrongType => response.set("content-type", "text/plain;charset=utf-8"),
        FaultKind::LastReply => response.set("connection", "close"),
        _ => {}
    }
    if let Some(status) = fault.status {
        response.status = status;
    }
    if let Some(body) = &fault.body {
        response.body = Bytes::from(body.clone());
    }
    if let Some(content_type) = &fault.content_type {
        response.set("content-type", content_type);
    }
    match &fault.retry_after {
        Some(Some(value)) => response.set("retry-after", value),
        Some(None) => response.remove("retry-after"),
        None => {}
    }
    for (name, value) in &fault.headers {
        match value {
            Some(value) => response.set(name, value),
            None => response.remove(name),
        }
    }
}
