//! Projects, rate limits, look-ups among both kinds, and operations that have no method of their own.
use pyo3::prelude::*;

use super::operations;
use super::pages::Pages;
use super::run::{CallResult, Client};
use crate::core::http::call::ReplyFormat;
use crate::core::operations::list::Pager;

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[doc = include_str!("../docs/find.txt")]
    #[pyo3(signature = (group_id=None, name=None))]
    fn find(&self, py: Python<'_>, group_id: Option<&str>, name: Option<&str>) -> CallResult {
        let (group_id, name) = self.target(py, group_id, name)?;
        self.run(py, operations::find(group_id, name, ReplyFormat::default()))
    }

    #[doc = include_str!("../docs/list_projects.txt")]
    #[pyo3(signature = (*, items_per_page=500))]
    fn list_projects(&self, py: Python<'_>, items_per_page: i64) -> PyResult<Pages> {
        Pages::new(py, self, Pager::projects(items_per_page))
    }

    #[doc = include_str!("../docs/get_project.txt")]
    #[pyo3(signature = (group_id=None))]
    fn get_project(&self, py: Python<'_>, group_id: Option<&str>) -> CallResult {
        let group_id = self.project(py, group_id)?;
        self.run(py, operations::get_project(group_id))
    }

    #[doc = include_str!("../docs/list_rate_limits.txt")]
    #[pyo3(signature = (*, group_id=None, org_id=None, user_id=None, ip_address=None, name=None, endpoint_path=None,
        items_per_page=500))]
    fn list_rate_limits(
        &self,
        py: Python<'_>,
        group_id: Option<String>,
        org_id: Option<String>,
        user_id: Option<String>,
        ip_address: Option<String>,
        name: Option<String>,
        endpoint_path: Option<String>,
        items_per_page: i64,
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
        method: &str,
        path: &str,
        params: Option<Bound<'py, PyAny>>,
        json: Option<Bound<'py, PyAny>>,
        api_version: Option<String>,
        timeout: Option<f64>,
    ) -> CallResult {
        self.run(py, operations::request(method, path, params.as_ref(), json.as_ref(), api_version, timeout)?)
    }
}
