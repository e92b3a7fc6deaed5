//! What an iteration holds: the caller's iterator, operations and callable, and results that nobody has taken yet.
use std::collections::VecDeque;
use std::time::Instant;

use pyo3::exceptions::PyBaseException;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyIterator;
use slab::Slab;

use super::journal::OpenJournal;
use super::operation;
use super::progress::Progress;
use super::result::CreateResult;

/// Exceptions are kept as objects, which garbage collection can visit.
pub(super) struct State {
    /// The caller's iterator, until it ends.
    pub(super) operations: Option<Py<PyIterator>>,
    /// What the caller's iterator raised. It is raised after the last result.
    pub(super) iterator_error: Option<Py<PyBaseException>>,
    pub(super) next_index: u64,
    /// What an earlier process had begun and not ended, by its journal.
    pub(super) interrupted: VecDeque<Numbered>,
    /// Index and operation, by the number under which the driver has it.
    pub(super) under_way: Slab<(u64, Py<PyAny>)>,
    pub(super) ready: VecDeque<Py<CreateResult>>,
    pub(super) last_fill: Instant,
    pub(super) journal: Option<OpenJournal>,
    pub(super) progress: Progress,
    pub(super) closed: bool,
}

/// An operation and what it asks for, or why it cannot be sent.
pub(super) struct Numbered {
    pub(super) index: u64,
    pub(super) operation: Py<PyAny>,
    pub(super) request: Result<operation::Request, Py<PyBaseException>>,
}

/// Raises an exception that was kept.
pub(super) fn raised(py: Python<'_>, error: Py<PyBaseException>) -> PyErr {
    PyErr::from_value(error.into_bound(py).into_any())
}

impl State {
    pub(super) fn new(operations: Py<PyIterator>, journal: Option<OpenJournal>, progress: Progress) -> Self {
        State {
            operations: Some(operations),
            iterator_error: None,
            next_index: 0,
            interrupted: VecDeque::new(),
            under_way: Slab::new(),
            ready: VecDeque::new(),
            last_fill: Instant::now(),
            journal,
            progress,
            closed: false,
        }
    }

    /// Whether nothing is left of which the log should have a line.
    pub(super) fn is_done(&self) -> bool {
        self.closed || (self.under_way.is_empty() && self.ready.is_empty())
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.operations)?;
        visit.call(&self.iterator_error)?;
        visit.call(self.progress.callable())?;
        for Numbered { operation, request, .. } in &self.interrupted {
            visit.call(operation)?;
            visit.call(request.as_ref().err())?;
        }
        for (_, (_, operation)) in &self.under_way {
            visit.call(operation)?;
        }
        self.ready.iter().try_for_each(|result| visit.call(result))
    }

    /// Every reference to an object, to be dropped once the state is unlocked: that may run code of the caller's.
    pub(super) fn take_objects(&mut self) -> impl Sized + use<> {
        let (iterator, error, callable) =
            (self.operations.take(), self.iterator_error.take(), self.progress.take_callable());
        let (interrupted, ready) = (std::mem::take(&mut self.interrupted), std::mem::take(&mut self.ready));
        (iterator, error, callable, interrupted, ready, std::mem::take(&mut self.under_way))
    }
}
