//! Fleets: `create_many` keeps some creates under way on the background's thread, and hands results over as they come.
pub(crate) mod driver;
pub(crate) mod operation;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList};

use self::driver::Driver;
use crate::binding::client::Client;
use crate::binding::convert::errors::{to_exception, warn_beside};
use crate::binding::convert::results::ResultMode;
use crate::binding::runtime::background::Background;
use crate::binding::runtime::blocking::{Handle, Job, Output, SIGNALS};
use crate::binding::runtime::interpreter;
use crate::binding::runtime::observer::{emit, threshold};
use crate::core::config::OnRetired;
use crate::core::operations::create_many::{NumberedCreate, NumberedResult};

/// How long the results at hand are handed out before new operations are looked for.
const FILL_AGAIN: Duration = Duration::from_millis(1);
/// How long closing waits for the creates under way to be given up.
const PATIENCE: Duration = Duration::from_secs(1);

/// How one operation of `create_many` ended.
#[pyclass(frozen, get_all, module = "atlas_serverless")]
pub(crate) struct CreateResult {
    /// Its place in the operations, from 0.
    index: u64,
    /// The operation as it was given.
    operation: Py<PyAny>,
    /// What the create returned; None after a failure.
    value: Option<Py<PyAny>>,
    /// What the create raised; None after a success.
    error: Option<Py<PyAny>>,
}

#[pymethods]
impl CreateResult {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(match &self.error {
            Some(error) => format!("<CreateResult {}: {}>", self.index, error.bind(py).repr()?),
            None => format!("<CreateResult {}>", self.index),
        })
    }
}

/// The results of `create_many`, in the order in which they come.
#[pyclass(frozen, module = "atlas_serverless._core")]
pub(crate) struct Creates {
    client: Client,
    shape: ResultMode,
    on_retired: OnRetired,
    max_in_flight: usize,
    raises: bool,
    pid: u32,
    driver: Arc<Driver>,
    fleet: Mutex<Fleet>,
}

struct Fleet {
    /// The caller's iterator, until it ends.
    operations: Option<Py<PyIterator>>,
    /// What the caller's iterator raised: it is raised once all results are handed out.
    broken: Option<PyErr>,
    next_index: u64,
    under_way: HashMap<u64, Py<PyAny>>,
    ready: VecDeque<Py<CreateResult>>,
    filled: Instant,
    closed: bool,
}

impl Creates {
    pub(crate) fn start(
        py: Python<'_>,
        client: Client,
        handle: &Arc<Handle>,
        operations: &Bound<'_, PyAny>,
        max_in_flight: usize,
        raises: bool,
    ) -> PyResult<Self> {
        if max_in_flight == 0 {
            return Err(PyValueError::new_err("max_in_flight must be at least 1"));
        }
        let operations = operations.try_iter()?.unbind();
        let background = Background::here()?;
        let core = background.client(py, handle)?;
        let driver = Arc::<Driver>::default();
        background.start(driver.clone().run(core, threshold(py)?));
        let fleet = Fleet {
            operations: Some(operations),
            broken: None,
            next_index: 0,
            under_way: HashMap::new(),
            ready: VecDeque::new(),
            filled: Instant::now(),
            closed: false,
        };
        let (shape, on_retired) = client.form();
        let pid = std::process::id();
        Ok(Creates { client, shape, on_retired, max_in_flight, raises, pid, driver, fleet: Mutex::new(fleet) })
    }

    /// One thread at a time, and not from within the caller's own iterator.
    fn fleet(&self) -> PyResult<MutexGuard<'_, Fleet>> {
        match self.fleet.try_lock() {
            Ok(fleet) => Ok(fleet),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(PyValueError::new_err("create_many is already being iterated")),
        }
    }

    /// Takes operations until enough are under way; what cannot be sent is a result at once.
    fn fill(&self, py: Python<'_>, fleet: &mut Fleet) -> PyResult<()> {
        let mut orders = Vec::new();
        while fleet.under_way.len() + fleet.ready.len() < self.max_in_flight {
            let Some(operations) = &fleet.operations else { break };
            let operation = match operations.bind(py).clone().next() {
                Some(Ok(operation)) => operation,
                None => {
                    fleet.operations = None;
                    break;
                }
                Some(Err(error)) => {
                    fleet.operations = None;
                    fleet.broken = Some(error);
                    break;
                }
            };
            let index = fleet.next_index;
            fleet.next_index += 1;
            match operation::read(py, &operation, self.on_retired) {
                Ok((create, timeout)) => {
                    fleet.under_way.insert(index, operation.unbind());
                    orders.push(NumberedCreate { number: index, request: create, timeout });
                }
                Err(error) => fleet.ready.push_back(result(py, index, operation.unbind(), Err(error))?),
            }
        }
        if !orders.is_empty() {
            self.driver.order(orders);
        }
        fleet.filled = Instant::now();
        Ok(())
    }

    /// Takes over what has come.
    fn collect(&self, py: Python<'_>, fleet: &mut Fleet) -> PyResult<()> {
        let (ended, lines) = self.driver.take();
        for NumberedResult { number, result: came, notices } in ended {
            let Some(operation) = fleet.under_way.remove(&number) else { continue };
            let came = match came {
                Ok(reply) => self.shape.now(py, Output::Reply(reply), &notices),
                Err(error) => {
                    warn_beside(py, &notices);
                    Err(to_exception(py, error))
                }
            };
            fleet.ready.push_back(result(py, number, operation, came.map(Bound::unbind))?);
        }
        lines.into_iter().try_for_each(|(level, line)| emit(py, level, &line))
    }

    /// The next result that is at hand, or nothing if one is to come. Fails after the last, if the operations failed.
    fn at_hand(&self, py: Python<'_>, fleet: &mut Fleet) -> PyResult<Next> {
        if fleet.closed {
            return Ok(Next::Over);
        }
        if fleet.ready.is_empty() || fleet.filled.elapsed() > FILL_AGAIN {
            if self.pid != std::process::id() {
                return Err(PyRuntimeError::new_err("create_many does not go on in a child made by fork"));
            }
            self.client.check_open()?;
            self.fill(py, fleet)?;
            self.collect(py, fleet)?;
        }
        match fleet.ready.pop_front() {
            Some(ready) => Ok(Next::Result(ready)),
            None if fleet.under_way.is_empty() => fleet.broken.take().map_or(Ok(Next::Over), Err),
            None => Ok(Next::Later),
        }
    }

    /// Ends what is under way; what may exist is said by each create that had been sent.
    fn end(&self, py: Python<'_>, fleet: &mut Fleet) -> PyResult<()> {
        if std::mem::replace(&mut fleet.closed, true) || self.pid != std::process::id() {
            return Ok(());
        }
        fleet.operations = None;
        fleet.ready.clear();
        self.driver.close();
        py.detach(|| self.driver.wait_until_stopped(PATIENCE));
        let (_, lines) = self.driver.take();
        lines.into_iter().try_for_each(|(level, line)| emit(py, level, &line))
    }

    /// A failure of the one operation that all shall stop at.
    fn unless_raised(&self, py: Python<'_>, fleet: &mut Fleet, ready: Py<CreateResult>) -> PyResult<Py<CreateResult>> {
        let Some(error) = ready.get().error.as_ref().filter(|_| self.raises) else { return Ok(ready) };
        let error = error.bind(py);
        self.end(py, fleet)?;
        error.setattr("operation", ready.get().operation.bind(py))?;
        Err(PyErr::from_value(error.clone()))
    }
}

enum Next {
    Result(Py<CreateResult>),
    Later,
    Over,
}

#[pymethods]
impl Creates {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<CreateResult>>> {
        let mut fleet = self.fleet()?;
        loop {
            match self.at_hand(py, &mut fleet)? {
                Next::Result(ready) => return self.unless_raised(py, &mut fleet, ready).map(Some),
                Next::Over => return Ok(None),
                Next::Later => {
                    py.detach(|| self.driver.wait(SIGNALS));
                    if let Err(interrupted) = py.check_signals() {
                        self.end(py, &mut fleet)?;
                        return Err(interrupted);
                    }
                }
            }
        }
    }

    /// For an asynchronous client: all results that are at hand, or None after the last. None at hand: `wait()`.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyList>>> {
        let mut fleet = self.fleet()?;
        let batch = PyList::empty(py);
        loop {
            match self.at_hand(py, &mut fleet)? {
                // What came before a failure that is to be raised is handed out before it.
                Next::Result(ready) if self.raises && ready.get().error.is_some() && !batch.is_empty() => {
                    fleet.ready.push_front(ready);
                    return Ok(Some(batch));
                }
                Next::Result(ready) => batch.append(self.unless_raised(py, &mut fleet, ready)?)?,
                Next::Over if batch.is_empty() => return Ok(None),
                Next::Over | Next::Later => return Ok(Some(batch)),
            }
            if fleet.ready.is_empty() {
                return Ok(Some(batch));
            }
        }
    }

    /// For an asynchronous client: something pending that ends when there are results.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
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
        let fleet = self.fleet()?;
        let mut under_way: Vec<(&u64, &Py<PyAny>)> = fleet.under_way.iter().collect();
        under_way.sort_by_key(|(index, _)| **index);
        PyList::new(py, under_way.into_iter().map(|(_, operation)| operation.bind(py)))
    }

    /// End what is under way and take no further operation. Closing twice is fine.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let mut fleet = self.fleet()?;
        self.end(py, &mut fleet)
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
        let over = self.fleet.get_mut().is_ok_and(|fleet| fleet.closed || fleet.under_way.is_empty());
        self.driver.close();
        if over || self.pid != std::process::id() {
            return;
        }
        // At the interpreter's end there is nobody to tell.
        interpreter::enter(|py| {
            if let Err(error) = self.close(py) {
                error.write_unraisable(py, None);
            }
        });
    }
}

fn result(py: Python<'_>, index: u64, operation: Py<PyAny>, came: PyResult<Py<PyAny>>) -> PyResult<Py<CreateResult>> {
    let (value, error) = match came {
        Ok(value) => (Some(value), None),
        Err(error) => (None, Some(error.into_value(py).into_any())),
    };
    Py::new(py, CreateResult { index, operation, value, error })
}
