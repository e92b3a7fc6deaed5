//! `_core.regions`: the table of regions, for the command line.
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::core::spec::model::regions;
use crate::core::spec::model::regions::Availability;

/// The regions that this version knows, by name and provider; a dict of `name`, `provider`, `flex` (`yes`, `no` or
/// `unknown`), `place` and `cloud_name` for each.
#[pyfunction(name = "regions")]
pub(crate) fn list(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let all = PyList::empty(py);
    for region in regions::all() {
        let entry = PyDict::new(py);
        let flex = match region.flex {
            Availability::Yes => "yes",
            Availability::No => "no",
            Availability::Unknown => "unknown",
        };
        entry.set_item("name", region.name)?;
        entry.set_item("provider", region.provider)?;
        entry.set_item("flex", flex)?;
        entry.set_item("place", region.place)?;
        entry.set_item("cloud_name", region.cloud_name)?;
        all.append(entry)?;
    }
    Ok(all)
}
