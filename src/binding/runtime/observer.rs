//! Log lines to Python's `logging`, logger `atlas_serverless`, and polls to the caller's progress callable.
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use super::interpreter;
use crate::binding::convert::call::{Name, call, call_with};
use crate::core::context::observe::{Level, Observer, Poll};

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
    let number = match level {
        Level::Debug => 10,
        Level::Info => 20,
        Level::Warning => 30,
    };
    let logged = logger(py)
        .and_then(|logger| logger.getattr(pyo3::intern!(py, "log")))
        .and_then(|log| call(&log, (number, "%s", message)));
    match logged {
        Ok(_) => Ok(()),
        Err(error) if error.is_instance_of::<PyException>(py) => {
            error.write_unraisable(py, None);
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

/// What the caller's log handler, progress callable or a signal handler raised during a call; it ends the call.
pub(crate) type Raised = Arc<Mutex<Option<PyErr>>>;

/// Calls Python on the thread that runs the call.
pub(crate) struct CallerObserver {
    threshold: Level,
    progress: Option<Py<PyAny>>,
    raised: Raised,
}

impl CallerObserver {
    /// An observer, and what is raised while it observes.
    pub(crate) fn new(py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<(Self, Raised)> {
        let raised = Raised::default();
        Ok((CallerObserver { threshold: threshold(py)?, progress, raised: Arc::clone(&raised) }, raised))
    }

    fn set_raised(&self, error: PyErr) {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

impl Observer for CallerObserver {
    fn enabled(&self, level: Level) -> bool {
        level >= self.threshold
    }
    fn log(&self, level: Level, message: String) {
        if let Some(Err(error)) = interpreter::attach(|py| emit(py, level, &message)) {
            self.set_raised(error);
        }
    }
    fn poll(&self, poll: Poll) -> ControlFlow<()> {
        let Some(progress) = &self.progress else { return ControlFlow::Continue(()) };
        match interpreter::attach(|py| call(progress.bind(py), (to_poll(py, poll)?,)).map(drop)) {
            Some(Ok(())) | None => ControlFlow::Continue(()),
            Some(Err(error)) => {
                self.set_raised(error);
                ControlFlow::Break(())
            }
        }
    }
}
