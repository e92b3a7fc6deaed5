//! The `Client` class: one method an operation, each of them a signature, a docstring and a job.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::bridge::{Handle, Job, Output};
use super::errors::{to_exception, warn, warn_beside};
use super::jobs::{self, Options, seconds};
use super::lists::Pages;
use super::options::{self, Given};
use super::results::Shape;
use super::{aio, bridge};
use crate::core::client::OnRetired;
use crate::core::context::Notices;
use crate::core::model::Kind;
use crate::core::pages::Pager;
use crate::core::wait::Wait;

/// A client of the MongoDB Atlas Administration API for serverless instances and Flex clusters.
#[pyclass(frozen, subclass, module = "atlas_serverless")]
pub(crate) struct Client {
    handle: Arc<Handle>,
    shape: Shape,
    /// Methods return something pending for an event loop.
    asynchronous: bool,
    on_retired: OnRetired,
    closed: Arc<std::sync::atomic::AtomicBool>,
}

impl Client {
    /// Runs a job in the calling thread, or starts it on the running event loop.
    pub(crate) fn run(&self, py: Python<'_>, job: Job) -> PyResult<Py<PyAny>> {
        if self.closed.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(PyRuntimeError::new_err("the client is closed"));
        }
        self.run_even_closed(py, job)
    }

    fn run_even_closed(&self, py: Python<'_>, job: Job) -> PyResult<Py<PyAny>> {
        if self.asynchronous {
            return aio::start(py, &self.handle, job, self.shape);
        }
        let notices = Notices::default();
        match bridge::run(py, &self.handle, job, &notices) {
            Ok(output) => Ok(self.shape.now(py, output, &notices)?.unbind()),
            Err(error) => {
                warn_beside(py, &notices.take(), 1);
                Err(error)
            }
        }
    }

    fn pages(&self, py: Python<'_>, pager: Result<Pager, crate::core::error::Error>) -> PyResult<Pages> {
        let pager = pager.map_err(|error| to_exception(py, error))?;
        Ok(Pages::new(Py::new(py, self.same())?, pager))
    }

    fn same(&self) -> Self {
        Client {
            handle: self.handle.clone(),
            shape: self.shape,
            asynchronous: self.asynchronous,
            on_retired: self.on_retired,
            closed: self.closed.clone(),
        }
    }

    fn on_retired(&self, given: Option<&str>) -> PyResult<OnRetired> {
        given.map_or(Ok(self.on_retired), options::on_retired)
    }
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (*, client_id=None, client_secret=None, public_key=None, private_key=None, access_token=None,
        profile=None, base_url=None, api_version="2025-03-12", timeout=60.0, connect_timeout=10.0, max_retries=5,
        max_retry_time=180.0, proxy=None, ca_file=None, user_agent_suffix=None, token_cache=None, on_retired="raise",
        reconcile=true, allow_insecure_http=false, _asynchronous=false, _clock=None, _sources=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        client_id: Option<String>,
        client_secret: Option<String>,
        public_key: Option<String>,
        private_key: Option<String>,
        access_token: Option<String>,
        profile: Option<String>,
        base_url: Option<String>,
        api_version: &str,
        timeout: f64,
        connect_timeout: f64,
        max_retries: u32,
        max_retry_time: f64,
        proxy: Option<String>,
        ca_file: Option<PathBuf>,
        user_agent_suffix: Option<&str>,
        token_cache: Option<PathBuf>,
        on_retired: &str,
        reconcile: bool,
        allow_insecure_http: bool,
        _asynchronous: bool,
        _clock: Option<PyRef<'_, super::clock::VirtualClock>>,
        _sources: Option<&str>,
    ) -> PyResult<Self> {
        let given = Given {
            client_id,
            client_secret,
            public_key,
            private_key,
            access_token,
            profile,
            base_url,
            allow_insecure_http,
        };
        let found = options::discover(py, given, _sources)?;
        let on_retired = options::on_retired(on_retired)?;
        let behaviour = options::Behaviour {
            api_version,
            timeout: required("timeout", timeout)?,
            connect_timeout: required("connect_timeout", connect_timeout)?,
            max_retries,
            max_retry_time: seconds("max_retry_time", Some(max_retry_time).filter(|t| *t != 0.0))?
                .unwrap_or(if max_retry_time == 0.0 { Duration::ZERO } else { Duration::MAX }),
            proxy,
            ca_file,
            user_agent_suffix,
            token_cache,
            reconcile,
            clock: _clock.map(|clock| clock.clone_clock()),
        };
        let config = options::config(py, behaviour)?;
        warn(py, &found.notices, 1, None)?;
        let handle = Handle::new(config, found).map_err(|error| to_exception(py, error))?;
        Ok(Client {
            handle: Arc::new(handle),
            shape: Shape { raw: false },
            asynchronous: _asynchronous,
            on_retired,
            closed: Arc::default(),
        })
    }

    /// Create a serverless instance; see the stub for the whole description.
    #[pyo3(signature = (group_id, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None, if_exists="error",
        on_retired=None, progress=None, validate=true, extra_fields=None, **spec))]
    #[allow(clippy::too_many_arguments)]
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
    ) -> PyResult<Py<PyAny>> {
        let on_retired = self.on_retired(on_retired)?;
        let options =
            Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, on_retired };
        self.run(py, jobs::create(py, Kind::Serverless, group_id, &options, if_exists, spec)?)
    }

    /// Create a Flex cluster; see the stub for the whole description.
    #[pyo3(signature = (group_id, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None, if_exists="error",
        progress=None, validate=true, extra_fields=None, **spec))]
    #[allow(clippy::too_many_arguments)]
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
    ) -> PyResult<Py<PyAny>> {
        let on_retired = self.on_retired;
        let options =
            Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, on_retired };
        self.run(py, jobs::create(py, Kind::Flex, group_id, &options, if_exists, spec)?)
    }

    /// Get one serverless instance.
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false))]
    fn get_serverless_instance(
        &self,
        py: Python<'_>,
        group_id: &str,
        name: &str,
        envelope: bool,
        pretty: bool,
    ) -> PyResult<Py<PyAny>> {
        self.run(
            py,
            jobs::get(Kind::Serverless, group_id, name, crate::core::call::Shape { envelope, pretty }, self.on_retired),
        )
    }

    /// Get one Flex cluster.
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false))]
    fn get_flex_cluster(
        &self,
        py: Python<'_>,
        group_id: &str,
        name: &str,
        envelope: bool,
        pretty: bool,
    ) -> PyResult<Py<PyAny>> {
        self.run(
            py,
            jobs::get(Kind::Flex, group_id, name, crate::core::call::Shape { envelope, pretty }, self.on_retired),
        )
    }

    /// List the serverless instances of a project.
    #[pyo3(signature = (group_id, *, items_per_page=500, include_count=true))]
    fn list_serverless_instances(
        &self,
        py: Python<'_>,
        group_id: &str,
        items_per_page: u64,
        include_count: bool,
    ) -> PyResult<Pages> {
        self.pages(py, Pager::resources(Kind::Serverless, group_id, items_per_page, include_count, self.on_retired))
    }

    /// List the Flex clusters of a project.
    #[pyo3(signature = (group_id, *, items_per_page=500, include_count=true))]
    fn list_flex_clusters(
        &self,
        py: Python<'_>,
        group_id: &str,
        items_per_page: u64,
        include_count: bool,
    ) -> PyResult<Pages> {
        self.pages(py, Pager::resources(Kind::Flex, group_id, items_per_page, include_count, self.on_retired))
    }

    /// Change a serverless instance.
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None, progress=None,
        validate=true, extra_fields=None, **changes))]
    #[allow(clippy::too_many_arguments)]
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
    ) -> PyResult<Py<PyAny>> {
        let on_retired = self.on_retired;
        let options =
            Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, on_retired };
        self.run(py, jobs::update(py, Kind::Serverless, group_id, name, &options, changes)?)
    }

    /// Change a Flex cluster.
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None, progress=None,
        validate=true, extra_fields=None, **changes))]
    #[allow(clippy::too_many_arguments)]
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
    ) -> PyResult<Py<PyAny>> {
        let on_retired = self.on_retired;
        let options =
            Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, on_retired };
        self.run(py, jobs::update(py, Kind::Flex, group_id, name, &options, changes)?)
    }

    /// Delete a serverless instance.
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None, progress=None))]
    #[allow(clippy::too_many_arguments)]
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
    ) -> PyResult<Py<PyAny>> {
        let (validate, extra_fields, on_retired) = (true, None, self.on_retired);
        let options =
            Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, on_retired };
        self.run(py, jobs::delete(py, Kind::Serverless, group_id, name, &options)?)
    }

    /// Delete a Flex cluster.
    #[pyo3(signature = (group_id, name, *, envelope=false, pretty=false, wait=false, timeout=None, interval=None, progress=None))]
    #[allow(clippy::too_many_arguments)]
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
    ) -> PyResult<Py<PyAny>> {
        let (validate, extra_fields, on_retired) = (true, None, self.on_retired);
        let options =
            Options { envelope, pretty, wait, timeout, interval, progress, validate, extra_fields, on_retired };
        self.run(py, jobs::delete(py, Kind::Flex, group_id, name, &options)?)
    }

    /// Wait until a serverless instance is in a state.
    #[pyo3(signature = (group_id, name, *, state="IDLE", timeout=1800.0, interval=None, progress=None))]
    #[allow(clippy::too_many_arguments)]
    fn wait_for_serverless_instance<'py>(
        &self,
        py: Python<'py>,
        group_id: &str,
        name: &str,
        state: &str,
        timeout: Option<f64>,
        interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let wait = Wait::until(state, Kind::Serverless, group_id.to_owned(), name.to_owned());
        let wait = Wait { on_retired: self.on_retired, ..wait };
        self.run(py, jobs::wait_for(py, wait, timeout, interval, progress.as_ref())?)
    }

    /// Wait until a Flex cluster is in a state.
    #[pyo3(signature = (group_id, name, *, state="IDLE", timeout=1800.0, interval=None, progress=None))]
    #[allow(clippy::too_many_arguments)]
    fn wait_for_flex_cluster<'py>(
        &self,
        py: Python<'py>,
        group_id: &str,
        name: &str,
        state: &str,
        timeout: Option<f64>,
        interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let wait = Wait::until(state, Kind::Flex, group_id.to_owned(), name.to_owned());
        self.run(py, jobs::wait_for(py, wait, timeout, interval, progress.as_ref())?)
    }

    /// Look a name up on both paths: `("flex" or "serverless", its description)`.
    fn find(&self, py: Python<'_>, group_id: &str, name: &str) -> PyResult<Py<PyAny>> {
        self.run(py, jobs::find(group_id, name, crate::core::call::Shape::default()))
    }

    /// List the projects that the credentials can see.
    #[pyo3(signature = (*, items_per_page=500))]
    fn list_projects(&self, py: Python<'_>, items_per_page: u64) -> PyResult<Pages> {
        self.pages(py, Pager::projects(items_per_page))
    }

    /// Get one project.
    fn get_project(&self, py: Python<'_>, group_id: &str) -> PyResult<Py<PyAny>> {
        self.run(py, jobs::get_project(group_id))
    }

    /// List the service's rate limits.
    #[pyo3(signature = (*, group_id=None, org_id=None, user_id=None, ip_address=None, name=None, endpoint_path=None,
        items_per_page=500))]
    #[allow(clippy::too_many_arguments)]
    fn list_rate_limits(
        &self,
        py: Python<'_>,
        group_id: Option<String>,
        org_id: Option<String>,
        user_id: Option<String>,
        ip_address: Option<String>,
        name: Option<String>,
        endpoint_path: Option<String>,
        items_per_page: u64,
    ) -> PyResult<Pages> {
        let query = [
            ("groupId", group_id),
            ("orgId", org_id),
            ("userId", user_id),
            ("ipAddress", ip_address),
            ("name", name),
            ("endpointPath", endpoint_path),
        ];
        let query = query.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        self.pages(py, Pager::rate_limits(query, items_per_page))
    }

    /// Any other operation of the API, with the same authentication, retries and errors.
    #[pyo3(signature = (method, path, *, params=None, json=None, api_version=None, timeout=None))]
    #[allow(clippy::too_many_arguments)]
    fn request<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        path: &str,
        params: Option<Bound<'py, PyAny>>,
        json: Option<Bound<'py, PyAny>>,
        api_version: Option<String>,
        timeout: Option<f64>,
    ) -> PyResult<Py<PyAny>> {
        self.run(py, jobs::request(method, path, params.as_ref(), json.as_ref(), api_version, timeout)?)
    }

    /// What is known of the service's rate limits, a list of dicts.
    #[getter]
    fn rate_limits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let core = self.handle.core().map_err(|error| to_exception(py, error))?;
        let list = PyList::empty(py);
        for known in core.rate_limits() {
            let entry = PyDict::new(py);
            entry.set_item("endpoint_set", known.endpoint_set)?;
            entry.set_item("group_id", known.group_id)?;
            entry.set_item("limit", known.limit)?;
            entry.set_item("remaining", known.remaining)?;
            entry.set_item("blocked_for", known.blocked_for.as_secs_f64())?;
            entry.set_item("age", known.age.as_secs_f64())?;
            list.append(entry)?;
        }
        Ok(list)
    }

    /// The same methods, each returning a `Response`.
    #[getter]
    fn with_raw_response(&self) -> Self {
        Client { shape: Shape { raw: true }, ..self.same() }
    }

    /// Scheme, host and port of the service.
    #[getter]
    fn base_url(&self) -> &str {
        &self.handle.found().base_url
    }

    /// The project named by the environment or the profile, if any.
    #[getter]
    fn default_group_id(&self) -> Option<&str> {
        self.handle.found().group_id.as_deref()
    }

    /// Revoke the token that this client holds, and refuse further calls. Closing twice is fine.
    fn close(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if self.closed.swap(true, std::sync::atomic::Ordering::Relaxed) && !self.asynchronous {
            return Ok(py.None());
        }
        let job = Job::new(None, |client, _| async move {
            client.close().await;
            Ok(Output::Nothing)
        });
        self.run_even_closed(py, job)
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __exit__(&self, py: Python<'_>, _type: Py<PyAny>, _value: Py<PyAny>, _traceback: Py<PyAny>) -> PyResult<()> {
        self.close(py).map(drop)
    }

    fn __repr__(&self) -> String {
        let found = self.handle.found();
        format!("<Client {} with {} from {}>", found.base_url, found.credentials.describe(), found.source)
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyValueError::new_err(
            "a Client cannot be pickled: it holds secrets and connections; make one where it is used",
        ))
    }
}

fn required(name: &str, value: f64) -> PyResult<Duration> {
    seconds(name, Some(value)).map(|duration| duration.unwrap_or(Duration::from_secs(u64::from(u32::MAX))))
}
