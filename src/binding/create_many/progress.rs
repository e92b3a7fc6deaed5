//! `progress=` of `create_many` and its like: counts for a callable, ten times a second at most.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::binding::convert::call::{import, without_unwinding};

const INTERVAL: Duration = Duration::from_millis(100);

/// How many operations have ended, and how.
pub(super) struct Progress {
    callable: Option<Py<PyAny>>,
    /// How many operations there are, if their iterable has a length.
    total: Option<usize>,
    started: Instant,
    reported: Option<Instant>,
    finished: bool,
    succeeded: u64,
    skipped: u64,
    /// By error code, or by class where there is none.
    failures: BTreeMap<String, u64>,
}

impl Progress {
    pub(super) fn new(callable: Option<Py<PyAny>>, total: Option<usize>) -> Self {
        let (started, reported, failures) = (Instant::now(), None, BTreeMap::new());
        Progress { callable, total, started, reported, finished: false, succeeded: 0, skipped: 0, failures }
    }

    pub(super) fn callable(&self) -> Option<&Py<PyAny>> {
        self.callable.as_ref()
    }

    pub(super) fn take_callable(&mut self) -> Option<Py<PyAny>> {
        self.callable.take()
    }

    pub(super) fn count_success(&mut self) {
        self.succeeded += 1;
    }

    /// One that an earlier process has carried out.
    pub(super) fn count_skipped(&mut self) {
        self.skipped += 1;
    }

    pub(super) fn count_failure(&mut self, failure: &str) {
        match self.failures.get_mut(failure) {
            Some(count) => *count += 1,
            None => drop(self.failures.insert(failure.to_owned(), 1)),
        }
    }

    /// Calls the callable if it is time, or if this is the end. What it raises ends the iteration.
    pub(super) fn report(&mut self, py: Python<'_>, under_way: usize, finished: bool) -> PyResult<()> {
        let Some(callable) = &self.callable else { return Ok(()) };
        let is_early = self.reported.is_some_and(|reported| reported.elapsed() < INTERVAL);
        if self.finished || (is_early && !finished) {
            return Ok(());
        }
        self.reported = Some(Instant::now());
        self.finished = finished;
        let counts = PyDict::new(py);
        counts.set_item("succeeded", self.succeeded)?;
        counts.set_item("skipped", self.skipped)?;
        counts.set_item("failures", &self.failures)?;
        counts.set_item("in_flight", under_way)?;
        counts.set_item("total", self.total)?;
        counts.set_item("elapsed", self.started.elapsed().as_secs_f64())?;
        counts.set_item("finished", finished)?;
        let progress = import(py, "atlas_serverless.types")?.getattr("ManyProgress")?.call((), Some(&counts))?;
        without_unwinding(|| callable.bind(py).call1((progress,)))?;
        Ok(())
    }
}
