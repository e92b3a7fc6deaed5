//! The emulator as a [`Router`], apart from serving: each request is logged, matched with the faults that are ordered,
//! answered, and sent with the API's headers.

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{Request as HttpRequest, State as Extract};
use axum::http::{Method, Response, Uri};
use axum::middleware::{Next, from_fn};
use axum::routing::any;
use futures_util::FutureExt;
use serde_json::json;

use super::answer::answer;
use super::connection::Handle;
use super::control;
use super::fault::{MatchedRequest, answer_with_fault};
use super::state::{Locked, State};
use crate::emulator::api::dispatch;
use crate::emulator::faults::standing::RequestFacts;
use crate::emulator::http::authorization;
use crate::emulator::http::operations::Operation;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::{ReadError, Request};
use crate::emulator::http::response::WireResponse;
use crate::emulator::http::route;
use crate::emulator::http::route::{Route, RouteError};
use crate::emulator::store::request_log::Record;

/// The whole emulator as a router: the API, the token endpoint, `/_emulator/` and the page at `/`.
pub fn app(state: State) -> Router {
    Router::new()
        .route("/", any(control::page))
        .route("/_emulator/page.js", any(control::script))
        .route("/_emulator/page.css", any(control::style))
        .route("/_emulator", any(control::control))
        .route("/_emulator/{*path}", any(control::control))
        .fallback(api)
        .layer(from_fn(answer_panics))
        .with_state(state)
}

async fn api(Extract(state): Extract<State>, request: HttpRequest) -> Response<HttpBody> {
    let handle = request.extensions().get::<Handle>().cloned();
    if request.method() == Method::CONNECT {
        return no_tunnel(request.uri());
    }
    let request = match Request::read(request).await {
        Ok(request) => request,
        Err(error) => {
            let code = match error {
                ReadError::TooLong => "REQUEST_TOO_LARGE",
                ReadError::TooSlow => "REQUEST_TIMEOUT",
                ReadError::Broken => "MALFORMED_JSON",
            };
            let reply = ApiError::new(error.status(), code, error.to_string()).into();
            return WireResponse::from_reply(&reply).respond();
        }
    };
    let route = route::route(&request.method, &request.path);
    let (number, matched) = receive(&state, &request, &route, handle);
    let failed = || {
        let response = panicked();
        state.finish(number, Some(response.status), "answered", &response.body);
        response.respond()
    };
    let Some(matched) = matched else {
        let answered = caught(async { answer(&state, number, &request, &route, dispatch::answer) }).await;
        let Some(response) = answered else { return failed() };
        state.finish(number, Some(response.status), "answered", &response.body);
        return response.respond();
    };
    if matched.fault.order.delay.is_zero() {
        let answered = caught(answer_with_fault(&state, matched, &request, &route)).await;
        return answered.unwrap_or_else(failed);
    }
    // A request that is late is carried out even if its client has given up by then: that is what makes it dangerous.
    let late = tokio::spawn({
        let state = state.clone();
        async move { answer_with_fault(&state, matched, &request, &route).await }
    });
    late.await.unwrap_or_else(|_| failed())
}

/// A panic within a request is the error of that request alone; what it shares with others is behind a lock that does not
/// stay poisoned.
async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

async fn answer_panics(request: HttpRequest, next: Next) -> Response<HttpBody> {
    caught(next.run(request)).await.unwrap_or_else(|| panicked().respond())
}

fn panicked() -> WireResponse {
    let detail = "The emulator met a mistake of its own, which is a bug in atlas-serverless: please report it.";
    WireResponse::from_reply(&ApiError::new(500, "UNEXPECTED_ERROR", detail).into())
}

/// A client that takes the emulator for its proxy, so that a test cannot reach a real service by mistake.
fn no_tunnel(target: &Uri) -> Response<HttpBody> {
    let text = format!(
        "This is the Atlas emulator, not a proxy: {target} is not reached during this test. Use MONGODB_ATLAS_BASE_URL."
    );
    WireResponse::from_reply(&Reply::plain(403, json!({"detail": text, "error": 403, "reason": "Forbidden"}))).respond()
}

/// Logs the request and looks for a fault.
fn receive(
    state: &State,
    request: &Request,
    route: &Result<Route, RouteError>,
    handle: Option<Handle>,
) -> (u64, Option<MatchedRequest>) {
    let Locked { store, faults, .. } = &mut *state.lock();
    store.end_due_states();
    let found = route.as_ref().ok();
    let operation = found.map(|route| route.operation);
    let name = found.and_then(|route| route.name.clone()).or_else(|| {
        let names_in_body = operation.is_some_and(Operation::names_in_body);
        if names_in_body { request.name_in_body() } else { None }
    });
    let scheme = authorization::scheme(&request.headers);
    let fault = faults.take(&RequestFacts {
        method: request.method.as_str(),
        path: &request.path,
        name: name.as_deref(),
        operation,
        scheme,
    });
    store.request_log.counters.faults += u64::from(fault.is_some());
    let at = store.now();
    let record = Record {
        at,
        method: request.method.to_string(),
        path: request.path.clone(),
        query: request.query.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
        operation: operation.map(Operation::id),
        endpoint: operation.map(|operation| operation.endpoint.name()),
        group_id: found.and_then(|route| route.group_id.clone()),
        name,
        scheme,
        fault: fault.as_ref().map(|fault| (fault.id, fault.order.kind.name())),
        outcome: "pending",
        ..Record::default()
    };
    let number = store.request_log.begin(record, store.options.request_log);
    (number, fault.map(|fault| MatchedRequest { fault, number, at, handle }))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tower_service::Service;

    use super::*;

    /// A router whose second handler panics while it holds what both share.
    #[tokio::test]
    async fn a_panic_is_the_error_of_one_request() {
        let state = State::new(crate::emulator::Options::default()).unwrap();
        let held = state.clone();
        let mut router = Router::new()
            .route(
                "/panic",
                any(async move || -> Response<HttpBody> {
                    let _locked = held.lock();
                    panic!("a mistake")
                }),
            )
            .merge(app(state))
            .layer(from_fn(answer_panics));
        for (path, expected) in [("/panic", 500), ("/_emulator/clock", 200), ("/panic", 500), ("/", 200)] {
            let request = Request::get(path).body(HttpBody::empty()).unwrap();
            assert_eq!(router.call(request).await.unwrap().status(), expected, "{path}");
        }
    }
}
