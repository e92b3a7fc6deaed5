//! What several targets need: inputs made of bytes, and an environment whose clock stands still.
pub mod loopback;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

use atlas_serverless::core::context::Env;
use atlas_serverless::core::context::clock::{FixedRng, ManualClock};
use atlas_serverless::core::error::{Error, Violation};
use atlas_serverless::core::http::call::ExpectedBody;
use atlas_serverless::core::http::network::poll_intervals;
use atlas_serverless::core::http::reply;
use atlas_serverless::core::http::to_error::RequestInfo;
use atlas_serverless::core::http::transport::exchange::HttpResponse;
use atlas_serverless::core::policy::retry::{RequestKind, RetryPolicy};
use atlas_serverless::core::spec::model::{Key, Node};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// A project.
pub const GROUP: &str = "32b6e34b3d91647abb20e7b8";

/// An environment in which no time passes.
pub fn env() -> Env {
    Env {
        clock: Arc::new(ManualClock::default()),
        rng: Arc::new(FixedRng(0.5)),
        policy: RetryPolicy { max_retries: 5, max_retry_time: Duration::from_secs(180) },
        timeout: Duration::from_secs(60),
        poll_intervals: poll_intervals("https://cloud.mongodb.com"),
    }
}

/// What a reply to a create, or to a read, becomes.
pub fn check(
    response: HttpResponse,
    expected: ExpectedBody,
    envelope: bool,
    kind: RequestKind,
) -> Result<HttpResponse, Error> {
    let (url, env) = (Url::parse("https://cloud.mongodb.com/api/atlas/v2/groups?x=1").unwrap(), env());
    let method = if kind == RequestKind::Read { "GET" } else { "POST" };
    let request = RequestInfo { method, url: &url, kind, attempts: 2, started: Duration::ZERO, clock: &*env.clock };
    reply::check(response, expected, envelope, &request)
}

/// The first line, without its end, and the rest.
pub fn line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[]),
    }
}

/// `Name: value` lines up to an empty one, and the rest. Lines that are no header are left out, as hyper refuses them.
pub fn headers(mut data: &[u8]) -> (HeaderMap, &[u8]) {
    let mut headers = HeaderMap::new();
    while !data.is_empty() {
        let (line, rest) = line(data);
        data = rest;
        if line.is_empty() {
            break;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value)
            && headers.len() < 100
        {
            headers.append(name, value);
        }
    }
    (headers, data)
}

/// A number in the first line, else 0; and the rest.
pub fn number(data: &[u8]) -> (u16, &[u8]) {
    let (line, rest) = line(data);
    (std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0), rest)
}

/// The input with something that no input can know in the place of a mark.
pub fn replaced(data: &[u8], mark: &str, with: &[u8]) -> Vec<u8> {
    let (mut replaced, mut rest) = (Vec::with_capacity(data.len()), data);
    while let Some(at) = rest.windows(mark.len()).position(|part| part == mark.as_bytes()) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(with);
        rest = &rest[at + mark.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

/// A caller's object: JSON, in which a text that begins with `\u0001` is something that JSON does not have.
pub fn node(value: &Value, depth: usize) -> Node<'_> {
    match value {
        Value::String(text) if text.starts_with('\u{1}') => match &text[1..] {
            "nan" => Node::Float(f64::NAN),
            "infinite" => Node::Float(f64::INFINITY),
            described => Node::Other(described.into()),
        },
        Value::Array(items) if depth < 64 => Node::List(items.iter().map(|item| node(item, depth + 1)).collect()),
        Value::Object(fields) if depth < 64 => {
            let key = |name: &'_ String| match name.strip_prefix('\u{1}') {
                Some(described) => Key::Other(described.to_owned().into()),
                None => Key::Str(name.clone().into()),
            };
            Node::Map(fields.iter().map(|(name, value)| (key(name), node(value, depth + 1))).collect())
        }
        other => Node::from(other),
    }
}

/// Whether a secret of the target's is in a text. The fuzzer learns what its input is compared with, and as a server that
/// knows the secret would get it back: so hashes are compared.
pub fn has_secret(text: &[u8], secret: &str) -> bool {
    let hash = |part: &[u8]| BuildHasherDefault::<DefaultHasher>::default().hash_one(part);
    let wanted = hash(secret.as_bytes());
    text.windows(secret.len()).any(|part| hash(part) == wanted)
}

/// What a reader is shown has no character that moves a terminal's cursor or hides text.
pub fn assert_printable(text: &str) {
    let hidden =
        |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!text.contains(hidden), "{text:?}");
}

/// A refusal says what is wrong, and by which rule.
pub fn assert_shown(violations: &[Violation]) {
    assert!(!violations.is_empty());
    for violation in violations {
        assert!(!violation.message.is_empty() && !violation.rule.is_empty());
    }
}
