//! How long to wait before the next attempt: what the server asked for, or a growing schedule, with jitter on top.
use std::time::{Duration, SystemTime};

/// The first delay after a 429 that does not say how long to wait. Atlas advises 10, 20, 40 s.
pub const RATE_LIMIT_BASE: Duration = Duration::from_secs(10);
const RATE_LIMIT_MAX: Duration = Duration::from_secs(40);
const TRANSIENT_BASE: Duration = Duration::from_millis(500);
const TRANSIENT_MAX: Duration = Duration::from_secs(16);
const MAX_JITTER: Duration = Duration::from_secs(10);

/// A delay: at least `base`, and up to `jitter` more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Backoff {
    pub(super) base: Duration,
    pub(super) jitter: Duration,
}

/// The delay before the attempt that follows attempt `attempts`: 10, 20, 40 s for a rate limit, else 0.5, 1, 2 … 16 s,
/// unless the server asked for another.
pub(super) fn backoff(rate_limited: bool, retry_after: Option<Duration>, attempts: u32) -> Backoff {
    let doublings = 1u32 << attempts.saturating_sub(1).min(16);
    let schedule = match retry_after {
        None if rate_limited => RATE_LIMIT_BASE.saturating_mul(doublings).min(RATE_LIMIT_MAX),
        _ => TRANSIENT_BASE.saturating_mul(doublings).min(TRANSIENT_MAX),
    };
    let base = retry_after.unwrap_or(schedule);
    // The server may ask many callers for the same short wait: they are spread by the schedule.
    Backoff { base, jitter: base.max(schedule).min(MAX_JITTER) }
}

/// The wait that a `Retry-After` header asks for: seconds, or an HTTP date (RFC 9110, 10.2.3). A date is compared with the
/// reply's own `Date` where there is one, since this machine's clock may differ from the server's.
pub fn retry_after(value: &str, date: Option<&str>, wall: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = date.and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(wall);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        let wall = SystemTime::UNIX_EPOCH;
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(retry_after("7", None, wall), seconds(7));
        assert_eq!(retry_after(" 0 ", None, wall), seconds(0));
        let date = Some("Tue, 09 Sep 2025 18:15:11 GMT");
        assert_eq!(retry_after("Tue, 09 Sep 2025 18:15:41 GMT", date, wall), seconds(30));
        assert_eq!(retry_after("Tue, 09 Sep 2025 18:15:01 GMT", date, wall), seconds(0));
        assert_eq!(retry_after("-5", None, wall), None);
        assert_eq!(retry_after("soon", None, wall), None);
        assert_eq!(retry_after("1e300", None, wall), None);
    }
}
