//! One exchange: the request, the whole response, or why there is none.
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use reqwest::Method;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::cause::FailureCause;
use super::options::MAX_ERROR_BODY;
use super::redact::SentSecrets;
use crate::core::error::{NoConnection, TransportKind, printable};
use crate::core::json::Tape;
use crate::core::policy::retry::AttemptOutcome;
use crate::core::secret::Secret;

/// A request that is ready to be sent.
pub struct HttpRequest {
    pub method: Method,
    /// Path and query, encoded.
    pub path: PathAndQuery,
    /// Headers, authorization included.
    pub headers: HeaderMap,
    /// JSON or a form.
    pub body: Option<Bytes>,
    /// What of the body no error may show.
    pub secret: Option<Secret>,
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
    /// What the request carried and an error must not show.
    pub(in crate::core::http) secrets: SentSecrets,
}

impl HttpResponse {
    /// A response whose body was not checked yet.
    pub fn new(status: u16, headers: HeaderMap, body: Bytes) -> Self {
        HttpResponse { status, headers, body, tape: None, secrets: SentSecrets::default() }
    }

    /// The response with its body parsed.
    pub(crate) fn with_tape(self, tape: Option<Tape>) -> Self {
        HttpResponse { tape, ..self }
    }

    /// The response to a request with these secrets. A success with a JSON body is left as it is: the caller gets all of it.
    pub fn without(self, secrets: SentSecrets) -> Self {
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        let is_value = (200..300).contains(&self.status) && first.is_none_or(|byte| begins_value(*byte));
        let response = HttpResponse { secrets, ..self };
        if is_value { response } else { response.redacted() }
    }

    /// The response without secrets, and a message about it: for an error that is made of a success, which may show parts of it.
    pub(in crate::core::http) fn redacted_with(self, message: String) -> (Self, String) {
        let message = self.secrets.redact_message(message);
        (self.redacted(), message)
    }

    /// The response without secrets.
    pub(in crate::core::http) fn redacted(self) -> Self {
        let HttpResponse { status, headers, body, secrets, .. } = self;
        let (headers, body) = secrets.redact(headers, body);
        HttpResponse::new(status, headers, body)
    }

    /// The encoding of the body, although none was asked for.
    pub(in crate::core::http) fn encoding(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_ENCODING)?;
        let text: String = String::from_utf8_lossy(value.as_bytes()).trim().chars().take(40).collect();
        (!text.is_empty() && !text.eq_ignore_ascii_case("identity")).then(|| printable(&text))
    }

    /// The start of the body, for messages; of an encoded one, its length.
    pub(in crate::core::http) fn body_start(&self) -> Option<String> {
        match self.encoding() {
            Some(encoding) => {
                let more = if self.body.len() < MAX_ERROR_BODY { "" } else { "at least " };
                Some(format!("{more}{} bytes, encoded as {encoding}", self.body.len()))
            }
            None => body_start(&self.body),
        }
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
        match (self.kind, self.no_connection()) {
            (_, Some(NoConnection::UnknownHost)) => AttemptOutcome::UnknownHost,
            (_, Some(NoConnection::Refused)) => AttemptOutcome::CannotConnect,
            (TransportKind::Connect, None) => AttemptOutcome::NotSent,
            _ => AttemptOutcome::NoReply,
        }
    }

    /// Why trying again cannot open a connection.
    pub(in crate::core::http) fn no_connection(&self) -> Option<NoConnection> {
        match (self.kind, self.cause) {
            (TransportKind::Connect, FailureCause::UnknownHost) => Some(NoConnection::UnknownHost),
            (TransportKind::Connect, cause) if cause.is_final() => Some(NoConnection::Refused),
            _ => None,
        }
    }
}

/// Whether a JSON value can begin with this byte.
fn begins_value(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}

/// The first 200 characters of a body, for messages.
pub fn body_start(body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let start = body.get(..body.len().min(1024)).unwrap_or_default();
    let text: String = String::from_utf8_lossy(start).split_whitespace().collect::<Vec<_>>().join(" ");
    Some(printable(&text).chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{AUTHORIZATION, HeaderValue};

    use super::*;

    #[test]
    fn only_a_success_with_a_value_is_left_as_it_is_until_an_error_is_made_of_it() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer TOKENMARK"));
        let received = |status, body: &'static str| {
            let response = HttpResponse::new(status, HeaderMap::new(), Bytes::from_static(body.as_bytes()));
            response.without(SentSecrets::of(&headers, None, std::sync::Arc::default()))
        };
        for (status, body, kept) in [
            (200, "{\"a\": \"TOKENMARK\"}", true),
            (200, "\"TOKENMARK\"", true),
            (200, "<p>TOKENMARK</p>", false),
            (500, "{\"a\": \"TOKENMARK\"}", false),
        ] {
            let response = received(status, body);
            let redacted = body.replace("TOKENMARK", "******");
            assert_eq!(response.body, if kept { body } else { &redacted }, "{status} {body}");
            assert_eq!(response.redacted().body, redacted.as_str());
        }
    }
}
