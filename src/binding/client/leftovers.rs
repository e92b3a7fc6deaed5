//! `find_leftovers` and `delete_leftovers`.
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::run::{CallResult, Client};
use crate::binding::convert::arguments::seconds;
use crate::binding::convert::errors::to_exception;
use crate::binding::convert::named;
use crate::binding::convert::results::Output;
use crate::binding::convert::to_core::to_node;
use crate::binding::convert::to_json::to_json;
use crate::binding::runtime::job::Job;
use crate::core::operations::leftovers::{Leftover, LeftoverFilter};
use crate::core::operations::list::filter::ListFilter;

#[pymethods]
impl Client {
    #[doc = include_str!("../docs/find_leftovers.txt")]
    #[pyo3(signature = (group_id=None, *, tags=None, name_prefix=None, older_than=None))]
    fn find_leftovers<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        tags: Option<Bound<'py, PyAny>>,
        #[pyo3(from_py_with = named::name_prefix)] name_prefix: Option<&str>,
        #[pyo3(from_py_with = named::older_than)] older_than: Option<f64>,
    ) -> CallResult {
        let tags = tags.as_ref().map(to_node);
        let list = ListFilter::new(name_prefix, tags.as_ref(), None).map_err(|error| to_exception(py, error))?;
        let filter = LeftoverFilter {
            group_id: group_id.map(str::to_owned),
            list,
            older_than: seconds("older_than", older_than)?,
        };
        let job = Job::new(None, move |client, mut context| async move {
            let found = client.find_leftovers(filter, &mut context).await?;
            Ok(Output::Json(serde_json::to_value(found).unwrap_or_default()))
        });
        self.run(py, job)
    }

    #[doc = include_str!("../docs/delete_leftovers.txt")]
    #[pyo3(signature = (leftovers, *, dry_run=false))]
    fn delete_leftovers<'py>(
        &self,
        py: Python<'py>,
        leftovers: Bound<'py, PyAny>,
        #[pyo3(from_py_with = named::dry_run)] dry_run: bool,
    ) -> CallResult {
        let mut targets: Vec<Leftover> = Vec::new();
        let each =
            leftovers.try_iter().map_err(|_| named::wrong_type("leftovers", "an iterable of mappings", &leftovers))?;
        for (index, given) in each.enumerate() {
            let json = to_json(&format!("leftovers[{index}]"), &given?)?;
            let target = serde_json::from_value(json)
                .map_err(|error| PyValueError::new_err(format!("leftovers[{index}] is none: {error}")))?;
            targets.push(target);
        }
        let job = Job::new(None, move |client, mut context| async move {
            let deletions = client.delete_leftovers(targets, dry_run, &mut context).await;
            Ok(Output::Json(serde_json::to_value(deletions).unwrap_or_default()))
        });
        self.run(py, job)
    }
}
