//! A call of an asynchronous client that is under way.
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::mailbox::Mailbox;
use crate::binding::convert::call::{Name, call};
use crate::binding::convert::errors::warn_beside;
use crate::core::context::Notices;

/// A call that is under way: `future` to await, `cancel()` to end it.
#[pyclass(frozen, module = "atlas_serverless._core")]
pub(crate) struct Pending {
    /// Where the call is registered, and its id; none if cancelling the future ends it.
    registered: Option<(Py<Mailbox>, u64)>,
    future: Py<PyAny>,
    progress: Option<Py<PyAny>>,
    notices: Notices,
}

impl Pending {
    pub(super) fn new(
        registered: Option<(Py<Mailbox>, u64)>,
        future: Py<PyAny>,
        progress: Option<Py<PyAny>>,
        notices: Notices,
    ) -> Self {
        Pending { registered, future, progress, notices }
    }
}

#[pymethods]
impl Pending {
    /// The asyncio future of the result.
    #[getter]
    fn future(&self, py: Python<'_>) -> Py<PyAny> {
        self.future.clone_ref(py)
    }

    /// The wrapper of the caller's progress callable, if there is one.
    #[getter]
    fn progress(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.progress.as_ref().map(|progress| progress.clone_ref(py))
    }

    /// Issues the warnings of a call that has failed.
    fn warn(&self, py: Python<'_>) {
        warn_beside(py, &self.notices);
    }

    /// A task that nobody awaits is part of a reference cycle: task, coroutine, this, future, task.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.future)?;
        visit.call(&self.progress)?;
        visit.call(self.registered.as_ref().map(|(mailbox, _)| mailbox))
    }

    /// Ends the call; its connection is closed if a reply is still to come.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        match &self.registered {
            Some((mailbox, id)) => mailbox.bind(py).get().cancel(py, *id),
            None => self.future.call_method0(py, pyo3::intern!(py, "cancel")).map(drop),
        }
    }
}

/// Wraps the caller's progress callable for the loop's own thread: what it raises fails the future.
pub(super) fn wrap_progress(py: Python<'_>, progress: Py<PyAny>, future: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    static PROGRESS: Name = Name::new("atlas_serverless._runtime.event_loops", "Progress");
    call(PROGRESS.get(py)?, (progress, future)).map(Bound::unbind)
}

/// A copy of the caller's `contextvars.Context`, as a task would have it: what the call reports is delivered in it.
pub(super) fn call_context(py: Python<'_>) -> PyResult<Py<PyAny>> {
    static COPY_CONTEXT: Name = Name::new("contextvars", "copy_context");
    call(COPY_CONTEXT.get(py)?, ()).map(Bound::unbind)
}
