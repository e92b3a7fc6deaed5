//! Decisions without I/O: whether and when to try again, and how long to wait for a rate limit.

pub mod backoff;
pub mod poll_intervals;
pub mod rate_limit;
pub mod retry;
