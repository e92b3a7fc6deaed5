//! Projects, rate limits, look-ups among both kinds, and operations that have no method of their own.
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::pages::Pages;
use super::run::{CallResult, Client};
use super::{entities, operations};
use crate::binding::convert::named;
use crate::core::http::call::ReplyFormat;
use crate::core::http::entity::Entity;
use crate::core::operations::list::Pager;
use crate::core::spec::model::Operation;
use crate::core::spec::validate::connect;

fn project(group_id: &str) -> Entity {
    Entity::Project { group_id: group_id.to_owned() }
}

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[doc = include_str!("../docs/find.txt")]
    #[pyo3(signature = (*words, group_id=None, name=None), text_signature = None)]
    fn find(
        &self,
        py: Python<'_>,
        words: &Bound<'_, PyTuple>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
    ) -> CallResult {
        let (group_id, name) = &self.named(words, group_id, name, None)?;
        self.run(py, operations::find(group_id, name, ReplyFormat::default()))
    }

    #[doc = include_str!("../docs/list_projects.txt")]
    #[pyo3(signature = (*, items_per_page=500))]
    fn list_projects(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::items_per_page)] items_per_page: i64,
    ) -> PyResult<Pages> {
        Pages::new(py, self, Pager::projects(items_per_page))
    }

    #[doc = include_str!("../docs/get_project.txt")]
    #[pyo3(signature = (group_id=None))]
    fn get_project(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
    ) -> CallResult {
        let group_id = self.project(py, group_id)?;
        self.run(py, entities::plain(project(group_id), Operation::Get, ReplyFormat::default()))
    }

    #[doc = include_str!("../docs/create_project.txt")]
    #[pyo3(signature = (*, envelope=false, pretty=false, extra_fields=None, **spec))]
    fn create_project<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        spec: Option<&Bound<'py, PyDict>>,
    ) -> CallResult {
        let org_id = self.state().credentials().org_id.as_deref();
        let (format, given) = (ReplyFormat { envelope, pretty }, (spec, extra_fields.as_ref()));
        let job = entities::with_body(py, project(""), Operation::Create, format, given, |fields, extra| {
            connect::create_project(org_id, fields, extra)
        })?;
        self.run(py, job)
    }

    #[doc = include_str!("../docs/update_project.txt")]
    #[pyo3(signature = (group_id=None, *, envelope=false, pretty=false, extra_fields=None, **changes))]
    fn update_project<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> CallResult {
        let group_id = self.project(py, group_id)?;
        let (format, given) = (ReplyFormat { envelope, pretty }, (changes, extra_fields.as_ref()));
        let job = entities::with_body(py, project(group_id), Operation::Update, format, given, |fields, extra| {
            connect::update_project(group_id, fields, extra)
        })?;
        self.run(py, job)
    }

    #[doc = include_str!("../docs/delete_project.txt")]
    #[pyo3(signature = (group_id=None, *, envelope=false, pretty=false))]
    fn delete_project(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
    ) -> CallResult {
        let group_id = self.project(py, group_id)?;
        self.run(py, entities::plain(project(group_id), Operation::Delete, ReplyFormat { envelope, pretty }))
    }

    #[doc = include_str!("../docs/list_rate_limits.txt")]
    #[pyo3(signature = (*, group_id=None, org_id=None, user_id=None, ip_address=None, name=None, endpoint_path=None,
        items_per_page=500))]
    fn list_rate_limits(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::org_id)] org_id: Option<&str>,
        #[pyo3(from_py_with = named::user_id)] user_id: Option<&str>,
        #[pyo3(from_py_with = named::ip_address)] ip_address: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::endpoint_path)] endpoint_path: Option<&str>,
        #[pyo3(from_py_with = named::items_per_page)] items_per_page: i64,
    ) -> PyResult<Pages> {
        let own = [("groupId", group_id), ("orgId", org_id), ("userId", user_id), ("ipAddress", ip_address)];
        let query = operations::pairs(own.into_iter().chain([("name", name), ("endpointPath", endpoint_path)]));
        Pages::new(py, self, Pager::rate_limits(query, items_per_page))
    }

    #[doc = include_str!("../docs/request.txt")]
    #[pyo3(signature = (method, path, *, params=None, json=None, api_version=None, timeout=None))]
    fn request<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::method)] method: &str,
        #[pyo3(from_py_with = named::path)] path: &str,
        params: Option<Bound<'py, PyAny>>,
        json: Option<Bound<'py, PyAny>>,
        #[pyo3(from_py_with = named::optional_api_version)] api_version: Option<&str>,
        #[pyo3(from_py_with = named::timeout)] timeout: Option<f64>,
    ) -> CallResult {
        self.run(py, operations::request(method, path, params.as_ref(), json.as_ref(), api_version, timeout)?)
    }
}
