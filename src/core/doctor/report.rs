//! What each step of the doctor reports.
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::core::error::{Error, TransportKind, printable};

/// The names of the steps, in order.
pub const STEPS: [&str; 10] = [
    "credentials",
    "name",
    "connection",
    "tls",
    "clock",
    "authentication",
    "projects",
    "project",
    "role",
    "rate limit",
];

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepOutcome {
    Ok,
    Failed,
    /// Not checked; the message says why.
    Skipped,
}

/// The result of one step, and how long it took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// One of [`STEPS`].
    pub step: &'static str,
    pub outcome: StepOutcome,
    /// What was found; no secret.
    pub message: String,
    /// What can be done about it.
    pub remedy: Option<String>,
    pub seconds: f64,
}

/// What the doctor found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Whether no step failed.
    pub ok: bool,
    /// Empty if the configured one cannot be used.
    pub base_url: String,
    /// The project whose role was checked.
    pub group_id: Option<String>,
    /// Which credentials are used, and where they were looked for.
    pub explanation: String,
    /// One for each of [`STEPS`].
    pub steps: Vec<Step>,
}

/// The result of one check.
pub(super) struct Finding {
    pub(super) outcome: StepOutcome,
    pub(super) message: String,
    pub(super) remedy: Option<String>,
}

pub(super) fn ok(message: impl Into<String>) -> Finding {
    Finding { outcome: StepOutcome::Ok, message: message.into(), remedy: None }
}

pub(super) fn skipped(message: impl Into<String>) -> Finding {
    Finding { outcome: StepOutcome::Skipped, message: message.into(), remedy: None }
}

pub(super) fn failed(message: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { outcome: StepOutcome::Failed, message: message.into(), remedy: Some(remedy.into()) }
}

/// An error of the client. Its hint is the remedy, without the credentials, which the report explains already.
pub(super) fn error_finding(error: &Error, credentials: &str) -> Finding {
    let hint = match error {
        Error::Api(api) if api.status == 429 => {
            Some("wait as long as it asks; share one client, or let fewer run at once")
        }
        Error::Api(api) if api.status >= 500 => Some("the service has trouble: try again, and see status.mongodb.com"),
        Error::Api(api) => api.hint.as_deref(),
        Error::Authentication(authentication) => authentication.hint.as_deref(),
        Error::Transport(transport) => Some(match transport.kind {
            TransportKind::Protocol => {
                "it is not Atlas that answers: check base_url, and proxies or portals on the way"
            }
            _ => "the connection does not hold: try again, and look at proxies and firewalls on the way",
        }),
        _ => None,
    };
    let without_credentials =
        |hint: &str| hint.strip_prefix(credentials).unwrap_or(hint).trim_start_matches([';', ',', ' ']).to_owned();
    let remedy = hint.map(without_credentials).filter(|remedy| !remedy.is_empty());
    let remedy = remedy.unwrap_or_else(|| "see the message".to_owned());
    failed(error.to_string(), remedy)
}

/// The steps so far.
#[derive(Default)]
pub(super) struct StepLog {
    pub(super) steps: Vec<Step>,
}

impl StepLog {
    /// Adds the result of the next step; false if it failed.
    pub(super) fn add(&mut self, finding: Finding, started: Instant) -> bool {
        let step = STEPS.get(self.steps.len()).copied().unwrap_or_default();
        let Finding { outcome, message, remedy } = finding;
        // They quote paths, variables and names that the service gives.
        let (message, remedy) = (printable(&message), remedy.as_deref().map(printable));
        self.steps.push(Step { step, outcome, message, remedy, seconds: started.elapsed().as_secs_f64() });
        outcome != StepOutcome::Failed
    }

    pub(super) fn ok(&self) -> bool {
        self.steps.iter().all(|step| step.outcome != StepOutcome::Failed)
    }

    /// Adds the steps that were not reached.
    pub(super) fn skip_rest(&mut self) {
        let failed = self.steps.iter().find(|step| step.outcome == StepOutcome::Failed);
        let why = failed.map_or_else(String::new, |step| format!("not looked at, since {} failed", step.step));
        while self.steps.len() < STEPS.len() {
            self.add(skipped(why.clone()), Instant::now());
        }
    }
}

/// `12 ms`
pub(super) fn milliseconds(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
