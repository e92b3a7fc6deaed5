//! The result of one operation of `create_many`.
use pyo3::prelude::*;

/// How one operation of `create_many` ended.
#[pyclass(frozen, get_all, module = "atlas_serverless")]
pub(crate) struct CreateResult {
    /// Its place in the operations, from 0.
    pub(super) index: u64,
    /// The operation as it was given.
    pub(super) operation: Py<PyAny>,
    /// What the create returned; None after a failure.
    pub(super) value: Option<Py<PyAny>>,
    /// What the create raised; None after a success.
    pub(super) error: Option<Py<PyAny>>,
}

impl CreateResult {
    pub(super) fn new(
        py: Python<'_>,
        index: u64,
        operation: Py<PyAny>,
        outcome: PyResult<Py<PyAny>>,
    ) -> PyResult<Py<Self>> {
        let (value, error) = match outcome {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error.into_value(py).into_any())),
        };
        Py::new(py, CreateResult { index, operation, value, error })
    }
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
