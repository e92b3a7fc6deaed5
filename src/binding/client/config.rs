//! From constructor arguments to the core's configuration.
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::binding::convert::arguments::time_limit;
use crate::binding::convert::call::without_unwinding;
use crate::binding::convert::errors::{to_exception, warn};
use crate::binding::convert::stack;
use crate::binding::runtime::client_state::ClientState;
use crate::core::auth::discovery;
use crate::core::auth::discovery::options::Sources;
use crate::core::auth::discovery::resolved::DiscoveryReport;
use crate::core::auth::token_cache::location;
use crate::core::auth::token_cache::location::TokenStoreLocation;
use crate::core::config::Config;
use crate::core::context::Env;
use crate::core::context::clock::{Clock, FixedRng, Rng, SystemClock, SystemRng};
use crate::core::error::Notice;
use crate::core::http::network;
use crate::core::http::network::route::route;
use crate::core::machine::{KeyringTrouble, SystemMachine};
use crate::core::policy::poll_intervals::PollIntervals;
use crate::core::policy::retry::RetryPolicy;
use crate::core::secret::Secret;

const NO_VERSION: &str = "api_version must be a date such as \"2025-03-12\", not empty; left out it is that";

/// Credentials and base URL as they were given.
#[derive(Default)]
pub(crate) struct ClientArguments {
    pub(crate) client_id: Option<Secret>,
    pub(crate) client_secret: Option<Secret>,
    pub(crate) public_key: Option<Secret>,
    pub(crate) private_key: Option<Secret>,
    pub(crate) access_token: Option<Secret>,
    pub(crate) profile: Option<String>,
    pub(crate) base_url: Option<Secret>,
    pub(crate) group_id: Option<String>,
}

/// The other arguments.
pub(crate) struct ClientOptions<'a> {
    pub(crate) api_version: &'a str,
    pub(crate) limits: Limits,
    pub(crate) route: RouteOptions<'a>,
    pub(crate) token_cache: Option<PathBuf>,
    pub(crate) reconcile: bool,
    pub(crate) clock: Option<crate::core::context::clock::ManualClock>,
}

/// Time limits, in seconds, and retries.
pub(crate) struct Limits {
    pub(crate) timeout: f64,
    pub(crate) connect_timeout: f64,
    pub(crate) max_retries: i64,
    pub(crate) max_retry_time: f64,
}

/// How requests get to the service.
#[derive(Default)]
pub(crate) struct RouteOptions<'a> {
    pub(crate) proxy: Option<Secret>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) user_agent_suffix: Option<&'a str>,
    pub(crate) allow_insecure_http: bool,
}

impl Default for ClientOptions<'_> {
    /// The defaults of the constructor, but without retries.
    fn default() -> Self {
        ClientOptions {
            api_version: "2025-03-12",
            limits: Limits { timeout: 60.0, connect_timeout: 10.0, max_retries: 0, max_retry_time: 0.0 },
            route: RouteOptions::default(),
            token_cache: None,
            reconcile: false,
            clock: None,
        }
    }
}

/// What a client holds, from the arguments of its constructor.
pub(crate) fn client_state(
    py: Python<'_>,
    given: ClientArguments,
    options: ClientOptions<'_>,
    sources: Option<&str>,
) -> PyResult<ClientState> {
    stack::ensure_room_to_set_up()?;
    let credentials = discover(given, options.route.allow_insecure_http, sources)?.result;
    let credentials = credentials.map_err(|error| to_exception(py, error))?;
    let (config, notices) = core_config(py, options, &credentials.base_url)?;
    warn(py, &credentials.notices, None)?;
    warn(py, &notices, None)?;
    ClientState::new(config, credentials).map_err(|error| to_exception(py, error))
}

/// Finds credentials and base URL in arguments, environment and Atlas CLI profile.
pub(crate) fn discover(
    given: ClientArguments,
    allow_insecure_http: bool,
    sources: Option<&str>,
) -> PyResult<DiscoveryReport> {
    let text = |given: Option<Secret>| given.map(|text| text.expose().to_owned());
    let given = discovery::options::ExplicitOptions {
        client_id: text(given.client_id),
        client_secret: given.client_secret,
        public_key: text(given.public_key),
        private_key: given.private_key,
        access_token: given.access_token,
        profile: given.profile,
        base_url: text(given.base_url),
        group_id: given.group_id,
        allow_insecure_http,
        sources: match sources {
            Some("environment") => Sources::Environment,
            Some("profile") => Sources::Profile,
            _ => Sources::All,
        },
    };
    let interrupted = Arc::<Mutex<Option<PyErr>>>::default();
    let seen = interrupted.clone();
    let keyring = move |service: &str, user: &str| keyring(service, user, &seen);
    let report = discovery::discover_with_report(&given, &SystemMachine::new(Some(Box::new(keyring))));
    let interrupted = interrupted.lock().unwrap_or_else(PoisonError::into_inner).take();
    interrupted.map_or(Ok(report), Err)
}

/// Where tokens are stored.
pub(crate) fn token_store_location(
    py: Python<'_>,
    given: Option<PathBuf>,
) -> PyResult<(TokenStoreLocation, Option<Notice>)> {
    location::resolve(given.as_deref(), &SystemMachine::default()).map_err(|error| to_exception(py, error))
}

/// Reads the system keyring with the `keyring` package. What is no `Exception` (Ctrl-C while the keyring asks for its
/// password) is no trouble of the keyring's: it is kept, to be raised.
fn keyring(service: &str, user: &str, interrupted: &Mutex<Option<PyErr>>) -> Result<Option<String>, KeyringTrouble> {
    Python::attach(|py| {
        let keyring = py.import("keyring").map_err(|_| KeyringTrouble::NoPackage)?;
        let ask = || keyring.call_method1("get_password", (service, user));
        without_unwinding(ask).and_then(|secret| secret.extract()).map_err(|error| {
            let class = error.value(py).get_type().to_string();
            if !error.is_instance_of::<PyException>(py) {
                interrupted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
            KeyringTrouble::Failed(class)
        })
    })
}

/// The core's configuration.
pub(crate) fn core_config(
    py: Python<'_>,
    options: ClientOptions<'_>,
    base_url: &str,
) -> PyResult<(Config, Vec<Notice>)> {
    let version = py.import("sys")?.getattr("version_info")?;
    let (major, minor): (u32, u32) = (version.getattr("major")?.extract()?, version.getattr("minor")?.extract()?);
    let mut user_agent =
        format!("atlas-serverless/{} (Python {major}.{minor}; {})", env!("CARGO_PKG_VERSION"), std::env::consts::OS);
    if let Some(suffix) = options.route.user_agent_suffix {
        user_agent = format!("{user_agent} {suffix}");
    }
    let (clock, rng, poll_intervals): (Arc<dyn Clock>, Arc<dyn Rng>, _) = match options.clock {
        Some(clock) => (Arc::new(clock), Arc::new(FixedRng(0.0)), PollIntervals::SERVICE),
        None => (Arc::new(SystemClock::default()), Arc::new(SystemRng), network::poll_intervals(base_url)),
    };
    let machine = SystemMachine::default();
    // 0 is allowed: one attempt.
    let max_retry_time = match options.limits.max_retry_time {
        0.0 => Duration::ZERO,
        time => time_limit("max_retry_time", time)?,
    };
    let max_retries = u32::try_from(options.limits.max_retries).map_err(|_| {
        let given = options.limits.max_retries;
        PyValueError::new_err(format!("max_retries must be a number of attempts, 0 or more, not {given}"))
    })?;
    let trust = network::trust::trusted_certificates(options.route.ca_file.as_deref(), &machine)
        .map_err(|error| to_exception(py, error))?;
    let proxy = options.route.proxy.as_ref().map(Secret::expose);
    let route = route(proxy, base_url, &machine).map_err(|error| to_exception(py, error))?;
    let (token_cache, notice) = token_store_location(py, options.token_cache)?;
    if options.api_version.trim().is_empty() {
        return Err(PyValueError::new_err(NO_VERSION));
    }
    let config = Config {
        api_version: options.api_version.to_owned(),
        connect_timeout: time_limit("connect_timeout", options.limits.connect_timeout)?,
        env: Env {
            clock,
            rng,
            policy: RetryPolicy { max_retries, max_retry_time },
            timeout: time_limit("timeout", options.limits.timeout)?,
            poll_intervals,
        },
        trust,
        route,
        token_cache,
        user_agent,
        reconcile: options.reconcile,
    };
    Ok((config, notice.into_iter().collect()))
}

/// Calls the constructor with further keyword arguments, for `from_env` and `from_profile`.
pub(crate) fn construct(
    cls: &Bound<'_, PyType>,
    options: Option<&Bound<'_, PyDict>>,
    more: &[(&str, &str)],
) -> PyResult<Py<PyAny>> {
    let all = options.map_or_else(|| Ok(PyDict::new(cls.py())), |options| options.copy())?;
    for (name, value) in more {
        if all.contains(name)? {
            return Err(PyTypeError::new_err(format!("got multiple values for argument '{name}'")));
        }
        all.set_item(name, value)?;
    }
    cls.call((), Some(&all)).map(Bound::unbind)
}
