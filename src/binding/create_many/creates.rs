//! The iterator of results: it takes operations from the caller's iterable, hands them to the driver, and takes results from it.
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use super::driver::Driver;
use super::journal::OpenJournal;
use super::operation;
use super::progress::Progress;
use super::result::CreateResult;
use super::state::{Numbered, State, raised};
use crate::binding::client::operations::progress_callable;
use crate::binding::client::run::Client;
use crate::binding::convert::call::without_unwinding;
use crate::binding::convert::errors::{to_exception, warn_beside};
use crate::binding::convert::named;
use crate::binding::convert::results::{Output, ResultMode};
use crate::binding::locks::if_free;
use crate::binding::runtime::background::Background;
use crate::binding::runtime::interpreter;
use crate::binding::runtime::interpreter::descriptors_lost;
use crate::binding::runtime::observer::{emit, threshold};
use crate::core::config::OnRetired;
use crate::core::context::observe::Level;
use crate::core::operations::create_many::{NumberedOperation, NumberedResult};
use crate::core::operations::journal::Entry;
use crate::core::spec::model::Operation;

/// While results are ready, operations are taken from the caller's iterator this often.
const REFILL_INTERVAL: Duration = Duration::from_millis(1);
/// How long closing waits for what is under way to be cancelled.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// How often Ctrl-C is looked for while a list is compared with its journal.
const COMPARED_BETWEEN_SIGNALS: u64 = 1024;

/// The results of `create_many`, `update_many` or `delete_many`, in the order in which they come.
#[pyclass(frozen, module = "atlas_serverless._core")]
pub(crate) struct Creates {
    pub(super) client: Client,
    /// Create, update or delete.
    action: Operation,
    mode: ResultMode,
    on_retired: OnRetired,
    max_in_flight: usize,
    pub(super) raises: bool,
    /// The process in which the driver runs.
    pid: u32,
    background: Arc<Background>,
    pub(super) driver: Arc<Driver>,
    state: Mutex<State>,
}

/// Arguments that `create_many` and its like share.
pub(super) struct Arguments<'a, 'py> {
    pub(super) operations: &'a Bound<'py, PyAny>,
    pub(super) max_in_flight: i64,
    pub(super) on_error: &'a str,
    pub(super) journal: Option<PathBuf>,
    pub(super) progress: Option<Bound<'py, PyAny>>,
}

impl Creates {
    pub(super) fn start(
        py: Python<'_>,
        client: &Client,
        action: Operation,
        arguments: Arguments<'_, '_>,
    ) -> PyResult<Self> {
        client.check_open(py)?;
        let Arguments { operations, max_in_flight, on_error, journal, progress } = arguments;
        let raises = match on_error {
            "collect" => false,
            "raise" => true,
            other => {
                let message = format!("on_error must be \"collect\" or \"raise\", not {other:?}");
                return Err(PyValueError::new_err(message));
            }
        };
        let max_in_flight = usize::try_from(max_in_flight).ok().filter(|number| *number > 0);
        let max_in_flight = max_in_flight.ok_or_else(|| PyValueError::new_err("max_in_flight must be at least 1"))?;
        if !operations.hasattr(pyo3::intern!(py, "__iter__"))? {
            return Err(named::wrong_type("operations", "an iterable of mappings", operations));
        }
        let progress = progress_callable(py, progress.as_ref(), "display_many")?;
        let progress = Progress::new(progress, without_unwinding(|| operations.len()).ok());
        let operations = without_unwinding(|| operations.try_iter())?.unbind();
        let journal = journal.map(|path| OpenJournal::open(py, path, action)).transpose()?;
        let background = Background::current(py)?;
        let core = background.client(py, client.state())?;
        let driver = Arc::<Driver>::default();
        background.spawn(driver.clone().run(core, threshold(py)?));
        let state = State::new(operations, journal, progress);
        let (mode, on_retired) = client.defaults();
        let (client, pid, state) = (client.clone(), std::process::id(), Mutex::new(state));
        Ok(Creates { client, action, mode, on_retired, max_in_flight, raises, pid, background, driver, state })
    }

    /// What is under way is another process', or cannot end any more.
    fn is_out_of_reach(&self) -> bool {
        self.pid != std::process::id() || self.background.is_lost()
    }

    /// Fails for a second thread, and for a call from within the caller's own iterator.
    pub(super) fn state(&self) -> PyResult<MutexGuard<'_, State>> {
        self.idle_state().ok_or_else(|| PyValueError::new_err("it is already being iterated"))
    }

    /// The state, unless it is in use.
    pub(super) fn idle_state(&self) -> Option<MutexGuard<'_, State>> {
        if_free(&self.state)
    }

    /// The next operation of the caller's iterator.
    fn take_operation(&self, py: Python<'_>, state: &mut State) -> Option<Numbered> {
        let mut iterator = state.operations.as_ref()?.bind(py).clone();
        match without_unwinding(|| iterator.next()) {
            Some(Ok(operation)) => {
                let index = state.next_index;
                state.next_index += 1;
                let request = operation::read(py, &self.client, self.action, &operation, self.on_retired);
                let request = request.map_err(|error| error.into_value(py));
                Some(Numbered { index, operation: operation.unbind(), request })
            }
            end => {
                state.operations = None;
                state.iterator_error = end.and_then(Result::err).map(|error| error.into_value(py));
                None
            }
        }
    }

    /// Compares the list with what an earlier process had begun of it, before anything is sent.
    fn compare(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        let begun = state.journal.as_ref().map_or(0, OpenJournal::begun);
        while state.next_index < begun {
            if state.next_index.is_multiple_of(COMPARED_BETWEEN_SIGNALS) {
                py.check_signals()?;
            }
            let taken = self.take_operation(py, state);
            let Some(journal) = &mut state.journal else { return Ok(()) };
            let Some(Numbered { index, operation, request }) = taken else {
                let error = state.iterator_error.take().map(|error| raised(py, error));
                return Err(error.unwrap_or_else(|| journal.too_short(py, state.next_index)));
            };
            if journal.has_succeeded(py, index, &entry(&request))? {
                state.progress.count_skipped();
            } else {
                let request = request.map(|(request, timeout)| (request.again(), timeout));
                state.interrupted.push_back(Numbered { index, operation, request });
            }
        }
        Ok(())
    }

    /// Takes operations until enough are under way. One that cannot be sent is a result at once.
    fn fill(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        let mut requests = Vec::new();
        while state.under_way.len() + state.ready.len() < self.max_in_flight {
            let interrupted = state.interrupted.pop_front();
            let is_new = interrupted.is_none();
            let Some(taken) = interrupted.or_else(|| self.take_operation(py, state)) else { break };
            let Numbered { index, operation, request } = taken;
            if let Some(journal) = state.journal.as_mut().filter(|_| is_new) {
                journal.begin(py, index, entry(&request))?;
            }
            match request {
                Ok((request, timeout)) => {
                    let number = state.under_way.insert((index, operation));
                    requests.push(NumberedOperation { number, request, timeout });
                }
                Err(error) => self.end(py, state, index, operation, Err(raised(py, error)))?,
            }
        }
        if !requests.is_empty() {
            if let Some(journal) = &mut state.journal {
                journal.flush(py)?;
            }
            self.driver.push(requests);
        }
        state.last_fill = Instant::now();
        Ok(())
    }

    /// Takes the results that the driver has.
    fn collect(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        let (results, log_lines) = self.driver.take();
        for NumberedResult { number, result, notices } in results {
            let Some((index, operation)) = state.under_way.try_remove(number) else { continue };
            let outcome = match result {
                Ok(reply) => self.mode.to_python(py, Output::Reply(reply), &notices),
                Err(error) => {
                    warn_beside(py, &notices);
                    Err(to_exception(py, error))
                }
            };
            self.end(py, state, index, operation, outcome.map(Bound::unbind))?;
        }
        log_lines.into_iter().try_for_each(|(level, line)| emit(py, level, &line))
    }

    /// Counts a result and writes it down; it is reported once the journal is on the disk.
    fn end(
        &self,
        py: Python<'_>,
        state: &mut State,
        index: u64,
        operation: Py<PyAny>,
        outcome: PyResult<Py<PyAny>>,
    ) -> PyResult<()> {
        let failure = outcome.as_ref().err().map(|error| failure(py, error));
        match &failure {
            None => state.progress.count_success(),
            Some(failure) => state.progress.count_failure(failure),
        }
        if let Some(journal) = &mut state.journal {
            journal.end(py, index, failure)?;
        }
        state.ready.push_back(CreateResult::new(py, self.action, index, operation, outcome)?);
        Ok(())
    }

    /// The next result that is ready. Raises after the last what the caller's iterator raised.
    pub(super) fn next_ready(&self, py: Python<'_>, state: &mut State) -> PyResult<Next> {
        if state.closed {
            return Ok(Next::End);
        }
        if state.ready.is_empty() || state.last_fill.elapsed() > REFILL_INTERVAL {
            if self.pid != std::process::id() {
                return Err(PyRuntimeError::new_err("what is under way does not go on in a child made by fork"));
            }
            if self.background.is_lost() {
                return Err(to_exception(py, descriptors_lost()));
            }
            self.client.check_open(py)?;
            // What has arrived waits for a call at another depth.
            self.mode.prepare(py)?;
            if let Err(error) = self.advance(py, state) {
                self.cancel(py, state)?;
                return Err(error);
            }
        }
        match state.ready.pop_front() {
            Some(ready) => Ok(Next::Result(ready)),
            None if state.under_way.is_empty() => {
                state.progress.report(py, 0, true)?;
                state.iterator_error.take().map_or(Ok(Next::End), |error| Err(raised(py, error)))
            }
            None => Ok(Next::NotReady),
        }
    }

    /// Starts what may start and takes what has ended. An error ends the iteration: the caller's callable or the disk
    /// refused.
    fn advance(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        self.compare(py, state)?;
        self.fill(py, state)?;
        self.collect(py, state)?;
        if let Some(journal) = state.journal.as_mut().filter(|_| !state.ready.is_empty()) {
            journal.sync(py)?;
        }
        state.progress.report(py, state.under_way.len(), false)
    }

    /// Cancels what is under way. Each create that had been sent logs what it may have created, and results that nobody takes
    /// any more are logged, too.
    pub(super) fn cancel(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        if std::mem::replace(&mut state.closed, true) || self.is_out_of_reach() {
            return Ok(());
        }
        state.operations = None;
        let left: Vec<Py<CreateResult>> = state.ready.drain(..).collect();
        state.journal = None; // closes and unlocks it
        self.driver.close();
        py.detach(|| self.driver.wait_until_stopped(CLOSE_TIMEOUT));
        let (_, log_lines) = self.driver.take();
        log_lines.into_iter().try_for_each(|(level, line)| emit(py, level, &line))?;
        if left.is_empty() {
            return Ok(());
        }
        let shown = left.iter().map(|result| result.get().__repr__(py)).collect::<PyResult<Vec<_>>>()?;
        emit(py, Level::Warning, &format!("Results that nobody took: {}", shown.join(", ")))
    }

    /// With `on_error="raise"` a failure ends all.
    pub(super) fn unless_raised(
        &self,
        py: Python<'_>,
        state: &mut State,
        ready: Py<CreateResult>,
    ) -> PyResult<Py<CreateResult>> {
        let Some(error) = ready.get().error.as_ref().filter(|_| self.raises) else { return Ok(ready) };
        let error = error.bind(py);
        self.cancel(py, state)?;
        error.setattr("operation", ready.get().operation.bind(py))?;
        Err(PyErr::from_value(error.clone()))
    }
}

/// What a journal knows an operation by.
fn entry<E>(request: &Result<operation::Request, E>) -> Entry {
    request.as_ref().map_or_else(|_| Entry::invalid(), |(request, _)| request.entry())
}

/// The error code of a failure, or its class where there is none.
fn failure(py: Python<'_>, error: &PyErr) -> String {
    let code = error.value(py).getattr("error_code").and_then(|code| code.extract::<String>());
    code.or_else(|_| Ok::<_, PyErr>(error.get_type(py).name()?.to_string())).unwrap_or_else(|_| "error".to_owned())
}

pub(super) enum Next {
    Result(Py<CreateResult>),
    NotReady,
    End,
}

impl Creates {
    /// Ends what is under way for a caller that has let go of it.
    pub(super) fn abandon(&self) {
        // In a child made by fork the driver's lock may be held by a thread that does not exist there.
        if self.is_out_of_reach() {
            return;
        }
        self.driver.close();
        if self.idle_state().is_some_and(|state| state.is_done()) {
            return;
        }
        // While the interpreter ends nobody reads the log.
        interpreter::attach(|py| {
            if let Err(error) = self.state().and_then(|mut state| self.cancel(py, &mut state)) {
                error.write_unraisable(py, None);
            }
        });
    }
}

impl Drop for Creates {
    fn drop(&mut self) {
        self.abandon();
    }
}
