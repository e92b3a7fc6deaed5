//! `_core.Emulator`. Options, and the bodies and replies of its control API, are dicts as JSON has them.

use pyo3::exceptions::{PyLookupError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pythonize::pythonize;

use crate::binding::convert::to_json::to_json;
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
        let options = Options::from_json(&to_json("options", options)?).map_err(PyValueError::new_err)?;
        let started = py.detach(|| Emulator::start(options));
        started.map(Self).map_err(|error| match error {
            StartError::Invalid(message) => PyValueError::new_err(message),
            StartError::Unusable(message) => PyRuntimeError::new_err(message),
        })
    }

    #[getter]
    fn url(&self) -> String {
        self.0.url()
    }

    fn description<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value = py.detach(|| self.0.description());
        Ok(pythonize(py, &value)?)
    }

    fn requests<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value = py.detach(|| self.0.requests());
        Ok(pythonize(py, &value)?)
    }

    fn reset(&self, py: Python<'_>) {
        py.detach(|| self.0.reset());
    }

    /// `LookupError` for what is not there, `ValueError` for an order that makes no sense.
    #[pyo3(signature = (method, path, body = None))]
    fn control<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        path: &str,
        body: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let body = body.map(|body| to_json("body", body)).transpose()?;
        let value = py.detach(|| self.0.control(method, path, body)).map_err(refused)?;
        Ok(pythonize(py, &value)?)
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.0.stop());
    }
}

fn refused(error: ControlError) -> PyErr {
    if error.status == 404 { PyLookupError::new_err(error.message) } else { PyValueError::new_err(error.message) }
}
