//! What a call reports while it runs: log lines, and the polls of a wait. The caller passes an observer in; without one
//! nothing is formatted.
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// Severity of a log line, as in Python's `logging`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Each attempt.
    Debug,
    /// A create that is done; a retry or a reconciliation that is going well.
    Info,
    /// Something that a person should look at.
    Warning,
}

/// A pause that a person at a terminal would wonder about.
const LONG_PAUSE: Duration = Duration::from_secs(5);

impl Level {
    /// The level of a line about a pause before the next request.
    pub fn of_pause(pause: Duration) -> Self {
        if pause > LONG_PAUSE { Self::Warning } else { Self::Info }
    }
}

/// One poll of a wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// `serverless` or `flex`.
    pub kind: &'static str,
    pub name: String,
    /// The state that was seen; `None` if the poll failed or found nothing.
    pub state: Option<String>,
    /// The state waited for; `DELETED` for its absence.
    pub wanted: String,
    /// Time since the wait began.
    pub elapsed: Duration,
    /// Polls so far, this one included.
    pub polls: u32,
    /// The error of this poll, as a sentence, if it failed.
    pub error: Option<String>,
    /// This was the last poll.
    pub done: bool,
}

/// A message that is formatted only if it is needed.
pub type LazyMessage = Arc<dyn Fn() -> String + Send + Sync>;

/// Receives log lines and polls, on the thread that runs the call.
pub trait Observer: Send + Sync {
    /// Lines of this level are wanted.
    fn enabled(&self, level: Level) -> bool;
    /// One log line; it never holds a secret.
    fn log(&self, level: Level, message: String);
    /// The warning that is due if the call is given up from now on, or `None` once its outcome is known. A call whose
    /// future is dropped logs the warning by itself; this is for observers that may no longer receive it then.
    fn outcome_guard(&self, _warning: Option<&LazyMessage>) {}
    /// Lines or polls wait until the call yields. See [`crate::core::context::Context::deliver_reports`].
    fn has_reports(&self) -> bool {
        false
    }
    /// Lines below a warning are kept back, or no longer. See [`crate::core::context::Context::hold_reports`].
    fn hold(&self, _held: bool) {}
    /// One poll of a wait; `Break` ends the call with [`crate::core::error::Error::Stopped`].
    fn poll(&self, poll: Poll) -> ControlFlow<()>;
}
