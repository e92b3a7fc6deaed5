//! What the token endpoint answers, and which refusals of the API mean the token.
use std::time::Duration;

use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use serde::Deserialize;

use super::bearer;
use super::token_cache::CachedToken;
use crate::core::error::{AuthenticationError, Error};
use crate::core::http::reply;
use crate::core::http::transport::exchange::HttpResponse;
use crate::core::secret::Secret;

/// A token is renewed when less than this, or a tenth of its life, is left.
const EARLY: Duration = Duration::from_secs(120);
/// The life of a token that does not say how long it lives.
const DEFAULT_LIFE: f64 = 3600.0;
/// Codes of a 401 that may mean the token; the others mean what the account may do.
const TOKEN_CODES: [&str; 4] = ["", "UNEXPECTED_ERROR", "UNAUTHORIZED", "INVALID_REFRESH_TOKEN"];

/// A token that is about to be used.
pub(super) struct Fresh {
    pub(super) secret: Secret,
    pub(super) header: HeaderValue,
    pub(super) renew_in: Duration,
    pub(super) life: Duration,
    /// By this client, and found in no cache.
    pub(super) fetched: bool,
}

impl Fresh {
    /// The token of a reply, if it is one.
    pub(super) fn from_reply(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct TokenReply {
            access_token: String,
            #[serde(default)]
            expires_in: Option<f64>,
        }
        let reply = serde_json::from_slice::<TokenReply>(body).ok()?;
        let header = bearer::header(&reply.access_token)?;
        let life = Duration::try_from_secs_f64(reply.expires_in.unwrap_or(DEFAULT_LIFE)).ok()?;
        let renew_in = life.saturating_sub(EARLY.min(life / 10));
        let secret = Secret::new(reply.access_token);
        (!secret.expose().is_empty()).then_some(Fresh { secret, header, renew_in, life, fetched: true })
    }

    /// One that another process fetched.
    pub(super) fn from_cache(cached: &CachedToken, now: u64) -> Option<Self> {
        let header = bearer::header(cached.token.expose())?;
        let until = |unix: u64| Duration::from_secs(unix.saturating_sub(now));
        let (renew_in, life) = (until(cached.renew_at), until(cached.expires_at));
        Some(Fresh { secret: cached.token.clone(), header, renew_in, life, fetched: false })
    }

    /// For other processes.
    pub(super) fn to_cache(&self, now: u64) -> CachedToken {
        let at = |later: Duration| now.saturating_add(later.as_secs());
        CachedToken { token: self.secret.clone(), renew_at: at(self.renew_in), expires_at: at(self.life) }
    }
}

/// Whether a 401 may mean the token, and not what its account may do.
pub(super) fn is_about_token(reply: &HttpResponse) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Code {
        error_code: Option<String>,
    }
    let says_so = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("invalid_token"));
    if reply.headers.get_all(WWW_AUTHENTICATE).iter().any(says_so) {
        return true;
    }
    let body = serde_json::from_slice::<Code>(reply::content(&reply.body, true)).ok();
    body.and_then(|body| body.error_code).is_none_or(|code| TOKEN_CODES.contains(&code.as_str()))
}

/// The token endpoint's errors have OAuth's shape; a 429 and what is not OAuth's shape stay API errors.
pub(super) fn refusal(exchange: &HttpResponse, api: crate::core::error::ApiError) -> Error {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
        error_description: Option<String>,
    }
    match serde_json::from_slice::<Refusal>(&exchange.body) {
        Ok(refusal) if exchange.status != 429 => {
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
