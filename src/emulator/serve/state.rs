//! The state behind a router or a server, and what Rust and Python can ask of it.

use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::connection::{CloseMode, Connections, Handle};
use super::listener_control::ListenerControl;
use crate::emulator::control;
use crate::emulator::control::error::{ControlError, ControlResult};
use crate::emulator::control::{overview, scenario};
use crate::emulator::faults::standing::Faults;
use crate::emulator::json::{Field, check_keys, seconds};
use crate::emulator::options::Options;
use crate::emulator::store::request_log::Record;
use crate::emulator::store::{Store, load, snapshot};

const LISTENER: [Field; 2] = [("listening", "true or false"), ("for_seconds", seconds::TAKES)];

/// Why the emulator did not start, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The seed or the scenario makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The address or the state folder cannot be used.
    #[error("{0}")]
    Unusable(String),
}

/// The state behind an [`app`](super::app::app); clones share it.
#[derive(Clone)]
pub struct State {
    shared: Arc<Shared>,
}

/// The credentials in it are not shown, though they are fake.
impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shared {
    locked: Mutex<Locked>,
    clock_moved: Notify,
    listener: ListenerControl,
    json_log: bool,
}

/// What the one lock protects.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) store: Store,
    pub(crate) faults: Faults,
    pub(crate) connections: Connections,
}

impl State {
    /// Builds the state that the options ask for.
    ///
    /// # Errors
    /// When the seed, the scenario or the state folder cannot be used; the text says why.
    pub fn new(options: Options) -> Result<Self, StartError> {
        let json_log = options.json_log;
        let saved = options.state_dir.as_deref().map(snapshot::read).transpose();
        let saved = saved.map_err(StartError::Unusable)?.flatten();
        let invalid = if saved.is_some() { StartError::Unusable } else { StartError::Invalid };
        let mut store = Store::new(options);
        load::start(&mut store, saved.as_ref()).map_err(invalid)?;
        let mut faults = Faults::default();
        if let Some(value) = store.options.scenario.clone() {
            scenario::scenario(&mut store, &mut faults, &value).map_err(|error| StartError::Invalid(error.message))?;
            store.initial_options.clone_from(&store.options);
        }
        let shared = Shared {
            locked: Mutex::new(Locked { store, faults, connections: Connections::default() }),
            clock_moved: Notify::new(),
            listener: ListenerControl::default(),
            json_log,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Locked> {
        self.shared.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn listener(&self) -> &ListenerControl {
        &self.shared.listener
    }

    /// Waits for a time on the emulator's clock (milliseconds since the epoch).
    pub(crate) async fn wait_until(&self, time: i64) {
        loop {
            let moved = self.shared.clock_moved.notified();
            let (left, manual) = {
                let store = &mut self.lock().store;
                if store.clock.is_auto() {
                    store.clock.advance_to(time);
                }
                (time.saturating_sub(store.now()), store.clock.is_manual())
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

    /// Records how a request was answered.
    pub(crate) fn finish(&self, number: u64, status: Option<u16>, outcome: &'static str, reply: &Bytes) {
        let mut locked = self.lock();
        let now = locked.store.now();
        locked.store.request_log.finish(number, status, outcome, reply, now);
        if self.shared.json_log
            && let Some(record) = locked.store.request_log.get_mut(number)
        {
            let line = record.to_json();
            drop(locked);
            // A log that nobody reads is no reason to fail.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
    }

    /// What `method /_emulator/{path}` does; `path` may carry a query.
    ///
    /// # Errors
    /// When the path is unknown or the request makes no sense; the text says why.
    pub fn control(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, ControlError> {
        let answer = std::panic::catch_unwind(AssertUnwindSafe(|| self.execute(method, path, body, None)));
        let answer = answer.unwrap_or_else(|_| Err(ControlError::new(500, "The emulator met a mistake of its own.")));
        self.listener().wait_until_done();
        answer
    }

    /// The same for the server's own thread, which must not wait for itself.
    pub(crate) fn execute(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        caller: Option<&Handle>,
    ) -> ControlResult {
        let body = body.unwrap_or(Value::Null);
        let parts: Vec<&str> = control::parts(path).collect();
        match (method, parts.as_slice()) {
            ("POST", ["listener"]) => return self.open_or_close(&body),
            ("POST", ["connections", "close"]) => {
                let closed = self.lock().connections.close_all(CloseMode::Close, caller);
                return Ok(json!({"closed": closed}));
            }
            ("POST", ["reset"]) => self.listener().ask(true, None),
            _ => {}
        }
        let Locked { store, faults, .. } = &mut *self.lock();
        store.end_due_states();
        let answer = control::execute(store, faults, method, path, &body);
        store.end_due_states();
        // Any request may have moved the clock.
        if method != "GET" {
            self.shared.clock_moved.notify_waiters();
        }
        answer
    }

    /// Closes the listening socket, so that connections are refused, or opens it again. Open connections stay.
    fn open_or_close(&self, body: &Value) -> ControlResult {
        check_keys("The listener", "key", &LISTENER, body)?;
        let open = body.get("listening").and_then(Value::as_bool);
        let open = open.ok_or_else(|| ControlError::new(400, "listening takes true or false."))?;
        let time = body.get("for_seconds").map(|value| seconds::read("for_seconds", value)).transpose()?;
        self.listener().ask(open, time);
        Ok(json!({"listening": open}))
    }

    /// Where the emulator is, and its default credentials: `url`, `group_id`, `org_id`, …
    pub fn description(&self) -> Value {
        overview::description(&mut self.lock().store)
    }

    /// What was received and answered, oldest first.
    pub fn requests(&self) -> Vec<Value> {
        self.lock().store.request_log.since(0).map(Record::to_json).collect()
    }

    /// Stored things, faults, settings, clock, counters and requests back to the start; credentials stay.
    pub fn reset(&self) {
        // `reset` is a request that cannot fail.
        let _ = self.control("POST", "reset", None);
    }
}
