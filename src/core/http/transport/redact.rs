//! Servers and proxies that send credentials back, as debugging pages do: they are taken out of what errors are made of.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use memchr::memmem;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use super::Exchange;
use crate::core::secret::Secret;

/// What is shorter would also be found where it is not meant.
const SHORTEST: usize = 6;
const HIDDEN: &str = "******";

/// What one request carried that nobody may see.
pub(super) struct SentSecrets {
    authorization: Option<HeaderValue>,
}

impl SentSecrets {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self { authorization: headers.get(AUTHORIZATION).cloned() }
    }

    fn secrets(&self, proxy: &[Secret]) -> Vec<Secret> {
        let mut secrets = proxy.to_vec();
        let value = self.authorization.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        match value.split_once(' ') {
            Some(("Bearer", token)) => secrets.push(token.into()),
            Some(("Basic", encoded)) => secrets.extend(of_basic(encoded)),
            // An answer to a challenge holds a hash only.
            _ => {}
        }
        secrets.retain(|secret| secret.expose().len() >= SHORTEST);
        secrets
    }

    /// The reply as it is, unless it is one that an error is made of.
    pub(super) fn cleaned(&self, exchange: Exchange, proxy: &[Secret]) -> Exchange {
        let first = exchange.body.iter().find(|byte| !byte.is_ascii_whitespace());
        if (200..300).contains(&exchange.status) && matches!(first, None | Some(b'{' | b'[')) {
            return exchange;
        }
        let Exchange { status, mut headers, mut body, .. } = exchange;
        for secret in self.secrets(proxy) {
            let needle = secret.expose().as_bytes();
            if memmem::find(&body, needle).is_some() {
                body = Bytes::from(without(&body, needle));
            }
            for value in headers.values_mut().filter(|value| memmem::find(value.as_bytes(), needle).is_some()) {
                *value = HeaderValue::from_static(HIDDEN);
            }
        }
        Exchange::new(status, headers, body)
    }

    /// The start of a body that broke off.
    pub(super) fn cleaned_text(&self, text: String, proxy: &[Secret]) -> String {
        self.secrets(proxy).iter().fold(text, |text, secret| text.replace(secret.expose(), HIDDEN))
    }
}

/// User and password of a proxy's URL, in the forms in which they are sent.
pub(super) fn of_proxy(url: &Secret) -> Vec<Secret> {
    let text = url.expose();
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
    let Some((url, password)) = url.ok().and_then(|url| Some((url.clone(), url.password()?.to_owned()))) else {
        return Vec::new();
    };
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pair = Zeroizing::new(format!("{}:{}", decoded(url.username()), decoded(&password)));
    let mut secrets = of_basic(&STANDARD.encode(&*pair));
    secrets.push(password.into());
    secrets
}

/// The encoded pair, whose padding some encoders write otherwise, and the password in it.
fn of_basic(encoded: &str) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = vec![encoded.trim_end_matches('=').into()];
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()).map(Zeroizing::new);
    secrets.extend(decoded.as_ref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password.into()));
    secrets
}

fn without(body: &[u8], needle: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, after)) =
        memmem::find(rest, needle).and_then(|at| Some((rest.get(..at)?, rest.get(at + needle.len()..)?)))
    {
        out.extend_from_slice(before);
        out.extend_from_slice(HIDDEN.as_bytes());
        rest = after;
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(status: u16, body: &'static str) -> Exchange {
        let mut headers = HeaderMap::new();
        headers.insert("x-echo", HeaderValue::from_static("Bearer TOKENMARK"));
        Exchange::new(status, headers, Bytes::from_static(body.as_bytes()))
    }

    fn sent(authorization: &'static str) -> SentSecrets {
        SentSecrets { authorization: Some(HeaderValue::from_static(authorization)) }
    }

    #[test]
    fn what_an_error_is_made_of_holds_nothing_that_was_sent() {
        let sent = sent("Bearer TOKENMARK");
        let cleaned = sent.cleaned(exchange(500, "<p>TOKENMARK and TOKENMARK!</p>"), &[]);
        assert_eq!(cleaned.body, "<p>****** and ******!</p>");
        assert_eq!(cleaned.headers["x-echo"], "******");
        assert_eq!(sent.cleaned(exchange(200, "<p>TOKENMARK</p>"), &[]).body, "<p>******</p>");
        assert_eq!(sent.cleaned(exchange(200, "{\"tags\": \"TOKENMARK\"}"), &[]).body, "{\"tags\": \"TOKENMARK\"}");
    }

    #[test]
    fn pairs_are_known_as_they_are_sent_and_as_they_are() {
        // id:SECRETMARK and me:p@ssMARK
        let service_account = sent("Basic aWQ6U0VDUkVUTUFSSw==");
        let proxy = of_proxy(&"http://me:p%40ssMARK@proxy.example:1".into());
        let body = "aWQ6U0VDUkVUTUFSSw\\u003d SECRETMARK p@ssMARK p%40ssMARK bWU6cEBzc01BUks=";
        let cleaned = service_account.cleaned(exchange(502, body), &proxy);
        assert_eq!(cleaned.body, "******\\u003d ****** ****** ****** ******=");
        assert!(of_proxy(&"http://proxy.example".into()).is_empty());
    }
}
