//! Some servers and proxies send credentials back, on debugging pages for example. They are removed from every response that
//! an error is made of.
use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use super::encoded_secret::{EncodedSecret, MIN_LENGTH};
use crate::core::secret::Secret;

const REDACTED: &str = "******";

/// The secrets that one request carried.
#[derive(Debug, Clone, Default)]
pub(in crate::core::http) struct SentSecrets {
    authorization: Option<HeaderValue>,
    body: Option<Secret>,
    proxy: Arc<[Secret]>,
}

impl SentSecrets {
    pub(super) fn of(headers: &HeaderMap, body: Option<Secret>, proxy: Arc<[Secret]>) -> Self {
        Self { authorization: headers.get(AUTHORIZATION).cloned(), body, proxy }
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

    /// Headers and body without secrets.
    pub(super) fn redact(&self, mut headers: HeaderMap, body: Bytes) -> (HeaderMap, Bytes) {
        let secrets: Vec<EncodedSecret> = self.secrets().iter().map(EncodedSecret::new).collect();
        let body = redact_all(&secrets, &body).map_or(body, Bytes::from);
        for value in headers.values_mut() {
            if redact_all(&secrets, value.as_bytes()).is_some() {
                *value = HeaderValue::from_static(REDACTED);
            }
        }
        (headers, body)
    }

    /// An incomplete body without secrets.
    pub(super) fn redact_bytes<'b>(&self, body: &'b [u8]) -> Cow<'b, [u8]> {
        let secrets: Vec<EncodedSecret> = self.secrets().iter().map(EncodedSecret::new).collect();
        redact_all(&secrets, body).map_or(Cow::Borrowed(body), Cow::Owned)
    }
}

/// `None` if there is nothing to remove.
fn redact_all(secrets: &[EncodedSecret], text: &[u8]) -> Option<Vec<u8>> {
    secrets.iter().fold(None, |redacted: Option<Vec<u8>>, secret| {
        secret.redact(redacted.as_deref().unwrap_or(text), REDACTED.as_bytes()).or(redacted)
    })
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
        headers.insert("x-echo", HeaderValue::from_static("Bearer TOKENMARK"));
        let body = Bytes::from_static(b"<p>TOKENMARK and TOKENMARK!</p>");
        let (headers, body) = sent("Bearer TOKENMARK").redact(headers, body);
        assert_eq!(body, "<p>****** and ******!</p>");
        assert_eq!(headers["x-echo"], "******");
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
