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
use self::resolved::{DiscoveryReport, ResolvedCredentials};
use crate::core::error::Error;
use crate::core::machine::Machine;

/// Finds credentials and base URL.
pub fn discover(options: &ExplicitOptions, machine: &dyn Machine) -> Result<ResolvedCredentials, Error> {
    discover_with_report(options, machine).result
}

/// [`discover`], with what was searched also if it fails.
pub fn discover_with_report(options: &ExplicitOptions, machine: &dyn Machine) -> DiscoveryReport {
    let (steps, notices, result) = search::run(options, machine);
    let result = result
        .map(|found| ResolvedCredentials { steps: steps.clone(), notices: notices.clone(), ..found })
        .map_err(Error::Configuration);
    let base_url = match &result {
        Ok(found) => Some(found.base_url.clone()),
        // Its notices are among those of the search.
        Err(_) => base_url::choose(options, machine, None, &mut Vec::new()).ok().map(|(url, _)| url),
    };
    DiscoveryReport { steps, notices, base_url, result }
}
