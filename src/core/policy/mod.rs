//! Pure decisions: whether to try again and when, and how fast the server lets us go.

pub mod backoff;
pub mod rate_limit;
pub mod retry;
