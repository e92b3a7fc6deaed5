//! Exceptions where Python can import nothing or run nothing: at the very end of the interpreter, with no descriptor left, or
//! at the limit of its recursion.
use pyo3::exceptions::{PyImportError, PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyModule};

use super::to_python::to_python;
use crate::core::error::{Error, TransportKind, WaitEnding};
use crate::core::json::Tape;

/// What the module `errors` has. Modules are emptied at the end of the interpreter.
static KEPT: PyOnceLock<Py<PyDict>> = PyOnceLock::new();

/// Keeps the classes for the end, if the program has imported them: else it names none of them.
pub(crate) fn keep_classes(py: Python<'_>) {
    if let Some(names) = imported(py) {
        let keep = || names.copy().map(Bound::unbind);
        drop(KEPT.get_or_try_init(py, keep));
    }
}

/// Whether the interpreter is being taken apart: nothing can be imported, and PyO3 cannot look at an exception.
pub(crate) fn is_taken_apart(py: Python<'_>) -> bool {
    let finders = py.import("sys").and_then(|sys| sys.getattr("meta_path"));
    finders.map_or(true, |finders| finders.is_none())
}

/// The exception for an error, where it cannot be built with all its facts.
pub(crate) fn exception(py: Python<'_>, error: &Error, cause: Option<PyErr>) -> PyErr {
    let made = of_class(py, error);
    if !is_taken_apart(py) {
        made.set_cause(py, cause);
    }
    made
}

/// The exception for a part of the package that cannot be loaded.
pub(crate) fn not_loaded(py: Python<'_>, module: &str, cause: PyErr) -> PyErr {
    let why = match is_taken_apart(py) {
        true => "the interpreter is ending".to_owned(),
        false if cause.is_instance_of::<PyImportError>(py) || cause.is_instance_of::<PyOSError>(py) => {
            format!("{cause}: are too many files open?")
        }
        false => return cause,
    };
    exception(py, &Error::Configuration(format!("{module} cannot be loaded: {why}")), Some(cause))
}

fn of_class(py: Python<'_>, error: &Error) -> PyErr {
    let message = error.to_string();
    let make = || -> PyResult<Bound<'_, PyAny>> {
        let names = KEPT.get(py).map(|kept| kept.bind(py).clone()).or_else(|| imported(py));
        let names = names.ok_or_else(|| PyRuntimeError::new_err("the program has not imported the classes"))?;
        let class = class_of(error, &names)?;
        // No constructor runs: those of some classes import what their sentence needs.
        let made = class.call_method1("__new__", (&class, &message))?;
        made.setattr("args", (&message,))?;
        match error {
            Error::Validation(_) => made.setattr("violations", PyList::empty(py))?,
            Error::Api(api) => {
                made.setattr("status", api.status)?;
                made.setattr("error_code", &api.error_code)?;
                made.setattr("detail", &api.detail)?;
                made.setattr("violations", PyList::empty(py))?;
                made.setattr("parameters", PyList::empty(py))?;
                made.setattr("headers", PyDict::new(py))?;
            }
            Error::Transport(transport) => {
                if let Some(target) = &transport.target {
                    made.setattr("operation", target.operation)?;
                    made.setattr("name", &target.name)?;
                    made.setattr("group_id", &target.group_id)?;
                }
            }
            Error::Wait(wait) => {
                made.setattr("last_state", &wait.last_state)?;
                made.setattr("deleted", wait.deleted)?;
                let result = wait.result.as_ref().and_then(Tape::parse);
                made.setattr("result", to_python(py, result.as_ref())?)?;
            }
            _ => {}
        }
        Ok(made)
    };
    make().map_or_else(|_| PyRuntimeError::new_err(message.clone()), PyErr::from_value)
}

/// The class of the error's kind; of an error reply, that of its status.
fn class_of<'py>(error: &Error, names: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    let names = names.as_any();
    let name = match error {
        Error::Configuration(_) | Error::Stopped => "ConfigurationError",
        Error::Validation(_) => "ValidationError",
        Error::Authentication(_) => "AuthenticationError",
        Error::Wait(wait) => match wait.ending {
            WaitEnding::TimedOut => "WaitTimeoutError",
            WaitEnding::Failed => "WaitFailedError",
            WaitEnding::NotFound => "WaitNotFoundError",
        },
        Error::Transport(transport) => match transport.kind {
            TransportKind::Connect => "ConnectError",
            TransportKind::Timeout => "RequestTimeoutError",
            TransportKind::Protocol => "ProtocolError",
            TransportKind::Broken => "TransportError",
            TransportKind::OutcomeUnknown => "OutcomeUnknownError",
        },
        Error::Api(api) => {
            let of_status = names.get_item("_api")?.getattr("STATUS_CLASSES")?.get_item(api.status);
            return of_status.or_else(|_| names.get_item("ApiError"));
        }
    };
    names.get_item(name)
}

/// The names of the module `errors`, if it is there.
fn imported(py: Python<'_>) -> Option<Bound<'_, PyDict>> {
    let modules = py.import("sys").ok()?.getattr("modules").ok()?;
    let module = modules.get_item("atlas_serverless.errors").ok()?;
    Some(module.cast::<PyModule>().ok()?.dict())
}
