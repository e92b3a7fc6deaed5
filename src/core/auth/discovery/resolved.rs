//! The result of a discovery.
use crate::core::auth::credentials::Credentials;
use crate::core::error::{Error, Notice, printable};

/// A place that was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The place, with the names that were searched for.
    pub looked_at: String,
    /// What was found there; no secret.
    pub found: String,
}

impl Step {
    pub(super) fn printable(self) -> Self {
        Step { looked_at: printable(&self.looked_at), found: printable(&self.found) }
    }
}

/// The credentials and settings of a client, and where they were found.
#[derive(Debug, Clone)]
pub struct ResolvedCredentials {
    pub credentials: Credentials,
    /// `arguments`, `environment (MONGODB_ATLAS_CLIENT_ID, …)`, `profile default in …`.
    pub source: String,
    /// Scheme, host and port; no trailing slash.
    pub base_url: String,
    pub base_url_source: String,
    /// The argument `group_id`, `MONGODB_ATLAS_PROJECT_ID` or the profile's `project_id`.
    pub group_id: Option<String>,
    /// `MONGODB_ATLAS_ORG_ID` or the profile's `org_id`.
    pub org_id: Option<String>,
    /// When a ready-made token expires, in Unix seconds, if the token says so.
    pub expires_at: Option<u64>,
    /// The profile, if the token is that of a user's login (`atlas auth login`).
    pub login_of_profile: Option<String>,
    /// The places that were searched, in order.
    pub steps: Vec<Step>,
    /// Warnings for the user.
    pub notices: Vec<Notice>,
}

impl ResolvedCredentials {
    /// Credentials for a server that are given, not searched for.
    pub fn given(credentials: Credentials, base_url: String) -> Self {
        ResolvedCredentials {
            credentials,
            source: "arguments".to_owned(),
            base_url,
            base_url_source: "arguments".to_owned(),
            group_id: None,
            org_id: None,
            expires_at: None,
            login_of_profile: None,
            steps: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// The project of a call: the one it was given, or the client's.
    ///
    /// # Errors
    /// There is neither.
    pub fn project<'a>(&'a self, given: Option<&'a str>) -> Result<&'a str, Error> {
        given.or(self.group_id.as_deref()).ok_or_else(|| {
            Error::Configuration(
                "no project is named: give group_id= to the call, or once to Client(group_id=…), or set \
                 MONGODB_ATLAS_PROJECT_ID (or project_id in the Atlas CLI's profile)"
                    .to_owned(),
            )
        })
    }
}

/// The outcome of a search and everything that was searched, also if nothing was found.
#[derive(Debug)]
pub struct DiscoveryReport {
    /// The places that were searched, in order.
    pub steps: Vec<Step>,
    /// Warnings for the user.
    pub notices: Vec<Notice>,
    /// Also if no credentials were found; `None` if the configured one cannot be used.
    pub base_url: Option<String>,
    pub result: Result<ResolvedCredentials, Error>,
}

/// Credentials and where they were found.
pub(crate) struct SourcedCredentials {
    pub(crate) credentials: Credentials,
    pub(crate) source: String,
    pub(crate) login_of_profile: Option<String>,
}
