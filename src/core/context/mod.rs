//! What surrounds a call: time, chance and policy, the same for all calls of a client; and the call's own clock,
//! deadline and listener.
pub mod clock;
pub mod observe;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use self::clock::{Clock, Rng};
use self::observe::{Level, Observer, OutcomeGuard};
use crate::core::error::Notice;
use crate::core::policy::retry::{RetryPolicy, RetryState};

/// Of the time until a deadline, a create keeps this part, and at most this much, for a look-up.
const LOOK_UP_PART: u32 = 5;
const LOOK_UP_MOST: Duration = Duration::from_secs(10);

/// Time, chance and policy of a client.
#[derive(Clone)]
pub struct Env {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// Bounds of retrying.
    pub policy: RetryPolicy,
    /// Bound of one attempt.
    pub timeout: Duration,
}

/// What the caller should see although nothing failed, and what a failed call has to say beside its error. Whoever starts
/// a call keeps a clone and issues what is left when it has ended.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<Vec<Notice>>>);

impl Notices {
    /// Adds some.
    pub fn add(&self, notices: impl IntoIterator<Item = Notice>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(notices);
    }

    /// All of them, once.
    pub fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One call, from its first attempt to its result.
pub struct Context {
    /// The clock's time when the call began.
    pub started: Duration,
    /// The clock's time at which the caller gives up, if the caller said so.
    pub deadline: Option<Duration>,
    /// The clock's time from which `max_retry_time` counts: the beginning, or the last time that nothing was wrong.
    pub budget_from: Duration,
    /// Attempts of the operation itself (look-ups, tokens and challenges not counted).
    pub attempts: u32,
    /// The clock's time when the first request with credentials was sent.
    pub first_sent: Option<Duration>,
    /// A request with credentials was refused with 401 and sent again.
    pub refused_once: bool,
    /// The deletion that this call waits for was begun by another.
    pub joined: bool,
    /// What the caller should know if the call is given up now.
    pub doubt: Option<OutcomeGuard>,
    /// Who listens.
    pub observer: Option<Arc<dyn Observer>>,
    /// What the caller should see beside the result.
    pub notices: Notices,
}

impl Context {
    /// A call that begins now and may take `timeout` in all.
    pub fn begin(env: &Env, timeout: Option<Duration>, observer: Option<Arc<dyn Observer>>) -> Self {
        let started = env.clock.now();
        let deadline = timeout.map(|t| started.saturating_add(t));
        Context {
            started,
            deadline,
            budget_from: started,
            attempts: 0,
            first_sent: None,
            refused_once: false,
            joined: false,
            doubt: None,
            observer,
            notices: Notices::default(),
        }
    }

    /// For another request within the same call: the same bounds, listener and notices, its own attempts.
    pub fn beside(&self) -> Self {
        Context {
            started: self.started,
            deadline: self.deadline,
            budget_from: self.budget_from,
            attempts: 0,
            first_sent: None,
            refused_once: false,
            joined: false,
            doubt: None,
            observer: self.observer.clone(),
            notices: self.notices.clone(),
        }
    }

    /// For a request that has all of `max_retry_time` to itself, as a waiter's looks have.
    pub fn afresh(&self, env: &Env) -> Self {
        let now = env.clock.now();
        Context { started: now, budget_from: now, ..self.beside() }
    }

    /// Lets `max_retry_time` count from now: nothing was wrong until now.
    pub fn renew_budget(&mut self, env: &Env) {
        self.budget_from = env.clock.now();
    }

    /// Time since the call began.
    pub fn elapsed(&self, env: &Env) -> Duration {
        env.clock.now().saturating_sub(self.started)
    }

    /// Time until the caller's deadline.
    pub fn left(&self, env: &Env) -> Option<Duration> {
        self.deadline.map(|d| d.saturating_sub(env.clock.now()))
    }

    /// The bound of an attempt that starts now: the client's, or what is left until the deadline.
    pub fn attempt_timeout(&self, env: &Env) -> Duration {
        self.left(env).map_or(env.timeout, |left| left.min(env.timeout))
    }

    /// The bound of a create's attempt: some time is kept for looking up what became of it.
    pub fn create_timeout(&self, env: &Env) -> Duration {
        let kept = |left: Duration| left - (left / LOOK_UP_PART).min(LOOK_UP_MOST);
        self.left(env).map_or(env.timeout, |left| kept(left).min(env.timeout))
    }

    /// The time in which another attempt may start: until the deadline, and within `max_retry_time`.
    pub fn budget(&self, env: &Env) -> Duration {
        let spent = env.clock.now().saturating_sub(self.budget_from);
        let left = env.policy.max_retry_time.saturating_sub(spent);
        self.left(env).map_or(left, |own| own.min(left))
    }

    /// Where the call stands after `attempts` attempts.
    pub fn retry_state(&self, attempts: u32, env: &Env) -> RetryState {
        RetryState { attempts, left: self.budget(env) }
    }

    /// A request with credentials goes out now: from here on something may be done.
    pub fn sending(&mut self, env: &Env) {
        self.first_sent.get_or_insert_with(|| env.clock.now());
        if let Some(doubt) = &mut self.doubt {
            doubt.begin();
        }
    }

    /// What is said if the call is given up before [`Context::settled`]; nobody is told if nobody listens.
    pub fn in_doubt(&mut self, message: impl Fn() -> String + Send + Sync + 'static) {
        self.settled();
        self.doubt = self.observer.as_ref().map(|observer| OutcomeGuard::new(observer.clone(), Arc::new(message)));
    }

    /// The outcome is known.
    pub fn settled(&mut self) {
        if let Some(doubt) = self.doubt.take() {
            doubt.end();
        }
    }

    /// Says something, if somebody listens.
    pub fn log(&self, level: Level, message: impl FnOnce() -> String) {
        if let Some(observer) = self.observer.as_ref().filter(|o| o.enabled(level)) {
            observer.log(level, message());
        }
    }
}
