//! Calling Python code: names that are looked up once, and calls that an ending interpreter may not unwind.
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::binding::runtime::interpreter::whole;

/// Something in a module, imported when it is first used.
pub(crate) struct Name {
    module: &'static str,
    name: &'static str,
    found: PyOnceLock<Py<PyAny>>,
}

impl Name {
    pub(crate) const fn new(module: &'static str, name: &'static str) -> Self {
        Name { module, name, found: PyOnceLock::new() }
    }

    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        let find = || Ok::<_, PyErr>(py.import(self.module)?.getattr(self.name)?.unbind());
        Ok(self.found.get_or_try_init(py, find)?.bind(py))
    }
}

/// Calls Python code. The arguments are made before: within the call nothing is left to be dropped (see [`whole`]).
pub(crate) fn call<'py, A>(callable: &Bound<'py, PyAny>, arguments: A) -> PyResult<Bound<'py, PyAny>>
where
    A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>,
{
    let arguments = arguments.into_pyobject(callable.py()).map_err(Into::into)?;
    whole(|| callable.call1(&arguments))
}

/// Calls Python code with keywords.
pub(crate) fn call_with<'py, A>(
    callable: &Bound<'py, PyAny>,
    arguments: A,
    keywords: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>>
where
    A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>,
{
    let arguments = arguments.into_pyobject(callable.py()).map_err(Into::into)?;
    whole(|| callable.call(&arguments, Some(keywords)))
}
