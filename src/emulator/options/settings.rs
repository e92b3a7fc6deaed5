//! Options in the form of JSON: for Python, the command line, scenario files and `PATCH /_emulator/settings`.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Calendar, DigestAlgorithm, Options, Provisioning, RateLimit, Regions, RetiredReply};
use crate::emulator::clock::ClockMode;

impl Options {
    /// Options from a JSON object whose keys are the field names; durations are `…_seconds`.
    ///
    /// # Errors
    /// One sentence that names the key and what it takes.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let mut options = Options::default();
        let object = value.as_object().ok_or("Options must be a JSON object.")?;
        for (key, value) in object {
            match key.as_str() {
                "host" => {
                    let text = value.as_str().unwrap_or_default();
                    let text = if text == "localhost" { "127.0.0.1" } else { text };
                    options.host = text.parse().map_err(|_| wrong(key, "a loopback address"))?;
                }
                "port" => {
                    options.port =
                        value.as_u64().and_then(|p| u16::try_from(p).ok()).ok_or_else(|| wrong(key, "0 to 65535"))?;
                }
                "clock" => options.clock = clock_mode(value)?,
                "seed" => options.seed = none_or(value),
                "scenario" => options.scenario = none_or(value),
                "state_dir" => options.state_dir = value.as_str().map(Into::into),
                "json_log" => options.json_log = boolean(key, value)?,
                "random_seed" => options.random_seed = value.as_u64(),
                _ => options.set(key, value)?,
            }
        }
        Ok(options)
    }

    /// Changes one setting that may change while the emulator runs.
    ///
    /// # Errors
    /// One sentence that names the key and what it takes.
    pub(crate) fn set(&mut self, key: &str, value: &Value) -> Result<(), String> {
        match key {
            "provisioning" => self.provisioning = provisioning(key, value)?,
            "provisioning_seconds" => self.provisioning = Provisioning::After(seconds(key, value)?),
            "updating" => self.updating = none_or(value).map(|v| provisioning(key, &v)).transpose()?,
            "deletion" => self.deletion = none_or(value).map(|v| provisioning(key, &v)).transpose()?,
            "calendar" => self.calendar = calendar(value)?,
            "retired_reply" => self.retired_reply = retired_reply(value)?,
            "token_lifetime_seconds" => self.token_lifetime = seconds(key, value)?,
            "token_requests_per_minute" => self.token_requests_per_minute = count(key, value)?,
            "live_tokens" => self.live_tokens = count(key, value)?,
            "rate_limits" => self.rate_limits = boolean(key, value)?,
            "rate_limit_headers" => self.rate_limit_headers = boolean(key, value)?,
            "rate_limit_sizes" => {
                self.rate_limit_sizes.clear();
                let sizes = value.as_object().ok_or_else(|| wrong(key, "an object of sizes by endpoint set id"))?;
                for (set, size) in sizes {
                    self.rate_limit_sizes.insert(set.clone(), RateLimit::from_json(size)?);
                }
            }
            "nonce_lifetime_seconds" => self.nonce_lifetime = seconds(key, value)?,
            "nonce_uses" => self.nonce_uses = count(key, value)?,
            "digest_algorithm" => {
                self.digest_algorithm = match value.as_str().unwrap_or_default().to_ascii_uppercase().as_str() {
                    "MD5" => DigestAlgorithm::Md5,
                    "SHA-256" => DigestAlgorithm::Sha256,
                    "BOTH" => DigestAlgorithm::Both,
                    _ => return Err(wrong(key, "\"MD5\", \"SHA-256\" or \"both\"")),
                };
            }
            "clusters_per_project" => {
                self.clusters_per_project =
                    value.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| wrong(key, "a count"))?;
            }
            "regions" => {
                self.regions = match value.as_str() {
                    Some("strict") => Regions::Strict,
                    Some("any") => Regions::Any,
                    _ => return Err(wrong(key, "\"strict\" or \"any\"")),
                };
            }
            "role_refusal_status" => {
                self.role_refusal_status = match value.as_u64() {
                    Some(403) => 403,
                    Some(401) => 401,
                    _ => return Err(wrong(key, "403 or 401")),
                };
            }
            "client_address" => {
                self.client_address = match value {
                    Value::Null => None,
                    other => Some(
                        other
                            .as_str()
                            .and_then(|t| t.parse::<IpAddr>().ok())
                            .ok_or_else(|| wrong(key, "an IP address"))?,
                    ),
                };
            }
            "request_log" => {
                self.request_log =
                    value.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| wrong(key, "a count"))?;
            }
            _ => return Err(format!("There is no setting named {key}.")),
        }
        Ok(())
    }

    /// The settings that may change while the emulator runs, in the form that [`Options::set`] takes.
    pub(crate) fn settings(&self) -> Value {
        json!({
            "provisioning": provisioning_json(self.provisioning),
            "updating": self.updating.map(provisioning_json),
            "deletion": self.deletion.map(provisioning_json),
            "calendar": calendar_name(self.calendar),
            "retired_reply": match self.retired_reply {
                RetiredReply::VersionGone => 410,
                RetiredReply::NotFound => 404,
                RetiredReply::MethodNotAllowed => 405,
            },
            "token_lifetime_seconds": self.token_lifetime.as_secs_f64(),
            "token_requests_per_minute": self.token_requests_per_minute,
            "live_tokens": self.live_tokens,
            "rate_limits": self.rate_limits,
            "rate_limit_headers": self.rate_limit_headers,
            "rate_limit_sizes": self.rate_limit_sizes.iter()
                .map(|(set, limit)| (set.clone(), limit.to_json())).collect::<serde_json::Map<_, _>>(),
            "nonce_lifetime_seconds": self.nonce_lifetime.as_secs_f64(),
            "nonce_uses": self.nonce_uses,
            "digest_algorithm": match self.digest_algorithm {
                DigestAlgorithm::Md5 => "MD5",
                DigestAlgorithm::Sha256 => "SHA-256",
                DigestAlgorithm::Both => "both",
            },
            "clusters_per_project": self.clusters_per_project,
            "regions": if self.regions == Regions::Any { "any" } else { "strict" },
            "role_refusal_status": self.role_refusal_status,
            "client_address": self.client_address.map(|a| a.to_string()),
            "request_log": self.request_log,
        })
    }
}

impl RateLimit {
    fn from_json(value: &Value) -> Result<Self, String> {
        let field = |name: &str| value.get(name).and_then(Value::as_u64);
        match (field("capacity"), field("refill"), field("seconds")) {
            (Some(capacity), Some(refill), Some(seconds)) if refill > 0 && seconds > 0 => {
                Ok(Self { capacity, refill, seconds })
            }
            _ => Err("A rate limit takes capacity, refill and seconds, all whole numbers.".to_owned()),
        }
    }

    fn to_json(self) -> Value {
        json!({"capacity": self.capacity, "refill": self.refill, "seconds": self.seconds})
    }
}

/// Takes a name (`2024`, `2025`, `2025-12`, `2026`, `2027` or what they mean) or a full ISO date.
pub(crate) fn calendar(value: &Value) -> Result<Calendar, String> {
    let number = value.as_u64().map(|n| n.to_string());
    let text = number.as_deref().or(value.as_str()).unwrap_or_default();
    Ok(match text.to_ascii_lowercase().as_str() {
        "2024" | "serverless" | "before-2025" => Calendar::Serverless,
        "2025" | "flex" => Calendar::Flex,
        "2025-12" | "deprecated" => Calendar::Deprecated,
        "2026" | "retired" => Calendar::Retired,
        "2027" | "ended" => Calendar::Ended,
        "clock" => Calendar::Clock,
        date if date.parse::<jiff::civil::Date>().is_ok() => Calendar::of_date(date),
        _ => return Err(wrong("calendar", "2024, 2025, 2025-12, 2026, 2027, clock or a date such as 2026-01-02")),
    })
}

pub(crate) fn calendar_name(calendar: Calendar) -> &'static str {
    match calendar {
        Calendar::Serverless => "2024",
        Calendar::Flex => "2025",
        Calendar::Deprecated => "2025-12",
        Calendar::Retired => "2026",
        Calendar::Ended => "2027",
        Calendar::Clock => "clock",
    }
}

pub(crate) fn provisioning_json(provisioning: Provisioning) -> Value {
    match provisioning {
        Provisioning::AtOnce => json!("at_once"),
        Provisioning::AfterReads(reads) => json!({"reads": reads}),
        Provisioning::After(time) => json!({"seconds": time.as_secs_f64()}),
        Provisioning::Manual => json!("manual"),
    }
}

fn provisioning(key: &str, value: &Value) -> Result<Provisioning, String> {
    match value {
        Value::String(text) if text == "at_once" => Ok(Provisioning::AtOnce),
        Value::String(text) if text == "manual" => Ok(Provisioning::Manual),
        Value::Number(_) => Ok(Provisioning::After(seconds(key, value)?)),
        Value::Object(object) => match (object.get("reads"), object.get("seconds")) {
            (Some(reads), None) => {
                count(key, reads)?.map(Provisioning::AfterReads).ok_or_else(|| wrong(key, "a number of reads"))
            }
            (None, Some(time)) => Ok(Provisioning::After(seconds(key, time)?)),
            _ => Err(wrong(key, PROVISIONING)),
        },
        _ => Err(wrong(key, PROVISIONING)),
    }
}

const PROVISIONING: &str = "\"at_once\", \"manual\", {\"reads\": n}, {\"seconds\": t} or a number of seconds";

fn retired_reply(value: &Value) -> Result<RetiredReply, String> {
    match value.as_u64() {
        Some(410) => Ok(RetiredReply::VersionGone),
        Some(404) => Ok(RetiredReply::NotFound),
        Some(405) => Ok(RetiredReply::MethodNotAllowed),
        _ => Err(wrong("retired_reply", "410, 404 or 405")),
    }
}

fn clock_mode(value: &Value) -> Result<ClockMode, String> {
    match value {
        Value::String(text) if text == "real" => Ok(ClockMode::Real),
        Value::String(text) if text == "manual" => Ok(ClockMode::Manual { start: None }),
        Value::String(text) => crate::emulator::clock::parse(text)
            .map(|ms| ClockMode::Manual { start: Some(ms as f64 / 1000.0) })
            .ok_or_else(|| wrong("clock", "\"real\", \"manual\", a time such as 2025-09-09T18:15:06Z or Unix seconds")),
        Value::Number(n) => Ok(ClockMode::Manual { start: n.as_f64() }),
        _ => Err(wrong("clock", "\"real\", \"manual\" or a time")),
    }
}

pub(crate) fn seconds(key: &str, value: &Value) -> Result<Duration, String> {
    value
        .as_f64()
        .and_then(|s| Duration::try_from_secs_f64(s).ok())
        .ok_or_else(|| wrong(key, "a number of seconds, zero or more"))
}

/// A count, or null for “no limit”.
pub(crate) fn count(key: &str, value: &Value) -> Result<Option<u32>, String> {
    match value {
        Value::Null => Ok(None),
        other => other
            .as_u64()
            .and_then(|n| u32::try_from(n).ok())
            .map(Some)
            .ok_or_else(|| wrong(key, "a whole number, or null for no limit")),
    }
}

pub(crate) fn boolean(key: &str, value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| wrong(key, "true or false"))
}

fn none_or(value: &Value) -> Option<Value> {
    (!value.is_null()).then(|| value.clone())
}

fn wrong(key: &str, takes: &str) -> String {
    format!("{key} takes {takes}.")
}
