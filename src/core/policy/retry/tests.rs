use std::ops::RangeInclusive;

use super::AttemptOutcome::{CannotConnect, NoReply, NotSent, Status, UnknownHost};
use super::RequestKind::{IdempotentChange, OtherChange, Read, Reconcilable, TokenRequest, WaitPoll};
use super::RetryClass::{Fail, NotIdempotent, Reconcile, Retry};
use super::*;

const POLICY: RetryPolicy = RetryPolicy { max_retries: 5, max_retry_time: Duration::from_secs(180) };
const KINDS: [RequestKind; 6] = [Read, IdempotentChange, TokenRequest, Reconcilable, OtherChange, WaitPoll];

const LOOK_UP_AND_RETRY: RetryClass = Reconcile { transient: true };
const LOOK_UP_AND_FAIL: RetryClass = Reconcile { transient: false };
/// What each kind of request, in the order of `KINDS`, does after such a status.
const FINAL: [RetryClass; 6] = [Fail; 6];
const REDIRECT: [RetryClass; 6] = [Fail, Fail, Fail, Fail, Fail, Retry];
const NOT_PROCESSED: [RetryClass; 6] = [Retry; 6];
const TRANSIENT: [RetryClass; 6] = [Retry, Retry, Retry, LOOK_UP_AND_RETRY, NotIdempotent, Retry];
const SERVER_ERROR: [RetryClass; 6] = [Fail, Fail, Fail, LOOK_UP_AND_FAIL, NotIdempotent, Retry];
const TABLE: [(RangeInclusive<u16>, [RetryClass; 6]); 13] = [
    (100..=299, FINAL),
    (300..=399, REDIRECT),
    (400..=407, FINAL),
    (408..=408, TRANSIENT),
    (409..=424, FINAL),
    (425..=425, NOT_PROCESSED),
    (426..=428, FINAL),
    (429..=429, NOT_PROCESSED),
    (430..=499, FINAL),
    (500..=500, TRANSIENT),
    (501..=501, SERVER_ERROR),
    (502..=504, TRANSIENT),
    (505..=599, SERVER_ERROR),
];

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn at(attempts: u32, left: f64) -> RetryState {
    RetryState { attempts, left: secs(left) }
}

fn decide(outcome: AttemptOutcome, state: RetryState, jitter: f64) -> Decision {
    POLICY.decide(outcome, Read, state, jitter)
}

#[test]
fn every_status_meets_every_kind_of_request() {
    let mut statuses = Vec::new();
    for (range, verdicts) in TABLE {
        for status in range {
            statuses.push(status);
            for (kind, expected) in KINDS.into_iter().zip(verdicts) {
                assert_eq!(retry_class(Status(status, None), kind), expected, "{status} {kind:?}");
                assert_eq!(retry_class(Status(status, Some(secs(1.0))), kind), expected, "{status} {kind:?}");
                let again = matches!(expected, Retry | Reconcile { transient: true });
                assert_eq!(is_transient(status, kind), again, "{status} {kind:?}");
            }
        }
    }
    assert_eq!(statuses, (100..=599).collect::<Vec<_>>());
}

#[test]
fn without_a_status_it_counts_whether_the_request_was_sent() {
    for (kind, no_reply) in KINDS.into_iter().zip(TRANSIENT) {
        assert_eq!(retry_class(NotSent, kind), Retry, "{kind:?}");
        assert_eq!(retry_class(UnknownHost, kind), Retry, "{kind:?}");
        assert_eq!(retry_class(CannotConnect, kind), Fail, "{kind:?}");
        assert_eq!(retry_class(NoReply, kind), no_reply, "{kind:?}");
    }
}

#[test]
fn an_unknown_host_is_looked_up_for_a_second_or_two() {
    let decisions: Vec<_> = (1..=3).map(|attempts| decide(UnknownHost, at(attempts, 180.0), 0.0)).collect();
    let again = [0.5, 1.0].map(|delay| Decision::Retry(secs(delay)));
    assert_eq!(decisions, [&again[..], &[Decision::Stop(StopReason::Final)]].concat());
}

#[test]
fn each_verdict_becomes_a_decision() {
    let half = secs(0.5);
    for (outcome, kind, expected) in [
        (NotSent, OtherChange, Decision::Retry(half)),
        (NoReply, Read, Decision::Retry(half)),
        (NoReply, Reconcilable, Decision::Reconcile(Ok(half))),
        (NoReply, OtherChange, Decision::Stop(StopReason::NotIdempotent)),
        (Status(501, None), Reconcilable, Decision::Reconcile(Err(StopReason::Final))),
        (Status(501, None), Read, Decision::Stop(StopReason::Final)),
        (Status(425, None), Reconcilable, Decision::Retry(half)),
        (Status(429, None), Reconcilable, Decision::Retry(secs(10.0))),
        (Status(400, None), Reconcilable, Decision::Stop(StopReason::Final)),
    ] {
        assert_eq!(POLICY.decide(outcome, kind, at(1, 180.0), 0.0), expected, "{outcome:?} {kind:?}");
    }
}

#[test]
fn delays_grow_and_jitter_only_adds() {
    let delays = |outcome, jitter| {
        (1..=5)
            .map(|n| match decide(outcome, at(n, 180.0), jitter) {
                Decision::Retry(delay) => delay.as_secs_f64(),
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(delays(NoReply, 0.0), [0.5, 1.0, 2.0, 4.0, 8.0]);
    assert_eq!(delays(NoReply, 0.5), [0.75, 1.5, 3.0, 6.0, 12.0]);
    assert_eq!(delays(Status(425, None), 0.0), [0.5, 1.0, 2.0, 4.0, 8.0]);
    assert_eq!(delays(Status(429, None), 0.0), [10.0, 20.0, 40.0, 40.0, 40.0]);
    assert_eq!(delays(Status(429, None), 0.5), [15.0, 25.0, 45.0, 45.0, 45.0]);
    assert_eq!(delays(Status(429, Some(secs(7.0))), 0.0), [7.0; 5]);
    assert_eq!(delays(Status(503, Some(secs(30.0))), 0.5), [35.0; 5]);
    assert_eq!(delays(Status(429, Some(secs(0.0))), 0.5), [0.25, 0.5, 1.0, 2.0, 4.0]);
}

#[test]
fn bounds_hold() {
    let stop = |outcome, state| match decide(outcome, state, 0.0) {
        Decision::Stop(reason) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(stop(NoReply, at(6, 180.0)), StopReason::Attempts);
    let asked = Status(429, Some(secs(300.0)));
    assert_eq!(stop(asked, at(1, 180.0)), StopReason::Time { needed: secs(300.0), left: secs(180.0) });
    let asked = Status(429, Some(secs(5.0)));
    assert_eq!(stop(asked, at(1, 4.0)), StopReason::Time { needed: secs(5.0), left: secs(4.0) });
    // Jitter never takes the last second of an attempt, nor what the server asked for.
    for (left, delay) in [(20.0, 15.2), (9.5, 8.5), (8.5, 8.0)] {
        assert_eq!(decide(NoReply, at(5, left), 0.9), Decision::Retry(secs(delay)));
    }
    let asked = Status(503, Some(Duration::MAX));
    assert_eq!(stop(asked, at(1, 180.0)), StopReason::Time { needed: Duration::MAX, left: secs(180.0) });
    let none = RetryPolicy { max_retries: 0, ..POLICY };
    for outcome in [NotSent, NoReply, Status(429, None)] {
        assert_eq!(none.decide(outcome, Read, at(1, 180.0), 0.0), Decision::Stop(StopReason::Attempts));
    }
}
