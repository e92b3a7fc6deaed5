//! A reply that repeats a secret of its request, encoded several times over: no error that is made of it shows the secret.
//!
//! What is shown is decoded by the inverse of what was done, in a few lines of its own that know nothing of the client's.
use std::sync::Arc;

use atlas_serverless::core::error::Error;
use atlas_serverless::core::http::call::ExpectedBody;
use atlas_serverless::core::http::transport::exchange::{HttpResponse, body_start};
use atlas_serverless::core::http::transport::redact::SentSecrets;
use atlas_serverless::core::policy::retry::RequestKind;
use atlas_serverless::core::secret::Secret;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::{Reached, support};

/// A token, a client secret, a proxy's password, one of a database user with what encodings escape, and a short one.
const SECRETS: [&str; 5] = [
    "eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiJtZSJ9.Zq7-3kTw_9fLx2Vb",
    "mdb_sa_sk_Vq2mY7cR4tKx9ZsW1hLd",
    "proxy-Pw/8+Gh=2Lm?4Nq~6Rt",
    "p\u{e4}ss \"w\u{f6}rd\"\\n&#38;50%41+\u{1f600}/'z",
    "hunter-7x",
];
/// `mdb_sa_id_1:` and the client secret, as HTTP Basic sends them.
const BASIC: &str = "Basic bWRiX3NhX2lkXzE6bWRiX3NhX3NrX1ZxMm1ZN2NSNHRLeDlac1cxaExk";
/// Of a longer secret so many bytes must not be shown.
const PART: usize = 16;
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What a text may stand for: digits can begin at several of them.
type Decode = fn(&[u8]) -> Vec<Vec<u8>>;
/// The letter that asks for an encoding, how it is done, and how it is undone.
type Encoding = (u8, fn(&str) -> String, Decode);

const ENCODINGS: [Encoding; 10] = [
    (b'p', |text| each(text.bytes(), |byte| format!("%{byte:02X}")), from_percent),
    (b'q', |text| each(text.chars(), query_part), from_percent),
    (b'j', |text| json!(text).to_string(), from_json),
    (b'u', |text| each(text.encode_utf16(), |unit| format!("\\u{unit:04x}")), from_json),
    (b'h', |text| each(text.chars(), |c| format!("&#x{:x};", u32::from(c))), from_html),
    (b'b', |text| to_base64(text.as_bytes(), true), from_base64),
    (b'r', |text| to_base64(text.as_bytes(), false).replace('+', "-").replace('/', "_"), from_base64),
    (b'm', |text| wrapped(&to_base64(text.as_bytes(), true), 76, "\r\n"), from_base64),
    (b'x', |text| each(text.bytes(), |byte| format!("{byte:02x}")), from_hex),
    (b'c', |text| each(text.bytes(), |byte| format!("{byte:02X}:")), from_hex),
];

/// A status; a line of orders; what stands before the secret, `@`, what stands after it.
///
/// The orders: a digit for the secret, a letter for the place, and the encodings, the first one first. `w` and a letter breaks
/// what was encoded so far into lines of 1 to 26 characters, `a` and a letter puts 1 to 3 letters before it.
pub fn run(data: &[u8]) -> Reached {
    let (status, rest) = support::number(data);
    let (orders, around) = support::line(rest);
    let [secret, place, orders @ ..] = orders else { return Reached::Nothing };
    let Some(secret) = SECRETS.get(usize::from(secret.wrapping_sub(b'0'))) else {
        return Reached::Nothing;
    };
    let mut encoded = (*secret).to_owned();
    let mut undo = Vec::new();
    let mut orders = orders.iter();
    while let Some(order) = orders.next().filter(|_| encoded.len() < 2000 && undo.len() < 6) {
        if let Some((_, encode, decode)) = ENCODINGS.iter().find(|(letter, ..)| letter == order) {
            encoded = encode(&encoded);
            undo.push(*decode);
        } else if *order == b'w' {
            encoded = wrapped(&encoded, number(orders.next(), 26), "\n");
            undo.push(from_lines);
        } else if *order == b'a' {
            encoded.insert_str(0, &"abc"[..number(orders.next(), 3)]);
        }
    }
    let at = around.iter().position(|byte| *byte == b'@').unwrap_or(around.len());
    let (before, after) =
        (String::from_utf8_lossy(&around[..at]), String::from_utf8_lossy(around.get(at + 1..).unwrap_or_default()));
    // An escape or a run of digits that begins there would change what the secret stands for.
    let text = format!("{before}({encoded}){after}");
    let bearer = format!("Bearer {}", SECRETS[0]);
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(if *secret == SECRETS[1] { BASIC } else { &bearer }).unwrap());
    let proxy: Arc<[Secret]> = [SECRETS[2], SECRETS[4]].map(Secret::from).into();
    let sent = SentSecrets::of(&headers, Some(SECRETS[3].into()), proxy);
    let response = HttpResponse::new(status, reply_headers(*place, &text), reply_body(*place, &text));
    let incomplete = body_start(&sent.redact_bytes(&response.body));
    let of_errors = shown(&response, &sent);
    for shown in of_errors.iter().chain(&incomplete) {
        assert!(!reveals(shown.as_bytes(), secret, &undo), "{secret:?} in {shown:?}");
    }
    assert!(!SECRETS.iter().any(|secret| format!("{sent:?}").contains(secret)));
    Reached::accepted_if(of_errors.iter().any(|shown| shown.contains("******")))
}

/// From 1, by a letter of the orders.
fn number(order: Option<&u8>, most: u8) -> usize {
    order.map_or(1, |letter| usize::from(letter % most) + 1)
}

fn reply_headers(place: u8, text: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let name = match place {
        b'e' => "content-encoding",
        b'w' => "www-authenticate",
        _ => "x-debug",
    };
    // A value that is no header is refused by hyper.
    if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

fn reply_body(place: u8, text: &str) -> Bytes {
    let body = match place {
        b'd' => json!({"errorCode": "X", "detail": text}).to_string(),
        b'k' => json!({"errorCode": text, "reason": text}).to_string(),
        b'p' => json!({"errorCode": "X", "parameters": [{text: text}, text]}).to_string(),
        b'v' => json!({"badRequestDetail": {"fields": [{"field": text, "description": text}]}}).to_string(),
        b'n' => json!({"status": 400, "content": {"detail": text, "errorCode": "X"}}).to_string(),
        b'l' => json!({"sent": text.split('\n').collect::<Vec<_>>()}).to_string(),
        b'o' => json!({"results": [text]}).to_string(),
        b't' => format!("<html><pre>{text}</pre></html>"),
        _ => text.to_owned(),
    };
    body.into()
}

/// All that is shown of a reply to a request with these secrets, if it becomes an error.
fn shown(response: &HttpResponse, sent: &SentSecrets) -> Vec<String> {
    let mut shown = Vec::new();
    for envelope in [false, true] {
        let response = response.clone().without(sent.clone());
        let Err(error) = support::check(response, ExpectedBody::Page, envelope, RequestKind::Reconcilable) else {
            continue;
        };
        shown.extend([error.to_string(), format!("{error:?}")]);
        match error {
            Error::Api(api) => {
                shown.extend([api.detail, api.error_code, api.reason, api.body_start].into_iter().flatten());
                shown.extend(api.parameters.iter().map(Value::to_string));
                shown.extend(api.violations.into_iter().flat_map(|violation| [violation.path, violation.message]));
                shown.extend(api.headers.into_iter().flat_map(|(name, value)| [name, value]));
            }
            Error::Transport(transport) => {
                shown.extend([Some(transport.message), transport.body_start].into_iter().flatten())
            }
            _ => {}
        }
    }
    shown
}

/// Whether a long part of the secret is in a text, or in what it was before the last of these encodings was done.
fn reveals(text: &[u8], secret: &str, undo: &[Decode]) -> bool {
    let kept: Vec<u8> = text.iter().copied().filter(is_kept).collect();
    let secret_kept: Vec<u8> = secret.bytes().filter(is_kept).collect();
    let parts: Vec<&[u8]> = secret_kept.windows(secret_kept.len().min(PART)).collect();
    if kept.windows(parts[0].len()).any(|window| parts.contains(&window)) {
        return true;
    }
    let Some((decode, undo)) = undo.split_last() else { return false };
    decode(text).iter().any(|decoded| reveals(decoded, secret, undo))
}

/// Not white space, a quote, a comma or a backslash.
fn is_kept(byte: &u8) -> bool {
    !byte.is_ascii_whitespace() && !b"\"',\\".contains(byte)
}

fn each<T>(units: impl Iterator<Item = T>, encode: impl Fn(T) -> String) -> String {
    units.map(encode).collect()
}

fn query_part(c: char) -> String {
    match c {
        ' ' => "+".to_owned(),
        c if c.is_ascii_alphanumeric() => c.to_string(),
        c => each(c.encode_utf8(&mut [0; 4]).bytes(), |byte| format!("%{byte:02X}")),
    }
}

fn wrapped(text: &str, columns: usize, line_break: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(columns).map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join(line_break)
}

fn to_base64(bytes: &[u8], is_padded: bool) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = (0..3).fold(0, |number, at| number << 8 | usize::from(group.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            if at <= group.len() {
                text.push(STANDARD[number >> (18 - 6 * at) & 63].into());
            } else if is_padded {
                text.push('=');
            }
        }
    }
    text
}

/// Each run of digits from each of its first four.
fn from_base64(text: &[u8]) -> Vec<Vec<u8>> {
    let value = |byte: &u8| {
        let byte = match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => *byte,
        };
        STANDARD.iter().position(|digit| *digit == byte)
    };
    from_digits(text, 6, 4, |byte| !is_kept(byte) || *byte == b'=', value)
}

fn from_hex(text: &[u8]) -> Vec<Vec<u8>> {
    let value = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as usize);
    from_digits(text, 4, 2, |byte| !is_kept(byte) || *byte == b':', value)
}

fn from_digits(
    text: &[u8],
    bits: usize,
    offsets: usize,
    is_between: impl Fn(&u8) -> bool,
    value: impl Fn(&u8) -> Option<usize>,
) -> Vec<Vec<u8>> {
    let digits: Vec<Option<usize>> = text.iter().filter(|byte| !is_between(byte)).map(value).collect();
    let runs: Vec<&[Option<usize>]> = digits.split(Option::is_none).filter(|run| run.len() > 8).collect();
    let decoded = (0..offsets).map(|offset| {
        let mut decoded = Vec::new();
        for run in &runs {
            let (mut number, mut have) = (0, 0);
            for digit in run.iter().skip(offset).flatten() {
                (number, have) = (number << bits & 0xffff | digit, have + bits);
                if have >= 8 {
                    have -= 8;
                    decoded.push((number >> have & 0xff) as u8);
                }
            }
            // In no text.
            decoded.push(0xff);
        }
        decoded
    });
    if runs.is_empty() { Vec::new() } else { decoded.collect() }
}

fn from_lines(text: &[u8]) -> Vec<Vec<u8>> {
    vec![text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()]
}

fn from_percent(text: &[u8]) -> Vec<Vec<u8>> {
    vec![unescaped(text, |rest| {
        let digits = rest.strip_prefix(b"%")?.get(..2)?;
        Some((3, vec![u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?]))
    })]
}

fn from_json(text: &[u8]) -> Vec<Vec<u8>> {
    let unit = |rest: &[u8]| {
        let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    vec![unescaped(text, |rest| {
        let Some(first) = unit(rest) else {
            return rest.strip_prefix(b"\\").and_then(|rest| Some((2, vec![*rest.first()?])));
        };
        let second = rest.get(6..).and_then(unit).filter(|_| (0xd800..0xdc00).contains(&first));
        let units: Vec<u16> = [Some(first), second].into_iter().flatten().collect();
        Some((6 * units.len(), String::from_utf16_lossy(&units).into_bytes()))
    })]
}

fn from_html(text: &[u8]) -> Vec<Vec<u8>> {
    vec![unescaped(text, |rest| {
        let end = rest.iter().take(12).position(|byte| *byte == b';')?;
        let digits = std::str::from_utf8(rest.get(..end)?.strip_prefix(b"&#x")?).ok()?;
        Some((end + 1, char::from_u32(u32::from_str_radix(digits, 16).ok()?)?.to_string().into_bytes()))
    })]
}

/// The text with what `escape` finds at the beginning of a rest replaced by what it stands for.
fn unescaped(text: &[u8], escape: impl Fn(&[u8]) -> Option<(usize, Vec<u8>)>) -> Vec<u8> {
    let (mut decoded, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.first() {
        let (length, bytes) = escape(rest).unwrap_or((1, vec![*first]));
        decoded.extend(bytes);
        rest = &rest[length..];
    }
    decoded
}
