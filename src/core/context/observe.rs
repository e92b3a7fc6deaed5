//! What a call tells its surroundings while it runs: log lines and polls. The binding hands an observer in;
//! without one nothing is formatted.
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// Severity of a log line, as in Python's `logging`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Each attempt.
    Debug,
    /// A retry or a reconciliation that is going well.
    Info,
    /// Something a person should look at.
    Warning,
}

/// One look of a waiter.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// `serverless` or `flex`.
    pub kind: &'static str,
    /// Resource name.
    pub name: String,
    /// State seen; `None` where the look-up failed or found nothing.
    pub state: Option<String>,
    /// The state waited for; `DELETED` for its absence.
    pub wanted: String,
    /// Time since the wait began.
    pub elapsed: Duration,
    /// Looks so far, this one included.
    pub polls: u32,
    /// The error of this look, as a sentence, where it failed.
    pub error: Option<String>,
    /// Whether this was the last look.
    pub done: bool,
}

/// Receives log lines and polls. Called on whatever thread runs the call.
pub trait Observer: Send + Sync {
    /// Whether lines of this level are wanted.
    fn enabled(&self, level: Level) -> bool;
    /// One log line; it never holds a secret.
    fn log(&self, level: Level, message: String);
    /// What must be said if the call is given up from now on; `None`: nothing any more. A call whose future is dropped
    /// says it by itself, as a warning; this is for listeners who could not hear that any more.
    fn doubt(&self, _message: Option<&Saying>) {}
    /// One look of a waiter; `Break` ends the call with [`crate::core::error::Error::Stopped`].
    fn poll(&self, poll: Poll) -> ControlFlow<()>;
}

/// A sentence that is made when somebody wants to hear it.
pub type Saying = Arc<dyn Fn() -> String + Send + Sync>;

/// A warning that is given if a call is dropped while its outcome is not known.
pub struct OutcomeGuard {
    observer: Arc<dyn Observer>,
    message: Option<Saying>,
    begun: bool,
}

impl OutcomeGuard {
    pub(crate) fn new(observer: Arc<dyn Observer>, message: Saying) -> Self {
        OutcomeGuard { observer, message: Some(message), begun: false }
    }

    /// From now on the warning is due.
    pub(crate) fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            self.observer.doubt(self.message.as_ref());
        }
    }

    /// It is not due any more.
    pub(crate) fn end(mut self) {
        self.message = None;
        if self.begun {
            self.observer.doubt(None);
        }
    }
}

impl Drop for OutcomeGuard {
    fn drop(&mut self) {
        if let Some(message) = self.message.take().filter(|_| self.begun) {
            self.observer.log(Level::Warning, message());
        }
    }
}
