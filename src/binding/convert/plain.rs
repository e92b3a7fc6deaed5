//! The value of a number whatever class of the caller's it has: a subclass may show itself otherwise (`enum.IntEnum`).
use pyo3::PyTypeInfo;
use pyo3::prelude::*;

/// What the built-in type `T` makes of an object of its or of a subclass.
pub(crate) fn plain_repr<T: PyTypeInfo>(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = object.py();
    py.get_type::<T>().getattr(pyo3::intern!(py, "__repr__"))?.call1((object,))?.extract()
}
