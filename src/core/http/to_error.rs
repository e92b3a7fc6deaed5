//! Turns a failed request into an [`Error`] with the facts that its reader needs.
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::Value;
use serde_json::value::RawValue;

use super::call::Call;
use super::transport::exchange::{HttpFailure, HttpResponse, body_start};
use super::transport::options::MAX_ERROR_BODY;
use crate::core::context::clock::Clock;
pub use crate::core::error::hints::CHECK_BASE_URL;
use crate::core::error::{ApiError, Error, TransportError, TransportKind, Violation, printable};
use crate::core::policy::backoff;
use crate::core::policy::retry::{RequestKind, StopReason, is_transient};

/// Violations and parameters of an error reply that are kept.
const MAX_PARTS: usize = 100;
/// Characters of a code and of a status in words; the longest documented code has 97.
const MAX_WORDS: usize = 200;

/// The request that an error is about.
pub struct RequestInfo<'a> {
    pub method: &'static str,
    /// The whole URL.
    pub url: &'a Url,
    /// What sending it again would do.
    pub kind: RequestKind,
    /// Attempts so far.
    pub attempts: u32,
    /// The clock's time when the call began.
    pub started: Duration,
    /// The clock, read only if there is an error.
    pub clock: &'a dyn Clock,
}

impl RequestInfo<'_> {
    fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.started)
    }

    /// The wait that `Retry-After` asks for.
    pub(crate) fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let header = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
        header(&RETRY_AFTER).and_then(|v| backoff::retry_after(v, header(&DATE), self.clock.wall()))
    }
}

/// A response that cannot be what the API sends, as an error.
pub(super) fn protocol_error(response: HttpResponse, message: String, request: &RequestInfo<'_>) -> Error {
    let (response, message) = response.redacted_with(message);
    let failure = HttpFailure {
        status: Some(response.status),
        body_start: response.body_start(),
        ..HttpFailure::new(TransportKind::Protocol, message)
    };
    let mut error = transport_error(failure, request);
    add_hint(&mut error, CHECK_BASE_URL);
    error
}

/// No whole response, as an error.
pub fn transport_error(failure: HttpFailure, request: &RequestInfo<'_>) -> Error {
    let no_connection = failure.no_connection();
    Error::Transport(Box::new(TransportError {
        kind: failure.kind,
        message: printable(&failure.message),
        method: request.method.to_owned(),
        url: display_url(request.url),
        attempts: request.attempts,
        elapsed: request.elapsed(),
        status: failure.status,
        body_start: failure.body_start,
        no_connection,
        target: None,
        hint: None,
    }))
}

/// A success that describes another resource than the one asked for, as an error.
pub(crate) fn wrong_resource(
    message: String,
    call: &Call,
    response: &HttpResponse,
    base_url: &str,
    attempts: u32,
) -> Error {
    let (redacted, message) = response.clone().redacted_with(message);
    Error::Transport(Box::new(TransportError {
        kind: TransportKind::Protocol,
        message: printable(&message),
        method: call.method.to_string(),
        url: format!("{base_url}{}", call.target),
        attempts,
        elapsed: Duration::ZERO,
        status: Some(response.status),
        body_start: redacted.body_start(),
        no_connection: None,
        target: None,
        hint: None,
    }))
}

/// A URL without user information.
pub fn display_url(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// An error reply, as an error. The status is kept, whatever the body is.
pub fn api_error(
    response: &HttpResponse,
    status: u16,
    content: Option<&RawValue>,
    request: &RequestInfo<'_>,
) -> ApiError {
    let body = content.map_or(&*response.body, |c| c.get().as_bytes());
    // A larger one, inside an envelope, would take too much memory.
    let of_size = Some(body).filter(|body| body.len() <= MAX_ERROR_BODY);
    let parsed = of_size.and_then(|body| serde_json::from_slice::<Value>(body).ok()).filter(Value::is_object);
    let text = |name: &str| {
        parsed.as_ref().and_then(|b| b.get(name)).and_then(Value::as_str).filter(|s| !s.is_empty()).map(printable)
    };
    let short = |name: &str| text(name).map(|text| text.chars().take(MAX_WORDS).collect::<String>());
    let error_code = short("errorCode");
    ApiError {
        status,
        detail: text("detail"),
        reason: short("reason"),
        parameters: parsed
            .as_ref()
            .and_then(|b| b.get("parameters"))
            .and_then(Value::as_array)
            .map(|parameters| parameters.iter().take(MAX_PARTS).map(printable_value).collect())
            .unwrap_or_default(),
        violations: parsed.as_ref().map(violations).unwrap_or_default(),
        method: request.method.to_owned(),
        url: display_url(request.url),
        attempts: request.attempts,
        elapsed: request.elapsed(),
        headers: response
            .headers
            .iter()
            .filter(|(name, _)| *name != reqwest::header::SET_COOKIE)
            .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
            .collect(),
        retryable: is_transient(status, request.kind),
        hint: None,
        retry_after: request.retry_after(&response.headers).map(|d| d.as_secs_f64()),
        body_start: match (&error_code, content) {
            (Some(_), _) => None,
            (None, Some(content)) => body_start(content.get().as_bytes()),
            (None, None) => response.body_start(),
        },
        endpoint_retired: false,
        error_code,
    }
}

/// A parameter; text as it may be shown.
fn printable_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(printable(text)),
        other => other.clone(),
    }
}

/// `badRequestDetail.fields`; what is missing there is left empty.
fn violations(body: &Value) -> Vec<Violation> {
    let fields = body.pointer("/badRequestDetail/fields").and_then(Value::as_array);
    let text = |field: &Value, name: &str| field.get(name).and_then(Value::as_str).map(printable).unwrap_or_default();
    fields
        .into_iter()
        .flatten()
        .take(MAX_PARTS)
        .map(|field| Violation {
            path: text(field, "field"),
            message: text(field, "description"),
            value: Value::Null,
            rule: "server".to_owned(),
        })
        .collect()
}

/// Adds why there was no further attempt, unless another one could not help.
pub fn with_stop_reason(mut error: Error, reason: StopReason) -> Error {
    let note = match reason {
        StopReason::Final => return error,
        StopReason::Attempts => "no retries are left (max_retries)".to_owned(),
        StopReason::NotIdempotent => {
            "not sent again, since it may have been carried out and must not be twice: look before you repeat it"
                .to_owned()
        }
        StopReason::Time { needed, left } => format!(
            "not sent again: a wait of at least {:.1} s does not fit the {:.1} s that are left (timeout, max_retry_time)",
            needed.as_secs_f64(),
            left.as_secs_f64()
        ),
    };
    add_hint(&mut error, &note);
    error
}

/// Adds a clause to the hint of an error.
pub fn add_hint(error: &mut Error, note: &str) {
    match error {
        Error::Api(api) => self::note(&mut api.hint, note),
        Error::Authentication(authentication) => self::note(&mut authentication.hint, note),
        Error::Transport(transport) => self::note(&mut transport.hint, note),
        Error::Configuration(_) | Error::Validation(_) | Error::Wait(_) | Error::Stopped => {}
    }
}

/// Adds a clause to a hint.
pub fn note(hint: &mut Option<String>, note: &str) {
    match hint {
        Some(hint) => {
            hint.push_str("; ");
            hint.push_str(note);
        }
        None => *hint = Some(note.to_owned()),
    }
}
