//! An argument that may be secret, whose errors do not contain it.
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::core::secret::Secret;

/// A `str`. pyo3's own conversion errors contain the value, these do not.
#[derive(Clone)]
pub(crate) struct SecretText(pub(crate) Secret);

impl<'a, 'py> FromPyObject<'a, 'py> for SecretText {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let Ok(text) = object.cast::<PyString>() else {
            let given = object.get_type().name().map_or_else(|_| "something else".to_owned(), |name| name.to_string());
            return Err(PyTypeError::new_err(format!("must be a str, not {given}")));
        };
        let text = text.to_str().map_err(|_| PyValueError::new_err("has characters that are not Unicode"))?;
        Ok(SecretText(text.into()))
    }
}

impl From<SecretText> for Secret {
    fn from(text: SecretText) -> Self {
        text.0
    }
}
