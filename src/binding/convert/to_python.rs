//! Reply bytes to Python objects, made from their outline: every field, in the server's order.
use bytes::Bytes;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::key_cache::Keys;
use crate::core::json::{Form, Item, Tape};

/// Reply bytes as Python objects; `None` for an empty body. The outline is theirs, if it was taken already.
pub(crate) fn to_python<'py>(py: Python<'py>, body: &Bytes, outline: Option<&Tape>) -> PyResult<Bound<'py, PyAny>> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(py.None().into_bound(py));
    }
    let taken = if outline.is_none() { Tape::of(body) } else { None };
    let Some(outline) = outline.or(taken.as_ref()) else { return Err(not_json(body)) };
    Build { py, outline, items: outline.items(), keys: Keys::open() }.value()
}

struct Build<'py, 'o> {
    py: Python<'py>,
    outline: &'o Tape,
    /// What is not made yet.
    items: &'o [Item],
    keys: Keys,
}

impl<'py, 'o> Build<'py, 'o> {
    fn value(&mut self) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let item = self.next()?;
        Ok(match item.form {
            Form::Object => {
                let dict = PyDict::new(py);
                for _ in 0..item.parts {
                    let key = self.key()?;
                    dict.set_item(key, self.value()?)?;
                }
                dict.into_any()
            }
            Form::List => {
                let list = PyList::empty(py);
                for _ in 0..item.parts {
                    list.append(self.value()?)?;
                }
                list.into_any()
            }
            Form::Plain => PyString::new(py, self.outline.quoted(item)).into_any(),
            Form::Escaped => PyString::new(py, &unescaped(self.outline.text(item))?).into_any(),
            Form::Integer => integer(py, self.outline.text(item))?,
            Form::Float => PyFloat::new(py, self.outline.text(item).parse()?).into_any(),
            Form::True => PyBool::new(py, true).to_owned().into_any(),
            Form::False => PyBool::new(py, false).to_owned().into_any(),
            Form::Null => py.None().into_bound(py),
        })
    }

    fn next(&mut self) -> PyResult<&'o Item> {
        let (item, rest) =
            self.items.split_first().ok_or_else(|| PyValueError::new_err("an outline that ends too early"))?;
        self.items = rest;
        Ok(item)
    }

    fn key(&mut self) -> PyResult<Bound<'py, PyString>> {
        let item = self.next()?;
        Ok(match item.form {
            Form::Escaped => PyString::new(self.py, &unescaped(self.outline.text(item))?),
            _ => self.keys.get(self.py, self.outline.quoted(item)),
        })
    }
}

/// As Python reads it, of any length.
fn integer<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    match text.parse::<i64>() {
        Ok(number) => Ok(PyInt::new(py, number).into_any()),
        Err(_) => py.get_type::<PyInt>().call1((text,)),
    }
}

fn unescaped(quoted: &str) -> PyResult<String> {
    serde_json::from_str(quoted).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Why a body is no JSON, in the words of a parser that says so.
fn not_json(body: &[u8]) -> PyErr {
    let said = serde_json::from_slice::<serde_json::Value>(body).err();
    PyValueError::new_err(said.map_or_else(|| "not a whole JSON value".to_owned(), |error| error.to_string()))
}
