//! Reply bytes to Python objects, made while reading: every field, in the server's order.
//!
//! `serde_json` reads the rest of JSON here (escapes, fractions, enormous numbers), not the whole: driving its visitors costs
//! a third of a create's reading, and the core has judged the form of the text already. Whatever is wrong all the same is an
//! error.
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::keys::Keys;
use crate::core::json::plain;

/// Deeper nesting is refused, as the core does.
const DEPTH: u32 = 128;

/// Reply bytes as Python objects; nothing for an empty body.
pub(crate) fn to_python<'py>(py: Python<'py>, body: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    // Looked at as a whole: string by string it takes five times as long.
    let text = std::str::from_utf8(body).map_err(|e| PyValueError::new_err(e.to_string()))?;
    let mut reader = Reader { py, text, at: 0, keys: Keys::open() };
    reader.space();
    if reader.peek().is_none() {
        return Ok(py.None().into_bound(py));
    }
    let value = reader.value(0)?;
    reader.space();
    if reader.peek().is_some() { Err(reader.wrong()) } else { Ok(value) }
}

struct Reader<'py, 't> {
    py: Python<'py>,
    text: &'t str,
    at: usize,
    keys: Keys,
}

impl<'py, 't> Reader<'py, 't> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn wrong(&self) -> PyErr {
        PyValueError::new_err(format!("not JSON at byte {}", self.at))
    }

    /// The next byte that is no space, which must be one of two.
    fn either(&mut self, one: u8, other: u8) -> PyResult<u8> {
        self.space();
        let found = self.peek().filter(|found| *found == one || *found == other).ok_or_else(|| self.wrong())?;
        self.at += 1;
        Ok(found)
    }

    fn value(&mut self, depth: u32) -> PyResult<Bound<'py, PyAny>> {
        self.space();
        if depth > DEPTH {
            return Err(self.wrong());
        }
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                let text = self.string()?;
                Ok(PyString::new(self.py, &text).into_any())
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b't') => self.word("true", |py| PyBool::new(py, true).to_owned().into_any()),
            Some(b'f') => self.word("false", |py| PyBool::new(py, false).to_owned().into_any()),
            Some(b'n') => self.word("null", |py| py.None().into_bound(py)),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, make: impl FnOnce(Python<'py>) -> Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.wrong());
        }
        self.at += word.len();
        Ok(make(self.py))
    }

    fn object(&mut self, depth: u32) -> PyResult<Bound<'py, PyAny>> {
        self.at += 1;
        let dict = PyDict::new(self.py);
        if self.either(b'"', b'}')? == b'}' {
            return Ok(dict.into_any());
        }
        loop {
            let text = self.string()?;
            let key = self.keys.get(self.py, &text);
            self.either(b':', b':')?;
            let value = self.value(depth + 1)?;
            dict.set_item(key, value)?;
            if self.either(b',', b'}')? == b'}' {
                return Ok(dict.into_any());
            }
            self.either(b'"', b'"')?;
        }
    }

    fn list(&mut self, depth: u32) -> PyResult<Bound<'py, PyAny>> {
        self.at += 1;
        let list = PyList::empty(self.py);
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(list.into_any());
        }
        loop {
            list.append(self.value(depth + 1)?)?;
            if self.either(b',', b']')? == b']' {
                return Ok(list.into_any());
            }
        }
    }

    /// Behind the first quote of a string.
    fn string(&mut self) -> PyResult<std::borrow::Cow<'t, str>> {
        let start = self.at;
        let mut escaped = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let (length, found) = plain(rest).ok_or_else(|| self.wrong())?;
            self.at += length + 1;
            match found {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 1;
                }
                _ => return Err(self.wrong()),
            }
        }
        if !escaped {
            return self.text.get(start..self.at - 1).map(Into::into).ok_or_else(|| self.wrong());
        }
        let quoted = self.text.get(start - 1..self.at).ok_or_else(|| self.wrong())?;
        serde_json::from_str::<String>(quoted).map(Into::into).map_err(|_| self.wrong())
    }

    fn number(&mut self) -> PyResult<Bound<'py, PyAny>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.bytes().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
        let digits = rest.get(..length).unwrap_or_default();
        let number: serde_json::Number = serde_json::from_str(digits).map_err(|_| self.wrong())?;
        self.at += length;
        Ok(match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => PyInt::new(self.py, whole).into_any(),
            (None, Some(whole)) => PyInt::new(self.py, whole).into_any(),
            _ => PyFloat::new(self.py, number.as_f64().unwrap_or(f64::NAN)).into_any(),
        })
    }
}
