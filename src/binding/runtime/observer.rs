//! Log lines to Python's `logging`, logger `atlas_serverless`, and polls to the caller's progress callable.
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use super::outcome_warning::OutcomeWarning;
use crate::binding::convert::call::{Name, call, call_with, without_unwinding};
use crate::core::context::observe::{LazyMessage, Level, Observer, Poll};

/// The least severe level that the logger lets through. A program that has not imported `logging` has no handler for less
/// than a warning.
pub(crate) fn threshold(py: Python<'_>) -> PyResult<Level> {
    static MODULES: Name = Name::new("sys", "modules");
    // Every call asks this. To look into `sys.modules` costs 8,000 instructions less than an import.
    if !MODULES.get(py)?.contains(pyo3::intern!(py, "logging"))? {
        return Ok(Level::Warning);
    }
    let logger = logger(py)?;
    let is_enabled = logger.getattr(pyo3::intern!(py, "isEnabledFor"))?;
    for (level, number) in [(Level::Debug, 10), (Level::Info, 20)] {
        if call(&is_enabled, (number,))?.is_truthy()? {
            return Ok(level);
        }
    }
    Ok(Level::Warning)
}

fn logger(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static GET_LOGGER: Name = Name::new("logging", "getLogger");
    let find = || Ok::<_, PyErr>(call(GET_LOGGER.get(py)?, ("atlas_serverless",))?.unbind());
    Ok(LOGGER.get_or_try_init(py, find)?.bind(py).clone())
}

/// Hands a line to `logging`. An `Exception` of a broken handler is reported as unraisable; anything else (Ctrl-C while
/// the handler ran) is returned.
pub(crate) fn emit(py: Python<'_>, level: Level, message: &str) -> PyResult<()> {
    emit_in(py, None, level, message)
}

/// The same in a copy of a `contextvars.Context`.
pub(super) fn emit_in(py: Python<'_>, context: Option<&Py<PyAny>>, level: Level, message: &str) -> PyResult<()> {
    let number = match level {
        Level::Debug => 10,
        Level::Info => 20,
        Level::Warning => 30,
    };
    let logged = logger(py).and_then(|logger| logger.getattr(pyo3::intern!(py, "log"))).and_then(|log| match context {
        None => call(&log, (number, "%s", message)),
        Some(context) => {
            let copy = context.bind(py).call_method0(pyo3::intern!(py, "copy"))?;
            call(&copy.getattr(pyo3::intern!(py, "run"))?, (log, number, "%s", message))
        }
    });
    match logged {
        Ok(_) => Ok(()),
        Err(error) if error.is_instance_of::<PyException>(py) => {
            without_unwinding(|| error.write_unraisable(py, None));
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Python's `Poll`.
pub(crate) fn to_poll(py: Python<'_>, poll: Poll) -> PyResult<Bound<'_, PyAny>> {
    let facts = PyDict::new(py);
    facts.set_item("state", poll.state)?;
    facts.set_item("elapsed", poll.elapsed.as_secs_f64())?;
    facts.set_item("polls", poll.polls)?;
    facts.set_item("name", poll.name)?;
    facts.set_item("kind", poll.kind)?;
    facts.set_item("last_error", poll.error)?;
    facts.set_item("wanted", poll.wanted)?;
    facts.set_item("done", poll.done)?;
    static POLL: Name = Name::new("atlas_serverless.types._values", "Poll");
    call_with(POLL.get(py)?, (), &facts)
}

/// What a call reports while it runs.
pub(super) enum Report {
    Log(Level, String),
    Poll(Poll),
}

/// Shows a warning where the progress of its call is shown (`progress=True`). A callable of the caller's gets polls only.
pub(super) fn show(py: Python<'_>, progress: Option<&Py<PyAny>>, level: Level, line: &str) -> PyResult<()> {
    let Some(progress) = progress.filter(|_| level == Level::Warning) else { return Ok(()) };
    match progress.bind(py).getattr_opt(pyo3::intern!(py, "_note"))? {
        Some(note) => call(&note, (line,)).map(drop),
        None => Ok(()),
    }
}

/// Hands a report to Python. What the log handler or the progress callable raises ends the call.
pub(super) fn deliver(py: Python<'_>, report: Report, progress: Option<&Py<PyAny>>) -> PyResult<()> {
    match (report, progress) {
        (Report::Log(level, line), _) => {
            emit(py, level, &line)?;
            show(py, progress, level, &line)
        }
        (Report::Poll(poll), Some(progress)) => call(progress.bind(py), (to_poll(py, poll)?,)).map(drop),
        (Report::Poll(_), None) => Ok(()),
    }
}

/// Keeps what a call reports until its thread is attached to Python again: no callable runs beneath the runtime. What
/// switches greenlets there would leave thread-local state of this one to another (gevent, eventlet).
pub(super) struct CallerObserver {
    threshold: Level,
    progress: bool,
    reports: Mutex<Vec<Report>>,
    held: AtomicBool,
    /// Due until the result is the caller's: what delivers the last reports may raise.
    pub(super) outcome_warning: OutcomeWarning,
}

impl CallerObserver {
    pub(super) fn new(threshold: Level, progress: bool) -> Self {
        let (reports, held) = (Mutex::default(), AtomicBool::new(false));
        CallerObserver { threshold, progress, reports, held, outcome_warning: OutcomeWarning::default() }
    }

    /// What is to be delivered now.
    pub(super) fn take(&self) -> Vec<Report> {
        let mut reports = self.reports();
        if self.holds(&reports) { Vec::new() } else { std::mem::take(&mut *reports) }
    }

    fn holds(&self, reports: &[Report]) -> bool {
        let is_warning = |report: &Report| matches!(report, Report::Log(Level::Warning, _));
        self.held.load(Ordering::Relaxed) && !reports.iter().any(is_warning)
    }

    fn reports(&self) -> MutexGuard<'_, Vec<Report>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for CallerObserver {
    fn enabled(&self, level: Level) -> bool {
        level >= self.threshold
    }
    fn log(&self, level: Level, message: String) {
        if !self.outcome_warning.is_taken() {
            self.reports().push(Report::Log(level, message));
        }
    }
    fn outcome_guard(&self, message: Option<&LazyMessage>) {
        if let Some(message) = message {
            self.outcome_warning.set(message);
        }
    }
    fn has_reports(&self) -> bool {
        let reports = self.reports();
        !reports.is_empty() && !self.holds(&reports)
    }
    fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Relaxed);
    }
    fn poll(&self, poll: Poll) -> ControlFlow<()> {
        if self.progress {
            self.reports().push(Report::Poll(poll));
        }
        ControlFlow::Continue(())
    }
}
