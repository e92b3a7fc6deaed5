//! OAuth 2 client credentials (RFC 6749, 4.4): one token for all calls and threads of a client, renewed before it
//! ends and once after an unexpected 401, never by several callers at once.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::uri::PathAndQuery;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use tokio::sync::Mutex as AsyncMutex;
use zeroize::Zeroize as _;

use super::token_cache::lock::{PATIENCE, Turn, Wanted, unix};
use super::token_cache::{FileCache, Key};
use super::token_reply::{Fresh, refusal};
use crate::core::context::observe::Level;
use crate::core::context::{Context, Env};
use crate::core::error::{Error, TransportKind};
use crate::core::http::targets;
use crate::core::http::to_error;
use crate::core::http::to_error::RequestInfo;
use crate::core::http::transport::Transport;
use crate::core::http::transport::cause::FailureCause;
use crate::core::http::transport::exchange::{HttpFailure, HttpRequest, HttpResponse};
use crate::core::policy::retry::{AttemptOutcome, Decision, Policy, Safety, StopReason, decide};
use crate::core::secret::Secret;

/// After a renewal that failed while the old token still lives, the next is tried after this time.
const RENEW_AGAIN: Duration = Duration::from_secs(10);
/// A client that is closed does not wait longer than this for its token to be revoked.
const REVOKE: Duration = Duration::from_secs(5);

/// Fetches, keeps, renews and revokes the token of one service account.
pub struct Oauth {
    basic: HeaderValue,
    token_url: Url,
    token_path: PathAndQuery,
    revoke_path: PathAndQuery,
    state: Mutex<State>,
    /// Held by the one caller who fetches.
    fetching: AsyncMutex<()>,
    /// Tokens shared with other processes.
    cache: Option<(FileCache, Key)>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// Fetches that ended, well or not.
    fetches: u64,
    /// How the last fetch ended, if not well and not for the fetching caller's own deadline; for those who waited for it.
    failure: Option<Error>,
    /// The token that the server refused last: other processes may still offer it.
    refused: Option<Secret>,
}

struct Token {
    header: HeaderValue,
    secret: Secret,
    number: u64,
    fetched: bool,
    renew_at: Duration,
    ends_at: Duration,
    /// It was fetched because the one before it was refused.
    anew: bool,
    /// A request with it was not refused.
    accepted: bool,
}

/// What one request carries.
pub struct BearerToken {
    /// `Authorization: Bearer …`.
    pub header: HeaderValue,
    number: u64,
    /// The token was accepted before.
    proved: bool,
    fetched: bool,
}

impl BearerToken {
    /// Whether this client fetched the token itself, and found it in no cache.
    pub fn is_fetched(&self) -> bool {
        self.fetched
    }
}

/// No token.
struct TokenError {
    error: Error,
    /// Whether it holds for those who waited for this token too.
    shared: bool,
}

impl Oauth {
    /// For a client id and secret; fails if they have characters that a header cannot carry.
    pub fn new(client_id: &str, client_secret: Secret, base_url: &str) -> Result<Self, Error> {
        let mut pair = format!("{client_id}:{}", client_secret.expose());
        let mut encoded = base64::engine::general_purpose::STANDARD.encode(&pair);
        let basic = HeaderValue::try_from(format!("Basic {encoded}"));
        pair.zeroize();
        encoded.zeroize();
        let mut basic =
            basic.map_err(|_| Error::Configuration("client_id or client_secret cannot be sent".to_owned()))?;
        basic.set_sensitive(true);
        let url = |path: &str| {
            Url::parse(&format!("{base_url}{path}"))
                .map_err(|e| Error::Configuration(format!("base_url {base_url} is not a URL ({e})")))
        };
        let token_url = url("/api/oauth/token")?;
        Ok(Oauth {
            basic,
            token_path: targets::path(&token_url)?,
            token_url,
            revoke_path: targets::path(&url("/api/oauth/revoke")?)?,
            state: Mutex::default(),
            fetching: AsyncMutex::default(),
            cache: None,
        })
    }

    /// Shares the token with other processes.
    pub fn share(&mut self, cache: FileCache, key: Key) {
        self.cache = Some((cache, key));
    }

    /// The cache shared with other processes.
    pub(super) fn cache(&self) -> Option<&FileCache> {
        self.cache.as_ref().map(|(cache, _)| cache)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token that will live for the next request.
    pub(super) async fn pass(&self, transport: &Transport, env: &Env, context: &Context) -> Result<BearerToken, Error> {
        let now = env.clock.now();
        let (waited_for, still_good) = {
            let state = self.state();
            match &state.token {
                Some(token) if now < token.renew_at => return Ok(token.pass()),
                Some(token) if now < token.ends_at => (state.fetches, true),
                _ => (state.fetches, false),
            }
        };
        // While one caller renews a token that still lives, the others go on with it.
        let _guard = match self.fetching.try_lock() {
            Ok(guard) => guard,
            Err(_) => match self.current(now).filter(|_| still_good) {
                Some(pass) => return Ok(pass),
                // Another caller's exchange takes real time, whatever clock the client was given.
                None => Box::pin(tokio::time::timeout(context.budget(env), self.fetching.lock()))
                    .await
                    .map_err(|_| self.too_long(env, context))?,
            },
        };
        {
            let state = self.state();
            if let Some(token) = state.token.as_ref().filter(|t| env.clock.now() < t.renew_at) {
                return Ok(token.pass());
            }
            if let Some(failure) = state.failure.as_ref().filter(|_| state.fetches > waited_for) {
                return Err(failure.clone());
            }
        }
        // A token that still lives is no reason to keep a call waiting: one attempt.
        let policy = Policy { max_retries: if still_good { 0 } else { env.policy.max_retries }, ..env.policy };
        let env = &Env { policy, ..env.clone() };
        let obtained = Box::pin(self.obtain(transport, env, context)).await;
        let mut state = self.state();
        state.fetches += 1;
        let now = env.clock.now();
        match obtained {
            Ok(Fresh { secret, header, renew_in, life, fetched }) => {
                let token = Token {
                    header,
                    secret,
                    number: state.fetches,
                    fetched,
                    renew_at: now + renew_in,
                    ends_at: now + life,
                    anew: state.refused.is_some(),
                    accepted: false,
                };
                let pass = token.pass();
                state.token = Some(token);
                state.failure = None;
                state.refused = None;
                Ok(pass)
            }
            Err(TokenError { error, shared }) => {
                if let Some(token) = state.token.as_mut().filter(|t| now < t.ends_at) {
                    context.log(Level::Warning, || format!("token not renewed, the old one still lives: {error}"));
                    token.renew_at = now + RENEW_AGAIN;
                    return Ok(token.pass());
                }
                state.failure = shared.then(|| error.clone());
                Err(error)
            }
        }
    }

    fn too_long(&self, env: &Env, context: &Context) -> Error {
        let failure = HttpFailure {
            kind: TransportKind::Timeout,
            message: "no token in time: another call of this client is still fetching it".to_owned(),
            status: None,
            body_start: None,
            cause: FailureCause::Other,
        };
        to_error::transport_error(failure, &self.origin(0, env, context))
    }

    fn current(&self, now: Duration) -> Option<BearerToken> {
        self.state().token.as_ref().filter(|t| now < t.ends_at).map(Token::pass)
    }

    /// A token that another process fetched, or one from the server, which is then shared.
    async fn obtain(&self, transport: &Transport, env: &Env, context: &Context) -> Result<Fresh, TokenError> {
        let Some((cache, key)) = &self.cache else { return self.fetch(transport, env, context).await };
        let refused = self.state().refused.clone();
        let patience = context.left(env).map_or(PATIENCE, |left| left.min(PATIENCE));
        let turn = cache.turn(Wanted { key, refused: refused.as_ref(), patience }, &*env.clock).await;
        if let Turn::Token(cached) = &turn
            && let Some(fresh) = Fresh::from_cache(cached, unix(&*env.clock))
        {
            context.log(Level::Debug, || "the token of another process is used".to_owned());
            return Ok(fresh);
        }
        let fetched = self.fetch(transport, env, context).await;
        match (&fetched, &turn, &refused) {
            // Also without the right to fetch: it is good for others, and the file is replaced whole.
            (Ok(fresh), _, _) => cache.store(key, &fresh.to_cache(unix(&*env.clock))),
            // Only with the lock, else a newer token could be the one that goes.
            (Err(_), Turn::Fetch(_), Some(refused)) => cache.drop_if_equal(key, refused),
            _ => {}
        }
        fetched
    }

    /// A request with the token was not refused.
    pub(super) fn accepted(&self, pass: &BearerToken) {
        if pass.proved {
            return;
        }
        if let Some(token) = self.state().token.as_mut().filter(|t| t.number == pass.number) {
            token.accepted = true;
        }
    }

    /// A 401: drops the token that was refused; true if a new one may help. A token that replaced a refused one and was
    /// never taken shows that tokens are not what is wrong: it is kept, and no other is fetched.
    pub(super) fn refused(&self, pass: &BearerToken, about_token: bool) -> bool {
        let mut state = self.state();
        match &state.token {
            Some(token) if token.number == pass.number => {
                if !about_token || (token.anew && !token.accepted) {
                    return false;
                }
                state.refused = state.token.take().map(|token| token.secret);
                true
            }
            // Another caller has dropped or renewed it meanwhile.
            _ => about_token,
        }
    }

    /// Revokes the token, if there is one that this client alone holds. Best effort: one attempt, and no error.
    pub async fn revoke(&self, transport: &Transport, env: &Env) {
        let Some(token) = self.state().token.take() else { return };
        if self.cache().is_none_or(FileCache::is_unusable) {
            self.revoke_token(&token.secret, transport, env).await;
        }
    }

    /// Revokes the token that is shared with other processes and removes it. `None` if there is none; else whether
    /// the server took the revocation.
    pub async fn log_out(&self, transport: &Transport, env: &Env) -> Option<bool> {
        let (cache, key) = self.cache.as_ref()?;
        let cached = cache.load(key, 0)?;
        let revoked = self.revoke_token(&cached.token, transport, env).await;
        self.state().token = None;
        cache.remove(key);
        Some(revoked)
    }

    async fn revoke_token(&self, token: &Secret, transport: &Transport, env: &Env) -> bool {
        let form = format!("token={}&token_type_hint=access_token", token.expose());
        let sent = transport.send(self.form(&self.revoke_path, form.into(), env.timeout.min(REVOKE))).await;
        sent.is_ok_and(|exchange| exchange.status < 300)
    }

    fn form(&self, path: &PathAndQuery, body: Bytes, timeout: Duration) -> HttpRequest {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(AUTHORIZATION, self.basic.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(reqwest::header::ACCEPT, HeaderValue::from_static("application/json"));
        HttpRequest { method: Method::POST, path: path.clone(), headers, body: Some(body), timeout }
    }

    async fn fetch(&self, transport: &Transport, env: &Env, context: &Context) -> Result<Fresh, TokenError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            context.log(Level::Debug, || format!("POST {} (attempt {attempts})", self.token_url.path()));
            let body = Bytes::from_static(b"grant_type=client_credentials");
            let exchanged = transport.send(self.form(&self.token_path, body, context.attempt_timeout(env))).await;
            let (error, happened) = match exchanged.map(|e| self.read(e, attempts, env, context)) {
                Ok(Ok(token)) => return Ok(token),
                Ok(Err(failed)) => failed,
                Err(failure) => self.unread(failure, attempts, env, context),
            };
            let progress = context.progress(attempts, env);
            match decide(&env.policy, happened, Safety::Idempotent, progress, env.rng.unit()) {
                Decision::Again(delay) => {
                    context
                        .log(Level::Info, || format!("{error}; token request again in {:.1} s", delay.as_secs_f64()));
                    env.clock.sleep(delay).await;
                }
                Decision::Stop(why) => {
                    // Those who wait for this token may have more time than this caller.
                    let own = context.deadline.is_some() && matches!(why, StopReason::Time { .. });
                    let shared = !own && context.left(env) != Some(Duration::ZERO);
                    return Err(TokenError { error: to_error::with_stop_reason(error, why), shared });
                }
                Decision::Reconcile(_) => return Err(TokenError { error, shared: false }),
            }
        }
    }

    fn origin<'a>(&'a self, attempts: u32, env: &'a Env, context: &Context) -> RequestInfo<'a> {
        RequestInfo { method: "POST", url: &self.token_url, attempts, started: context.started, clock: &*env.clock }
    }

    fn unread(&self, failure: HttpFailure, attempts: u32, env: &Env, context: &Context) -> (Error, AttemptOutcome) {
        let happened =
            if failure.kind == TransportKind::Connect { AttemptOutcome::NotSent } else { AttemptOutcome::Broken };
        // What arrived of the body may hold a token.
        let failure = HttpFailure { body_start: None, ..failure };
        (to_error::transport_error(failure, &self.origin(attempts, env, context)), happened)
    }

    fn read(
        &self,
        exchange: HttpResponse,
        attempts: u32,
        env: &Env,
        context: &Context,
    ) -> Result<Fresh, (Error, AttemptOutcome)> {
        let origin = self.origin(attempts, env, context);
        if exchange.status >= 400 {
            let mut api = to_error::api_error(&exchange, exchange.status, None, &origin);
            // A token is not shown, whatever the status that it came with.
            if exchange.body.windows(12).any(|part| part == b"access_token") {
                api.body_start = None;
            }
            let happened = AttemptOutcome::Status(exchange.status, api.asked_to_wait());
            return Err((refusal(&exchange, api), happened));
        }
        let parsed = (exchange.status < 300).then(|| Fresh::from_reply(&exchange.body)).flatten();
        parsed.ok_or_else(|| {
            // No start of this body in the error: it may hold a token.
            let failure = HttpFailure {
                kind: TransportKind::Protocol,
                message: "the token endpoint's reply holds no access_token".to_owned(),
                status: Some(exchange.status),
                body_start: None,
                cause: FailureCause::Other,
            };
            let happened = if exchange.status < 300 {
                AttemptOutcome::Broken
            } else {
                AttemptOutcome::Status(exchange.status, None)
            };
            (to_error::transport_error(failure, &origin), happened)
        })
    }
}

impl Token {
    fn pass(&self) -> BearerToken {
        BearerToken { header: self.header.clone(), number: self.number, proved: self.accepted, fetched: self.fetched }
    }
}
