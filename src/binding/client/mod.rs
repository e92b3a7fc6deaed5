//! The `Client` class. Its operations are in files by resource: each method is a signature, a docstring and a job.
mod access_list;
mod backups;
pub(crate) mod config;
pub(crate) mod credentials;
mod database_users;
mod entities;
mod flex_clusters;
mod leftovers;
pub(crate) mod operations;
pub(crate) mod pages;
mod projects;
pub(crate) mod run;
mod serverless_instances;
mod up;

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};

use self::config::{ClientArguments, ClientOptions, Limits, RouteOptions};
use self::credentials::Credentials;
use self::run::{CallResult, Client};
use crate::binding::convert::results::ResultMode;
use crate::binding::convert::{arguments, named, results};
use crate::core::secret::Secret;

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[new]
    #[pyo3(signature = (*, client_id=None, client_secret=None, public_key=None, private_key=None, access_token=None,
        profile=None, base_url=None, group_id=None, api_version="2025-03-12", timeout=60.0, connect_timeout=10.0, max_retries=5,
        max_retry_time=180.0, proxy=None, ca_file=None, user_agent_suffix=None, token_cache=None, on_retired="raise",
        reconcile=true, allow_insecure_http=false, _asynchronous=false, _clock=None, _sources=None),
        text_signature = "(*, client_id=None, client_secret=None, public_key=None, private_key=None, access_token=None, \
        profile=None, base_url=None, group_id=None, api_version='2025-03-12', timeout=60.0, connect_timeout=10.0, max_retries=5, \
        max_retry_time=180.0, proxy=None, ca_file=None, user_agent_suffix=None, token_cache=None, on_retired='raise', \
        reconcile=True, allow_insecure_http=False)")]
    fn new(
        py: Python<'_>,
        #[pyo3(from_py_with = named::client_id)] client_id: Option<Secret>,
        #[pyo3(from_py_with = named::client_secret)] client_secret: Option<Secret>,
        #[pyo3(from_py_with = named::public_key)] public_key: Option<Secret>,
        #[pyo3(from_py_with = named::private_key)] private_key: Option<Secret>,
        #[pyo3(from_py_with = named::access_token)] access_token: Option<Secret>,
        #[pyo3(from_py_with = named::profile)] profile: Option<&str>,
        #[pyo3(from_py_with = named::base_url)] base_url: Option<Secret>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::api_version)] api_version: &str,
        #[pyo3(from_py_with = named::attempt_timeout)] timeout: f64,
        #[pyo3(from_py_with = named::connect_timeout)] connect_timeout: f64,
        #[pyo3(from_py_with = named::max_retries)] max_retries: i64,
        #[pyo3(from_py_with = named::max_retry_time)] max_retry_time: f64,
        #[pyo3(from_py_with = named::proxy)] proxy: Option<Secret>,
        #[pyo3(from_py_with = named::ca_file)] ca_file: Option<PathBuf>,
        #[pyo3(from_py_with = named::user_agent_suffix)] user_agent_suffix: Option<&str>,
        #[pyo3(from_py_with = named::token_cache)] token_cache: Option<PathBuf>,
        #[pyo3(from_py_with = named::default_on_retired)] on_retired: &str,
        #[pyo3(from_py_with = named::reconcile)] reconcile: bool,
        #[pyo3(from_py_with = named::allow_insecure_http)] allow_insecure_http: bool,
        _asynchronous: bool,
        _clock: Option<PyRef<'_, crate::binding::runtime::clock::VirtualClock>>,
        _sources: Option<&str>,
    ) -> PyResult<Self> {
        let given = ClientArguments {
            client_id,
            client_secret,
            public_key,
            private_key,
            access_token,
            profile: profile.map(str::to_owned),
            base_url,
            group_id: group_id.map(str::to_owned),
        };
        let limits = Limits { timeout, connect_timeout, max_retries, max_retry_time };
        let route = RouteOptions { proxy, ca_file, user_agent_suffix, allow_insecure_http };
        let clock = _clock.map(|clock| clock.clone_clock());
        let options = ClientOptions { api_version, limits, route, token_cache, reconcile, clock };
        let on_retired = arguments::on_retired(on_retired)?;
        let (state, mode) = (Arc::new(config::client_state(py, given, options, _sources)?), ResultMode { raw: false });
        Ok(Client { state, mode, asynchronous: _asynchronous, on_retired, closed: Arc::default() })
    }

    #[doc = include_str!("../docs/from_env.txt")]
    #[classmethod]
    #[pyo3(signature = (**options))]
    fn from_env(cls: &Bound<'_, PyType>, options: Option<&Bound<'_, PyDict>>) -> CallResult {
        config::construct(cls, options, &[("_sources", "environment")])
    }

    #[doc = include_str!("../docs/from_profile.txt")]
    #[classmethod]
    #[pyo3(signature = (name, **options))]
    fn from_profile(
        cls: &Bound<'_, PyType>,
        #[pyo3(from_py_with = named::profile_name)] name: &str,
        options: Option<&Bound<'_, PyDict>>,
    ) -> CallResult {
        config::construct(cls, options, &[("_sources", "profile"), ("profile", name)])
    }

    #[doc = include_str!("../docs/rate_limits.txt")]
    #[getter]
    fn rate_limits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        results::rate_limits(py, &self.core(py)?.rate_limits())
    }

    #[doc = include_str!("../docs/with_raw_response.txt")]
    #[getter]
    fn with_raw_response(&self) -> Self {
        Client { mode: ResultMode { raw: true }, ..self.clone() }
    }

    #[doc = include_str!("../docs/base_url.txt")]
    #[getter]
    fn base_url(&self) -> &str {
        &self.state.credentials().base_url
    }

    #[doc = include_str!("../docs/default_group_id.txt")]
    #[getter]
    fn default_group_id(&self) -> Option<&str> {
        self.state.credentials().group_id.as_deref()
    }

    #[doc = include_str!("../docs/credentials.txt")]
    #[getter]
    fn credentials(&self) -> Credentials {
        Credentials::new(self.state.credentials(), self.state.config())
    }

    #[doc = include_str!("../docs/close.txt")]
    fn close(&self, py: Python<'_>) -> CallResult {
        self.close_once(py)
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __exit__(&self, py: Python<'_>, _type: Py<PyAny>, _value: Py<PyAny>, _traceback: Py<PyAny>) -> PyResult<()> {
        self.close(py).map(drop)
    }

    fn __repr__(&self) -> String {
        self.describe()
    }

    fn __reduce__(&self) -> PyResult<()> {
        let message = "a Client cannot be pickled: it holds secrets and connections; make one where it is used";
        Err(PyTypeError::new_err(message))
    }
}
