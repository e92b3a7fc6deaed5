//! Checks everything that a create needs, step by step: credentials, name, connection, TLS, clock, authentication,
//! projects, role, limits; each with its likely remedy. Nothing is created or changed.
mod network;
pub mod report;
mod service;

use std::time::Instant;

use self::report::{Report, StepLog, StepOutcome, error_finding, failed, ok};

use crate::core::auth::discovery::resolved::{DiscoveryReport, ResolvedCredentials};
use crate::core::auth::token_cache::location::TokenStoreLocation;
use crate::core::client::Client;
use crate::core::config::Config;

/// Runs the steps until one fails. The network is checked even without credentials.
pub async fn run_checks(discovery: DiscoveryReport, config: Config, group_id: Option<String>) -> Report {
    let base_url = discovery.base_url.clone().unwrap_or_default();
    let explanation = discovery.explain_with(&config.connection_summary(&base_url));
    let mut log = StepLog::default();
    let mut named = None;
    let started = Instant::now();
    match &discovery.result {
        Ok(found) => {
            log.add(ok(format!("{} from {}", found.credentials.describe(), found.source)), started);
            named = group_id.or_else(|| found.group_id.clone());
        }
        Err(_) => {
            let remedy = "give one complete set; the list above says what was looked at and what is wrong with it";
            log.add(failed("none that can be used", remedy), started);
        }
    }
    if !base_url.is_empty() {
        network::check(&mut log, &config, &base_url).await;
    }
    if let (Ok(found), true) = (&discovery.result, log.ok() || only_clock_failed(&log)) {
        named = check_service(&mut log, config, found, named).await;
    }
    log.skip_rest();
    Report { ok: log.ok(), base_url, group_id: named, explanation, steps: log.steps }
}

/// A wrong clock does not keep the service from answering.
fn only_clock_failed(log: &StepLog) -> bool {
    log.steps.iter().all(|step| step.outcome != StepOutcome::Failed || step.step == "clock")
}

async fn check_service(
    log: &mut StepLog,
    config: Config,
    found: &ResolvedCredentials,
    named: Option<String>,
) -> Option<String> {
    let started = Instant::now();
    // The secret itself is tried: a cached token would hide that it is wrong.
    let config = Config { token_cache: TokenStoreLocation::default(), ..config };
    match Client::new(config, found) {
        Ok(client) => {
            let named = service::check(log, &client, named).await;
            // Revokes the token: nobody uses it any more.
            client.close().await;
            named
        }
        Err(error) => {
            log.add(error_finding(&error, &found.hint()), started);
            named
        }
    }
}
