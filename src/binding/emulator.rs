//! `_core.Emulator`. Options, and the bodies and replies of its control API, are dicts as JSON has them.

use pyo3::exceptions::{PyLookupError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pythonize::pythonize;

use crate::binding::convert::to_json::to_json;
use crate::binding::convert::{named, stack};
use crate::emulator::{ControlError, Emulator, Options, StartError};

/// A running emulator; `atlas_serverless.Emulator` is its public face.
#[pyclass(name = "Emulator", module = "atlas_serverless._core", frozen)]
#[derive(Debug)]
pub(super) struct PyEmulator(Emulator);

#[pymethods]
impl PyEmulator {
    /// Starts it; `options` is a dict with the names of the Rust options.
    #[new]
    fn new(py: Python<'_>, options: &Bound<'_, PyAny>) -> PyResult<Self> {
        stack::ensure_room()?;
        let options = Options::from_json(&to_json("options", options)?).map_err(PyValueError::new_err)?;
        let started = py.detach(|| Emulator::start(options));
        started.map(Self).map_err(|error| match error {
            StartError::Invalid(message) => PyValueError::new_err(message),
            StartError::Unusable(message) => PyRuntimeError::new_err(message),
        })
    }

    /// Whether this process is a child of the one that started it: then only `url` and `stop` can be used.
    #[getter]
    fn is_inherited(&self) -> bool {
        self.0.is_inherited()
    }

    #[getter]
    fn url(&self) -> String {
        self.0.url()
    }

    fn description<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value = self.detached(py, Emulator::description)?;
        Ok(pythonize(py, &value)?)
    }

    fn requests<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value = self.detached(py, Emulator::requests)?;
        Ok(pythonize(py, &value)?)
    }

    /// `LookupError` for what is not there, `ValueError` for an order that makes no sense.
    #[pyo3(signature = (method, path, body = None))]
    fn control<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::method)] method: &str,
        #[pyo3(from_py_with = named::path)] path: &str,
        body: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let body = body.map(|body| to_json("body", body)).transpose()?;
        let value = self.detached(py, |emulator| emulator.control(method, path, body))?.map_err(refused)?;
        Ok(pythonize(py, &value)?)
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.0.stop());
    }
}

impl PyEmulator {
    /// In a child made by fork there is nothing to ask, and a lock may be held for ever.
    fn detached<T: Send>(&self, py: Python<'_>, ask: impl FnOnce(&Emulator) -> T + Send) -> PyResult<T> {
        stack::ensure_room()?;
        if self.0.is_inherited() {
            let message = format!("this emulator runs in the parent process; it is reached at {}", self.0.url());
            return Err(PyRuntimeError::new_err(message));
        }
        Ok(py.detach(|| ask(&self.0)))
    }
}

fn refused(error: ControlError) -> PyErr {
    match error.status {
        404 => PyLookupError::new_err(error.message),
        500.. => PyRuntimeError::new_err(error.message),
        _ => PyValueError::new_err(error.message),
    }
}
