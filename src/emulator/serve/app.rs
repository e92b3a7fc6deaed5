//! The emulator as a [`Router`], apart from serving: each request is written down, meets its fault if one was
//! ordered, is answered, and is dressed in the API's headers.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{Request, State as Extract};
use axum::http::header::HOST;
use axum::http::{HeaderMap, Method, Response};
use axum::routing::any;
use http_body_util::BodyExt;
use tokio::sync::Notify;

use super::connection::{Cut, Handle};
use super::listener::Listening;
use super::server::StartError;
use crate::emulator::api::dispatch;
use crate::emulator::auth;
use crate::emulator::control::http;
use crate::emulator::faults::{Facts, Fault, FaultKind};
use crate::emulator::http::lists;
use crate::emulator::http::lists::Query;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::response::WireResponse;
use crate::emulator::http::route;
use crate::emulator::http::route::{Miss, Operation, Route};
use crate::emulator::options::Options;
use crate::emulator::store::Store;
use crate::emulator::store::request_log::Record;
use crate::emulator::store::seed;

/// Bodies longer than this many bytes are refused.
const MOST_BODY: usize = 1024 * 1024;

/// The stored state behind an [`app`]; clones share it.
#[derive(Clone)]
pub struct State {
    shared: Arc<Shared>,
}

/// What it holds has secrets in it, if fake ones.
impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shared {
    store: Mutex<Store>,
    /// The clock was moved.
    moved: Notify,
    listening: Listening,
    json_log: bool,
}

/// The peer's address, put into a request by the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A request with its body.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Path and query as they stand in the request line.
    pub(crate) target: String,
    pub(crate) query: Option<String>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) peer: IpAddr,
}

/// What a handler needs to know of a request.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// Empty where the path has none.
    pub(crate) group_id: &'a str,
    /// Empty where the path has none.
    pub(crate) name: &'a str,
    pub(crate) query: Query<'a>,
    pub(crate) version: &'static str,
}

impl State {
    /// Builds the state that the options ask for.
    ///
    /// # Errors
    /// When the seed, the scenario or the state folder cannot be used; the text says why.
    pub fn new(options: Options) -> Result<Self, StartError> {
        let json_log = options.json_log;
        let mut store = Store::empty(options);
        seed::start(&mut store).map_err(StartError::new)?;
        let shared =
            Shared { store: Mutex::new(store), moved: Notify::new(), listening: Listening::default(), json_log };
        Ok(Self { shared: Arc::new(shared) })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Store> {
        self.shared.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn listening(&self) -> &Listening {
        &self.shared.listening
    }

    /// Lets everything that waits for a time look at the clock again.
    pub(crate) fn clock_moved(&self) {
        self.shared.moved.notify_waiters();
    }

    /// Waits for a time on the emulator's clock (milliseconds since the epoch).
    async fn wait(&self, until: i64) {
        loop {
            let moved = self.shared.moved.notified();
            let (left, manual) = {
                let store = self.lock();
                (until.saturating_sub(store.now()), store.clock.is_manual())
            };
            if left <= 0 {
                return;
            }
            if manual {
                moved.await;
            } else {
                let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
                // Which of the two came first does not matter: the loop looks.
                let _ = tokio::time::timeout(left, moved).await;
            }
        }
    }

    fn finish(&self, number: u64, status: Option<u16>, outcome: &'static str, reply: &Bytes) {
        let mut store = self.lock();
        let now = store.now();
        store.request_log.finish(number, status, outcome, reply, now);
        if self.shared.json_log
            && let Some(record) = store.request_log.get_mut(number)
        {
            let line = record.to_json();
            drop(store);
            // A log that nobody reads is no reason to fail.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
    }
}

/// The whole emulator as a router: the API, the token endpoint, `/_emulator/` and the page at `/`.
pub fn app(state: State) -> Router {
    Router::new()
        .route("/", any(http::page))
        .route("/_emulator", any(http::http))
        .route("/_emulator/{*path}", any(http::http))
        .fallback(api)
        .with_state(state)
}

async fn api(Extract(state): Extract<State>, request: Request) -> Response<HttpBody> {
    let handle = request.extensions().get::<Handle>().cloned();
    let incoming = match read(request).await {
        Ok(incoming) => incoming,
        Err(unread) => {
            let (status, code, detail) = match unread {
                Unread::TooLong => (413, "REQUEST_TOO_LARGE", "The request body is too large."),
                Unread::Broken => (400, "MALFORMED_JSON", "The request body cannot be read."),
            };
            return WireResponse::of(&ApiError::new(status, code, detail).into()).respond();
        }
    };
    let route = route::route(&incoming.method, &incoming.path);
    let (number, at, fault) = begin(&state, &incoming, &route);
    let Some(fault) = fault else {
        let wire = answer(&state, number, &incoming, &route, None, false);
        state.finish(number, Some(wire.status), "answered", &wire.body);
        return wire.respond();
    };
    let arrived = Arrived { number, at, handle };
    if fault.delay == 0 {
        return faulty(&state, &arrived, &incoming, &route, &fault).await;
    }
    // A request that is late is carried out even if its client has given up by then: that is what makes it dangerous.
    let late = tokio::spawn(async move { faulty(&state, &arrived, &incoming, &route, &fault).await });
    late.await.unwrap_or_default()
}

/// A request as it was written down.
struct Arrived {
    number: u64,
    /// Milliseconds since the epoch.
    at: i64,
    handle: Option<Handle>,
}

/// Answers a request that a fault has hit.
async fn faulty(
    state: &State,
    arrived: &Arrived,
    incoming: &Incoming,
    route: &Result<Route, Miss>,
    fault: &Fault,
) -> Response<HttpBody> {
    use FaultKind as F;
    let Arrived { number, at, handle } = arrived;
    let number = *number;
    // A delay counts from the arrival, however long the rest takes.
    let until = at.saturating_add(fault.delay);
    if !fault.after_store && fault.delay > 0 {
        state.wait(until).await;
    }
    let replaces = matches!(fault.kind, F::Status | F::Html | F::RateLimited | F::Unauthorized | F::NotFound);
    let silent = matches!(fault.kind, F::Close | F::Reset | F::Stall);
    let changes_true_reply = matches!(fault.kind, F::HalfBody | F::EmptyBody | F::WrongType | F::LastReply);
    if !fault.after_store {
        dispatch::spoil(&mut state.lock(), incoming, fault.kind);
    }
    let mut wire = if (replaces || silent) && !fault.after_store {
        let reply = dispatch::made(&mut state.lock(), route, incoming, fault);
        answer(state, number, incoming, route, Some(reply), false)
    } else {
        let undo = fault.kind == F::Ignore || (changes_true_reply && !fault.after_store);
        let wire = answer(state, number, incoming, route, None, undo);
        if replaces {
            let reply = dispatch::made(&mut state.lock(), route, incoming, fault);
            answer(state, number, incoming, route, Some(reply), false)
        } else {
            wire
        }
    };
    if fault.after_store {
        dispatch::spoil(&mut state.lock(), incoming, fault.kind);
        if fault.delay > 0 {
            state.wait(until).await;
        }
    }
    if fault.kind == F::Stall {
        state.finish(number, None, "stalled", &Bytes::new());
        std::future::pending::<()>().await;
    }
    if silent {
        let (cut, outcome) = if fault.kind == F::Reset { (Cut::Reset, "reset") } else { (Cut::Close, "closed") };
        state.finish(number, None, outcome, &Bytes::new());
        if let Some(handle) = handle {
            handle.cut(cut);
        }
        return wire.respond();
    }
    wire.change(fault);
    if fault.kind == F::HalfBody {
        let half = wire.body.len() / 2;
        let cut = if fault.reset { Cut::Reset } else { Cut::Close };
        match handle {
            Some(handle) => handle.cut_after_body(half, cut),
            None => wire.body.truncate(half),
        }
        let outcome = if fault.reset { "reset" } else { "closed" };
        state.finish(number, Some(wire.status), outcome, &wire.body.slice(..half.min(wire.body.len())));
    } else {
        state.finish(number, Some(wire.status), "answered", &wire.body);
    }
    wire.respond()
}

/// Reads the body of a request.
pub(crate) async fn read(request: Request) -> Result<Incoming, Unread> {
    let (parts, body) = request.into_parts();
    let body = collect(body).await?;
    let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0);
    Ok(Incoming {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        target: parts.uri.path_and_query().map(|p| p.as_str().to_owned()).unwrap_or_default(),
        query: parts.uri.query().map(str::to_owned),
        parameters: lists::parameters(&parts.uri),
        headers: parts.headers,
        body,
        peer,
    })
}

/// Why there is no body.
#[derive(Debug)]
pub(crate) enum Unread {
    TooLong,
    /// The client went away, or what it sent is not HTTP.
    Broken,
}

/// A body that is too long is read to its end all the same: a client that is still sending would not see the refusal.
async fn collect(mut body: HttpBody) -> Result<Bytes, Unread> {
    let (mut collected, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Unread::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        length = length.saturating_add(data.len());
        if length <= MOST_BODY {
            collected.extend_from_slice(data);
        } else if length > 256 * MOST_BODY {
            break;
        }
    }
    if length > MOST_BODY { Err(Unread::TooLong) } else { Ok(Bytes::from(collected)) }
}

/// Writes the request down and looks for a fault.
fn begin(state: &State, incoming: &Incoming, route: &Result<Route, Miss>) -> (u64, i64, Option<Fault>) {
    let mut store = state.lock();
    store.settle();
    let found = route.as_ref().ok();
    let operation = found.map(|route| route.operation);
    let name = found.and_then(|route| route.name.clone()).or_else(|| named_in_body(operation, incoming));
    let scheme = auth::scheme(&incoming.headers);
    let fault = store.faults.take(&Facts {
        method: incoming.method.as_str(),
        path: &incoming.path,
        name: name.as_deref(),
        endpoint: operation.map_or("", Operation::endpoint),
        operation: operation.map_or("", Operation::id),
        scheme,
    });
    store.request_log.counters.faults += u64::from(fault.is_some());
    let at = store.now();
    let record = Record {
        at,
        method: incoming.method.to_string(),
        path: incoming.path.clone(),
        query: incoming.query.clone(),
        headers: incoming.headers.clone(),
        body: incoming.body.clone(),
        operation: operation.map(Operation::id),
        endpoint: operation.map(Operation::endpoint),
        group_id: found.and_then(|route| route.group_id.clone()),
        name,
        scheme,
        fault: fault.as_ref().map(|fault| (fault.id, fault.kind.name())),
        outcome: "pending",
        ..Record::default()
    };
    let most = store.options.request_log;
    (store.request_log.begin(record, most), at, fault)
}

fn named_in_body(operation: Option<Operation>, incoming: &Incoming) -> Option<String> {
    use Operation as O;
    if !matches!(operation?, O::CreateServerless | O::CreateFlex | O::CreateCluster | O::CreateGroup) {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(&incoming.body).ok()?;
    body.get("name")?.as_str().map(str::to_owned)
}

/// Answers, or dresses the reply that is given. `undo` takes back what was stored.
fn answer(
    state: &State,
    number: u64,
    incoming: &Incoming,
    route: &Result<Route, Miss>,
    given: Option<Reply>,
    undo: bool,
) -> WireResponse {
    let mut store = state.lock();
    let base = base(&store, incoming);
    let outcome = match given {
        Some(reply) => dispatch::Outcome::given(reply),
        None if undo => dispatch::undone(&mut store, incoming, route, &base),
        None => dispatch::answer(&mut store, incoming, route, &base),
    };
    let at = store.now();
    if let Some(record) = store.request_log.get_mut(number) {
        record.identity = outcome.identity.clone().or(record.identity.take());
        record.refusal = outcome.refusal.or(record.refusal);
        record.error_code.clone_from(&outcome.reply.error_code);
    }
    let operation = route.as_ref().ok().map(|route| route.operation);
    WireResponse::into_wire(&outcome, operation, incoming, store.era(), at)
}

/// What links start with: the address under which the client knows the emulator.
fn base(store: &Store, incoming: &Incoming) -> String {
    match incoming.headers.get(HOST).and_then(|host| host.to_str().ok()) {
        Some(host) => format!("http://{host}"),
        None => store.url.clone(),
    }
}

/// The refusal of a path that the API does not know.
pub(crate) fn no_such_path(path: &str) -> ApiError {
    ApiError::new(404, "RESOURCE_NOT_FOUND", format!("Cannot find resource {path}.")).with([path.into()])
}

/// The refusal of a method that a path does not know.
pub(crate) fn method_not_allowed() -> ApiError {
    ApiError::new(405, "METHOD_NOT_ALLOWED", "The method is not allowed for this resource.")
}
