//! What a test can choose before the emulator starts; most of it can also be changed while it runs.
pub(crate) mod settings;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::emulator::clock::ClockMode;

/// When an instance leaves a passing state (CREATING, UPDATING, DELETING).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Provisioning {
    /// The reply to the change still names the passing state; the next read does not.
    AtOnce,
    /// This many reads of the instance still see the passing state.
    AfterReads(u32),
    /// After this time on the emulator's clock.
    After(Duration),
    /// When the test says so (`POST /_emulator/instances/{group}/{name}`).
    Manual,
}

/// Which time of the serverless endpoints' life is emulated. It is chosen, and does not follow the clock, unless
/// [`Calendar::Clock`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Whatever the emulator's clock says.
    Clock,
}

/// How a retired endpoint answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetiredReply {
    /// 410 `VERSION_GONE`, the documented form.
    VersionGone,
    /// 404 `RESOURCE_NOT_FOUND`: the path itself is unknown.
    NotFound,
    /// 405: the path is known, the method is not.
    MethodNotAllowed,
}

/// The size of a rate limit's bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Tokens in a full bucket.
    pub capacity: u64,
    /// Tokens that come back at each refill.
    pub refill: u64,
    /// Seconds between refills.
    pub seconds: u64,
}

/// What the digest challenge offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// `algorithm=MD5`, as recorded.
    Md5,
    /// `algorithm=SHA-256`.
    Sha256,
    /// Two challenges, SHA-256 first (RFC 7616, section 3.7).
    Both,
}

/// Which regions a create may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regions {
    /// Those that Atlas is known to offer for the kind.
    Strict,
    /// Any non-empty name.
    Any,
}

/// How the emulator starts. `Options::default()` gives one organization with one project, one service account and
/// one API key, both Project Owner, on a free port of 127.0.0.1.
#[derive(Debug, Clone)]
pub struct Options {
    /// The loopback address to listen on; anything else is refused.
    pub host: IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// When a new instance is IDLE. Default: after 1 second.
    pub provisioning: Provisioning,
    /// When an updated instance is IDLE again; `None`: as `provisioning`.
    pub updating: Option<Provisioning>,
    /// When a deleted instance is gone; `None`: as `provisioning`.
    pub deletion: Option<Provisioning>,
    /// Default: [`Calendar::Flex`] (the year 2025), the last time at which every operation works.
    pub calendar: Calendar,
    /// How retired endpoints answer.
    pub retired_reply: RetiredReply,
    /// Where time comes from.
    pub clock: ClockMode,
    /// How long a token lives. Default: one hour.
    pub token_lifetime: Duration,
    /// Token requests a minute per service account and address; `None`: no limit. Default: 10.
    pub token_requests_per_minute: Option<u32>,
    /// Live tokens of one service account; `None`: no limit. Default: 100.
    pub live_tokens: Option<u32>,
    /// Whether the API's rate limits refuse. Default: true, with Atlas' own sizes.
    pub rate_limits: bool,
    /// Whether replies carry `RateLimit-*` headers. Default: true.
    pub rate_limit_headers: bool,
    /// Sizes other than Atlas' own, by endpoint set id (see `GET /api/atlas/v2/rateLimits`).
    pub rate_limit_sizes: BTreeMap<String, RateLimit>,
    /// How long a digest nonce is good for. Default: 5 minutes.
    pub nonce_lifetime: Duration,
    /// How many requests one nonce is good for; `None`: no limit.
    pub nonce_uses: Option<u32>,
    /// What the digest challenge offers.
    pub digest_algorithm: DigestAlgorithm,
    /// How many clusters a project holds. Default: 25.
    pub clusters_per_project: usize,
    /// Which regions a create may name.
    pub regions: Regions,
    /// Status for a caller whose role is too weak: 403 `ACCESS_FORBIDDEN` or 401 `USER_UNAUTHORIZED`.
    pub role_refusal_status: u16,
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
            token_lifetime: Duration::from_secs(3600),
            token_requests_per_minute: Some(10),
            live_tokens: Some(100),
            rate_limits: true,
            rate_limit_headers: true,
            rate_limit_sizes: BTreeMap::new(),
            nonce_lifetime: Duration::from_secs(300),
            nonce_uses: None,
            digest_algorithm: DigestAlgorithm::Md5,
            clusters_per_project: 25,
            regions: Regions::Strict,
            role_refusal_status: 403,
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

impl Calendar {
    /// The era that holds at `now` (milliseconds since the epoch).
    pub(crate) fn era(self, now: i64) -> Calendar {
        match self {
            Calendar::Clock => Calendar::of_date(&crate::emulator::clock::date(now)),
            other => other,
        }
    }

    /// The era of an ISO date. ISO dates compare as text.
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
