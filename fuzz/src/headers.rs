//! Dates, waits and limits in headers. No attempt is made sooner than a server asks.
use std::time::{Duration, SystemTime};

use atlas_serverless::core::http::deprecation;
use atlas_serverless::core::policy::backoff::retry_after;
use atlas_serverless::core::policy::rate_limit::{EndpointSet, RateLimits};
use atlas_serverless::core::policy::retry::{AttemptOutcome, Decision, RequestKind, RetryPolicy, RetryState};

use super::support;

/// Replies one after another: a status, headers, an empty line.
pub fn run(data: &[u8]) {
    let (limits, mut rest, mut now) = (RateLimits::default(), data, Duration::from_secs(5));
    let policy = RetryPolicy { max_retries: 5, max_retry_time: Duration::from_secs(180) };
    for attempt in 1..20 {
        if rest.is_empty() {
            break;
        }
        let (status, after) = support::number(rest);
        let (headers, after) = support::headers(after);
        rest = after;
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let wait = text("retry-after").and_then(|value| retry_after(value, text("date"), SystemTime::UNIX_EPOCH));
        let state = RetryState { attempts: attempt, left: Duration::from_secs(180) };
        for jitter in [0.0, 0.999] {
            let outcome = AttemptOutcome::Status(status, wait);
            if let Decision::Retry(delay) = policy.decide(outcome, RequestKind::Read, state, jitter) {
                assert!(delay >= wait.unwrap_or_default(), "{delay:?} {wait:?}");
                assert!(delay < state.left, "{delay:?}");
            }
        }
        let dates = deprecation::dates(&headers);
        if dates.sunset.is_some() || dates.deprecation.is_some() {
            assert!(deprecation::is_announced(&headers));
        }
        deprecation::reset_notices();
        if let Some(notice) = deprecation::notice("listFlexClusters", status % 2 == 0, &headers) {
            support::assert_printable(&notice.message);
        }
        let mut permit = limits.acquire(EndpointSet::FlexClusters, support::GROUP, now);
        now = now.saturating_add(permit.wait());
        permit.recheck(now);
        permit.complete(status, &headers, wait.filter(|_| status == 429), now);
        assert!(limits.status(now).len() <= 1);
        now = now.saturating_add(Duration::from_millis(u64::from(status)));
    }
}
