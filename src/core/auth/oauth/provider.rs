//! Keeps one token for all calls and threads of a client. It is renewed before it ends, and once after an unexpected 401,
//! never by several callers at once.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderValue;
use tokio::sync::Mutex as AsyncMutex;

use super::endpoint::{TokenEndpoint, TokenError};
use super::reply::IssuedToken;
use crate::core::auth::token_cache::lock::{MAX_WAIT, TokenLookup};
use crate::core::auth::token_cache::{FileCache, Key};
use crate::core::context::observe::Level;
use crate::core::context::{Context, Env};
use crate::core::error::Error;
use crate::core::http::transport::Transport;
use crate::core::policy::retry::RetryPolicy;
use crate::core::secret::Secret;

/// If a renewal fails while the old token is still valid, the next is tried after this time.
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// If two tokens in a row are refused, the second is not replaced before it has this age: a service that refuses every token
/// is not flooded with requests for others, and once it has recovered so does the client.
const REPLACE_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// The token of one set of credentials.
pub struct TokenProvider {
    endpoint: TokenEndpoint,
    state: Mutex<State>,
    /// Held by the caller who fetches.
    fetching: AsyncMutex<()>,
    /// Shares the token with other processes.
    cache: Option<(FileCache, Key)>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// Fetches that have ended, with or without success.
    fetches: u64,
    /// The error of the last fetch, for the callers who waited for it; `None` after a success, or if the fetching caller's
    /// own deadline ended the fetch.
    failure: Option<Error>,
    /// The token that the server refused last: the cache may still have it.
    refused: Option<Secret>,
}

struct Token {
    header: HeaderValue,
    secret: Secret,
    number: u64,
    renew_at: Duration,
    ends_at: Duration,
    /// Not replaced before, if it is refused although it replaced a refused one.
    replace_at: Duration,
    /// Whether it was fetched because the one before it was refused.
    replaces_refused: bool,
    /// Whether the server has accepted a request with it.
    accepted: bool,
}

/// What became of the token in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedOut {
    /// Whether the server revoked it.
    pub revoked: bool,
    /// Whether it was fetched with the secret that is used now.
    pub same_secret: bool,
}

/// The token of one request.
pub struct BearerToken {
    /// `Authorization: Bearer …`.
    pub header: HeaderValue,
    number: u64,
    accepted: bool,
}

impl TokenProvider {
    pub fn new(endpoint: TokenEndpoint) -> Self {
        TokenProvider { endpoint, state: Mutex::default(), fetching: AsyncMutex::default(), cache: None }
    }

    /// Shares the token with other processes.
    pub fn share(&mut self, cache: FileCache, key: Key) {
        self.cache = Some((cache, key));
    }

    pub(crate) fn cache(&self) -> Option<&FileCache> {
        self.cache.as_ref().map(|(cache, _)| cache)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token that is valid for the next request.
    pub async fn token(&self, transport: &Transport, env: &Env, context: &Context) -> Result<BearerToken, Error> {
        let now = env.clock.now();
        let (fetches_before, still_valid) = {
            let state = self.state();
            match &state.token {
                Some(token) if now < token.renew_at => return Ok(token.for_request()),
                Some(token) if now < token.ends_at => (state.fetches, true),
                _ => (state.fetches, false),
            }
        };
        // While one caller renews a token that is still valid, the others use it.
        // Dropped after the lock.
        let _held = context.hold_reports();
        let guard = match self.fetching.try_lock() {
            Ok(guard) => Some(guard),
            Err(_) => match self.current(now).filter(|_| still_valid) {
                Some(token) => return Ok(token),
                // It may be the call that fetches which waits for this one.
                None if context.nested => None,
                // The other caller's exchange takes real time, whatever clock the client has.
                None => Some(
                    Box::pin(tokio::time::timeout(context.retry_time_left(env), self.fetching.lock()))
                        .await
                        .map_err(|_| self.endpoint.wait_timed_out(env, context))?,
                ),
            },
        };
        {
            let state = self.state();
            if let Some(token) = state.token.as_ref().filter(|t| env.clock.now() < t.renew_at) {
                return Ok(token.for_request());
            }
            if let Some(failure) = state.failure.as_ref().filter(|_| state.fetches > fetches_before) {
                return Err(failure.clone());
            }
        }
        // While the old token is valid, a call does not wait for retries.
        let policy = RetryPolicy { max_retries: if still_valid { 0 } else { env.policy.max_retries }, ..env.policy };
        let env = &Env { policy, ..env.clone() };
        let obtained = Box::pin(self.obtain(transport, env, context, guard.is_some())).await;
        let mut state = self.state();
        state.fetches += 1;
        let now = env.clock.now();
        match obtained {
            Ok(IssuedToken { secret, header, renew_in, lifetime, .. }) => {
                let token = Token {
                    header,
                    secret,
                    number: state.fetches,
                    renew_at: now.saturating_add(renew_in),
                    ends_at: now.saturating_add(lifetime),
                    replace_at: now.saturating_add(REPLACE_AGAIN_AFTER),
                    replaces_refused: state.refused.is_some(),
                    accepted: false,
                };
                let for_request = token.for_request();
                state.token = Some(token);
                state.failure = None;
                state.refused = None;
                Ok(for_request)
            }
            Err(TokenError { error, shared }) => {
                if let Some(token) = state.token.as_mut().filter(|t| now < t.ends_at) {
                    context.log(Level::Warning, || format!("token not renewed, the old one still lives: {error}"));
                    token.renew_at = now + RENEW_AGAIN_AFTER;
                    return Ok(token.for_request());
                }
                state.failure = shared.then(|| error.clone());
                Err(error)
            }
        }
    }

    fn current(&self, now: Duration) -> Option<BearerToken> {
        self.state().token.as_ref().filter(|t| now < t.ends_at).map(Token::for_request)
    }

    /// A token that another process fetched, or one from the server, which is then shared; `alone`: unless another caller
    /// is doing so.
    async fn obtain(
        &self,
        transport: &Transport,
        env: &Env,
        context: &Context,
        alone: bool,
    ) -> Result<IssuedToken, TokenError> {
        let fetch = self.endpoint.fetch(transport, env, context, self.cache.is_some());
        let Some((cache, key)) = self.cache.as_ref().filter(|_| alone) else { return fetch.await };
        let refused = self.state().refused.clone();
        let max_wait = context.time_left(env).map_or(MAX_WAIT, |left| left.min(MAX_WAIT));
        let lookup = TokenLookup { key, refused: refused.as_ref(), max_wait };
        let token = cache.get_or_fetch(lookup, &*env.clock, fetch).await?;
        if !token.fetched {
            context.log(Level::Debug, || "the token of another process is used".to_owned());
        }
        Ok(token)
    }

    /// The server has accepted a request with the token.
    pub(crate) fn on_success(&self, used: &BearerToken) {
        if used.accepted {
            return;
        }
        if let Some(token) = self.state().token.as_mut().filter(|t| t.number == used.number) {
            token.accepted = true;
        }
    }

    /// After a 401: drops the refused token; true if a new one may help. If a token that replaced a refused one is refused
    /// too, tokens are hardly the problem: it is kept for a minute, and no other is fetched.
    pub(crate) fn on_unauthorized(&self, used: &BearerToken, about_token: bool) -> bool {
        let mut state = self.state();
        match &mut state.token {
            Some(token) if token.number == used.number => {
                if !about_token {
                    return false;
                }
                if token.replaces_refused && !token.accepted {
                    token.renew_at = token.renew_at.min(token.replace_at);
                    let refused = token.secret.clone();
                    state.refused = Some(refused);
                    return false;
                }
                state.refused = state.token.take().map(|token| token.secret);
                true
            }
            // Another caller has dropped or renewed it in the meantime.
            _ => about_token,
        }
    }

    /// Revokes the token if no other process can use it. Best effort: one attempt, and no error.
    pub async fn revoke(&self, transport: &Transport, env: &Env) {
        let Some(token) = self.state().token.take() else { return };
        if self.cache().is_none_or(FileCache::is_disabled) {
            self.endpoint.revoke(&token.secret, transport, env).await;
        }
    }

    /// Revokes the token that is shared with other processes and removes it from the cache. `None` if there is none.
    pub async fn log_out(&self, transport: &Transport, env: &Env) -> Option<LoggedOut> {
        let (cache, key) = self.cache.as_ref()?;
        let (cached, same_secret) = cache.load_of_any_secret(key, 0)?;
        let revoked = self.endpoint.revoke(&cached.token, transport, env).await;
        self.state().token = None;
        cache.remove(key);
        Some(LoggedOut { revoked, same_secret })
    }
}

impl Token {
    fn for_request(&self) -> BearerToken {
        BearerToken { header: self.header.clone(), number: self.number, accepted: self.accepted }
    }
}
