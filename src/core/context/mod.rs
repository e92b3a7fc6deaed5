//! What a call runs with: the clock, the random source and the retry policy of its client, and its own deadline, attempts,
//! observer and notices.
pub mod boxed;
pub mod clock;
pub mod observe;
pub mod outcome_guard;
pub mod panic;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use self::clock::{Clock, Rng};
use self::observe::{Level, Observer};
use self::outcome_guard::OutcomeGuard;
use crate::core::error::{Notice, printable};
use crate::core::policy::poll_intervals::PollIntervals;
use crate::core::policy::retry::{RetryPolicy, RetryState};

/// The part of the time until a deadline that a create reserves for a look-up (a fifth), and the most that it reserves.
const LOOK_UP_SHARE: u32 = 5;
const MAX_LOOK_UP_TIME: Duration = Duration::from_secs(10);

/// What all calls of a client share; not environment variables, which are read by `Machine`. The clock and the random source are passed in so that tests can fix them.
#[derive(Clone)]
pub struct Env {
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub rng: Arc<dyn Rng>,
    /// How often and how long a call may try.
    pub policy: RetryPolicy,
    /// Timeout of one attempt.
    pub timeout: Duration,
    /// Pauses between the polls of a wait.
    pub poll_intervals: PollIntervals,
}

/// Notices of a call: they are shown whether it succeeds or fails. Whoever starts a call keeps a clone, and shows what is
/// left in it when the call has ended.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<Vec<Notice>>>);

impl Notices {
    /// Adds some, as they may be shown.
    pub fn add(&self, notices: impl IntoIterator<Item = Notice>) {
        let shown = notices.into_iter().map(Notice::printable);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(shown);
    }

    /// All of them, once.
    pub fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Lines are kept back; see [`Context::hold_reports`].
pub struct HeldReports(Option<Arc<dyn Observer>>);

impl Drop for HeldReports {
    fn drop(&mut self) {
        if let Some(observer) = &self.0 {
            observer.hold(false);
        }
    }
}

/// One call, from its first attempt to its result.
pub struct Context {
    /// The clock's time when the call began.
    pub started: Duration,
    /// The clock's time at which the caller gives up, if the caller said so.
    pub deadline: Option<Duration>,
    /// The clock's time from which `max_retry_time` counts: when the call began, or last made progress.
    pub retrying_since: Duration,
    /// Attempts of the operation itself (look-ups, tokens and challenges not counted).
    pub attempts: u32,
    /// The clock's time when the first request with credentials was sent.
    pub first_sent: Option<Duration>,
    /// A request with credentials was refused with 401 and sent again.
    pub was_unauthorized: bool,
    /// The deletion that this call waits for was requested by another call.
    pub joined_deletion: bool,
    /// The call was made within another of its thread, which goes on only after it: by a log handler, a progress callable or
    /// a signal handler. It does not wait for what the other may hold.
    pub nested: bool,
    /// Warns if the call is given up now.
    pub outcome_guard: Option<OutcomeGuard>,
    /// Receives log lines and polls.
    pub observer: Option<Arc<dyn Observer>>,
    /// What the caller should see beside the result.
    pub notices: Notices,
}

impl Context {
    /// A call that begins now and may take `timeout` in all.
    pub fn new(env: &Env, timeout: Option<Duration>, observer: Option<Arc<dyn Observer>>) -> Self {
        let started = env.clock.now();
        let deadline = timeout.map(|t| started.saturating_add(t));
        Context {
            started,
            deadline,
            retrying_since: started,
            attempts: 0,
            first_sent: None,
            was_unauthorized: false,
            joined_deletion: false,
            nested: false,
            outcome_guard: None,
            observer,
            notices: Notices::default(),
        }
    }

    /// For another request within the same call: the same deadline, observer and notices, its own attempts.
    pub fn sub_request(&self) -> Self {
        Context {
            started: self.started,
            deadline: self.deadline,
            retrying_since: self.retrying_since,
            attempts: 0,
            first_sent: None,
            was_unauthorized: false,
            joined_deletion: false,
            nested: self.nested,
            outcome_guard: None,
            observer: self.observer.clone(),
            notices: self.notices.clone(),
        }
    }

    /// For a request that may use all of `max_retry_time` itself, as each poll of a wait may.
    pub fn sub_request_from_now(&self, env: &Env) -> Self {
        let now = env.clock.now();
        Context { started: now, retrying_since: now, ..self.sub_request() }
    }

    /// Lets `max_retry_time` count from now, after the call made progress.
    pub fn restart_retry_time(&mut self, env: &Env) {
        self.retrying_since = env.clock.now();
    }

    /// Time since the call began.
    pub fn elapsed(&self, env: &Env) -> Duration {
        env.clock.now().saturating_sub(self.started)
    }

    /// Time until the caller's deadline.
    pub fn time_left(&self, env: &Env) -> Option<Duration> {
        self.deadline.map(|d| d.saturating_sub(env.clock.now()))
    }

    /// The timeout of an attempt that starts now: the client's, or what is left until the deadline.
    pub fn attempt_timeout(&self, env: &Env) -> Duration {
        self.time_left(env).map_or(env.timeout, |left| left.min(env.timeout))
    }

    /// The same for a create: some time is reserved for a look-up.
    pub fn create_timeout(&self, env: &Env) -> Duration {
        let for_attempt = |left: Duration| left - (left / LOOK_UP_SHARE).min(MAX_LOOK_UP_TIME);
        self.time_left(env).map_or(env.timeout, |left| for_attempt(left).min(env.timeout))
    }

    /// The time in which another attempt may start: until the deadline, and within `max_retry_time`.
    pub fn retry_time_left(&self, env: &Env) -> Duration {
        let spent = env.clock.now().saturating_sub(self.retrying_since);
        let left = env.policy.max_retry_time.saturating_sub(spent);
        self.time_left(env).map_or(left, |own| own.min(left))
    }

    /// Where the call stands after `attempts` attempts.
    pub fn retry_state(&self, attempts: u32, env: &Env) -> RetryState {
        RetryState { attempts, left: self.retry_time_left(env) }
    }

    /// A request with credentials is about to be sent: from now on the server may act on it.
    pub fn mark_sent(&mut self, env: &Env) {
        self.first_sent.get_or_insert_with(|| env.clock.now());
        if let Some(guard) = &mut self.outcome_guard {
            guard.arm();
        }
    }

    /// From the next request that is sent, the call warns with this message if it is given up. Without an observer there is
    /// nobody to warn.
    pub fn guard_outcome(&mut self, warning: impl Fn() -> String + Send + Sync + 'static) {
        self.disarm_outcome_guard();
        let observer = self.observer.as_ref();
        self.outcome_guard = observer.map(|observer| OutcomeGuard::new(observer.clone(), Arc::new(warning)));
    }

    /// The outcome is known: no warning is due.
    pub fn disarm_outcome_guard(&mut self) {
        if let Some(guard) = self.outcome_guard.take() {
            guard.disarm();
        }
    }

    /// Whether lines of this level are read.
    pub fn logs(&self, level: Level) -> bool {
        self.observer.as_ref().is_some_and(|observer| observer.enabled(level))
    }

    /// Formats and sends a log line, if the observer wants lines of this level.
    pub fn log(&self, level: Level, message: impl FnOnce() -> String) {
        if let Some(observer) = self.observer.as_ref().filter(|o| o.enabled(level)) {
            observer.log(level, printable(&message()));
        }
    }

    /// Until the result is dropped, lines below a warning are kept back: for a caller that holds what others wait for. The
    /// code that lines run, as a handler that switches greenlets, may be such another.
    #[must_use]
    pub fn hold_reports(&self) -> HeldReports {
        if let Some(observer) = &self.observer {
            observer.hold(true);
        }
        HeldReports(self.observer.clone())
    }

    /// Yields once if the observer delivers only then. What is delivered may make calls of its own, so a call does this
    /// before it takes what others wait for, as the lock under which a token is fetched.
    pub async fn deliver_reports(&self) {
        if self.observer.as_ref().is_some_and(|observer| observer.has_reports()) {
            tokio::task::yield_now().await;
        }
    }
}
