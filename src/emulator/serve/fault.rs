//! Answers a request that a fault has hit.

use axum::body::{Body as HttpBody, Bytes};
use axum::http::Response;

use super::answer::answer;
use super::connection::{CloseMode, Handle};
use super::state::State;
use crate::emulator::api::dispatch;
use crate::emulator::faults::effects::{
    answer_as_before, answer_without_storing, change_response, invalidate_credentials,
};
use crate::emulator::faults::kind::FaultKind;
use crate::emulator::faults::replies::fault_reply;
use crate::emulator::faults::standing::Fault;
use crate::emulator::http::handled::{Handled, Stage};
use crate::emulator::http::request::Request;
use crate::emulator::http::route::{Route, RouteError};

/// A logged request, and the fault that has hit it.
pub(crate) struct MatchedRequest {
    pub(crate) fault: Fault,
    /// In the request log.
    pub(crate) number: u64,
    /// When the request arrived, in milliseconds since the epoch.
    pub(crate) at: i64,
    /// The request's connection; none where a router is called without a server.
    pub(crate) handle: Option<Handle>,
}

pub(crate) async fn answer_with_fault(
    state: &State,
    matched: MatchedRequest,
    request: &Request,
    route: &Result<Route, RouteError>,
) -> Response<HttpBody> {
    use FaultKind as F;
    let MatchedRequest { fault, number, at, handle } = matched;
    let fault = fault.order;
    let delay = i64::try_from(fault.delay.as_millis()).unwrap_or(i64::MAX);
    let after_store = fault.after_store();
    // A delay counts from the arrival, however long the rest takes.
    let until = at.saturating_add(delay);
    if !after_store {
        if delay > 0 {
            state.wait_until(until).await;
        }
        invalidate_credentials(&mut state.lock().store, request, fault.kind);
    }
    let (replaces, silent) = (fault.kind.replaces_reply(), fault.kind.sends_nothing());
    let keeps_nothing = fault.kind == F::Ignore || (fault.kind.changes_original_reply() && !after_store);
    let original_response = || {
        let by = match fault.kind {
            F::Stale => answer_as_before,
            _ if keeps_nothing => answer_without_storing,
            _ => dispatch::answer,
        };
        answer(state, number, request, route, by)
    };
    let replacement = || {
        answer(state, number, request, route, |store, request, route, _| {
            Handled::new(fault_reply(store, route, request, &fault), Stage::Entity)
        })
    };
    let mut response = match (replaces || silent, after_store) {
        (true, false) => replacement(),
        (true, true) if replaces => {
            original_response();
            replacement()
        }
        _ => original_response(),
    };
    if after_store {
        invalidate_credentials(&mut state.lock().store, request, fault.kind);
        if delay > 0 {
            state.wait_until(until).await;
        }
    }
    if fault.kind == F::Stall {
        state.finish(number, None, "stalled", &Bytes::new());
        match handle {
            Some(handle) => {
                handle.client_gone().await;
                handle.close(CloseMode::Close);
            }
            None => std::future::pending().await,
        }
        return response.respond();
    }
    if silent {
        let (mode, outcome) =
            if fault.kind == F::Reset { (CloseMode::Reset, "reset") } else { (CloseMode::Close, "closed") };
        state.finish(number, None, outcome, &Bytes::new());
        if let Some(handle) = handle {
            handle.close(mode);
        }
        return response.respond();
    }
    change_response(&mut response, &fault);
    if fault.kind == F::HalfBody {
        let half = response.body.len() / 2;
        let (mode, outcome) = if fault.reset { (CloseMode::Reset, "reset") } else { (CloseMode::Close, "closed") };
        match handle {
            Some(handle) => handle.close_after_body(half, mode),
            None => response.body.truncate(half),
        }
        let sent = response.body.slice(..half.min(response.body.len()));
        state.finish(number, Some(response.status), outcome, &sent);
    } else {
        state.finish(number, Some(response.status), "answered", &response.body);
    }
    response.respond()
}
