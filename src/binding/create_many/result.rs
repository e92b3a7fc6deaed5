//! The result of one operation of `create_many`, `update_many` or `delete_many`.
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::binding::convert::results::shown;
use crate::core::spec::model::Operation;

/// How one operation of `create_many`, `update_many` or `delete_many` ended.
#[pyclass(frozen, module = "atlas_serverless")]
pub(crate) struct CreateResult {
    action: Operation,
    /// Its place in the operations, from 0.
    #[pyo3(get)]
    pub(super) index: u64,
    /// The operation as it was given.
    #[pyo3(get)]
    pub(super) operation: Py<PyAny>,
    /// What the operation returned; None after a failure and a deletion.
    #[pyo3(get)]
    pub(super) value: Option<Py<PyAny>>,
    /// What the operation raised; None after a success.
    #[pyo3(get)]
    pub(super) error: Option<Py<PyAny>>,
}

impl CreateResult {
    pub(super) fn new(
        py: Python<'_>,
        action: Operation,
        index: u64,
        operation: Py<PyAny>,
        outcome: PyResult<Py<PyAny>>,
    ) -> PyResult<Py<Self>> {
        let (value, error) = match outcome {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error.into_value(py).into_any())),
        };
        Py::new(py, CreateResult { action, index, operation, value, error })
    }
}

impl CreateResult {
    /// Name and state of what was created or updated, as far as the reply has them: ` orders CREATING`.
    fn shown(&self, py: Python<'_>) -> String {
        let Some(value) = &self.value else { return String::new() };
        let value = value.bind(py);
        let entity = value.getattr("data").unwrap_or_else(|_| value.clone());
        let entity = entity.get_item("content").unwrap_or(entity);
        let text = |key: &str| entity.get_item(key).and_then(|text| text.extract::<String>());
        ["name", "stateName"].into_iter().filter_map(|key| Some(format!(" {}", text(key).ok()?))).collect()
    }
}

#[pymethods]
impl CreateResult {
    pub(super) fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(match &self.error {
            Some(error) => format!("<CreateResult {}: {}>", self.index, error.bind(py).repr()?),
            None => {
                let done = match self.action {
                    Operation::Update => "updated",
                    Operation::Delete => "deleted",
                    _ => "created",
                };
                format!("<CreateResult {} {done}{}>", self.index, self.shown(py))
            }
        })
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        shown(slf.py(), "html", "create_result")?.call1((slf,))
    }

    /// There is no `__clear__`: what it refers to was made before it, so that a cycle goes through something that was
    /// changed since, and that can be cleared.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.operation)?;
        visit.call(&self.value)?;
        visit.call(&self.error)
    }
}
