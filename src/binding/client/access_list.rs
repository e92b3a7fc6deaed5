//! The operations on the IP access list of a project.
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::entities;
use super::pages::Pages;
use super::run::{CallResult, Client};
use crate::binding::convert::named;
use crate::binding::convert::results::Output;
use crate::binding::runtime::job::Job;
use crate::core::http::call::ReplyFormat;
use crate::core::http::entity::Entity;
use crate::core::operations::list::Pager;
use crate::core::spec::model::Operation;

fn entry(group_id: &str, value: &str) -> Entity {
    Entity::AccessListEntry { group_id: group_id.to_owned(), value: value.to_owned() }
}

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[doc = include_str!("../docs/create_access_list_entry.txt")]
    #[pyo3(signature = (group_id=None, *, envelope=false, pretty=false, extra_fields=None, **entry))]
    fn create_access_list_entry<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        entry: Option<&Bound<'py, PyDict>>,
    ) -> CallResult {
        let group_id = self.project(py, group_id)?;
        let (format, given) = (ReplyFormat { envelope, pretty }, (entry, extra_fields.as_ref()));
        let job = entities::access_list_entry(py, group_id, format, given)?;
        self.run(py, job)
    }

    #[doc = include_str!("../docs/get_access_list_entry.txt")]
    #[pyo3(signature = (group_id=None, entry_value=None, *, envelope=false, pretty=false))]
    fn get_access_list_entry(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::entry_value)] entry_value: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
    ) -> CallResult {
        let (group_id, value) = self.target_of(py, "entry_value", group_id, entry_value)?;
        self.run(py, entities::plain(entry(group_id, value), Operation::Get, ReplyFormat { envelope, pretty }))
    }

    #[doc = include_str!("../docs/list_access_list_entries.txt")]
    #[pyo3(signature = (group_id=None, *, items_per_page=500, include_count=true))]
    fn list_access_list_entries(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::items_per_page)] items_per_page: i64,
        #[pyo3(from_py_with = named::include_count)] include_count: bool,
    ) -> PyResult<Pages> {
        let entries = entry(self.project(py, group_id)?, "");
        Pages::new(py, self, Pager::entities(&entries, items_per_page, include_count))
    }

    #[doc = include_str!("../docs/get_access_list_status.txt")]
    #[pyo3(signature = (group_id=None, entry_value=None, *, envelope=false, pretty=false))]
    fn get_access_list_status(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::entry_value)] entry_value: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
    ) -> CallResult {
        let (group_id, value) = self.target_of(py, "entry_value", group_id, entry_value)?;
        let (group_id, value, format) = (group_id.to_owned(), value.to_owned(), ReplyFormat { envelope, pretty });
        let job = Job::new(None, move |client, mut context| async move {
            client.get_access_list_status(&group_id, &value, format, &mut context).await.map(Output::Reply)
        });
        self.run(py, job)
    }

    #[doc = include_str!("../docs/delete_access_list_entry.txt")]
    #[pyo3(signature = (group_id=None, entry_value=None, *, envelope=false, pretty=false))]
    fn delete_access_list_entry(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::entry_value)] entry_value: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
    ) -> CallResult {
        let (group_id, value) = self.target_of(py, "entry_value", group_id, entry_value)?;
        self.run(py, entities::plain(entry(group_id, value), Operation::Delete, ReplyFormat { envelope, pretty }))
    }
}
