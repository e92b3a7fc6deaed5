//! From a reply to a result: statuses, the API's error body, envelopes, and replies that can't be what the API sends.
use std::time::Duration;

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::call::Call;
use super::transport::cause::Cause;
use super::transport::{Exchange, Failure, body_start};
use crate::core::context::clock::Clock;
use crate::core::error::{ApiError, Error, Notice, TransportError, TransportKind, Violation};
use crate::core::json::Tape;
use crate::core::policy::retry::{StopReason, retry_after};

/// The result of a call that succeeded.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Reply headers.
    pub headers: HeaderMap,
    /// The body as the server sent it: JSON, or nothing.
    pub body: Bytes,
    /// Where its values stand, if that was found out already.
    pub outline: Option<Tape>,
    /// Attempts made.
    pub attempts: u32,
    /// Found by looking it up after an attempt whose outcome was unknown.
    pub reconciled: bool,
    /// Time since the call began.
    pub elapsed: Duration,
    /// What the caller should see although the call succeeded.
    pub notices: Vec<Notice>,
}

/// What a successful reply must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// A JSON object with something in it.
    Entity,
    /// An object with `results`, a list.
    Page,
    /// An object, or no body at all (a deletion).
    Acknowledgement,
    /// JSON of any kind, or no body.
    Anything,
}

/// Where a reply comes from, for errors.
pub struct Origin<'a> {
    /// Method.
    pub method: &'static str,
    /// URL asked.
    pub url: &'a Url,
    /// Attempts so far.
    pub attempts: u32,
    /// The clock's time when the call began.
    pub began: Duration,
    /// The clock, which is asked if there is an error to tell of.
    pub clock: &'a dyn Clock,
}

impl Origin<'_> {
    fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.began)
    }

    /// What `Retry-After` asks for.
    pub(crate) fn asked_to_wait(&self, headers: &HeaderMap) -> Option<Duration> {
        let header = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
        header(&RETRY_AFTER).and_then(|v| retry_after(v, header(&DATE), self.clock.wall()))
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    status: u16,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

/// The status that counts: inside the envelope, if one was asked for and is there.
pub fn effective_status(exchange: &Exchange, envelope: bool) -> u16 {
    if !envelope {
        return exchange.status;
    }
    serde_json::from_slice::<Envelope<'_>>(&exchange.body).map_or(exchange.status, |e| e.status)
}

/// The entity itself: what the envelope holds, if one was asked for and is there.
pub fn content(body: &[u8], envelope: bool) -> &[u8] {
    if !envelope {
        return body;
    }
    serde_json::from_slice::<Envelope<'_>>(body).ok().and_then(|e| e.content).map_or(body, |c| c.get().as_bytes())
}

/// Judges a reply: the exchange itself if it is a success that can be what the API sends.
pub fn judge(exchange: Exchange, expect: Expect, envelope: bool, origin: &Origin<'_>) -> Result<Exchange, Error> {
    let status = effective_status(&exchange, envelope);
    match status {
        200..=299 => match fit(&exchange, expect, envelope) {
            Ok(outline) => Ok(Exchange { status, outline, ..exchange }),
            Err(why) => Err(unusable(&exchange, format!("the reply {why}"), origin)),
        },
        400.. => {
            let content = envelope
                .then(|| serde_json::from_slice::<Envelope<'_>>(&exchange.body).ok().and_then(|e| e.content))
                .flatten();
            Err(Error::Api(Box::new(api_error(&exchange, status, content, origin))))
        }
        300..=399 => {
            Err(unusable(&exchange, "the server redirects, and credentials are not sent elsewhere".to_owned(), origin))
        }
        _ => Err(unusable(&exchange, format!("status {status} is not a final answer"), origin)),
    }
}

/// The outline of a success, where the whole of it is what counts, or why it can't be what the API sends.
fn fit(exchange: &Exchange, expect: Expect, envelope: bool) -> Result<Option<Tape>, String> {
    let body: &[u8] = &exchange.body;
    if body.iter().all(u8::is_ascii_whitespace) {
        return match expect {
            Expect::Entity | Expect::Page => Err("is empty".to_owned()),
            Expect::Acknowledgement | Expect::Anything => Ok(None),
        };
    }
    if matches!(expect, Expect::Entity | Expect::Acknowledgement) && !envelope {
        // Nearly every reply: one walk says all there is to say.
        if let Some(outline) = Tape::of(&exchange.body).filter(|outline| outline.object_len().is_some_and(|n| n > 0)) {
            return Ok(Some(outline));
        }
    }
    if std::str::from_utf8(body).is_err() {
        return Err("is not UTF-8".to_owned());
    }
    unfit(body, expect, envelope).map_or(Ok(None), Err)
}

/// Why a body of UTF-8 can't be what the API sends; none if it can.
fn unfit(body: &[u8], expect: Expect, envelope: bool) -> Option<String> {
    #[derive(Deserialize)]
    struct PageShape {
        #[serde(rename = "results")]
        _results: Vec<IgnoredAny>,
    }
    let first = body.iter().copied().find(|b| !b.is_ascii_whitespace());
    match expect {
        Expect::Anything => serde_json::from_slice::<IgnoredAny>(body).err().map(|e| not_json(first, &e)),
        _ if first != Some(b'{') => Some(if serde_json::from_slice::<IgnoredAny>(body).is_ok() {
            "is JSON, but not an object".to_owned()
        } else {
            not_json(first, &"it does not begin with {")
        }),
        Expect::Page => serde_json::from_slice::<PageShape>(body)
            .err()
            .map(|e| if e.is_data() { "has no list \"results\"".to_owned() } else { not_json(first, &e) }),
        Expect::Entity | Expect::Acknowledgement => match object_entries(body) {
            Err(e) => Some(not_json(first, &e)),
            Ok(0) if expect == Expect::Entity => Some("is an empty object".to_owned()),
            Ok(_) if envelope && expect == Expect::Entity => match serde_json::from_slice::<Envelope<'_>>(body) {
                Err(_) => Some("has no envelope with a status".to_owned()),
                Ok(envelope) => {
                    let entity =
                        envelope.content.is_some_and(|c| object_entries(c.get().as_bytes()).is_ok_and(|n| n > 0));
                    (!entity).then(|| "is an envelope without content".to_owned())
                }
            },
            Ok(_) => None,
        },
    }
}

/// The entries of the one whole object that a body is.
fn object_entries(body: &[u8]) -> serde_json::Result<usize> {
    serde_json::from_slice::<serde_json::Map<String, Value>>(body).map(|object| object.len())
}

fn not_json(first: Option<u8>, error: &dyn std::fmt::Display) -> String {
    if first == Some(b'<') { "is HTML or XML, not JSON".to_owned() } else { format!("is not whole JSON ({error})") }
}

fn unusable(exchange: &Exchange, message: String, origin: &Origin<'_>) -> Error {
    let failure = Failure {
        kind: TransportKind::Protocol,
        message,
        status: Some(exchange.status),
        body_start: body_start(&exchange.body),
        cause: Cause::Other,
    };
    transport_error(failure, origin)
}

/// An exchange that failed, as an error.
pub fn transport_error(failure: Failure, origin: &Origin<'_>) -> Error {
    Error::Transport(Box::new(TransportError {
        kind: failure.kind,
        message: failure.message,
        method: origin.method.to_owned(),
        url: shown(origin.url),
        attempts: origin.attempts,
        elapsed: origin.elapsed(),
        status: failure.status,
        body_start: failure.body_start,
        target: None,
        hint: None,
    }))
}

/// A success that describes something else than was asked for.
pub(crate) fn no_entity(message: String, call: &Call, exchange: &Exchange, base_url: &str, attempts: u32) -> Error {
    Error::Transport(Box::new(TransportError {
        kind: TransportKind::Protocol,
        message,
        method: call.method.to_string(),
        url: format!("{base_url}{}", call.target),
        attempts,
        elapsed: Duration::ZERO,
        status: Some(exchange.status),
        body_start: body_start(&exchange.body),
        target: None,
        hint: None,
    }))
}

/// A URL as it may be shown: without user information.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// An error reply: whatever its body is, the status is kept.
pub fn api_error(exchange: &Exchange, status: u16, content: Option<&RawValue>, origin: &Origin<'_>) -> ApiError {
    let body = content.map_or(&*exchange.body, |c| c.get().as_bytes());
    let parsed = serde_json::from_slice::<Value>(body).ok().filter(Value::is_object);
    let text = |name: &str| {
        parsed.as_ref().and_then(|b| b.get(name)).and_then(Value::as_str).filter(|s| !s.is_empty()).map(str::to_owned)
    };
    let error_code = text("errorCode");
    ApiError {
        status,
        detail: text("detail"),
        reason: text("reason"),
        parameters: parsed
            .as_ref()
            .and_then(|b| b.get("parameters"))
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default(),
        violations: parsed.as_ref().map(violations).unwrap_or_default(),
        method: origin.method.to_owned(),
        url: shown(origin.url),
        attempts: origin.attempts,
        elapsed: origin.elapsed(),
        headers: exchange
            .headers
            .iter()
            .filter(|(name, _)| *name != reqwest::header::SET_COOKIE)
            .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
            .collect(),
        retryable: matches!(status, 429 | 500 | 502 | 503 | 504),
        hint: None,
        retry_after: origin.asked_to_wait(&exchange.headers).map(|d| d.as_secs_f64()),
        body_start: if error_code.is_none() { body_start(body) } else { None },
        endpoint_retired: false,
        error_code,
    }
}

/// `badRequestDetail.fields`, tolerant of what is missing.
fn violations(body: &Value) -> Vec<Violation> {
    let fields = body.pointer("/badRequestDetail/fields").and_then(Value::as_array);
    let text = |field: &Value, name: &str| field.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    fields
        .into_iter()
        .flatten()
        .map(|field| Violation {
            path: text(field, "field"),
            message: text(field, "description"),
            value: Value::Null,
            rule: "server".to_owned(),
        })
        .collect()
}

/// Adds why there was no further attempt, where the reader can't guess it.
pub fn explained(mut error: Error, why: StopReason) -> Error {
    let note = match why {
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

/// Adds a clause to what the error tells its reader.
pub fn add_hint(error: &mut Error, note: &str) {
    let append = |hint: &mut Option<String>| match hint {
        Some(hint) => {
            hint.push_str("; ");
            hint.push_str(note);
        }
        None => *hint = Some(note.to_owned()),
    };
    match error {
        Error::Api(api) => append(&mut api.hint),
        Error::Authentication(authentication) => append(&mut authentication.hint),
        Error::Transport(transport) => append(&mut transport.hint),
        Error::Configuration(_) | Error::Validation(_) | Error::Wait(_) | Error::Stopped => {}
    }
}
