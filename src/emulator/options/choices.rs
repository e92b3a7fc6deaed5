//! The values that options take, and how JSON writes them.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::emulator::clock::date;
use crate::emulator::json::seconds;

/// When an instance leaves a transitional state (CREATING, UPDATING, DELETING).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provisioning {
    /// The reply to the change still shows the transitional state; the next read does not.
    AtOnce,
    /// This many reads of the instance still see the transitional state.
    #[serde(rename = "reads")]
    AfterReads(u32),
    /// After this time on the emulator's clock.
    #[serde(rename = "seconds")]
    After(#[serde(with = "seconds")] Duration),
    /// When the test says so (`POST /_emulator/instances/{group}/{name}`).
    Manual,
}

/// Which time in the history of the serverless endpoints is emulated. It is chosen, and does not follow the clock, unless
/// [`Calendar::Clock`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "Value")]
pub enum Calendar {
    /// Before February 2025: real serverless instances.
    Serverless,
    /// From February 2025: a Flex cluster behind the serverless shape.
    Flex,
    /// From 10 December 2025: the same, with `Deprecation` and `Sunset` headers.
    Deprecated,
    /// From 15 January 2026: create, update and delete are gone, list is empty, get answers 404.
    Retired,
    /// From 15 January 2027: list and get are gone too.
    Ended,
    /// As the date of the emulator's clock says.
    Clock,
}

/// How a retired endpoint answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u16", try_from = "u16")]
pub enum RetiredReply {
    /// 410 `VERSION_GONE`, the documented form.
    VersionGone,
    /// 404 `RESOURCE_NOT_FOUND`: the path itself is unknown.
    NotFound,
    /// 405: the path is known, the method is not.
    MethodNotAllowed,
}

/// The size of a rate limit's bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Tokens in a full bucket.
    pub capacity: u64,
    /// Tokens that come back at each refill.
    #[serde(deserialize_with = "not_zero")]
    pub refill: u64,
    /// Seconds between refills.
    #[serde(deserialize_with = "not_zero")]
    pub seconds: u64,
}

/// What the digest challenge offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum DigestAlgorithm {
    /// `algorithm=MD5`, as recorded.
    Md5,
    /// `algorithm=SHA-256`.
    Sha256,
    /// Two challenges, SHA-256 first (RFC 7616, section 3.7).
    Both,
}

/// Which regions a create may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regions {
    /// Those that Atlas is known to offer for the kind.
    Strict,
    /// Any non-empty name.
    Any,
}

impl Calendar {
    /// The calendar that holds at `now` (milliseconds since the epoch).
    pub(crate) fn at(self, now: i64) -> Calendar {
        match self {
            Calendar::Clock => Calendar::of_date(&date(now)),
            other => other,
        }
    }

    /// The calendar of an ISO date. ISO dates compare as text.
    pub(crate) fn of_date(date: &str) -> Calendar {
        match date {
            d if d < "2025-02-01" => Calendar::Serverless,
            d if d < "2025-12-10" => Calendar::Flex,
            d if d < "2026-01-15" => Calendar::Deprecated,
            d if d < "2027-01-15" => Calendar::Retired,
            _ => Calendar::Ended,
        }
    }
}

impl From<Calendar> for &'static str {
    fn from(calendar: Calendar) -> Self {
        match calendar {
            Calendar::Serverless => "2024",
            Calendar::Flex => "2025",
            Calendar::Deprecated => "2025-12",
            Calendar::Retired => "2026",
            Calendar::Ended => "2027",
            Calendar::Clock => "clock",
        }
    }
}

/// Takes a name, what it means, or an ISO date.
impl TryFrom<Value> for Calendar {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let number = value.as_u64().map(|number| number.to_string());
        let text = number.as_deref().or(value.as_str()).unwrap_or_default();
        Ok(match text.to_ascii_lowercase().as_str() {
            "2024" | "serverless" | "before-2025" => Calendar::Serverless,
            "2025" | "flex" => Calendar::Flex,
            "2025-12" | "deprecated" => Calendar::Deprecated,
            "2026" | "retired" => Calendar::Retired,
            "2027" | "ended" => Calendar::Ended,
            "clock" => Calendar::Clock,
            date if date.parse::<jiff::civil::Date>().is_ok() => Calendar::of_date(date),
            _ => return Err("no calendar"),
        })
    }
}

impl From<RetiredReply> for u16 {
    fn from(reply: RetiredReply) -> Self {
        match reply {
            RetiredReply::VersionGone => 410,
            RetiredReply::NotFound => 404,
            RetiredReply::MethodNotAllowed => 405,
        }
    }
}

impl TryFrom<u16> for RetiredReply {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        match status {
            410 => Ok(RetiredReply::VersionGone),
            404 => Ok(RetiredReply::NotFound),
            405 => Ok(RetiredReply::MethodNotAllowed),
            _ => Err("no such reply"),
        }
    }
}

impl From<DigestAlgorithm> for &'static str {
    fn from(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Md5 => "MD5",
            DigestAlgorithm::Sha256 => "SHA-256",
            DigestAlgorithm::Both => "both",
        }
    }
}

impl TryFrom<String> for DigestAlgorithm {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.to_ascii_uppercase().as_str() {
            "MD5" => Ok(DigestAlgorithm::Md5),
            "SHA-256" => Ok(DigestAlgorithm::Sha256),
            "BOTH" => Ok(DigestAlgorithm::Both),
            _ => Err("no such algorithm"),
        }
    }
}

/// A bucket that is never refilled would refuse every request once it is empty.
fn not_zero<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    match u64::deserialize(from)? {
        0 => Err(D::Error::custom("zero")),
        number => Ok(number),
    }
}
