//! What was found, in words: for `explain()`, `doctor` and the hints of refused calls.
use std::fmt::Write;

use super::{DiscoveryReport, ResolvedCredentials, Step};
use crate::core::auth::credentials::Credentials;
use crate::core::auth::jwt;
use crate::core::error::{Error, Notice};

/// How the client goes about it, in words.
#[derive(Debug, Clone, Default)]
pub struct Ways {
    /// Where the token of a service account is kept.
    pub tokens: Option<String>,
    /// Whose certificates are trusted.
    pub certificates: Option<String>,
    /// Which proxy is between.
    pub proxy: Option<String>,
}

impl Ways {
    fn append(&self, text: &mut String) {
        for (name, value) in [("Certificates trusted", &self.certificates), ("Way", &self.proxy)] {
            if let Some(value) = value {
                let _ = writeln!(text, "{name}: {value}");
            }
        }
    }
}

impl ResolvedCredentials {
    /// Several lines: credentials, source, server, and everything that was looked at. Ids are shown, of secrets the
    /// length and the last two characters at the most.
    pub fn explain(&self) -> String {
        self.explain_with(&Ways::default())
    }

    /// [`ResolvedCredentials::explain`] with the ways in which the client goes about it.
    pub fn explain_with(&self, ways: &Ways) -> String {
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
                let _ = writeln!(text, "{name}: {value}");
            }
        }
        if let Credentials::ServiceAccount { .. } = self.credentials {
            ways.tokens.iter().for_each(|tokens| text.push_str(&format!("Tokens: kept {tokens}\n")));
        }
        ways.append(&mut text);
        looked_at(&mut text, &self.steps, &self.notices);
        text
    }

    /// One clause for a refused call: `used service account mdb_sa_id_… from environment (…) at https://…`.
    pub fn hint(&self) -> String {
        format!("used {} from {} at {}", self.credentials.describe(), self.source, self.base_url)
    }

    /// When a ready-made token ends (Unix seconds), and the clause that completes the hint from then on.
    pub fn hint_of_end(&self) -> Option<(u64, String)> {
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
    /// [`ResolvedCredentials::explain`], or what is wrong and everything that was looked at.
    pub fn explain(&self) -> String {
        self.explain_with(&Ways::default())
    }

    /// [`ResolvedCredentials::explain_with`], or what is wrong and everything that was looked at.
    pub fn explain_with(&self, ways: &Ways) -> String {
        match &self.outcome {
            Ok(found) => found.explain_with(ways),
            Err(error) => {
                let mut text = String::new();
                let _ = match error {
                    // What was looked at follows, line by line.
                    Error::Configuration(message) => {
                        let said = message.split_once(". Looked at: ").map_or(message.as_str(), |(said, _)| said);
                        writeln!(text, "No usable credentials: {said}")
                    }
                    other => writeln!(text, "No usable credentials: {other}"),
                };
                ways.append(&mut text);
                looked_at(&mut text, &self.steps, &self.notices);
                text
            }
        }
    }
}

fn looked_at(text: &mut String, steps: &[Step], notices: &[Notice]) {
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
