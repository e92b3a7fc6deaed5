//! What a call tells its surroundings while it runs: log lines and polls. The binding hands an observer in;
//! without one nothing is formatted.
use std::ops::ControlFlow;
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
    /// One look of a waiter; `Break` ends the call with [`crate::core::error::Error::Stopped`].
    fn poll(&self, poll: Poll) -> ControlFlow<()>;
}
