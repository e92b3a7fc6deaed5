use super::*;
use EndpointSet::FlexClusters;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
fn headers(remaining: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("ratelimit-limit", "1200".parse().unwrap());
    headers.insert("ratelimit-remaining", remaining.parse().unwrap());
    headers
}

fn wait(limits: &RateLimits, group: &str, now: Duration) -> u128 {
    limits.acquire(FlexClusters, group, now).wait().as_millis()
}
/// A request that is answered at once.
fn reply(limits: &RateLimits, headers: &HeaderMap, blocked_for: Option<Duration>, now: Duration) {
    let status = if blocked_for.is_some() { 429 } else { 200 };
    limits.acquire(FlexClusters, "g", now).complete(status, headers, blocked_for, now);
}
/// Callers who wait and never send, as long as the permits are there.
fn hold<const N: usize>(limits: &RateLimits, now: Duration) -> ([Permit<'_>; N], [u128; N]) {
    let permits = std::array::from_fn(|_| limits.acquire(FlexClusters, "g", now));
    let waits = permits.each_ref().map(|permit| permit.wait().as_millis());
    (permits, waits)
}

#[test]
fn without_headers_no_request_waits() {
    let limits = RateLimits::default();
    for _ in 0..1000 {
        assert_eq!(wait(&limits, "g", ms(0)), 0);
        reply(&limits, &HeaderMap::new(), None, ms(0));
    }
    assert_eq!(limits.status(ms(0)), []);
}

#[test]
fn callers_wait_ahead_of_a_limit_that_is_used_up_one_after_another() {
    let limits = RateLimits::default();
    reply(&limits, &headers("2"), None, ms(0));
    let (_waiting, waits) = hold(&limits, ms(0));
    assert_eq!(waits, [0, 0, 120, 240, 360]);
    assert_eq!(wait(&limits, "other", ms(0)), 0);
    let known = limits.status(ms(5));
    assert_eq!((known[0].limit, known[0].remaining, known[0].age), (Some(1200), Some(0), ms(5)));
    // The server says that there is room again: nobody queues.
    reply(&limits, &headers("800"), None, ms(10));
    assert_eq!(wait(&limits, "g", ms(10)), 0);
}

#[test]
fn after_a_429_nobody_comes_back_early_and_nobody_together() {
    let limits = RateLimits::default();
    reply(&limits, &HeaderMap::new(), Some(ms(7000)), ms(0));
    let (_waiting, waits) = hold(&limits, ms(1000));
    assert_eq!(waits, [6000, 6120, 6240, 6360]);
    // Those who slept through the block come one after another too.
    let (_woken, waits) = hold(&limits, ms(8000));
    assert_eq!(waits, [0, 120]);
    // Once one is let in, nobody waits: with what is left in a header, or without.
    let permit = limits.acquire(FlexClusters, "g", ms(8240));
    permit.complete(201, &HeaderMap::new(), None, ms(8240));
    let (_later, waits) = hold(&limits, ms(9000));
    assert_eq!(waits, [0, 0]);
}

#[test]
fn a_block_that_is_renewed_is_waited_for_again() {
    let limits = RateLimits::default();
    reply(&limits, &HeaderMap::new(), Some(ms(1000)), ms(0));
    let mut permit = limits.acquire(FlexClusters, "g", ms(0));
    let other = limits.acquire(FlexClusters, "g", ms(0));
    assert_eq!((permit.wait(), other.wait()), (ms(1000), ms(1120)));
    other.complete(429, &HeaderMap::new(), Some(ms(5000)), ms(900));
    permit.recheck(ms(1000));
    assert_eq!(permit.wait(), ms(4900));
    permit.recheck(ms(5900));
    assert_eq!(permit.wait(), ms(0));
}

#[test]
fn an_absurd_wait_blocks_others_for_a_while_only() {
    let limits = RateLimits::default();
    reply(&limits, &HeaderMap::new(), Some(Duration::MAX), ms(0));
    assert_eq!(wait(&limits, "g", ms(0)), 300_000);
    assert_eq!(wait(&limits, "g", ms(300_000)), 0);
}

#[test]
fn callers_who_leave_the_queue_leave_no_gap() {
    let limits = RateLimits::default();
    reply(&limits, &headers("0"), None, ms(0));
    let permits: Vec<_> = (0..1000).map(|_| limits.acquire(FlexClusters, "g", ms(0))).collect();
    assert_eq!(permits[999].wait(), ms(120_000));
    drop(permits);
    assert_eq!(wait(&limits, "g", ms(0)), 120);
    assert_eq!(limits.status(ms(0))[0].remaining, Some(0));
}

#[test]
fn an_old_report_expires() {
    let limits = RateLimits::default();
    reply(&limits, &headers("0"), None, ms(0));
    assert_eq!(wait(&limits, "g", ms(61_000)), 0);
}

#[test]
fn requests_in_flight_count_and_abandoned_ones_do_not() {
    let limits = RateLimits::default();
    reply(&limits, &headers("10"), None, ms(0));
    let permits: Vec<_> = (0..4).map(|_| limits.acquire(FlexClusters, "g", ms(0))).collect();
    let mut permits = permits.into_iter();
    // The reply to the first was written before the other three arrived.
    permits.next().unwrap().complete(200, &headers("9"), None, ms(1));
    assert_eq!(limits.status(ms(1))[0].remaining, Some(6));
    drop(permits);
    reply(&limits, &headers("9"), None, ms(2));
    assert_eq!(limits.status(ms(2))[0].remaining, Some(9));
}
