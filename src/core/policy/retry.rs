//! The retry policy as one pure decision: from what happened, stop, go again after a delay, or find out first.
//!
//! | what happened | idempotent request | create | any other POST or PATCH |
//! | --- | --- | --- | --- |
//! | nothing was sent (refused, DNS, TLS) | again | again | again |
//! | 429 | again, never sooner than asked | again, never sooner than asked | again, never sooner than asked |
//! | 408, 500, 502, 503, 504, broken or timed-out reply | again | look it up, then again | stop |
//! | any other 5xx | stop | look it up, then stop | stop |
//! | anything else | stop | stop | stop |
//!
//! The delay is what the server asked, or a schedule (429: 10, 20, 40 s as Atlas advises; else 0.5, 1, 2 … 16 s).
//! Full jitter comes on top: up to the same again, or up to the schedule where the server asked for less, at most 10 s.
use std::time::Duration;

const JITTER_LIMIT: Duration = Duration::from_secs(10);
/// The first wait after a 429 that does not say how long.
pub const RATE_LIMIT_BASE: Duration = Duration::from_secs(10);
const RATE_LIMIT_LIMIT: Duration = Duration::from_secs(40);
const TRANSIENT_BASE: Duration = Duration::from_millis(500);
const TRANSIENT_LIMIT: Duration = Duration::from_secs(16);
/// Jitter leaves an attempt this much of the time that is left.
const ROOM: Duration = Duration::from_secs(1);

/// How often and how long one call may try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Attempts after the first.
    pub max_retries: u32,
    /// From the beginning of a call until the last of its attempts starts.
    pub max_retry_time: Duration,
}

/// What became of one attempt that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AttemptOutcome {
    /// Not a byte of the request was sent.
    NotSent,
    /// An error reply, and how long it asked to wait.
    Status(u16, Option<Duration>),
    /// The request was sent, perhaps; there is no usable reply.
    Broken,
}

impl AttemptOutcome {
    /// Whether the same request can succeed later.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::NotSent | Self::Broken | Self::Status(408 | 429 | 500 | 502 | 503 | 504, _))
    }
}

/// What sending the same request twice would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// The same as sending it once.
    Idempotent,
    /// Perhaps create a second thing; it can be looked up by name.
    Create,
    /// Perhaps act twice; nothing is known of it (an arbitrary POST or PATCH).
    Unsafe,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Attempts made, this one included.
    pub attempts: u32,
    /// Time in which another attempt may start: until the caller's own deadline, and within `max_retry_time`.
    pub left: Duration,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// Report the failure.
    Stop(StopReason),
    /// Send it again after this delay.
    Again(Duration),
    /// Find out what happened first; then, if nothing did, send it again after this delay.
    Reconcile(Result<Duration, StopReason>),
}

/// Why there is no further attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StopReason {
    /// Trying again can't help.
    Final,
    /// It could, but the request must not be sent twice.
    NotIdempotent,
    /// `max_retries` are used up.
    Attempts,
    /// The delay does not fit the time that is left.
    Time {
        /// The shortest delay that would have been right.
        needed: Duration,
        /// The time that is left.
        left: Duration,
    },
}

/// Decides. `jitter` is a number in `[0, 1)`.
pub fn decide(policy: &Policy, happened: AttemptOutcome, safety: Safety, progress: Progress, jitter: f64) -> Decision {
    let again = || delay(policy, happened, progress, jitter);
    match (happened, safety) {
        (AttemptOutcome::NotSent, _) | (AttemptOutcome::Status(429, _), _) => {
            again().map_or_else(Decision::Stop, Decision::Again)
        }
        (AttemptOutcome::Broken | AttemptOutcome::Status(408 | 500.., _), safety) => match safety {
            Safety::Idempotent if happened.is_transient() => again().map_or_else(Decision::Stop, Decision::Again),
            Safety::Idempotent => Decision::Stop(StopReason::Final),
            Safety::Create if happened.is_transient() => Decision::Reconcile(again()),
            Safety::Create => Decision::Reconcile(Err(StopReason::Final)),
            Safety::Unsafe => Decision::Stop(StopReason::NotIdempotent),
        },
        _ => Decision::Stop(StopReason::Final),
    }
}

fn delay(policy: &Policy, happened: AttemptOutcome, progress: Progress, jitter: f64) -> Result<Duration, StopReason> {
    if progress.attempts > policy.max_retries {
        return Err(StopReason::Attempts);
    }
    let (base, spread) = base(happened, progress.attempts);
    let left = progress.left;
    if base >= left {
        return Err(StopReason::Time { needed: base, left });
    }
    let jittered = base.saturating_add(spread.min(JITTER_LIMIT).mul_f64(jitter));
    Ok(jittered.min(left.saturating_sub(ROOM).max(base)))
}

/// The delay without jitter before the attempt that follows attempt `attempts`, and how much jitter may add.
fn base(happened: AttemptOutcome, attempts: u32) -> (Duration, Duration) {
    let doublings = 1u32 << attempts.saturating_sub(1).min(16);
    let schedule = match happened {
        AttemptOutcome::Status(429, None) => RATE_LIMIT_BASE.saturating_mul(doublings).min(RATE_LIMIT_LIMIT),
        _ => TRANSIENT_BASE.saturating_mul(doublings).min(TRANSIENT_LIMIT),
    };
    match happened {
        // Many callers are told the same: those who are told “now” must spread too.
        AttemptOutcome::Status(_, Some(asked)) => (asked, asked.max(schedule)),
        _ => (schedule, schedule),
    }
}

/// The wait that a `Retry-After` header asks for: seconds, or an HTTP date (RFC 9110, 10.2.3) measured against the
/// reply's own `Date` where there is one, since clocks differ.
pub fn retry_after(value: &str, date: Option<&str>, wall: std::time::SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let from = date.and_then(|d| httpdate::parse_http_date(d).ok()).unwrap_or(wall);
    Some(at.duration_since(from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy { max_retries: 5, max_retry_time: Duration::from_secs(180) };

    fn secs(s: f64) -> Duration {
        Duration::from_secs_f64(s)
    }
    fn at(attempts: u32, left: f64) -> Progress {
        Progress { attempts, left: secs(left) }
    }

    #[test]
    fn each_kind_of_failure_meets_each_kind_of_request() {
        use Decision::{Again, Reconcile, Stop};
        use Safety::{Create, Idempotent, Unsafe};
        let half = secs(0.5);
        for (happened, idempotent, create, unsafe_) in [
            (AttemptOutcome::NotSent, Again(half), Again(half), Again(half)),
            (AttemptOutcome::Broken, Again(half), Reconcile(Ok(half)), Stop(StopReason::NotIdempotent)),
            (AttemptOutcome::Status(500, None), Again(half), Reconcile(Ok(half)), Stop(StopReason::NotIdempotent)),
            (AttemptOutcome::Status(502, None), Again(half), Reconcile(Ok(half)), Stop(StopReason::NotIdempotent)),
            (AttemptOutcome::Status(503, None), Again(half), Reconcile(Ok(half)), Stop(StopReason::NotIdempotent)),
            (AttemptOutcome::Status(504, None), Again(half), Reconcile(Ok(half)), Stop(StopReason::NotIdempotent)),
            (AttemptOutcome::Status(408, None), Again(half), Reconcile(Ok(half)), Stop(StopReason::NotIdempotent)),
            (
                AttemptOutcome::Status(501, None),
                Stop(StopReason::Final),
                Reconcile(Err(StopReason::Final)),
                Stop(StopReason::NotIdempotent),
            ),
            (
                AttemptOutcome::Status(524, None),
                Stop(StopReason::Final),
                Reconcile(Err(StopReason::Final)),
                Stop(StopReason::NotIdempotent),
            ),
            (
                AttemptOutcome::Status(301, None),
                Stop(StopReason::Final),
                Stop(StopReason::Final),
                Stop(StopReason::Final),
            ),
            (
                AttemptOutcome::Status(400, None),
                Stop(StopReason::Final),
                Stop(StopReason::Final),
                Stop(StopReason::Final),
            ),
            (
                AttemptOutcome::Status(409, None),
                Stop(StopReason::Final),
                Stop(StopReason::Final),
                Stop(StopReason::Final),
            ),
            (AttemptOutcome::Status(429, None), Again(secs(10.0)), Again(secs(10.0)), Again(secs(10.0))),
        ] {
            assert_eq!(decide(&POLICY, happened, Idempotent, at(1, 180.0), 0.0), idempotent, "{happened:?}");
            assert_eq!(decide(&POLICY, happened, Create, at(1, 180.0), 0.0), create, "{happened:?}");
            assert_eq!(decide(&POLICY, happened, Unsafe, at(1, 180.0), 0.0), unsafe_, "{happened:?}");
        }
    }

    #[test]
    fn delays_grow_and_jitter_only_adds() {
        let delays = |happened, jitter| {
            (1..=5)
                .map(|n| match decide(&POLICY, happened, Safety::Idempotent, at(n, 180.0), jitter) {
                    Decision::Again(d) => d.as_secs_f64(),
                    other => panic!("{other:?}"),
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(delays(AttemptOutcome::Broken, 0.0), [0.5, 1.0, 2.0, 4.0, 8.0]);
        assert_eq!(delays(AttemptOutcome::Broken, 0.5), [0.75, 1.5, 3.0, 6.0, 12.0]);
        assert_eq!(delays(AttemptOutcome::Status(429, None), 0.0), [10.0, 20.0, 40.0, 40.0, 40.0]);
        assert_eq!(delays(AttemptOutcome::Status(429, None), 0.5), [15.0, 25.0, 45.0, 45.0, 45.0]);
        assert_eq!(delays(AttemptOutcome::Status(429, Some(secs(7.0))), 0.0), [7.0; 5]);
        assert_eq!(delays(AttemptOutcome::Status(503, Some(secs(30.0))), 0.5), [35.0; 5]);
        assert_eq!(delays(AttemptOutcome::Status(429, Some(secs(0.0))), 0.5), [0.25, 0.5, 1.0, 2.0, 4.0]);
    }

    #[test]
    fn bounds_hold() {
        let stop = |happened, progress| match decide(&POLICY, happened, Safety::Idempotent, progress, 0.0) {
            Decision::Stop(why) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(stop(AttemptOutcome::Broken, at(6, 180.0)), StopReason::Attempts);
        let asked = AttemptOutcome::Status(429, Some(secs(300.0)));
        assert_eq!(stop(asked, at(1, 180.0)), StopReason::Time { needed: secs(300.0), left: secs(180.0) });
        assert_eq!(
            stop(AttemptOutcome::Status(429, Some(secs(5.0))), at(1, 4.0)),
            StopReason::Time { needed: secs(5.0), left: secs(4.0) }
        );
        // Jitter never takes the last second of an attempt, nor what the server asked for.
        for (left, delay) in [(20.0, 15.2), (9.5, 8.5), (8.5, 8.0)] {
            let decision = decide(&POLICY, AttemptOutcome::Broken, Safety::Idempotent, at(5, left), 0.9);
            assert_eq!(decision, Decision::Again(secs(delay)));
        }
        assert_eq!(
            stop(AttemptOutcome::Status(503, Some(Duration::MAX)), at(1, 180.0)),
            StopReason::Time { needed: Duration::MAX, left: secs(180.0) }
        );
        let none = Policy { max_retries: 0, ..POLICY };
        for happened in [AttemptOutcome::NotSent, AttemptOutcome::Broken, AttemptOutcome::Status(429, None)] {
            let decision = decide(&none, happened, Safety::Idempotent, at(1, 180.0), 0.0);
            assert_eq!(decision, Decision::Stop(StopReason::Attempts));
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        let wall = std::time::SystemTime::UNIX_EPOCH;
        assert_eq!(retry_after("7", None, wall), Some(secs(7.0)));
        assert_eq!(retry_after(" 0 ", None, wall), Some(secs(0.0)));
        let date = Some("Tue, 09 Sep 2025 18:15:11 GMT");
        assert_eq!(retry_after("Tue, 09 Sep 2025 18:15:41 GMT", date, wall), Some(secs(30.0)));
        assert_eq!(retry_after("Tue, 09 Sep 2025 18:15:01 GMT", date, wall), Some(secs(0.0)));
        assert_eq!(retry_after("-5", None, wall), None);
        assert_eq!(retry_after("soon", None, wall), None);
        assert_eq!(retry_after("1e300", None, wall), None);
    }
}
