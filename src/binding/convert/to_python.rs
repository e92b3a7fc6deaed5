//! JSON to Python objects: every field, in the server's order.
use std::borrow::Cow;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::key_cache::KeyCache;
use crate::core::json::{Element, ItemKind, Tape};

/// A parsed body as Python objects, `None` for an empty one.
pub(crate) fn to_python<'py>(py: Python<'py>, body: Option<&Tape>) -> PyResult<Bound<'py, PyAny>> {
    match body {
        Some(body) => value(py, body.root(), &mut KeyCache::lock()),
        None => Ok(py.None().into_bound(py)),
    }
}

fn value<'py>(py: Python<'py>, element: Element<'_>, keys: &mut KeyCache) -> PyResult<Bound<'py, PyAny>> {
    Ok(match element.kind() {
        ItemKind::Object => {
            let dict = PyDict::new(py);
            for (key, field) in element.fields() {
                let key = match key.kind() {
                    ItemKind::PlainString => keys.get(py, key.unquoted()),
                    _ => PyString::new(py, &unescaped(key)?),
                };
                dict.set_item(key, value(py, field, keys)?)?;
            }
            dict.into_any()
        }
        ItemKind::List => {
            let list = PyList::empty(py);
            for element in element.values() {
                list.append(value(py, element, keys)?)?;
            }
            list.into_any()
        }
        ItemKind::PlainString => PyString::new(py, element.unquoted()).into_any(),
        ItemKind::EscapedString => PyString::new(py, &unescaped(element)?).into_any(),
        ItemKind::Integer => integer(py, element.text())?,
        ItemKind::Float => PyFloat::new(py, element.text().parse()?).into_any(),
        ItemKind::True => PyBool::new(py, true).to_owned().into_any(),
        ItemKind::False => PyBool::new(py, false).to_owned().into_any(),
        ItemKind::Null => py.None().into_bound(py),
    })
}

/// Exact, whatever its length.
fn integer<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    match text.parse::<i64>() {
        Ok(number) => Ok(PyInt::new(py, number).into_any()),
        Err(_) => py.get_type::<PyInt>().call1((text,)),
    }
}

/// The strings of a tape are valid: this does not fail.
fn unescaped(string: Element<'_>) -> PyResult<Cow<'_, str>> {
    string.string().ok_or_else(|| PyRuntimeError::new_err("a string of a reply cannot be read"))
}
