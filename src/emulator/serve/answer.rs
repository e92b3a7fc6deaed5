//! From a request to the response that goes out, with the request log kept up to date.

use axum::http::header::HOST;

use super::state::State;
use crate::emulator::http::handled::Handled;
use crate::emulator::http::request::Request;
use crate::emulator::http::response::WireResponse;
use crate::emulator::http::route::{Route, RouteError};
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
        record.error_code.clone_from(&handled.reply.error_code);
    }
    let operation = route.as_ref().ok().map(|route| route.operation);
    WireResponse::from_handled(&handled, operation, request, store.calendar(), store.now())
}

/// What links start with: the address under which the client knows the emulator.
fn base(store: &Store, request: &Request) -> String {
    match request.headers.get(HOST).and_then(|host| host.to_str().ok()) {
        Some(host) => format!("http://{host}"),
        None => store.url.clone(),
    }
}
