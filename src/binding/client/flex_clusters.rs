//! The operations on Flex clusters.
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::operations;
use super::operations::Options;
use super::pages::Pages;
use super::run::{CallResult, Client};
use crate::binding::convert::named;
use crate::core::http::call::ReplyFormat;
use crate::core::operations::list::Pager;
use crate::core::operations::wait::request::WaitRequest;
use crate::core::spec::model::Kind;

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[doc = include_str!("../docs/create_flex_cluster.txt")]
    #[pyo3(signature = (group_id=None, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None,
        if_exists="error", on_timeout="error", progress=None, validate=true, extra_fields=None, **spec))]
    fn create_flex_cluster<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
        #[pyo3(from_py_with = named::wait)] wait: bool,
        #[pyo3(from_py_with = named::timeout)] timeout: Option<f64>,
        #[pyo3(from_py_with = named::interval)] interval: Option<f64>,
        #[pyo3(from_py_with = named::if_exists)] if_exists: &str,
        #[pyo3(from_py_with = named::on_timeout)] on_timeout: &str,
        progress: Option<Bound<'py, PyAny>>,
        #[pyo3(from_py_with = named::validate)] validate: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        spec: Option<&Bound<'py, PyDict>>,
    ) -> CallResult {
        let group_id = self.project(py, group_id)?;
        let retired = self.on_retired;
        let options = Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, retired };
        self.run(py, operations::create(py, Kind::Flex, group_id, &options, (if_exists, on_timeout), spec)?)
    }

    #[doc = include_str!("../docs/get_flex_cluster.txt")]
    #[pyo3(signature = (*words, group_id=None, name=None, envelope=false, pretty=false), text_signature = None)]
    fn get_flex_cluster(
        &self,
        py: Python<'_>,
        words: &Bound<'_, PyTuple>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
    ) -> CallResult {
        let (group_id, name) = &self.named(words, group_id, name, None)?;
        self.run(py, operations::get(Kind::Flex, group_id, name, ReplyFormat { envelope, pretty }, self.on_retired))
    }

    #[doc = include_str!("../docs/list_flex_clusters.txt")]
    #[pyo3(signature = (group_id=None, *, name_prefix=None, tags=None, state=None, items_per_page=500, include_count=true))]
    fn list_flex_clusters(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name_prefix)] name_prefix: Option<&str>,
        tags: Option<Bound<'_, PyAny>>,
        #[pyo3(from_py_with = named::optional_state)] state: Option<&str>,
        #[pyo3(from_py_with = named::items_per_page)] items_per_page: i64,
        #[pyo3(from_py_with = named::include_count)] include_count: bool,
    ) -> PyResult<Pages> {
        let group_id = self.project(py, group_id)?;
        let filter = operations::list_filter(py, name_prefix, tags.as_ref(), state)?;
        let retired = self.on_retired;
        Pages::new(py, self, Pager::resources(Kind::Flex, group_id, items_per_page, include_count, filter, retired))
    }

    #[doc = include_str!("../docs/update_flex_cluster.txt")]
    #[pyo3(signature = (*words, group_id=None, name=None, envelope=false, pretty=false, wait=false, timeout=None,
        interval=None, add_tags=None, remove_tags=None, progress=None, validate=true, extra_fields=None, **changes), text_signature = None)]
    fn update_flex_cluster<'py>(
        &self,
        py: Python<'py>,
        words: &Bound<'_, PyTuple>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
        #[pyo3(from_py_with = named::wait)] wait: bool,
        #[pyo3(from_py_with = named::timeout)] timeout: Option<f64>,
        #[pyo3(from_py_with = named::interval)] interval: Option<f64>,
        add_tags: Option<Bound<'py, PyAny>>,
        remove_tags: Option<Bound<'py, PyAny>>,
        progress: Option<Bound<'py, PyAny>>,
        #[pyo3(from_py_with = named::validate)] validate: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> CallResult {
        let (group_id, name) = &self.named(words, group_id, name, Some(Kind::Flex))?;
        let retired = self.on_retired;
        let options = Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, retired };
        self.run(py, operations::update(py, Kind::Flex, group_id, name, &options, (add_tags, remove_tags), changes)?)
    }

    #[doc = include_str!("../docs/upgrade_flex_cluster.txt")]
    #[pyo3(signature = (*words, group_id=None, name=None, envelope=false, pretty=false, wait=false, timeout=None,
        interval=None, progress=None, extra_fields=None, **target), text_signature = None)]
    fn upgrade_flex_cluster<'py>(
        &self,
        py: Python<'py>,
        words: &Bound<'_, PyTuple>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
        #[pyo3(from_py_with = named::wait)] wait: bool,
        #[pyo3(from_py_with = named::timeout)] timeout: Option<f64>,
        #[pyo3(from_py_with = named::interval)] interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
        extra_fields: Option<Bound<'py, PyAny>>,
        target: Option<&Bound<'py, PyDict>>,
    ) -> CallResult {
        let (group_id, name) = &self.named(words, group_id, name, Some(Kind::Flex))?;
        let (validate, retired) = (true, self.on_retired);
        let options = Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, retired };
        self.run(py, operations::upgrade(py, group_id, name, &options, target)?)
    }

    #[doc = include_str!("../docs/delete_flex_cluster.txt")]
    #[pyo3(signature = (*words, group_id=None, name=None, envelope=false, pretty=false, wait=false, timeout=None,
        interval=None, missing_ok=false, progress=None), text_signature = None)]
    fn delete_flex_cluster<'py>(
        &self,
        py: Python<'py>,
        words: &Bound<'_, PyTuple>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
        #[pyo3(from_py_with = named::wait)] wait: bool,
        #[pyo3(from_py_with = named::timeout)] timeout: Option<f64>,
        #[pyo3(from_py_with = named::interval)] interval: Option<f64>,
        #[pyo3(from_py_with = named::missing_ok)] missing_ok: bool,
        progress: Option<Bound<'py, PyAny>>,
    ) -> CallResult {
        let (group_id, name) = &self.named(words, group_id, name, None)?;
        let (validate, extra_fields, retired) = (true, None, self.on_retired);
        let options = Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, retired };
        self.run(py, operations::delete(py, Kind::Flex, group_id, name, &options, missing_ok)?)
    }

    #[doc = include_str!("../docs/wait_for_flex_cluster.txt")]
    #[pyo3(signature = (*words, group_id=None, name=None, state="IDLE", timeout=1800.0, interval=None,
        grace=15.0, progress=None), text_signature = None)]
    fn wait_for_flex_cluster<'py>(
        &self,
        py: Python<'py>,
        words: &Bound<'_, PyTuple>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::state)] state: &str,
        #[pyo3(from_py_with = named::timeout)] timeout: Option<f64>,
        #[pyo3(from_py_with = named::interval)] interval: Option<f64>,
        #[pyo3(from_py_with = named::grace)] grace: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> CallResult {
        let (group_id, name) = &self.named(words, group_id, name, None)?;
        let wait = WaitRequest::until(state, Kind::Flex, group_id.to_owned(), name.to_owned());
        self.run(py, operations::wait_for(py, wait, timeout, (interval, grace), progress.as_ref())?)
    }
}
