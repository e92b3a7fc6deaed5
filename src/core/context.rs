//! What surrounds a call: time, chance and policy, the same for all calls of a client; and the call's own clock,
//! deadline and listener.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::core::clock::{Chance, Clock};
use crate::core::error::Notice;
use crate::core::observe::{Level, Observer};
use crate::core::retry::{Policy, Progress};

/// Time, chance and policy of a client.
#[derive(Clone)]
pub struct Doors {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// Bounds of retrying.
    pub policy: Policy,
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
    /// Attempts of the operation itself (look-ups, tokens and challenges not counted).
    pub attempts: u32,
    /// Who listens.
    pub observer: Option<Arc<dyn Observer>>,
    /// What the caller should see beside the result.
    pub notices: Notices,
}

impl Context {
    /// A call that begins now and may take `timeout` in all.
    pub fn begin(doors: &Doors, timeout: Option<Duration>, observer: Option<Arc<dyn Observer>>) -> Self {
        let started = doors.clock.now();
        let deadline = timeout.map(|t| started.saturating_add(t));
        Context { started, deadline, attempts: 0, observer, notices: Notices::default() }
    }

    /// A call within this one: its own attempts and its own start, the same deadline, listener and notices.
    pub fn inner(&self, started: Duration) -> Self {
        Context {
            started,
            deadline: self.deadline,
            attempts: 0,
            observer: self.observer.clone(),
            notices: self.notices.clone(),
        }
    }

    /// Time since the call began.
    pub fn elapsed(&self, doors: &Doors) -> Duration {
        doors.clock.now().saturating_sub(self.started)
    }

    /// Time until the caller's deadline.
    pub fn left(&self, doors: &Doors) -> Option<Duration> {
        self.deadline.map(|d| d.saturating_sub(doors.clock.now()))
    }

    /// The bound of an attempt that starts now: the client's, or what is left until the deadline.
    pub fn attempt_timeout(&self, doors: &Doors) -> Duration {
        self.left(doors).map_or(doors.timeout, |left| left.min(doors.timeout))
    }

    /// Where the call stands after `attempts` attempts.
    pub fn progress(&self, doors: &Doors, attempts: u32) -> Progress {
        Progress { attempts, elapsed: self.elapsed(doors), left: self.left(doors) }
    }

    /// Says something, if somebody listens.
    pub fn log(&self, level: Level, message: impl FnOnce() -> String) {
        if let Some(observer) = self.observer.as_ref().filter(|o| o.enabled(level)) {
            observer.log(level, message());
        }
    }
}
