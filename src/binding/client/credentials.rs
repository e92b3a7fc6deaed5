//! `client.credentials`: which are used and where they were found, without secrets.
use pyo3::prelude::*;

use crate::binding::convert::results::shown;
use crate::core::auth::discovery::resolved::ResolvedCredentials;
use crate::core::config::Config;

/// The credentials that a client uses, without what is secret of them.
#[pyclass(frozen, module = "atlas_serverless._core")]
pub(crate) struct Credentials {
    /// `service_account`, `api_key` or `access_token`.
    #[pyo3(get)]
    kind: &'static str,
    /// Client id or public key; None for an access token.
    #[pyo3(get)]
    id: Option<String>,
    /// Where they were found: `arguments (client_id, client_secret)`, `environment (…)`, `profile default in …`.
    #[pyo3(get)]
    source: String,
    /// Scheme, host and port of the service.
    #[pyo3(get)]
    base_url: String,
    /// Where the base URL was resolved.
    #[pyo3(get)]
    base_url_source: String,
    shown: String,
    explanation: String,
}

impl Credentials {
    pub(crate) fn new(resolved: &ResolvedCredentials, config: &Config) -> Self {
        Credentials {
            kind: resolved.credentials.kind().word(),
            id: resolved.credentials.id().map(str::to_owned),
            source: resolved.source.clone(),
            base_url: resolved.base_url.clone(),
            base_url_source: resolved.base_url_source.clone(),
            shown: resolved.credentials.describe(),
            explanation: resolved.explain_with(&config.connection_summary(&resolved.base_url)),
        }
    }
}

#[pymethods]
impl Credentials {
    /// What was looked at in which order, what was found and what is used, as text. Ids are shown, of secrets the length
    /// and the last two characters at the most.
    fn explain(&self) -> &str {
        &self.explanation
    }

    fn __repr__(&self) -> String {
        format!("<Credentials: {} from {} at {}>", self.shown, self.source, self.base_url)
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        shown(slf.py(), "html", "credentials")?.call1((slf,))
    }
}
