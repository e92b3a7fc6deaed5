//! The result of a call: which responses are a success, and what is inside an envelope.
use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::call::ExpectedBody;
use super::to_error::{RequestInfo, api_error, protocol_error};
use super::transport::exchange::HttpResponse;
use super::transport::options::MAX_ERROR_BODY;
use crate::core::error::{Error, Notice};
use crate::core::json::{Tape, from_object};

pub const REDIRECTS: &str = "the server redirects, and credentials are not sent elsewhere";
/// The result of a call that succeeded.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body as the server sent it: JSON, or nothing.
    pub body: Bytes,
    /// The parsed body; `None` only if it is empty.
    pub tape: Option<Tape>,
    pub attempts: u32,
    /// Found by a look-up after an attempt whose outcome was unknown.
    pub reconciled: bool,
    /// Time since the call began.
    pub elapsed: Duration,
    /// What the caller should see although the call succeeded.
    pub notices: Vec<Notice>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    status: u16,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

/// The status: inside the envelope, if one was asked for and is there.
pub fn effective_status(response: &HttpResponse, envelope: bool) -> u16 {
    if !envelope {
        return response.status;
    }
    from_object::<Envelope<'_>>(&response.body).map_or(response.status, |e| e.status)
}

/// The entity itself: what the envelope holds, if one was asked for and is there.
pub fn content(body: &[u8], envelope: bool) -> &[u8] {
    if !envelope {
        return body;
    }
    from_object::<Envelope<'_>>(body).ok().and_then(|e| e.content).map_or(body, |c| c.get().as_bytes())
}

/// The response itself, parsed, if it is a success that can be what the API sends.
pub fn check(
    response: HttpResponse,
    expected: ExpectedBody,
    envelope: bool,
    request: &RequestInfo<'_>,
) -> Result<HttpResponse, Error> {
    let status = effective_status(&response, envelope);
    match status {
        200..=299 => match check_body(&response, expected, envelope) {
            Ok(tape) => Ok(HttpResponse { status, tape, ..response }),
            Err(problem) => Err(protocol_error(response, format!("the reply {problem}"), request)),
        },
        400.. => {
            let response = response.redacted();
            let content =
                envelope.then(|| from_object::<Envelope<'_>>(&response.body).ok().and_then(|e| e.content)).flatten();
            Err(Error::Api(Box::new(api_error(&response, status, content, request))))
        }
        300..=399 => Err(protocol_error(response, REDIRECTS.to_owned(), request)),
        _ => Err(protocol_error(response, format!("status {status} is not a final answer"), request)),
    }
}

/// The parsed body of a success, `None` if it is empty, or why it cannot be what the API sends.
fn check_body(response: &HttpResponse, expected: ExpectedBody, envelope: bool) -> Result<Option<Tape>, String> {
    let body: &[u8] = &response.body;
    if body.iter().all(u8::is_ascii_whitespace) {
        return match expected {
            ExpectedBody::Resource | ExpectedBody::Page => Err("is empty".to_owned()),
            ExpectedBody::ResourceOrEmpty | ExpectedBody::AnyJson => Ok(None),
        };
    }
    if response.encoding().is_some() {
        // Secrets are taken out before it is cut to a length.
        let encoding = response.clone().redacted().encoding().unwrap_or_default();
        return Err(format!("is encoded as {encoding}, which was not asked for"));
    }
    let Some(tape) = Tape::parse(&response.body) else {
        return Err(if std::str::from_utf8(body).is_err() {
            "is not UTF-8".to_owned()
        } else {
            problem(body, expected, envelope).unwrap_or_else(|| invalid_json(body))
        });
    };
    // Nearly every reply is the object that was expected.
    let resource = matches!(expected, ExpectedBody::Resource | ExpectedBody::ResourceOrEmpty) && !envelope;
    if resource && tape.field_count().is_some_and(|count| count > 0) {
        return Ok(Some(tape));
    }
    problem(body, expected, envelope).map_or(Ok(Some(tape)), Err)
}

/// Why a body of UTF-8 cannot be what the API sends; `None` if it can.
fn problem(body: &[u8], expected: ExpectedBody, envelope: bool) -> Option<String> {
    #[derive(Deserialize)]
    struct PageShape {
        #[serde(rename = "results")]
        _results: Vec<IgnoredAny>,
    }
    let first = body.iter().copied().find(|b| !b.is_ascii_whitespace());
    match expected {
        ExpectedBody::AnyJson => serde_json::from_slice::<IgnoredAny>(body).err().map(|e| not_json(first, &e)),
        _ if first != Some(b'{') => Some(if serde_json::from_slice::<IgnoredAny>(body).is_ok() {
            "is JSON, but not an object".to_owned()
        } else {
            not_json(first, &"it does not begin with {")
        }),
        ExpectedBody::Page => serde_json::from_slice::<PageShape>(body)
            .err()
            .map(|e| if e.is_data() { "has no list \"results\"".to_owned() } else { not_json(first, &e) }),
        ExpectedBody::Resource | ExpectedBody::ResourceOrEmpty => match object_entries(body) {
            Err(e) => Some(not_json(first, &e)),
            Ok(0) if expected == ExpectedBody::Resource => Some("is an empty object".to_owned()),
            Ok(_) if envelope && expected == ExpectedBody::Resource => match from_object::<Envelope<'_>>(body) {
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

/// Why the body of a success of the token endpoint has no token. Nothing of it is shown: there may be a token in it.
pub fn not_a_token(body: &[u8]) -> &'static str {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => "is empty",
        Some(b'<') => "is HTML or XML, not JSON",
        _ if serde_json::from_slice::<IgnoredAny>(body).is_err() => "is not whole JSON",
        _ => "holds no access_token",
    }
}

/// The number of fields of a body that is one object.
fn object_entries(body: &[u8]) -> serde_json::Result<usize> {
    serde_json::from_slice::<HashMap<String, IgnoredAny>>(body).map(|object| object.len())
}

/// What is wrong with a number or a string in a body whose form is right.
fn invalid_json(body: &[u8]) -> String {
    // Made into a value, a larger body would take too much memory.
    let small = Some(body).filter(|body| body.len() <= MAX_ERROR_BODY);
    let error = small.and_then(|body| serde_json::from_slice::<Value>(body).err());
    error.map_or_else(|| "is not whole JSON".to_owned(), |error| not_json(None, &error))
}

fn not_json(first: Option<u8>, error: &dyn std::fmt::Display) -> String {
    if first == Some(b'<') { "is HTML or XML, not JSON".to_owned() } else { format!("is not whole JSON ({error})") }
}
