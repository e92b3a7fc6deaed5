//! Describes the result of a discovery for `explain()`, `doctor` and the hints of errors.
use std::fmt::Write;

use super::resolved::{DiscoveryReport, ResolvedCredentials, Step};
use crate::core::auth::jwt;
use crate::core::error::{Error, Notice, printable};

/// How a client connects, in words.
#[derive(Debug, Clone, Default)]
pub struct ConnectionSummary {
    /// Where fetched tokens are stored.
    pub tokens: Option<String>,
    /// Whose certificates are trusted.
    pub certificates: Option<String>,
    /// Whether a proxy is used, and which.
    pub proxy: Option<String>,
}

impl ConnectionSummary {
    fn append(&self, text: &mut String) {
        for (name, value) in [("Certificates trusted", &self.certificates), ("Way", &self.proxy)] {
            if let Some(value) = value {
                let _ = writeln!(text, "{name}: {}", printable(value));
            }
        }
    }
}

impl ResolvedCredentials {
    /// Several lines: the credentials, their source, the server, and all places that were searched. Ids are shown; of
    /// secrets, at most the length and the last two characters.
    pub fn explain(&self) -> String {
        self.explain_with(&ConnectionSummary::default())
    }

    /// [`ResolvedCredentials::explain`] and how the client connects.
    pub fn explain_with(&self, connection: &ConnectionSummary) -> String {
        let mut text = String::new();
        let secret = self.credentials.secret().hint();
        let _ = match self.credentials.id() {
            Some(_) => writeln!(text, "Credentials: {}, secret of {secret}", self.credentials.describe()),
            None => writeln!(text, "Credentials: {}", self.credentials.describe()),
        };
        let _ = writeln!(text, "  from {}", self.source);
        if let Some(end) = self.expires_at {
            let _ = writeln!(text, "  until {}", jwt::utc(end));
        }
        let _ = writeln!(text, "Base URL: {}, from {}", self.base_url, self.base_url_source);
        for (name, value) in [("Project", &self.group_id), ("Organization", &self.org_id)] {
            if let Some(value) = value {
                let _ = writeln!(text, "{name}: {}", printable(value));
            }
        }
        if let Some(tokens) = connection.tokens.as_ref().filter(|_| self.credentials.kind().fetches_tokens()) {
            let _ = writeln!(text, "Tokens: kept {}", printable(tokens));
        }
        connection.append(&mut text);
        append_steps(&mut text, &self.steps, &self.notices);
        text
    }

    /// A clause for the hint of an error: `used service account mdb_sa_id_… from environment (…) at https://…`.
    pub fn hint(&self) -> String {
        format!("used {} from {} at {}", self.credentials.describe(), self.source, self.base_url)
    }

    /// When a ready-made token expires (Unix seconds), and the clause that completes the hint from then on.
    pub fn expiry_hint(&self) -> Option<(u64, String)> {
        let end = self.expires_at?;
        let remedy = match &self.login_of_profile {
            Some(profile) => {
                format!("a login that ended at {}: run “atlas auth login --profile {profile}”", jwt::utc(end))
            }
            None => format!("which ended at {}", jwt::utc(end)),
        };
        Some((end, remedy))
    }
}

impl DiscoveryReport {
    /// [`ResolvedCredentials::explain`], or the error and all places that were searched.
    pub fn explain(&self) -> String {
        self.explain_with(&ConnectionSummary::default())
    }

    /// [`ResolvedCredentials::explain_with`], or the error and all places that were searched.
    pub fn explain_with(&self, connection: &ConnectionSummary) -> String {
        match &self.result {
            Ok(found) => found.explain_with(connection),
            Err(error) => {
                let mut text = String::new();
                let _ = match error {
                    // The places that were searched follow, line by line.
                    Error::Configuration(message) => {
                        let problem = message.split_once(". Looked at: ").map_or(message.as_str(), |(start, _)| start);
                        writeln!(text, "No usable credentials: {problem}")
                    }
                    other => writeln!(text, "No usable credentials: {other}"),
                };
                connection.append(&mut text);
                append_steps(&mut text, &self.steps, &self.notices);
                text
            }
        }
    }
}

fn append_steps(text: &mut String, steps: &[Step], notices: &[Notice]) {
    if !steps.is_empty() {
        text.push_str("Looked at, in this order:\n");
    }
    for (number, step) in steps.iter().enumerate() {
        let _ = writeln!(text, "  {}. {}: {}", number + 1, step.looked_at, step.found);
    }
    if !notices.is_empty() {
        text.push_str("Warnings:\n");
    }
    for notice in notices {
        let _ = writeln!(text, "  - {}", notice.message);
    }
}
