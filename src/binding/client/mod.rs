//! The `Client` class: one method an operation, each of them a signature, a docstring and a job.
pub(crate) mod config;
pub(crate) mod credentials;
pub(crate) mod operations;
pub(crate) mod pages;
pub(crate) mod run;

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};

use self::config::{Behaviour, Bounds, ClientArguments, RouteOptions};
use self::credentials::Credentials;
use self::operations::Options;
use self::pages::Pages;
pub(crate) use self::run::Client;
use crate::binding::convert::results;
use crate::binding::convert::results::ResultMode;
use crate::binding::convert::secret::SecretText;
use crate::binding::create_many::Creates;
use crate::core::http::call::ReplyFormat;
use crate::core::operations::list::Pager;
use crate::core::operations::wait::request::WaitRequest;
use crate::core::spec::model::Kind;

/// What a call comes to: its result, or something pending for an event loop.
type End = PyResult<Py<PyAny>>;
type Listed = PyResult<Pages>;
type Many = PyResult<Creates>;

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[new]
    #[pyo3(signature = (*, client_id=None, client_secret=None, public_key=None, private_key=None, access_token=None,
        profile=None, base_url=None, api_version="2025-03-12", timeout=60.0, connect_timeout=10.0, max_retries=5,
        max_retry_time=180.0, proxy=None, ca_file=None, user_agent_suffix=None, token_cache=None, on_retired="raise",
        reconcile=true, allow_insecure_http=false, _asynchronous=false, _clock=None, _sources=None),
        text_signature = "(*, client_id=None, client_secret=None, public_key=None, private_key=None, access_token=None, \
        profile=None, base_url=None, api_version='2025-03-12', timeout=60.0, connect_timeout=10.0, max_retries=5, \
        max_retry_time=180.0, proxy=None, ca_file=None, user_agent_suffix=None, token_cache=None, on_retired='raise', \
        reconcile=True, allow_insecure_http=False)")]
    fn new(
        py: Python<'_>,
        client_id: Option<SecretText>,
        client_secret: Option<SecretText>,
        public_key: Option<SecretText>,
        private_key: Option<SecretText>,
        access_token: Option<SecretText>,
        profile: Option<String>,
        base_url: Option<SecretText>,
        api_version: &str,
        timeout: f64,
        connect_timeout: f64,
        max_retries: i64,
        max_retry_time: f64,
        proxy: Option<SecretText>,
        ca_file: Option<PathBuf>,
        user_agent_suffix: Option<&str>,
        token_cache: Option<PathBuf>,
        on_retired: &str,
        reconcile: bool,
        allow_insecure_http: bool,
        _asynchronous: bool,
        _clock: Option<PyRef<'_, crate::binding::runtime::clock::VirtualClock>>,
        _sources: Option<&str>,
    ) -> PyResult<Self> {
        let given =
            ClientArguments { client_id, client_secret, public_key, private_key, access_token, profile, base_url };
        let bounds = Bounds { timeout, connect_timeout, max_retries, max_retry_time };
        let way = RouteOptions { proxy, ca_file, user_agent_suffix, allow_insecure_http };
        let clock = _clock.map(|clock| clock.clone_clock());
        let behaviour = Behaviour { api_version, bounds, way, token_cache, reconcile, clock };
        let on_retired = config::on_retired(on_retired)?;
        let (handle, shape) = (Arc::new(config::handle(py, given, behaviour, _sources)?), ResultMode { raw: false });
        Ok(Client { handle, shape, asynchronous: _asynchronous, on_retired, closed: Arc::default() })
    }

    #[doc = include_str!("../docs/from_env.txt")]
    #[classmethod]
    #[pyo3(signature = (**options))]
    fn from_env(cls: &Bound<'_, PyType>, options: Option<&Bound<'_, PyDict>>) -> End {
        config::construct(cls, options, &[("_sources", "environment")])
    }

    #[doc = include_str!("../docs/from_profile.txt")]
    #[classmethod]
    #[pyo3(signature = (name, **options))]
    fn from_profile(cls: &Bound<'_, PyType>, name: &str, options: Option<&Bound<'_, PyDict>>) -> End {
        config::construct(cls, options, &[("_sources", "profile"), ("profile", name)])
    }

    #[doc = include_str!("../docs/create_serverless_instance.txt")]
    #[pyo3(signature = (group_id, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None,
        if_exists="error", on_retired=None, progress=None, validate=true, extra_fields=None, **spec))]
    fn create_serverless_instance<'py>(
        &self,
        py: Python<'py>,
        group_id: &str,
        envelope: bool,
        pretty: bool,
        wait: bool,
        timeout: Option<f64>,
        interval: Option<f64>,
        if_exists: &str,
        on_retired: Option<&str>,
        progress: Option<Bound<'py, PyAny>>,
        validate: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        spec: Option<&Bound<'py, PyDict>>,
    ) -> End {
        let retired = self.on_retired(on_retired)?;
        let options = Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, retired };
        self.run(py, operations::create(py, Kind::Serverless, group_id, &options, if_exists, spec)?)
    }

    #[doc = include_str!("../docs/create_flex_cluster.txt")]
    #[pyo3(signature = (group_id, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None,
        if_exists="error", progress=None, validate=true, extra_fields=None, **spec))]
    fn create_flex_cluster<'py>(
        &self,
        py: Python<'py>,
        group_id: &str,
        envelope: bool,
        pretty: bool,
        wait: bool,
        timeout: Option<f64>,
        interval: Option<f64>,
        if_exists: &str,
        progress: Option<Bound<'py, PyAny>>,
        validate: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        spec: Option<&Bound<'py, PyDict>>,
    ) -> End {
        let retired = self.on_retired;
        let options = Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, retired };
        self.run(py, operations::create(py, Kind::Flex, group_id, &options, if_exists, spec)?)
    }

    #[doc = include_str!("../docs/create_many.txt")]
    #[pyo3(signature = (operations, *, max_in_flight=32, on_error="collect"))]
    fn create_many(&self, py: Python<'_>, operations: &Bound<'_, PyAny>, max_in_flight: usize, on_error: &str) -> Many {
        self.many(py, operations, max_in_flight, on_error)
    }

    #[doc = include_str!("../docs/get_serverless_instance.txt")]
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false))]
    fn get_serverless_instance(&self, py: Python<'_>, group_id: &str, name: &str, envelope: bool, pretty: bool) -> End {
        self.run(
            py,
            operations::get(Kind::Serverless, group_id, name, ReplyFormat { envelope, pretty }, self.on_retired),
        )
    }

    #[doc = include_str!("../docs/get_flex_cluster.txt")]
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false))]
    fn get_flex_cluster(&self, py: Python<'_>, group_id: &str, name: &str, envelope: bool, pretty: bool) -> End {
        self.run(py, operations::get(Kind::Flex, group_id, name, ReplyFormat { envelope, pretty }, self.on_retired))
    }

    #[doc = include_str!("../docs/list_serverless_instances.txt")]
    #[pyo3(signature = (group_id, *, items_per_page=500, include_count=true))]
    fn list_serverless_instances(
        &self,
        py: Python<'_>,
        group_id: &str,
        items_per_page: i64,
        include_count: bool,
    ) -> Listed {
        self.pages(py, Pager::resources(Kind::Serverless, group_id, items_per_page, include_count, self.on_retired))
    }

    #[doc = include_str!("../docs/list_flex_clusters.txt")]
    #[pyo3(signature = (group_id, *, items_per_page=500, include_count=true))]
    fn list_flex_clusters(&self, py: Python<'_>, group_id: &str, items_per_page: i64, include_count: bool) -> Listed {
        self.pages(py, Pager::resources(Kind::Flex, group_id, items_per_page, include_count, self.on_retired))
    }

    #[doc = include_str!("../docs/update_serverless_instance.txt")]
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None,
        progress=None, validate=true, extra_fields=None, **changes))]
    fn update_serverless_instance<'py>(
        &self,
        py: Python<'py>,
        group_id: &str,
        name: &str,
        envelope: bool,
        pretty: bool,
        wait: bool,
        timeout: Option<f64>,
        interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
        validate: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> End {
        let retired = self.on_retired;
        let options = Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, retired };
        self.run(py, operations::update(py, Kind::Serverless, group_id, name, &options, changes)?)
    }

    #[doc = include_str!("../docs/update_flex_cluster.txt")]
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None,
        progress=None, validate=true, extra_fields=None, **changes))]
    fn update_flex_cluster<'py>(
        &self,
        py: Python<'py>,
        group_id: &str,
        name: &str,
        envelope: bool,
        pretty: bool,
        wait: bool,
        timeout: Option<f64>,
        interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
        validate: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> End {
        let retired = self.on_retired;
        let options = Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, retired };
        self.run(py, operations::update(py, Kind::Flex, group_id, name, &options, changes)?)
    }

    #[doc = include_str!("../docs/delete_serverless_instance.txt")]
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None,
        progress=None))]
    fn delete_serverless_instance<'py>(
        &self,
        py: Python<'py>,
        group_id: &str,
        name: &str,
        envelope: bool,
        pretty: bool,
        wait: bool,
        timeout: Option<f64>,
        interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> End {
        let (validate, extra_fields, retired) = (true, None, self.on_retired);
        let options = Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, retired };
        self.run(py, operations::delete(py, Kind::Serverless, group_id, name, &options)?)
    }

    #[doc = include_str!("../docs/delete_flex_cluster.txt")]
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None,
        progress=None))]
    fn delete_flex_cluster<'py>(
        &self,
        py: Python<'py>,
        group_id: &str,
        name: &str,
        envelope: bool,
        pretty: bool,
        wait: bool,
        timeout: Option<f64>,
        interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> End {
        let (validate, extra_fields, retired) = (true, None, self.on_retired);
        let options = Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, retired };
        self.run(py, operations::delete(py, Kind::Flex, group_id, name, &options)?)
    }

    #[doc = include_str!("../docs/wait_for_serverless_instance.txt")]
    #[pyo3(signature = (group_id, name, *, state="IDLE", timeout=1800.0, interval=None, progress=None))]
    fn wait_for_serverless_instance<'py>(
        &self,
        py: Python<'py>,
        group_id: &str,
        name: &str,
        state: &str,
        timeout: Option<f64>,
        interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> End {
        let wait = WaitRequest::until(state, Kind::Serverless, group_id.to_owned(), name.to_owned());
        let wait = WaitRequest { on_retired: self.on_retired, ..wait };
        self.run(py, operations::wait_for(py, wait, timeout, interval, progress.as_ref())?)
    }

    #[doc = include_str!("../docs/wait_for_flex_cluster.txt")]
    #[pyo3(signature = (group_id, name, *, state="IDLE", timeout=1800.0, interval=None, progress=None))]
    fn wait_for_flex_cluster<'py>(
        &self,
        py: Python<'py>,
        group_id: &str,
        name: &str,
        state: &str,
        timeout: Option<f64>,
        interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> End {
        let wait = WaitRequest::until(state, Kind::Flex, group_id.to_owned(), name.to_owned());
        self.run(py, operations::wait_for(py, wait, timeout, interval, progress.as_ref())?)
    }

    #[doc = include_str!("../docs/find.txt")]
    fn find(&self, py: Python<'_>, group_id: &str, name: &str) -> End {
        self.run(py, operations::find(group_id, name, ReplyFormat::default()))
    }

    #[doc = include_str!("../docs/list_projects.txt")]
    #[pyo3(signature = (*, items_per_page=500))]
    fn list_projects(&self, py: Python<'_>, items_per_page: i64) -> Listed {
        self.pages(py, Pager::projects(items_per_page))
    }

    #[doc = include_str!("../docs/get_project.txt")]
    fn get_project(&self, py: Python<'_>, group_id: &str) -> End {
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
    ) -> Listed {
        let own = [("groupId", group_id), ("orgId", org_id), ("userId", user_id), ("ipAddress", ip_address)];
        let query = operations::pairs(own.into_iter().chain([("name", name), ("endpointPath", endpoint_path)]));
        self.pages(py, Pager::rate_limits(query, items_per_page))
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
    ) -> End {
        self.run(py, operations::request(method, path, params.as_ref(), json.as_ref(), api_version, timeout)?)
    }

    #[doc = include_str!("../docs/rate_limits.txt")]
    #[getter]
    fn rate_limits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        results::rate_limits(py, &self.core(py)?.rate_limits())
    }

    #[doc = include_str!("../docs/with_raw_response.txt")]
    #[getter]
    fn with_raw_response(&self) -> Self {
        Client { shape: ResultMode { raw: true }, ..self.clone() }
    }

    #[doc = include_str!("../docs/base_url.txt")]
    #[getter]
    fn base_url(&self) -> &str {
        &self.handle.found().base_url
    }

    #[doc = include_str!("../docs/default_group_id.txt")]
    #[getter]
    fn default_group_id(&self) -> Option<&str> {
        self.handle.found().group_id.as_deref()
    }

    #[doc = include_str!("../docs/credentials.txt")]
    #[getter]
    fn credentials(&self) -> Credentials {
        Credentials::new(self.handle.found(), self.handle.config())
    }

    #[doc = include_str!("../docs/close.txt")]
    fn close(&self, py: Python<'_>) -> End {
        self.end(py)
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __exit__(&self, py: Python<'_>, _type: Py<PyAny>, _value: Py<PyAny>, _traceback: Py<PyAny>) -> PyResult<()> {
        self.close(py).map(drop)
    }

    fn __repr__(&self) -> String {
        self.shown()
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(run::unpicklable())
    }
}
