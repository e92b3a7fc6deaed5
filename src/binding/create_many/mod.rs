//! `create_many`: some creates are always under way on the background thread, and results are returned as they come.
mod driver;
mod operation;
pub(crate) mod result;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList};

use self::driver::Driver;
use self::result::CreateResult;
use crate::binding::client::run::{CallResult, Client};
use crate::binding::convert::call::without_unwinding;
use crate::binding::convert::errors::{to_exception, warn_beside};
use crate::binding::convert::named;
use crate::binding::convert::results::{Output, ResultMode};
use crate::binding::runtime::background::Background;
use crate::binding::runtime::interpreter;
use crate::binding::runtime::interpreter::SIGNAL_CHECK_INTERVAL;
use crate::binding::runtime::job::Job;
use crate::binding::runtime::observer::{emit, threshold};
use crate::core::config::OnRetired;
use crate::core::operations::create_many::{NumberedCreate, NumberedResult};

/// While results are ready, operations are taken from the caller's iterator this often.
const REFILL_INTERVAL: Duration = Duration::from_millis(1);
/// How long closing waits for the creates under way to be cancelled.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The results of `create_many`, in the order in which they come.
#[pyclass(frozen, module = "atlas_serverless._core")]
pub(crate) struct Creates {
    client: Client,
    mode: ResultMode,
    on_retired: OnRetired,
    max_in_flight: usize,
    raises: bool,
    /// The process in which the driver runs.
    pid: u32,
    driver: Arc<Driver>,
    state: Mutex<State>,
}

struct State {
    /// The caller's iterator, until it ends.
    operations: Option<Py<PyIterator>>,
    /// What the caller's iterator raised. It is raised after the last result.
    iterator_error: Option<PyErr>,
    next_index: u64,
    under_way: HashMap<u64, Py<PyAny>>,
    ready: VecDeque<Py<CreateResult>>,
    last_fill: Instant,
    closed: bool,
}

impl Creates {
    pub(crate) fn start(
        py: Python<'_>,
        client: &Client,
        operations: &Bound<'_, PyAny>,
        max_in_flight: i64,
        on_error: &str,
    ) -> PyResult<Self> {
        client.check_open()?;
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
        let operations = without_unwinding(|| operations.try_iter())?.unbind();
        let background = Background::current()?;
        let core = background.client(py, client.state())?;
        let driver = Arc::<Driver>::default();
        background.spawn(driver.clone().run(core, threshold(py)?));
        let state = State {
            operations: Some(operations),
            iterator_error: None,
            next_index: 0,
            under_way: HashMap::new(),
            ready: VecDeque::new(),
            last_fill: Instant::now(),
            closed: false,
        };
        let (mode, on_retired) = client.defaults();
        let (client, pid, state) = (client.clone(), std::process::id(), Mutex::new(state));
        Ok(Creates { client, mode, on_retired, max_in_flight, raises, pid, driver, state })
    }

    /// Fails for a second thread, and for a call from within the caller's own iterator.
    fn state(&self) -> PyResult<MutexGuard<'_, State>> {
        match self.state.try_lock() {
            Ok(state) => Ok(state),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(PyValueError::new_err("create_many is already being iterated")),
        }
    }

    /// Takes operations until enough are under way. One that cannot be sent is a result at once.
    fn fill(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        let mut requests = Vec::new();
        while state.under_way.len() + state.ready.len() < self.max_in_flight {
            let Some(operations) = &state.operations else { break };
            let mut iterator = operations.bind(py).clone();
            let operation = match without_unwinding(|| iterator.next()) {
                Some(Ok(operation)) => operation,
                None => {
                    state.operations = None;
                    break;
                }
                Some(Err(error)) => {
                    state.operations = None;
                    state.iterator_error = Some(error);
                    break;
                }
            };
            let index = state.next_index;
            state.next_index += 1;
            match operation::read(py, &self.client, &operation, self.on_retired) {
                Ok((create, timeout)) => {
                    state.under_way.insert(index, operation.unbind());
                    requests.push(NumberedCreate { number: index, request: create, timeout });
                }
                Err(error) => state.ready.push_back(CreateResult::new(py, index, operation.unbind(), Err(error))?),
            }
        }
        if !requests.is_empty() {
            self.driver.push(requests);
        }
        state.last_fill = Instant::now();
        Ok(())
    }

    /// Takes the results that the driver has.
    fn collect(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        let (results, log_lines) = self.driver.take();
        for NumberedResult { number, result, notices } in results {
            let Some(operation) = state.under_way.remove(&number) else { continue };
            let outcome = match result {
                Ok(reply) => self.mode.to_python(py, Output::Reply(reply), &notices),
                Err(error) => {
                    warn_beside(py, &notices);
                    Err(to_exception(py, error))
                }
            };
            state.ready.push_back(CreateResult::new(py, number, operation, outcome.map(Bound::unbind))?);
        }
        log_lines.into_iter().try_for_each(|(level, line)| emit(py, level, &line))
    }

    /// The next result that is ready. Raises after the last what the caller's iterator raised.
    fn next_ready(&self, py: Python<'_>, state: &mut State) -> PyResult<Next> {
        if state.closed {
            return Ok(Next::End);
        }
        if state.ready.is_empty() || state.last_fill.elapsed() > REFILL_INTERVAL {
            if self.pid != std::process::id() {
                return Err(PyRuntimeError::new_err("create_many does not go on in a child made by fork"));
            }
            self.client.check_open()?;
            self.fill(py, state)?;
            self.collect(py, state)?;
        }
        match state.ready.pop_front() {
            Some(ready) => Ok(Next::Result(ready)),
            None if state.under_way.is_empty() => state.iterator_error.take().map_or(Ok(Next::End), Err),
            None => Ok(Next::NotReady),
        }
    }

    /// Cancels what is under way. Each create that had been sent logs what it may have created.
    fn cancel(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        if std::mem::replace(&mut state.closed, true) || self.pid != std::process::id() {
            return Ok(());
        }
        state.operations = None;
        state.ready.clear();
        self.driver.close();
        py.detach(|| self.driver.wait_until_stopped(CLOSE_TIMEOUT));
        let (_, log_lines) = self.driver.take();
        log_lines.into_iter().try_for_each(|(level, line)| emit(py, level, &line))
    }

    /// With `on_error="raise"` a failure ends all.
    fn unless_raised(&self, py: Python<'_>, state: &mut State, ready: Py<CreateResult>) -> PyResult<Py<CreateResult>> {
        let Some(error) = ready.get().error.as_ref().filter(|_| self.raises) else { return Ok(ready) };
        let error = error.bind(py);
        self.cancel(py, state)?;
        error.setattr("operation", ready.get().operation.bind(py))?;
        Err(PyErr::from_value(error.clone()))
    }
}

#[pymethods]
impl Client {
    #[doc = include_str!("../docs/create_many.txt")]
    #[pyo3(signature = (operations, *, max_in_flight=32, on_error="collect", **others), text_signature = None)]
    fn create_many(
        &self,
        py: Python<'_>,
        operations: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = named::max_in_flight)] max_in_flight: i64,
        #[pyo3(from_py_with = named::on_error)] on_error: &str,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Creates> {
        operation::refuse_arguments(others)?;
        Creates::start(py, self, operations, max_in_flight, on_error)
    }
}

enum Next {
    Result(Py<CreateResult>),
    NotReady,
    End,
}

#[pymethods]
impl Creates {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<CreateResult>>> {
        let mut state = self.state()?;
        loop {
            match self.next_ready(py, &mut state)? {
                Next::Result(ready) => return self.unless_raised(py, &mut state, ready).map(Some),
                Next::End => return Ok(None),
                Next::NotReady => {
                    py.detach(|| self.driver.wait(SIGNAL_CHECK_INTERVAL));
                    if let Err(interrupted) = py.check_signals() {
                        self.cancel(py, &mut state)?;
                        return Err(interrupted);
                    }
                }
            }
        }
    }

    /// For an asynchronous client: all results that are ready, or None after the last. An empty list: await `wait()`.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyList>>> {
        let mut state = self.state()?;
        let batch = PyList::empty(py);
        loop {
            match self.next_ready(py, &mut state)? {
                // Results before a failure that is raised are returned first.
                Next::Result(ready) if self.raises && ready.get().error.is_some() && !batch.is_empty() => {
                    state.ready.push_front(ready);
                    return Ok(Some(batch));
                }
                Next::Result(ready) => batch.append(self.unless_raised(py, &mut state, ready)?)?,
                Next::End if batch.is_empty() => return Ok(None),
                Next::End | Next::NotReady => return Ok(Some(batch)),
            }
            if state.ready.is_empty() {
                return Ok(Some(batch));
            }
        }
    }

    /// For an asynchronous client: a `Pending` that ends when there are results.
    fn wait(&self, py: Python<'_>) -> CallResult {
        let driver = self.driver.clone();
        self.client.run(
            py,
            Job::new(None, move |_, _| async move {
                driver.wait_async().await;
                Ok(Output::Nothing)
            }),
        )
    }

    /// The operations that are under way; after `close()`, those that were ended: what they create may exist.
    #[getter]
    fn in_flight<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let state = self.state()?;
        let mut under_way: Vec<(&u64, &Py<PyAny>)> = state.under_way.iter().collect();
        under_way.sort_by_key(|(index, _)| **index);
        PyList::new(py, under_way.into_iter().map(|(_, operation)| operation.bind(py)))
    }

    fn __repr__(&self) -> PyResult<String> {
        let state = self.state()?;
        let more = if state.operations.is_some() { ", more to come" } else { "" };
        Ok(format!("<Creates {} under way, {} ready{more}>", state.under_way.len(), state.ready.len()))
    }

    /// End what is under way and take no further operation. Closing twice is fine.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let mut state = self.state()?;
        self.cancel(py, &mut state)
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __exit__(&self, py: Python<'_>, _type: Py<PyAny>, _value: Py<PyAny>, _traceback: Py<PyAny>) -> PyResult<()> {
        self.close(py)
    }
}

impl Drop for Creates {
    fn drop(&mut self) {
        let done = self.state.get_mut().is_ok_and(|state| state.closed || state.under_way.is_empty());
        // In a child made by fork the driver's lock may be held by a thread that does not exist there.
        if self.pid != std::process::id() {
            return;
        }
        self.driver.close();
        if done {
            return;
        }
        // While the interpreter ends nobody reads the log.
        interpreter::attach(|py| {
            if let Err(error) = self.close(py) {
                error.write_unraisable(py, None);
            }
        });
    }
}
