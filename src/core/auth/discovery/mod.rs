//! The search for credentials: arguments, then environment, then an Atlas CLI profile. The first complete source
//! wins and sources are never mixed.
pub mod base_url;
pub(crate) mod environment;
pub mod explain;
pub(crate) mod keyring;
pub mod options;
pub(crate) mod parts;
pub(crate) mod profile;
pub(crate) mod profile_credentials;
pub mod resolved;
pub(crate) mod search;

use self::options::ExplicitOptions;
use self::resolved::{DiscoveryReport, ResolvedCredentials, Step};
use crate::core::error::{Error, Notice, printable};
use crate::core::machine::Machine;

/// Finds credentials and base URL.
pub fn discover(options: &ExplicitOptions, machine: &dyn Machine) -> Result<ResolvedCredentials, Error> {
    discover_with_report(options, machine).result
}

/// [`discover`], with what was searched also if it fails. Files and variables are quoted as they may be shown.
pub fn discover_with_report(options: &ExplicitOptions, machine: &dyn Machine) -> DiscoveryReport {
    let (steps, notices, result) = search::run(options, machine);
    let steps: Vec<Step> = steps.into_iter().map(Step::printable).collect();
    let notices: Vec<Notice> = notices.into_iter().map(Notice::printable).collect();
    let result = result
        .map(|found| ResolvedCredentials {
            source: printable(&found.source),
            base_url_source: printable(&found.base_url_source),
            login_of_profile: found.login_of_profile.as_deref().map(printable),
            steps: steps.clone(),
            notices: notices.clone(),
            ..found
        })
        .map_err(|message| Error::Configuration(printable(&message)));
    let base_url = match &result {
        Ok(found) => Some(found.base_url.clone()),
        // Its notices are among those of the search.
        Err(_) => base_url::choose(options, machine, None, &mut Vec::new()).ok().map(|(url, _)| url),
    };
    DiscoveryReport { steps, notices, base_url, result }
}
