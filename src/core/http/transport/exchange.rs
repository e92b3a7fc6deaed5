//! One exchange: the request, the whole response, or why there is none.
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use reqwest::Method;
use reqwest::header::HeaderMap;

use super::cause::FailureCause;
use crate::core::error::TransportKind;
use crate::core::json::Tape;
use crate::core::policy::retry::AttemptOutcome;

/// A request that is ready to be sent.
pub struct HttpRequest {
    pub method: Method,
    /// Path and query, encoded.
    pub path: PathAndQuery,
    /// Headers, authorization included.
    pub headers: HeaderMap,
    /// JSON or a form.
    pub body: Option<Bytes>,
    /// From now to the last byte of the response.
    pub timeout: Duration,
}

/// A response that was read to its end, whatever its status.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The parsed body, once it was checked.
    pub tape: Option<Tape>,
}

impl HttpResponse {
    /// A response whose body was not checked yet.
    pub fn new(status: u16, headers: HeaderMap, body: Bytes) -> Self {
        HttpResponse { status, headers, body, tape: None }
    }
}

/// Why there is no whole response.
#[derive(Debug, Clone)]
pub struct HttpFailure {
    /// What happened.
    pub kind: TransportKind,
    /// One clause: "connection refused", "no reply within 60 s".
    pub message: String,
    /// The status, where the head of a response arrived.
    pub status: Option<u16>,
    /// The first characters of what arrived of the body.
    pub body_start: Option<String>,
    /// Why there is no connection.
    pub cause: FailureCause,
}

impl HttpFailure {
    /// A failure before any part of a response.
    pub fn new(kind: TransportKind, message: impl Into<String>) -> Self {
        HttpFailure { kind, message: message.into(), status: None, body_start: None, cause: FailureCause::Other }
    }

    /// The same in terms of the retry policy.
    pub fn outcome(&self) -> AttemptOutcome {
        if self.kind == TransportKind::Connect { AttemptOutcome::NotSent } else { AttemptOutcome::NoReply }
    }
}

/// The first 200 characters of a body, for messages.
pub fn body_start(body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let start = body.get(..body.len().min(1024)).unwrap_or_default();
    let text: String = String::from_utf8_lossy(start).split_whitespace().collect::<Vec<_>>().join(" ");
    Some(text.chars().take(200).collect())
}
