//! Which failures are worth another attempt, and when. This is decided here and nowhere else: the loop of attempts, the
//! create, `error.retryable`, the polls of a wait and the token request all ask [`retry_class`].
//!
//! | what happened | read, idempotent change, token request | create, upgrade | any other POST or PATCH | poll of a wait |
//! | --- | --- | --- | --- | --- |
//! | nothing was sent (refused, TLS) | again | again | again | again |
//! | nothing was sent: a host that nobody knows | again, twice | again, twice | again, twice | again, twice |
//! | nothing was sent: wrong certificate, refused by the proxy | fail | fail | fail | fail |
//! | 425, 429 | again | again | again | again |
//! | 408, 500, 502, 503, 504, no usable reply | again | look it up, then again | fail | again |
//! | any other 5xx | fail | look it up, then fail | fail | again |
//! | a redirect | fail | fail | fail | again |
//! | anything else | fail | fail | fail | fail |
//!
//! A poll is repeated after any reply that may come from a gateway: it costs nothing, and the deadline of the wait ends it.
use std::time::Duration;

use super::backoff::backoff;

/// Jitter leaves an attempt at least this much of the time that is left.
const ATTEMPT_RESERVE: Duration = Duration::from_secs(1);

/// How often a host that was never reached is looked up again: a second and a half later it is still unknown.
pub(crate) const UNKNOWN_HOST_RETRIES: u32 = 2;

/// How often and how long one call may try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// Attempts after the first.
    pub max_retries: u32,
    /// From the beginning of a call until the last of its attempts starts.
    pub max_retry_time: Duration,
}

/// A request by what sending it twice would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// Changes nothing.
    Read,
    /// Twice is the same as once: our updates and deletions, and any PUT.
    IdempotentChange,
    /// Twice may act twice, but what became of it can be looked up: a create, an upgrade.
    Reconcilable,
    /// Twice may act twice, and nothing is known of it: any other POST or PATCH.
    OtherChange,
    /// Fetches an access token.
    TokenRequest,
    /// A read that a wait repeats anyway.
    WaitPoll,
}

/// How an attempt ended that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AttemptOutcome {
    /// Not a byte of the request was sent.
    NotSent,
    /// The same, since the host has no address, and was never reached before.
    UnknownHost,
    /// The same, and it will be so again: the certificate is refused, or the proxy asks who this is.
    CannotConnect,
    /// An error reply or a redirect, and the wait that it asked for.
    Status(u16, Option<Duration>),
    /// The request may have been sent; there is no usable reply.
    NoReply,
}

impl AttemptOutcome {
    /// The server may have carried out the request; 425 and 429 say that it has not. A status that becomes
    /// transient is decided here and in [`retry_class`], nowhere else.
    pub fn may_have_been_processed(self) -> bool {
        matches!(self, Self::NoReply | Self::Status(408 | 500.., _))
    }
}

/// What an outcome allows, whatever attempts and time are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryClass {
    /// The failure is transient: send the same request again.
    Retry,
    /// A create or upgrade that may have been carried out: look it up first. Was it not, it is sent again if the failure is
    /// transient.
    Reconcile {
        /// The failure is transient.
        transient: bool,
    },
    /// It may have been carried out, and must not be sent twice.
    NotIdempotent,
    /// Sending it again would not help.
    Fail,
}

/// Decides for every outcome and kind of request; the table above is its result.
pub fn retry_class(outcome: AttemptOutcome, kind: RequestKind) -> RetryClass {
    use AttemptOutcome::{CannotConnect, NoReply, NotSent, Status, UnknownHost};
    let transient = match outcome {
        NotSent | UnknownHost | NoReply | Status(408 | 425 | 429 | 500 | 502 | 503 | 504, _) => true,
        Status(300..=399 | 500.., _) => kind == RequestKind::WaitPoll,
        Status(..) | CannotConnect => false,
    };
    match (kind, outcome.may_have_been_processed()) {
        (RequestKind::Reconcilable, true) => RetryClass::Reconcile { transient },
        (RequestKind::OtherChange, true) => RetryClass::NotIdempotent,
        _ if transient => RetryClass::Retry,
        _ => RetryClass::Fail,
    }
}

/// A request of this kind that was answered with this status is sent again: what `error.retryable` says.
pub fn is_transient(status: u16, kind: RequestKind) -> bool {
    let retry_class = retry_class(AttemptOutcome::Status(status, None), kind);
    matches!(retry_class, RetryClass::Retry | RetryClass::Reconcile { transient: true })
}

/// The server refused the request because there were too many.
pub const fn is_rate_limit(status: u16) -> bool {
    status == 429
}

/// Where a call stands.
#[derive(Debug, Clone, Copy)]
pub struct RetryState {
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
    Retry(Duration),
    /// Find out what happened first; then, if nothing did, send it again after this delay.
    Reconcile(Result<Duration, StopReason>),
}

/// Why there is no further attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StopReason {
    /// Trying again would not help.
    Final,
    /// It could help, but the request must not be sent twice.
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

impl RetryPolicy {
    /// What to do after an attempt that did not succeed. `jitter` is a number in `[0, 1)`.
    pub fn decide(&self, outcome: AttemptOutcome, kind: RequestKind, state: RetryState, jitter: f64) -> Decision {
        let delay = || self.delay(outcome, state, jitter);
        match retry_class(outcome, kind) {
            RetryClass::Retry => delay().map_or_else(Decision::Stop, Decision::Retry),
            RetryClass::Reconcile { transient: true } => Decision::Reconcile(delay()),
            RetryClass::Reconcile { transient: false } => Decision::Reconcile(Err(StopReason::Final)),
            RetryClass::NotIdempotent => Decision::Stop(StopReason::NotIdempotent),
            RetryClass::Fail => Decision::Stop(StopReason::Final),
        }
    }

    fn delay(&self, outcome: AttemptOutcome, state: RetryState, jitter: f64) -> Result<Duration, StopReason> {
        if state.attempts > self.max_retries {
            return Err(StopReason::Attempts);
        }
        if outcome == AttemptOutcome::UnknownHost && state.attempts > UNKNOWN_HOST_RETRIES {
            return Err(StopReason::Final);
        }
        let (rate_limited, retry_after) = match outcome {
            AttemptOutcome::Status(status, retry_after) => (is_rate_limit(status), retry_after),
            _ => (false, None),
        };
        let backoff = backoff(rate_limited, retry_after, state.attempts);
        let (base, left) = (backoff.base, state.left);
        if base >= left {
            return Err(StopReason::Time { needed: base, left });
        }
        let delay = base.saturating_add(backoff.jitter.mul_f64(jitter));
        Ok(delay.min(left.saturating_sub(ATTEMPT_RESERVE).max(base)))
    }
}

#[cfg(test)]
mod tests;
