//! A panic within a call is a mistake of this program. It becomes an error of the one call that met it: no other call loses
//! its result, and the caller is told that the outcome is unknown.
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use crate::core::error::{Error, TransportError, TransportKind};

/// Runs a call; a panic in it is an error. Not an `async fn`, which would hold the call's future twice, and copy it.
pub fn caught<T>(call: impl Future<Output = Result<T, Error>>) -> impl Future<Output = Result<T, Error>> {
    // What a call shares with others is behind locks that do not stay poisoned.
    AssertUnwindSafe(call).catch_unwind().map(|outcome| outcome.unwrap_or_else(|_| Err(panicked())))
}

/// The error of a call that panicked.
pub fn panicked() -> Error {
    Error::Transport(Box::new(TransportError {
        kind: TransportKind::OutcomeUnknown,
        message: "The call ended unexpectedly, which is a mistake in atlas-serverless: please report it. Whether the \
                  request was carried out is unknown"
            .to_owned(),
        method: String::new(),
        url: String::new(),
        attempts: 0,
        elapsed: Duration::ZERO,
        status: None,
        body_start: None,
        no_connection: None,
        target: None,
        hint: None,
    }))
}
