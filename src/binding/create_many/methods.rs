//! What Python calls: `create_many`, `update_many`, `delete_many`, and the iterator that they return.
use std::path::PathBuf;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::creates::{Arguments, Creates, Next};
use super::operation::refuse_arguments;
use super::result::CreateResult;
use crate::binding::client::run::{CallResult, Client};
use crate::binding::convert::named;
use crate::binding::convert::results::Output;
use crate::binding::runtime::interpreter::SIGNAL_CHECK_INTERVAL;
use crate::binding::runtime::job::Job;
use crate::core::spec::model::Operation;

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[doc = include_str!("../docs/create_many.txt")]
    #[pyo3(signature = (operations, *, max_in_flight=32, on_error="collect", journal=None, progress=None,
        **others), text_signature = None)]
    fn create_many(
        &self,
        py: Python<'_>,
        operations: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = named::max_in_flight)] max_in_flight: i64,
        #[pyo3(from_py_with = named::on_error)] on_error: &str,
        #[pyo3(from_py_with = named::journal)] journal: Option<PathBuf>,
        progress: Option<Bound<'_, PyAny>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Creates> {
        refuse_arguments("create_many", others)?;
        let arguments = Arguments { operations, max_in_flight, on_error, journal, progress };
        Creates::start(py, self, Operation::Create, arguments)
    }

    #[doc = include_str!("../docs/update_many.txt")]
    #[pyo3(signature = (operations, *, max_in_flight=32, on_error="collect", journal=None, progress=None,
        **others), text_signature = None)]
    fn update_many(
        &self,
        py: Python<'_>,
        operations: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = named::max_in_flight)] max_in_flight: i64,
        #[pyo3(from_py_with = named::on_error)] on_error: &str,
        #[pyo3(from_py_with = named::journal)] journal: Option<PathBuf>,
        progress: Option<Bound<'_, PyAny>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Creates> {
        refuse_arguments("update_many", others)?;
        let arguments = Arguments { operations, max_in_flight, on_error, journal, progress };
        Creates::start(py, self, Operation::Update, arguments)
    }

    #[doc = include_str!("../docs/delete_many.txt")]
    #[pyo3(signature = (operations, *, max_in_flight=32, on_error="collect", journal=None, progress=None,
        **others), text_signature = None)]
    fn delete_many(
        &self,
        py: Python<'_>,
        operations: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = named::max_in_flight)] max_in_flight: i64,
        #[pyo3(from_py_with = named::on_error)] on_error: &str,
        #[pyo3(from_py_with = named::journal)] journal: Option<PathBuf>,
        progress: Option<Bound<'_, PyAny>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Creates> {
        refuse_arguments("delete_many", others)?;
        let arguments = Arguments { operations, max_in_flight, on_error, journal, progress };
        Creates::start(py, self, Operation::Delete, arguments)
    }
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
        let mut under_way: Vec<&(u64, Py<PyAny>)> = state.under_way.iter().map(|(_, under_way)| under_way).collect();
        under_way.sort_by_key(|(index, _)| *index);
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

    /// While the state is locked its objects are in use: they count as reachable.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.idle_state().map_or(Ok(()), |state| state.traverse(&visit))
    }

    /// An iterator that refers to these results is part of a cycle with them.
    fn __clear__(&self) {
        self.abandon();
        let objects = self.idle_state().map(|mut state| state.take_objects());
        drop(objects);
    }
}
