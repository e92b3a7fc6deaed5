//! From a request to the response that goes out, with the request log kept up to date.

use axum::http::header::HOST;

use super::state::State;
use crate::emulator::http::handled::Handled;
use crate::emulator::http::operations::OperationKind;
use crate::emulator::http::request::Request;
use crate::emulator::http::response::WireResponse;
use crate::emulator::http::route::{Route, RouteError};
use crate::emulator::json::shortened;
use crate::emulator::store::Store;

/// Lets `by` handle the request, and adds the result to the log.
pub(crate) fn answer(
    state: &State,
    number: u64,
    request: &Request,
    route: &Result<Route, RouteError>,
    by: impl FnOnce(&mut Store, &Request, &Result<Route, RouteError>, &str) -> Handled,
) -> WireResponse {
    let store = &mut state.lock().store;
    let base = base(store, request);
    let handled = by(store, request, route, &base);
    if let Some(record) = store.request_log.get_mut(number) {
        record.identity = handled.identity.clone().or(record.identity.take());
        record.refusal = handled.refusal.or(record.refusal);
        record.error_code = handled.reply.error_code.as_deref().map(shortened);
    }
    let operation = route.as_ref().ok().map(|route| route.operation);
    let response = WireResponse::from_handled(&handled, operation, request, store.calendar(), store.now());
    if store.clock.is_auto()
        && let Some(time) = awaited(store, route, &handled)
    {
        store.clock.advance_to(time);
    }
    response
}

/// The time that the client now waits for: the end of the change that it was shown, or of a `Retry-After`.
fn awaited(store: &Store, route: &Result<Route, RouteError>, handled: &Handled) -> Option<i64> {
    let retry_after = handled.reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
    if let Some(seconds) = retry_after.and_then(|(_, value)| value.parse::<i64>().ok()) {
        return Some(store.now().saturating_add(seconds.saturating_mul(1000)));
    }
    let route = route.as_ref().ok()?;
    use OperationKind as O;
    if !matches!(route.operation.kind, O::GetServerless | O::GetFlex | O::GetCluster) {
        return None;
    }
    store.change_ends(route.group_id.as_deref()?, route.name.as_deref()?)
}

/// What links start with: the address under which the client knows the emulator.
fn base(store: &Store, request: &Request) -> String {
    match request.headers.get(HOST).and_then(|host| host.to_str().ok()) {
        Some(host) => format!("http://{host}"),
        None => store.url.clone(),
    }
}
