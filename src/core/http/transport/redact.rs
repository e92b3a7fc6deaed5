//! Some servers and proxies send credentials back, on debugging pages for example. They are removed from every response that
//! an error is made of, as they are or in any order of encodings: the escapes of JSON, HTML and URLs, base64, hexadecimal
//! digits; also where they are broken into lines.
//!
//! The text is decoded until there is nothing left to decode, and the secret is looked for in each step. What was found is cut
//! out of the text itself. Of a secret of more than 16 bytes any 16 are enough, and at the end of the text, which may have been
//! cut off there, the first 6 of any.
mod decoded;
mod escapes;
mod needle;
mod search;

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use self::decoded::MIN_LENGTH;
use self::search::Search;
use super::options::MAX_ERROR_BODY;
use crate::core::secret::Secret;

const REDACTED: &str = "******";

/// The secrets that one request carried.
#[derive(Debug, Clone, Default)]
pub struct SentSecrets {
    authorization: Option<HeaderValue>,
    body: Option<Secret>,
    proxy: Arc<[Secret]>,
}

impl SentSecrets {
    /// Of a request with these headers, a secret in its body, and what its proxy is sent.
    pub fn of(headers: &HeaderMap, body: Option<Secret>, proxy: Arc<[Secret]>) -> Self {
        let mut authorization = headers.get(AUTHORIZATION).cloned();
        if let Some(value) = &mut authorization {
            // So that no `Debug` shows it.
            value.set_sensitive(true);
        }
        Self { authorization, body, proxy }
    }

    fn secrets(&self) -> Vec<Secret> {
        let mut secrets = self.proxy.to_vec();
        secrets.extend(self.body.clone());
        let value = self.authorization.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        match value.split_once(' ') {
            Some(("Bearer", token)) => secrets.push(token.into()),
            Some(("Basic", encoded)) => secrets.extend(basic_secrets(encoded)),
            // A Digest answer contains a hash only.
            _ => {}
        }
        secrets.retain(|secret| secret.expose().len() >= MIN_LENGTH);
        secrets
    }

    /// Headers and body without secrets. No error uses more of the body than [`MAX_ERROR_BODY`].
    pub(super) fn redact(&self, mut headers: HeaderMap, body: Bytes) -> (HeaderMap, Bytes) {
        let secrets = self.secrets();
        let search = Search::new(&secrets);
        let body = body.slice(..body.len().min(MAX_ERROR_BODY));
        let body = search.redact(&body, REDACTED.as_bytes()).map_or(body, Bytes::from);
        let is_secret = |name: &&HeaderName| search.redact(name.as_str().as_bytes(), REDACTED.as_bytes()).is_some();
        for name in headers.keys().filter(is_secret).cloned().collect::<Vec<_>>() {
            headers.remove(name);
        }
        for value in headers.values_mut() {
            if search.redact(value.as_bytes(), REDACTED.as_bytes()).is_some() {
                *value = HeaderValue::from_static(REDACTED);
            }
        }
        (headers, body)
    }

    /// An incomplete body without secrets, cut at [`MAX_ERROR_BODY`].
    pub fn redact_bytes<'b>(&self, body: &'b [u8]) -> Cow<'b, [u8]> {
        let body = body.get(..MAX_ERROR_BODY).unwrap_or(body);
        Search::new(&self.secrets()).redact(body, REDACTED.as_bytes()).map_or(Cow::Borrowed(body), Cow::Owned)
    }

    /// A message about a response, without secrets.
    pub(super) fn redact_message(&self, message: String) -> String {
        match self.redact_bytes(message.as_bytes()) {
            Cow::Borrowed(_) => message,
            Cow::Owned(redacted) => String::from_utf8_lossy(&redacted).into_owned(),
        }
    }
}

/// User and password of a proxy's URL, in the forms in which they are sent.
pub(super) fn proxy_secrets(url: &Secret) -> Vec<Secret> {
    let text = url.expose();
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
    let Some((url, password)) = url.ok().and_then(|url| Some((url.clone(), url.password()?.to_owned()))) else {
        return Vec::new();
    };
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pair = Zeroizing::new(format!("{}:{}", decoded(url.username()), decoded(&password)));
    let mut secrets = basic_secrets(&STANDARD.encode(&*pair));
    secrets.push(password.into());
    secrets
}

/// The encoded pair without its padding, which not all encoders write alike, and the password in it.
fn basic_secrets(encoded: &str) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = vec![encoded.trim_end_matches('=').into()];
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()).map(Zeroizing::new);
    secrets.extend(decoded.as_ref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password.into()));
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(authorization: &'static str) -> SentSecrets {
        SentSecrets { authorization: Some(HeaderValue::from_static(authorization)), ..SentSecrets::default() }
    }

    #[test]
    fn headers_and_body_have_no_secret() {
        let mut headers = HeaderMap::new();
        headers.insert("x-echo", HeaderValue::from_static("Bearer tokenmark"));
        headers.insert("x-tokenmark", HeaderValue::from_static("1"));
        let body = Bytes::from_static(b"<p>tokenmark and tokenmark!</p>");
        let (headers, body) = sent("Bearer tokenmark").redact(headers, body);
        assert_eq!(body, "<p>****** and ******!</p>");
        assert_eq!((headers.len(), &headers["x-echo"]), (1, &HeaderValue::from_static("******")));
    }

    #[test]
    fn pairs_are_found_encoded_and_in_plain_text() {
        // id:SECRETMARK and me:p@ssMARK
        let service_account = sent("Basic aWQ6U0VDUkVUTUFSSw==");
        let proxy = proxy_secrets(&"http://me:p%40ssMARK@proxy.example:1".into());
        let body = Bytes::from_static(b"aWQ6U0VDUkVUTUFSSw\\u003d SECRETMARK p@ssMARK p%40ssMARK bWU6cEBzc01BUks=");
        let (_, body) = SentSecrets { proxy: proxy.into(), ..service_account }.redact(HeaderMap::new(), body);
        assert_eq!(body, "******\\u003d ****** ****** ****** ******=");
        assert!(proxy_secrets(&"http://proxy.example".into()).is_empty());
    }
}
