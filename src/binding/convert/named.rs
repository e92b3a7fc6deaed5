//! Reads arguments, each by a function of its name, for `#[pyo3(from_py_with = …)]`: pyo3's own errors say what is wrong with
//! a value, but name the argument only in a note, which Python has from 3.11 on. No error contains the value, which may be
//! secret.
use std::path::PathBuf;

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyUnicodeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString};

use crate::core::secret::Secret;

macro_rules! named {
    ($($read:ident -> $type:ty: $($name:ident)+;)+) => {$($(
        #[allow(clippy::needless_lifetimes)] // those that return text need it
        pub(crate) fn $name<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<$type> {
            $read(stringify!($name), object)
        }
    )+)+};
}

named! {
    text -> &'a str: api_version database_name if_exists kind method on_error on_timeout path state;
    optional_text -> Option<&'a str>: endpoint_path entry_value group_id ip_address name name_prefix on_retired org_id profile
        project provider region restore_job_id snapshot_id user_agent_suffix user_id username;
    secret -> Option<Secret>: access_token base_url client_id client_secret password private_key proxy public_key;
    optional_path -> Option<PathBuf>: ca_file journal token_cache;
    flag -> bool: allow_insecure_http dry_run envelope include_count missing_ok pretty reconcile reset_password strict
        validate;
    number -> f64: connect_timeout max_retry_time;
    optional_number -> Option<f64>: grace interval older_than timeout;
    optional_size -> Option<usize>: count;
    integer -> i64: items_per_page max_in_flight max_retries;
}

/// The flag `wait`. A number in its place is the time limit.
pub(crate) fn wait(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    flag("wait", object).map_err(|error| match object.extract::<f64>() {
        Ok(seconds) => PyTypeError::new_err(format!("{}; say wait=True, timeout={seconds}", error.value(object.py()))),
        Err(_) => error,
    })
}

/// The `name` of a cluster that has to be given.
pub(crate) fn cluster_name<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    text("name", object)
}

/// The `name` of a profile.
pub(crate) fn profile_name<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    text("name", object)
}

/// The `api_version` of `request`, which may be None.
pub(crate) fn optional_api_version<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<Option<&'a str>> {
    optional_text("api_version", object)
}

/// The `state` that a list is filtered by.
pub(crate) fn optional_state<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<Option<&'a str>> {
    optional_text("state", object)
}

/// The constructor's `on_retired`, which is never None.
pub(crate) fn default_on_retired<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    text("on_retired", object)
}

/// The constructor's `timeout`, which is never None.
pub(crate) fn attempt_timeout(object: &Bound<'_, PyAny>) -> PyResult<f64> {
    number("timeout", object)
}

/// The `TypeError` for an argument of another type.
pub(crate) fn wrong_type(name: &str, expected: &str, object: &Bound<'_, PyAny>) -> PyErr {
    let given = match object.is_none() {
        true => "None".to_owned(),
        false => object.get_type().name().map_or_else(|_| "an object".to_owned(), |name| name.to_string()),
    };
    PyTypeError::new_err(format!("{name} must be {expected}, not {given}"))
}

/// What reading a value raised, with the argument's name. What a method of the caller's raised stays as it is.
fn named_error(name: &str, expected: &str, object: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    let py = object.py();
    if error.is_instance_of::<PyTypeError>(py) {
        wrong_type(name, expected, object)
    } else if error.is_instance_of::<PyOverflowError>(py) {
        PyValueError::new_err(format!("{name} is a number out of range"))
    } else if error.is_instance_of::<PyUnicodeError>(py) {
        PyValueError::new_err(format!("{name} has a lone surrogate, which is no character"))
    } else {
        error
    }
}

fn text_as<'a>(name: &str, expected: &str, object: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    let text = object.cast::<PyString>().map_err(|_| wrong_type(name, expected, object))?;
    text.to_str().map_err(|error| named_error(name, expected, object, error))
}

fn text<'a>(name: &str, object: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    text_as(name, "text", object)
}

fn optional_text<'a>(name: &str, object: &'a Bound<'_, PyAny>) -> PyResult<Option<&'a str>> {
    if object.is_none() { Ok(None) } else { text_as(name, "text or None", object).map(Some) }
}

fn secret(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Option<Secret>> {
    Ok(optional_text(name, object)?.map(Secret::from))
}

fn read<'py, T: FromPyObjectOwned<'py, Error = PyErr>>(
    name: &str,
    expected: &str,
    object: &Bound<'py, PyAny>,
) -> PyResult<T> {
    object.extract::<T>().map_err(|error| named_error(name, expected, object, error))
}

fn optional_path(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Option<PathBuf>> {
    read(name, "a path or None", object)
}

fn flag(name: &str, object: &Bound<'_, PyAny>) -> PyResult<bool> {
    read(name, "True or False", object)
}

fn number(name: &str, object: &Bound<'_, PyAny>) -> PyResult<f64> {
    if object.is_instance_of::<PyBool>() {
        return Err(wrong_type(name, "a number", object));
    }
    read(name, "a number", object)
}

fn optional_number(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    if object.is_instance_of::<PyBool>() {
        return Err(wrong_type(name, "a number or None", object)); // Python counts with it
    }
    read(name, "a number or None", object)
}

fn optional_size(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    if object.is_none() { Ok(None) } else { read(name, "a whole number or None", object).map(Some) }
}

fn integer(name: &str, object: &Bound<'_, PyAny>) -> PyResult<i64> {
    if object.is_instance_of::<PyBool>() {
        return Err(wrong_type(name, "a whole number", object));
    }
    read(name, "a whole number", object)
}
