//! `to_flex_spec`.
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::binding::convert::call::import;
use crate::binding::convert::errors::{to_exception, warn};
use crate::binding::convert::to_core::to_node;
use crate::binding::convert::{named, stack};
use crate::core::error::{Error, Violation};
use crate::core::spec::convert::conversion::Conversion;
use crate::core::spec::convert::to_flex;

#[doc = include_str!("docs/to_flex_spec.txt")]
#[pyfunction]
#[pyo3(signature = (spec, *, strict=false))]
pub(crate) fn to_flex_spec<'py>(
    py: Python<'py>,
    spec: &Bound<'py, PyAny>,
    #[pyo3(from_py_with = named::strict)] strict: bool,
) -> PyResult<Bound<'py, PyAny>> {
    stack::ensure_room()?;
    let conversion = to_flex(&to_node(spec)).map_err(|violations| to_exception(py, Error::Validation(violations)))?;
    if strict && !conversion.lost.is_empty() {
        return Err(to_exception(py, Error::Validation(losses(&conversion))));
    }
    warn(py, &conversion.notices, None)?;
    let facts = PyDict::new(py);
    let lost = PyList::empty(py);
    for field in &conversion.lost {
        let entry = PyDict::new(py);
        entry.set_item("field", &field.field)?;
        entry.set_item("value", pythonize::pythonize(py, &field.value)?)?;
        entry.set_item("why", field.why)?;
        lost.append(entry)?;
    }
    let changed = PyList::empty(py);
    for field in &conversion.changed {
        let entry = PyDict::new(py);
        entry.set_item("field", &field.field)?;
        entry.set_item("from", pythonize::pythonize(py, &field.from)?)?;
        entry.set_item("to", pythonize::pythonize(py, &field.to)?)?;
        entry.set_item("why", field.why)?;
        changed.append(entry)?;
    }
    facts.set_item("lost", lost)?;
    facts.set_item("changed", changed)?;
    let spec = pythonize::pythonize(py, &conversion.spec)?;
    import(py, "atlas_serverless.types._values")?.getattr("FlexConversion")?.call((spec,), Some(&facts))
}

fn losses(conversion: &Conversion) -> Vec<Violation> {
    let lost = conversion.lost.iter();
    lost.map(|l| Violation {
        path: l.field.clone(),
        message: format!("is lost: {}", l.why),
        value: l.value.clone(),
        rule: "lost".to_owned(),
    })
    .collect()
}
