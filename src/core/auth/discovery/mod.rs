//! Where credentials come from: arguments, then environment, then an Atlas CLI profile. The first complete source
//! wins and sources are never mixed.
pub mod base_url;
pub(crate) mod environment;
pub mod explain;
pub(crate) mod keyring;
pub(crate) mod parts;
pub(crate) mod profile;
pub(crate) mod profile_credentials;
pub(crate) mod search;

use super::credentials::Credentials;
use crate::core::error::{Error, Notice};
use crate::core::machine::Machine;
use crate::core::secret::Secret;

/// What the caller passed as arguments.
#[derive(Debug, Clone, Default)]
pub struct ExplicitOptions {
    /// `client_id=`
    pub client_id: Option<String>,
    /// `client_secret=`
    pub client_secret: Option<Secret>,
    /// `public_key=`
    pub public_key: Option<String>,
    /// `private_key=`
    pub private_key: Option<Secret>,
    /// `access_token=`
    pub access_token: Option<Secret>,
    /// `profile=`: the credentials of this profile and no others.
    pub profile: Option<String>,
    /// `base_url=`; `None` to look further.
    pub base_url: Option<String>,
    /// `allow_insecure_http=`: `http://` to more than loopback.
    pub allow_insecure_http: bool,
    /// Where to look when no credentials are among the arguments.
    pub sources: Sources,
}

/// Where to look when no credentials are among the arguments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sources {
    /// Environment, then profile (`Client()`).
    #[default]
    All,
    /// The environment only (`Client.from_env()`); no file is read.
    Environment,
    /// The profile only (`Client.from_profile(name)`).
    Profile,
}

/// One place that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The place, with the names in it.
    pub looked_at: String,
    /// What was there; no secret.
    pub found: String,
}

/// What was found, and where.
#[derive(Debug, Clone)]
pub struct ResolvedCredentials {
    /// The credentials to use.
    pub credentials: Credentials,
    /// `arguments`, `environment (MONGODB_ATLAS_CLIENT_ID, …)`, `profile default in …`.
    pub source: String,
    /// Scheme, host and port, no trailing slash.
    pub base_url: String,
    /// Where the base URL comes from.
    pub base_url_source: String,
    /// `MONGODB_ATLAS_PROJECT_ID` or the profile's `project_id`.
    pub group_id: Option<String>,
    /// `MONGODB_ATLAS_ORG_ID` or the profile's `org_id`.
    pub org_id: Option<String>,
    /// Unix seconds at which a ready-made token ends, if it says so.
    pub expires_at: Option<u64>,
    /// The profile whose user login (`atlas auth login`) is used, if it is one.
    pub login_of_profile: Option<String>,
    /// What was looked at, in order.
    pub steps: Vec<Step>,
    /// What the user should be warned of.
    pub notices: Vec<Notice>,
}

/// A search with everything seen on the way, also when nothing was found.
#[derive(Debug)]
pub struct DiscoveryReport {
    /// What was looked at, in order.
    pub steps: Vec<Step>,
    /// What the user should be warned of.
    pub notices: Vec<Notice>,
    /// The server, also where no credentials were found; `None` if what names it cannot be used.
    pub base_url: Option<String>,
    /// What came of it.
    pub outcome: Result<ResolvedCredentials, Error>,
}

/// Finds credentials and base URL.
pub fn discover(given: &ExplicitOptions, machine: &dyn Machine) -> Result<ResolvedCredentials, Error> {
    survey(given, machine).outcome
}

/// [`discover`], telling what was looked at also when it fails.
pub fn survey(given: &ExplicitOptions, machine: &dyn Machine) -> DiscoveryReport {
    let (steps, notices, outcome) = search::run(given, machine);
    let outcome = outcome
        .map(|found| ResolvedCredentials { steps: steps.clone(), notices: notices.clone(), ..found })
        .map_err(Error::Configuration);
    let base_url = match &outcome {
        Ok(found) => Some(found.base_url.clone()),
        // What there is to say of it was said.
        Err(_) => base_url::choose(given, machine, None, &mut Vec::new()).ok().map(|(url, _)| url),
    };
    DiscoveryReport { steps, notices, base_url, outcome }
}
