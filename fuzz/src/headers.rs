//! Dates, waits and limits in headers. No attempt is made sooner than a server asks.
use std::time::{Duration, SystemTime};

use atlas_serverless::core::http::deprecation;
use atlas_serverless::core::policy::backoff::{RATE_LIMIT_BASE, retry_after};
use atlas_serverless::core::policy::rate_limit::{EndpointSet, RateLimits};
use atlas_serverless::core::policy::retry::{AttemptOutcome, Decision, RequestKind, RetryPolicy, RetryState};

use httpdate::fmt_http_date;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::HeaderMap;

use super::{Reached, support};

/// However long a server asks to wait, other requests are sent again after this time.
const LONGEST_BLOCK: Duration = Duration::from_secs(300);

/// Replies one after another: a status, headers, an empty line.
pub fn run(data: &[u8]) -> Reached {
    let (limits, mut rest, mut now) = (RateLimits::default(), data, Duration::from_secs(5));
    let policy = RetryPolicy { max_retries: 5, max_retry_time: Duration::from_secs(180) };
    let (mut blocked_until, mut used_up, mut reached) = (now, false, Reached::Refused);
    for attempt in 1..20 {
        if rest.is_empty() {
            break;
        }
        let (status, after) = support::number(rest);
        let (headers, after) = support::headers(after);
        rest = after;
        let wait = wait_asked_for(&headers);
        let state = RetryState { attempts: attempt, left: Duration::from_secs(180) };
        for jitter in [0.0, 0.999] {
            let outcome = AttemptOutcome::Status(status, wait);
            if let Decision::Retry(delay) = policy.decide(outcome, RequestKind::Read, state, jitter) {
                assert!(delay >= wait.unwrap_or_default(), "{delay:?} {wait:?}");
                assert!(delay < state.left, "{delay:?}");
            }
        }
        let dates = dates(&headers, status % 2 == 0);
        // A request waits until the server takes it, and not without end.
        let mut permit = limits.acquire(EndpointSet::FlexClusters, support::GROUP, now);
        assert!(!used_up || !permit.wait().is_zero());
        let asked = blocked_until.max(now);
        for _ in 0..3 {
            now = now.saturating_add(permit.wait());
            permit.recheck(now);
        }
        assert!(permit.wait().is_zero());
        assert!(now >= asked && now <= asked + Duration::from_secs(1), "{now:?} {asked:?}");
        let is_limited = status == 429;
        let blocked_for = is_limited.then(|| wait.unwrap_or(RATE_LIMIT_BASE));
        permit.complete(status, &headers, blocked_for, now);
        if let Some(blocked_for) = blocked_for {
            blocked_until = blocked_until.max(now + blocked_for.min(LONGEST_BLOCK));
        }
        let remaining = headers.get("ratelimit-remaining").and_then(|value| value.to_str().ok());
        used_up = !is_limited && remaining.and_then(|number| number.trim().parse::<u64>().ok()) == Some(0);
        assert!(limits.status(now).len() <= 1);
        if wait.is_some() || dates || remaining.is_some() {
            reached = Reached::Accepted;
        }
        now = now.saturating_add(Duration::from_millis(u64::from(status % 1000)));
    }
    reached
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn wait_asked_for(headers: &HeaderMap) -> Option<Duration> {
    let (value, date) = (text(headers, "retry-after")?, text(headers, "date"));
    let wait = retry_after(value, date, SystemTime::UNIX_EPOCH);
    // Dates as another parser reads them.
    if let Some(until) = plain_date(value) {
        let now = date.and_then(plain_date);
        match (date, now) {
            (None, _) => assert_eq!(wait.map(|wait| wait.as_secs() as i64), Some(until.as_second().max(0))),
            (Some(_), Some(now)) => {
                let asked = (until.as_second() - now.as_second()).max(0);
                assert_eq!(wait.map(|wait| wait.as_secs() as i64), Some(asked));
            }
            // It is in another of the three forms.
            (Some(_), None) => {}
        }
    }
    wait
}

/// A date in the form that RFC 9110 prefers, not before 1970.
fn plain_date(value: &str) -> Option<Timestamp> {
    let value = value.trim();
    let at = DateTimeParser::new().parse_timestamp(value).ok().filter(|at| at.as_second() >= 0)?;
    (fmt_http_date(at.into()) == value).then_some(at)
}

/// Whether there are dates that can be read.
fn dates(headers: &HeaderMap, serverless: bool) -> bool {
    let dates = deprecation::dates(headers);
    for (name, read) in [("deprecation", dates.deprecation), ("sunset", dates.sunset)] {
        let Some(value) = text(headers, name) else { continue };
        if let Some(at) = plain_date(value) {
            assert_eq!(read, Some(at.into()), "{value}");
        }
        if let (Some(read), Ok(at)) = (read, DateTimeParser::new().parse_timestamp(value.trim())) {
            assert_eq!(Timestamp::try_from(read).unwrap(), at, "{value}");
        }
    }
    let some = dates.sunset.is_some() || dates.deprecation.is_some();
    assert!(!some || deprecation::is_announced(headers));
    deprecation::reset_notices();
    if let Some(notice) = deprecation::notice("listFlexClusters", serverless, headers) {
        support::assert_printable(&notice.message);
    }
    some
}
