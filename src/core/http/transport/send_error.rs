//! Why a response did not arrive, in the terms of the clients below; and the same as an error states it.
use std::time::Duration;

use super::body::SendState;
use super::cause::{self, FailureCause};
use super::exchange::HttpFailure;
use super::options::MAX_BODY;
use crate::core::error::TransportKind;

/// Why there is no whole response.
pub(super) enum SendError {
    /// The time of the exchange is up.
    TimedOut,
    /// The response is larger than what is read.
    TooLarge,
    /// The connection could not be opened: nothing was sent.
    Connect {
        /// It was not open in time.
        timed_out: bool,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection broke while the request was sent or the response was read.
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

impl SendError {
    /// The failure of an exchange with this timeout. `sent` knows of the request's body, where it has one.
    pub(super) fn into_failure(self, timeout: Duration, sent: Option<&SendState>) -> HttpFailure {
        // The time of the whole exchange can be over while the connection is still being opened.
        let unsent = sent.is_some_and(|sent| !sent.may_have_been_sent());
        let no_connection = || HttpFailure::new(TransportKind::Connect, "no connection in time, nothing was sent");
        match self {
            Self::TimedOut if unsent => no_connection(),
            Self::TimedOut => {
                HttpFailure::new(TransportKind::Timeout, format!("no reply within {} s", timeout.as_secs_f64()))
            }
            Self::TooLarge => {
                HttpFailure::new(TransportKind::Protocol, format!("the reply is larger than {} MiB", MAX_BODY >> 20))
            }
            Self::Connect { timed_out, source } => {
                let failure = if timed_out {
                    no_connection()
                } else {
                    HttpFailure::new(TransportKind::Connect, format!("no connection ({})", cause::describe(&*source)))
                };
                HttpFailure { cause: FailureCause::of(&*source), ..failure }
            }
            Self::Broken(source) => {
                let (kind, what) = match unsent {
                    true => (TransportKind::Connect, "not sent"),
                    false => (TransportKind::Broken, "the connection broke"),
                };
                let failure = HttpFailure::new(kind, format!("{what} ({})", cause::describe(&*source)));
                HttpFailure { cause: FailureCause::of(&*source), ..failure }
            }
        }
    }
}
