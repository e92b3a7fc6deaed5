//! Calling Python code: names that are looked up once, and calls that an ending interpreter does not unwind.
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::last_resort::not_loaded;

/// An attribute of a module, imported when it is first used.
pub(crate) struct Name {
    module: &'static str,
    name: &'static str,
    object: PyOnceLock<Py<PyAny>>,
}

impl Name {
    pub(crate) const fn new(module: &'static str, name: &'static str) -> Self {
        Name { module, name, object: PyOnceLock::new() }
    }

    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        let find = || Ok::<_, PyErr>(import(py, self.module)?.getattr(self.name)?.unbind());
        Ok(self.object.get_or_try_init(py, find)?.bind(py))
    }
}

/// Imports a module: its code may be running when the interpreter ends.
pub(crate) fn import<'py>(py: Python<'py>, module: &str) -> PyResult<Bound<'py, PyModule>> {
    let name = PyString::new(py, module);
    without_unwinding(|| py.import(&name)).map_err(|failed| not_loaded(py, module, failed))
}

/// Calls Python code. The arguments are converted before: within the call nothing is left to be dropped (see
/// [`without_unwinding`]).
pub(crate) fn call<'py, A>(callable: &Bound<'py, PyAny>, arguments: A) -> PyResult<Bound<'py, PyAny>>
where
    A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>,
{
    let arguments = arguments.into_pyobject(callable.py()).map_err(Into::into)?;
    without_unwinding(|| callable.call1(&arguments))
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
    without_unwinding(|| callable.call(&arguments, Some(keywords)))
}

/// Calls Python code so that it is never unwound. Before Python 3.14 an ending interpreter ends a daemon thread in such
/// code by unwinding its stack, and the destructors of the Rust frames below find no interpreter. Here the thread stops
/// instead, as in 3.14, and ends with the process. Between here and Python there must be no destructor.
pub(crate) fn without_unwinding<T>(work: impl FnOnce() -> T) -> T {
    let park = ParkOnUnwind;
    let result = work();
    std::mem::forget(park);
    result
}

struct ParkOnUnwind;

impl Drop for ParkOnUnwind {
    fn drop(&mut self) {
        while !std::thread::panicking() {
            std::thread::park();
        }
    }
}
