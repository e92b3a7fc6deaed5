//! All options as one struct, read from JSON: for Python, the command line, scenario files and `/_emulator/settings`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::choices::{Calendar, DigestAlgorithm, Provisioning, RateLimit, Regions, RetiredReply};
use crate::emulator::clock::ClockMode;
use crate::emulator::json;
use crate::emulator::json::{Field, seconds};

/// How the emulator starts. `Options::default()` gives one organization with one project, one service account and
/// one API key, both Project Owner, on a free port of 127.0.0.1.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The loopback address to listen on; anything else is refused.
    #[serde(deserialize_with = "host")]
    pub host: IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// When a new instance is IDLE. Default: after 1 second.
    #[serde(alias = "provisioning_seconds", deserialize_with = "provisioning")]
    pub provisioning: Provisioning,
    /// When an updated instance is IDLE again; `None`: as `provisioning`.
    #[serde(deserialize_with = "provisioning_or_none")]
    pub updating: Option<Provisioning>,
    /// When a deleted instance is gone; `None`: as `provisioning`.
    #[serde(deserialize_with = "provisioning_or_none")]
    pub deletion: Option<Provisioning>,
    /// Default: [`Calendar::Flex`] (the year 2025), the last time at which every operation works.
    pub calendar: Calendar,
    /// How retired endpoints answer.
    pub retired_reply: RetiredReply,
    /// Where time comes from.
    pub clock: ClockMode,
    /// How long a connection may be idle, and how long a head, or the next part of a body, may take, in real time; then
    /// the connection is closed. Default: 75 seconds; 0: never.
    #[serde(rename = "connection_timeout_seconds", with = "seconds")]
    pub connection_timeout: Duration,
    /// How long a token is valid. Default: one hour.
    #[serde(rename = "token_lifetime_seconds", with = "seconds")]
    pub token_lifetime: Duration,
    /// Token requests a minute per service account and address; `None`: no limit. Default: 10.
    pub token_requests_per_minute: Option<u32>,
    /// Valid tokens of one service account; `None`: no limit. Default: 100.
    pub live_tokens: Option<u32>,
    /// Whether the API's rate limits refuse. Default: true, with Atlas' own sizes.
    pub rate_limits: bool,
    /// Whether replies carry `RateLimit-*` headers. Default: true.
    pub rate_limit_headers: bool,
    /// Sizes other than Atlas' own, by endpoint set id (see `GET /api/atlas/v2/rateLimits`).
    pub rate_limit_sizes: BTreeMap<String, RateLimit>,
    /// How long a digest nonce is accepted. Default: 5 minutes.
    #[serde(rename = "nonce_lifetime_seconds", with = "seconds")]
    pub nonce_lifetime: Duration,
    /// How many requests may use one nonce; `None`: no limit.
    pub nonce_uses: Option<u32>,
    /// What the digest challenge offers.
    pub digest_algorithm: DigestAlgorithm,
    /// How many clusters a project holds; `None`: no limit. Default: 25.
    pub clusters_per_project: Option<usize>,
    /// Which regions a create may name.
    pub regions: Regions,
    /// Status for a caller whose role is too weak: 403 `ACCESS_FORBIDDEN` or 401 `USER_UNAUTHORIZED`.
    #[serde(deserialize_with = "refusal_status")]
    pub role_refusal_status: u16,
    /// The address, `HOST:PORT`, of a database that every connection string leads to; `None`: to hosts of Atlas that are
    /// not there.
    pub deployment: Option<String>,
    /// The address that callers seem to come from, for access lists; `None`: their real one.
    pub client_address: Option<IpAddr>,
    /// How many requests are remembered. Default: 10,000.
    pub request_log: usize,
    /// Organizations, projects, identities and instances to start with (see `docs/emulator.md`).
    pub seed: Option<Value>,
    /// A folder that keeps the state over restarts.
    pub state_dir: Option<PathBuf>,
    /// Whether each request is written to standard error as one line of JSON.
    pub json_log: bool,
    /// Faults and settings to start with, in the form of the control API.
    pub scenario: Option<Value>,
    /// Makes ids, secrets and host names repeatable; `None`: different at every start.
    pub random_seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            provisioning: Provisioning::After(Duration::from_secs(1)),
            updating: None,
            deletion: None,
            calendar: Calendar::Flex,
            retired_reply: RetiredReply::VersionGone,
            clock: ClockMode::Real,
            connection_timeout: Duration::from_secs(75),
            token_lifetime: Duration::from_secs(3600),
            token_requests_per_minute: Some(10),
            live_tokens: Some(100),
            rate_limits: true,
            rate_limit_headers: true,
            rate_limit_sizes: BTreeMap::new(),
            nonce_lifetime: Duration::from_secs(300),
            nonce_uses: None,
            digest_algorithm: DigestAlgorithm::Md5,
            clusters_per_project: Some(25),
            regions: Regions::Strict,
            role_refusal_status: 403,
            deployment: None,
            client_address: None,
            request_log: 10_000,
            seed: None,
            state_dir: None,
            json_log: false,
            scenario: None,
            random_seed: None,
        }
    }
}

/// What may be changed while the emulator runs.
const SETTINGS: [Field; 21] = [
    ("provisioning", PROVISIONING),
    ("provisioning_seconds", seconds::TAKES),
    ("updating", PROVISIONING),
    ("deletion", PROVISIONING),
    ("calendar", "2024, 2025, 2025-12, 2026, 2027, clock or a date such as 2026-01-02"),
    ("retired_reply", "410, 404 or 405"),
    ("token_lifetime_seconds", seconds::TAKES),
    ("token_requests_per_minute", COUNT_OR_NULL),
    ("live_tokens", COUNT_OR_NULL),
    ("rate_limits", "true or false"),
    ("rate_limit_headers", "true or false"),
    ("rate_limit_sizes", "an object of {capacity, refill, seconds}, all whole numbers, by endpoint set id"),
    ("nonce_lifetime_seconds", seconds::TAKES),
    ("nonce_uses", COUNT_OR_NULL),
    ("digest_algorithm", "\"MD5\", \"SHA-256\" or \"both\""),
    ("clusters_per_project", COUNT_OR_NULL),
    ("regions", "\"strict\" or \"any\""),
    ("role_refusal_status", "403 or 401"),
    ("deployment", "text such as 127.0.0.1:27017, or null"),
    ("client_address", "an IP address, or null"),
    ("request_log", "a whole number"),
];

/// What is chosen once, at the start.
const START: [Field; 9] = [
    ("host", "a loopback address"),
    ("port", "0 to 65535"),
    ("clock", "\"real\", \"manual\", a time such as 2025-09-09T18:15:06Z or Unix seconds, from 1970 to 9998"),
    ("connection_timeout_seconds", seconds::TAKES),
    ("seed", "a seed"),
    ("state_dir", "the path of a folder"),
    ("json_log", "true or false"),
    ("scenario", "a scenario"),
    ("random_seed", "a whole number, or null"),
];

const COUNT_OR_NULL: &str = "a whole number, or null for no limit";
const PROVISIONING: &str = "\"at_once\", \"manual\", {\"reads\": n}, {\"seconds\": t} or a number of seconds";

impl Options {
    /// Options from a JSON object whose keys are the field names; durations are `…_seconds`.
    ///
    /// # Errors
    /// One sentence that names the key and what it takes.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        json::read("The emulator", "option", &[&START[..], &SETTINGS[..]].concat(), value)
    }

    /// These options with some settings changed: all of them, or none.
    ///
    /// # Errors
    /// One sentence that names the key and what it takes.
    pub(crate) fn changed(&self, changes: &Value) -> Result<Self, String> {
        json::check_keys("The emulator", "setting", &SETTINGS, changes)?;
        let mut all = self.to_json();
        for (key, value) in changes.as_object().into_iter().flatten() {
            let key = if key == "provisioning_seconds" { "provisioning" } else { key };
            all.insert(key.to_owned(), value.clone());
        }
        Self::from_json(&Value::Object(all))
    }

    /// The settings, in the form that [`Options::changed`] takes.
    pub(crate) fn settings(&self) -> Value {
        let mut all = self.to_json();
        all.retain(|key, _| SETTINGS.iter().any(|(name, _)| name == key));
        Value::Object(all)
    }

    fn to_json(&self) -> Map<String, Value> {
        match json!(self) {
            Value::Object(all) => all,
            _ => Map::new(),
        }
    }
}

fn host<'de, D: Deserializer<'de>>(from: D) -> Result<IpAddr, D::Error> {
    let text = String::deserialize(from)?;
    if text == "localhost" { Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { text.parse().map_err(D::Error::custom) }
}

/// A bare number is a number of seconds.
#[derive(Deserialize)]
#[serde(untagged)]
enum Repr {
    Seconds(#[serde(with = "seconds")] Duration),
    Named(Provisioning),
}

impl From<Repr> for Provisioning {
    fn from(repr: Repr) -> Self {
        match repr {
            Repr::Seconds(time) => Provisioning::After(time),
            Repr::Named(provisioning) => provisioning,
        }
    }
}

fn provisioning<'de, D: Deserializer<'de>>(from: D) -> Result<Provisioning, D::Error> {
    Repr::deserialize(from).map(Provisioning::from)
}

fn provisioning_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Provisioning>, D::Error> {
    Ok(Option::<Repr>::deserialize(from)?.map(Provisioning::from))
}

fn refusal_status<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let status = u16::deserialize(from)?;
    if status == 401 || status == 403 { Ok(status) } else { Err(D::Error::custom("neither 401 nor 403")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every() -> Value {
        json!({
            "host": "127.0.0.2",
            "port": 8080,
            "provisioning": {"reads": 2},
            "updating": "at_once",
            "deletion": {"seconds": 2.5},
            "calendar": "2025-12",
            "retired_reply": 404,
            "clock": 1757441711.5,
            "connection_timeout_seconds": 0.5,
            "token_lifetime_seconds": 60.0,
            "token_requests_per_minute": null,
            "live_tokens": 7,
            "rate_limits": false,
            "rate_limit_headers": false,
            "rate_limit_sizes": {"flexClusters_group": {"capacity": 2, "refill": 1, "seconds": 60}},
            "nonce_lifetime_seconds": 0.25,
            "nonce_uses": 3,
            "digest_algorithm": "both",
            "clusters_per_project": 26,
            "regions": "any",
            "role_refusal_status": 401,
            "deployment": "127.0.0.1:27017",
            "client_address": "192.0.2.9",
            "request_log": 9,
            "seed": {"projects": []},
            "state_dir": "state",
            "json_log": true,
            "scenario": [],
            "random_seed": 11,
        })
    }

    #[test]
    fn every_field_is_written_as_it_was_read() {
        let options = Options::from_json(&every()).unwrap();
        assert_eq!(Value::Object(options.to_json()), every());
        let defaults = Options::default().to_json();
        for (key, value) in &defaults {
            assert_ne!(Some(value), every().get(key), "{key} is another than the default");
        }
        let keys: Vec<&str> = defaults.keys().map(String::as_str).collect();
        let mut known: Vec<&str> = START.iter().chain(&SETTINGS).map(|(name, _)| *name).collect();
        known.retain(|name| *name != "provisioning_seconds");
        assert_eq!(known.len(), keys.len());
        assert!(known.iter().all(|name| keys.contains(name)), "{known:?}");
    }

    #[test]
    fn settings_are_changed_and_the_rest_stays() {
        let options = Options::from_json(&every()).unwrap();
        assert_eq!(json!(options.changed(&options.settings()).unwrap()), every());
        let changed = options.changed(&json!({"provisioning_seconds": 3, "calendar": 2026})).unwrap();
        let mut expected = every();
        expected["provisioning"] = json!({"seconds": 3.0});
        expected["calendar"] = json!("2026");
        assert_eq!(json!(changed), expected);
    }

    #[test]
    fn what_is_wrong_is_said_in_one_sentence() {
        for (key, value, expected) in [
            ("host", json!("here"), "host takes a loopback address."),
            ("port", json!(65536), "port takes 0 to 65535."),
            ("provisioning", json!({"minutes": 1}), &format!("provisioning takes {PROVISIONING}.")),
            (
                "provisioning_seconds",
                json!(-1),
                "provisioning_seconds takes a number of seconds, from 0 to 10 billion.",
            ),
            ("updating", json!("never"), &format!("updating takes {PROVISIONING}.")),
            (
                "calendar",
                json!("1999"),
                "calendar takes 2024, 2025, 2025-12, 2026, 2027, clock or a date such as 2026-01-02.",
            ),
            ("retired_reply", json!(500), "retired_reply takes 410, 404 or 405."),
            ("clusters_per_project", json!("many"), "clusters_per_project takes a whole number, or null for no limit."),
            ("live_tokens", json!("many"), "live_tokens takes a whole number, or null for no limit."),
            ("digest_algorithm", json!("MD4"), "digest_algorithm takes \"MD5\", \"SHA-256\" or \"both\"."),
            ("role_refusal_status", json!(404), "role_refusal_status takes 403 or 401."),
            ("colour", json!(1), "The emulator has no option \"colour\"."),
            ("live_token", json!(1), "The emulator has no option \"live_token\". Did you mean \"live_tokens\"?"),
        ] {
            assert_eq!(Options::from_json(&json!({ key: value })).unwrap_err(), expected);
        }
        let sizes = json!({"rate_limit_sizes": {"flexClusters_group": {"capacity": 1, "refill": 0, "seconds": 1}}});
        assert!(Options::from_json(&sizes).unwrap_err().starts_with("rate_limit_sizes takes an object of {capacity, "));
        let start = Options::default().changed(&json!({"port": 1})).unwrap_err();
        assert_eq!(start, "The emulator has no setting \"port\".");
    }

    #[test]
    fn a_calendar_takes_a_name_a_year_or_a_date() {
        for (value, name) in [
            (json!(2024), "2024"),
            (json!("Serverless"), "2024"),
            (json!("flex"), "2025"),
            (json!("2025-12-09"), "2025"),
            (json!("2025-12-10"), "2025-12"),
            (json!("2026-01-15"), "2026"),
            (json!("2027-01-15"), "2027"),
            (json!("clock"), "clock"),
        ] {
            let calendar: Calendar = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(json!(calendar), name, "{value}");
        }
    }
}
