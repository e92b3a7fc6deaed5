//! Replies of the token endpoint, and which 401 of the API are about the token.
use std::time::Duration;

use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use serde::Deserialize;
use serde_json::Value;

use crate::core::auth::bearer;
use crate::core::auth::token_cache::CachedToken;
use crate::core::auth::token_cache::lock::Cacheable;
use crate::core::error::{ApiError, AuthenticationError, Error, printable};
use crate::core::http::reply;
use crate::core::http::transport::exchange::HttpResponse;
use crate::core::json::from_object;
use crate::core::secret::Secret;

/// A token is renewed when less than this, or less than a tenth of its lifetime, is left.
const RENEW_BEFORE: Duration = Duration::from_secs(120);
/// Seconds; the lifetime of a token without `expires_in`.
const DEFAULT_LIFETIME: f64 = 3600.0;
/// A longer lifetime counts as this one: a hundred years, so that sums with it stay in range.
const MAX_LIFETIME: f64 = 100.0 * 365.0 * 86_400.0;
/// Error codes of a 401 that may be about the token; others are about the permissions of its account.
const TOKEN_CODES: [&str; 4] = ["", "UNEXPECTED_ERROR", "UNAUTHORIZED", "INVALID_REFRESH_TOKEN"];

/// A token and how long it is valid.
pub struct IssuedToken {
    pub secret: Secret,
    pub header: HeaderValue,
    pub renew_in: Duration,
    pub lifetime: Duration,
    /// Whether this client fetched it, instead of finding it in the cache.
    pub(super) fetched: bool,
}

impl IssuedToken {
    /// From the body of a successful reply.
    pub(super) fn from_reply(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct TokenReply {
            access_token: String,
            #[serde(default)]
            expires_in: Value,
        }
        let reply = from_object::<TokenReply>(body).ok()?;
        let header = bearer::header(&reply.access_token)?;
        let lifetime = lifetime(&reply.expires_in);
        let renew_in = lifetime.saturating_sub(RENEW_BEFORE.min(lifetime / 10));
        let secret = Secret::new(reply.access_token);
        (!secret.expose().is_empty()).then_some(IssuedToken { secret, header, renew_in, lifetime, fetched: true })
    }
}

/// The lifetime in an `expires_in`: a number, or its text, as some servers send it.
fn lifetime(expires_in: &Value) -> Duration {
    let seconds = match expires_in {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok().filter(|seconds| !seconds.is_nan()),
        _ => None,
    };
    Duration::from_secs_f64(seconds.unwrap_or(DEFAULT_LIFETIME).clamp(0.0, MAX_LIFETIME))
}

impl Cacheable for IssuedToken {
    fn from_cached(cached: &CachedToken, now: u64) -> Option<Self> {
        let header = bearer::header(cached.token.expose())?;
        let until = |unix: u64| Duration::from_secs(unix.saturating_sub(now));
        let (renew_in, lifetime) = (until(cached.renew_at), until(cached.expires_at));
        Some(IssuedToken { secret: cached.token.clone(), header, renew_in, lifetime, fetched: false })
    }

    fn to_cached(&self, now: u64) -> CachedToken {
        let at = |later: Duration| now.saturating_add(later.as_secs());
        CachedToken { token: self.secret.clone(), renew_at: at(self.renew_in), expires_at: at(self.lifetime) }
    }
}

/// Whether a 401 may be about the token, and not about the permissions of its account.
pub(crate) fn is_about_token(reply: &HttpResponse) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Code {
        error_code: Option<String>,
    }
    let is_invalid_token = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("invalid_token"));
    if reply.headers.get_all(WWW_AUTHENTICATE).iter().any(is_invalid_token) {
        return true;
    }
    let body = from_object::<Code>(reply::content(&reply.body, true)).ok();
    body.and_then(|body| body.error_code).is_none_or(|code| TOKEN_CODES.contains(&code.as_str()))
}

/// The error for a refused token request. Errors in OAuth's format become authentication errors; a 429, and everything in
/// another format, stays an API error.
pub(super) fn refusal(exchange: &HttpResponse, api: ApiError) -> Error {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
        error_description: Option<String>,
    }
    match from_object::<Refusal>(&exchange.body) {
        Ok(refusal) if exchange.status != 429 => {
            let refusal = Refusal {
                error: printable(&refusal.error),
                error_description: refusal.error_description.as_deref().map(printable),
            };
            let hint = match (exchange.status, refusal.error.as_str()) {
                (401, _) | (_, "invalid_client") => Some("check client id and secret; a secret ends when it expires"),
                (403, "access_denied") => Some(
                    "a service account has at most 100 live tokens: share one (token_cache=\"file\") or wait for old ones to expire",
                ),
                _ => None,
            };
            let described = refusal.error_description.as_deref().map(|d| format!(" ({d})")).unwrap_or_default();
            Error::Authentication(Box::new(AuthenticationError {
                message: format!("No token: {} answered {} {}{described}", api.url, exchange.status, refusal.error),
                error: Some(refusal.error),
                error_description: refusal.error_description,
                status: Some(exchange.status),
                attempts: api.attempts,
                elapsed: api.elapsed,
                hint: hint.map(str::to_owned),
            }))
        }
        _ => Error::Api(Box::new(api)),
    }
}
