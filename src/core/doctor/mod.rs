//! The way to a create, step by step: credentials, name, connection, TLS, clock, authentication, projects, role, limits;
//! each with its likely remedy. Nothing is created or changed.
mod service;
mod wire;

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::core::auth::discovery::{DiscoveryReport, ResolvedCredentials};
use crate::core::client::{Client, Config};
use crate::core::error::{Error, TransportKind};

/// The steps, in order.
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
pub enum Outcome {
    /// All well.
    Ok,
    /// Something to be repaired.
    Failed,
    /// Not looked at; the message says why.
    Skipped,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Its name, out of [`STEPS`].
    pub step: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found; no secret.
    pub message: String,
    /// What can be done about it.
    pub remedy: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// No step failed.
    pub ok: bool,
    /// The server; empty if what names it cannot be used.
    pub base_url: String,
    /// The project whose role was looked at.
    pub group_id: Option<String>,
    /// Credentials and everything that was looked at, in words.
    pub explanation: String,
    /// One for each of [`STEPS`].
    pub steps: Vec<Finding>,
}

/// What a step comes to before its time is known.
struct Said {
    outcome: Outcome,
    message: String,
    remedy: Option<String>,
}

fn ok(message: impl Into<String>) -> Said {
    Said { outcome: Outcome::Ok, message: message.into(), remedy: None }
}

fn skipped(message: impl Into<String>) -> Said {
    Said { outcome: Outcome::Skipped, message: message.into(), remedy: None }
}

fn failed(message: impl Into<String>, remedy: impl Into<String>) -> Said {
    Said { outcome: Outcome::Failed, message: message.into(), remedy: Some(remedy.into()) }
}

/// An error of the client, with its own hint as the remedy: without the credentials, which are on top of the report.
fn refused(error: &Error, credentials: &str) -> Said {
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
    let shorter =
        |hint: &str| hint.strip_prefix(credentials).unwrap_or(hint).trim_start_matches([';', ',', ' ']).to_owned();
    let remedy = hint.map(shorter).filter(|remedy| !remedy.is_empty());
    let remedy = remedy.unwrap_or_else(|| "see the message".to_owned());
    failed(error.to_string(), remedy)
}

/// The findings so far.
#[derive(Default)]
struct Notes {
    steps: Vec<Finding>,
}

impl Notes {
    fn add(&mut self, said: Said, begun: Instant) -> bool {
        let step = STEPS.get(self.steps.len()).copied().unwrap_or_default();
        let Said { outcome, message, remedy } = said;
        self.steps.push(Finding { step, outcome, message, remedy, seconds: begun.elapsed().as_secs_f64() });
        outcome != Outcome::Failed
    }

    fn ok(&self) -> bool {
        self.steps.iter().all(|finding| finding.outcome != Outcome::Failed)
    }

    /// The steps that were not reached.
    fn close(&mut self) {
        let failed = self.steps.iter().find(|finding| finding.outcome == Outcome::Failed);
        let why = failed.map_or_else(String::new, |finding| format!("not looked at, since {} failed", finding.step));
        while self.steps.len() < STEPS.len() {
            self.add(skipped(why.clone()), Instant::now());
        }
    }
}

/// Goes the whole way, as far as it leads. Without credentials the network is looked at all the same.
pub async fn examine(survey: DiscoveryReport, config: Config, group_id: Option<String>) -> Report {
    let base_url = survey.base_url.clone().unwrap_or_default();
    let explanation = survey.explain_with(&config.ways(&base_url));
    let mut notes = Notes::default();
    let mut named = None;
    let begun = Instant::now();
    match &survey.outcome {
        Ok(found) => {
            let said = ok(format!("{} from {}", found.credentials.describe(), found.source));
            notes.add(said, begun);
            named = group_id.or_else(|| found.group_id.clone());
        }
        Err(_) => {
            let remedy = "give one complete set; the list above says what was looked at and what is wrong with it";
            notes.add(failed("none that can be used", remedy), begun);
        }
    }
    if !base_url.is_empty() {
        wire::look(&mut notes, &config, &base_url).await;
    }
    if let (Ok(found), true) = (&survey.outcome, notes.ok() || only_clock(&notes)) {
        named = ask(&mut notes, config, found, named).await;
    }
    notes.close();
    Report { ok: notes.ok(), base_url, group_id: named, explanation, steps: notes.steps }
}

/// A wrong clock keeps nobody from looking further.
fn only_clock(notes: &Notes) -> bool {
    notes.steps.iter().all(|finding| finding.outcome != Outcome::Failed || finding.step == "clock")
}

async fn ask(notes: &mut Notes, config: Config, found: &ResolvedCredentials, named: Option<String>) -> Option<String> {
    let begun = Instant::now();
    match Client::new(config, found) {
        Ok(client) => {
            let named = service::look(notes, &client, named).await;
            // The token that this fetched is of no further use, unless it is shared.
            client.close().await;
            named
        }
        Err(error) => {
            notes.add(refused(&error, &found.hint()), begun);
            named
        }
    }
}

/// `12 ms`
fn took(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
