//! The functions behind the commands `doctor` and `logout`.
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::binding::client::config;
use crate::binding::client::config::{ClientArguments, ClientOptions, Limits, RouteOptions};
use crate::binding::client::run::Client;
use crate::binding::convert::errors::{to_exception, warn};
use crate::binding::convert::{named, stack};
use crate::binding::runtime::blocking;
use crate::core::auth::token_cache::FileCache;
use crate::core::doctor::run_checks;
use crate::core::error::Error;
use crate::core::secret::Secret;

/// Look at everything between this program and a create; a dict of `ok`, `base_url`, `group_id`, `explanation`, `steps`.
#[pyfunction]
#[pyo3(signature = (*, profile=None, base_url=None, group_id=None, proxy=None, ca_file=None, token_cache=None, timeout=15.0,
    allow_insecure_http=false))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn doctor<'py>(
    py: Python<'py>,
    #[pyo3(from_py_with = named::profile)] profile: Option<&str>,
    #[pyo3(from_py_with = named::base_url)] base_url: Option<Secret>,
    #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
    #[pyo3(from_py_with = named::proxy)] proxy: Option<Secret>,
    #[pyo3(from_py_with = named::ca_file)] ca_file: Option<PathBuf>,
    #[pyo3(from_py_with = named::token_cache)] token_cache: Option<PathBuf>,
    #[pyo3(from_py_with = named::attempt_timeout)] timeout: f64,
    #[pyo3(from_py_with = named::allow_insecure_http)] allow_insecure_http: bool,
) -> PyResult<Bound<'py, PyAny>> {
    stack::ensure_room_to_set_up()?;
    let (profile, group_id) = (profile.map(str::to_owned), group_id.map(str::to_owned));
    let given = ClientArguments { profile, base_url, ..ClientArguments::default() };
    let discovery = config::discover(given, allow_insecure_http, None)?;
    let options = ClientOptions {
        limits: Limits { timeout, connect_timeout: timeout.min(10.0), max_retries: 0, max_retry_time: 0.0 },
        route: RouteOptions { proxy, ca_file, ..RouteOptions::default() },
        token_cache,
        ..ClientOptions::default()
    };
    let (config, _) = config::core_config(py, options, discovery.base_url.as_deref().unwrap_or_default())?;
    let report = blocking::block_on(py, async move { Ok::<_, Error>(run_checks(discovery, config, group_id).await) })?;
    Ok(pythonize::pythonize(py, &report)?)
}

/// Revoke the cached token of a client and remove it. A dict: `revoked` (None if there was none, else whether the server
/// took it), `folder` (None if tokens are not shared), `others` (client ids and base URLs of tokens that remain).
#[pyfunction]
#[pyo3(signature = (client, *, all=false))]
pub(crate) fn log_out<'py>(py: Python<'py>, client: &Client, all: bool) -> PyResult<Bound<'py, PyDict>> {
    stack::ensure_room()?;
    let core = client.core(py)?.for_another_runtime().map_err(|error| to_exception(py, error))?;
    let folder = client.config().token_cache.folder.clone();
    let logged_out = blocking::block_on(py, async move { Ok::<_, Error>(core.log_out().await) })?;
    let answer = PyDict::new(py);
    answer.set_item("revoked", logged_out.map(|done| done.revoked))?;
    answer.set_item("same_secret", logged_out.is_none_or(|done| done.same_secret))?;
    answer.set_item("others", folder.as_ref().map(|folder| list_tokens(folder, all)).unwrap_or_default())?;
    answer.set_item("folder", folder)?;
    Ok(answer)
}

/// Remove every cached token without telling the server: for a machine that has no credentials any more.
#[pyfunction]
#[pyo3(signature = (*, token_cache=None))]
pub(crate) fn forget_tokens<'py>(py: Python<'py>, token_cache: Option<PathBuf>) -> PyResult<Bound<'py, PyDict>> {
    let (location, notice) = config::token_store_location(py, token_cache)?;
    warn(py, notice.as_slice(), None)?;
    let answer = PyDict::new(py);
    answer.set_item("revoked", py.None())?;
    answer.set_item("same_secret", true)?;
    answer.set_item("others", location.folder.as_ref().map(|folder| list_tokens(folder, true)).unwrap_or_default())?;
    answer.set_item("folder", location.folder)?;
    Ok(answer)
}

/// Base URL, client id and end (Unix seconds) of every token in a folder; with `remove`, they are gone afterwards.
fn list_tokens(folder: &std::path::Path, remove: bool) -> Vec<(String, String, u64)> {
    let cache = FileCache::new(folder);
    let entries = cache.list();
    let removed = |key| !remove || cache.remove(key);
    let shown = entries.iter().filter(|(key, _)| removed(key));
    shown.map(|(key, token)| (key.base_url().to_owned(), key.client_id().to_owned(), token.expires_at)).collect()
}
