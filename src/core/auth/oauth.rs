//! OAuth 2 client credentials (RFC 6749, 4.4): one token for all calls and threads of a client, renewed before it
//! ends and once after an unexpected 401, never by several callers at once.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use tokio::sync::Mutex as AsyncMutex;
use zeroize::Zeroize as _;

use super::bearer;
use super::secret::Secret;
use super::token_cache::{CachedToken, FileCache, Key};
use super::token_lock::{PATIENCE, Turn, Wanted, unix};
use crate::core::context::{Context, Doors};
use crate::core::error::{AuthenticationError, Error, TransportKind};
use crate::core::observe::Level;
use crate::core::reply::{self, Origin};
use crate::core::retry::{Decision, Happened, Safety, decide};
use crate::core::transport::cause::Cause;
use crate::core::transport::{Exchange, Failure, Outgoing, Transport};

/// A token is renewed when less than this, or a tenth of its life, is left.
const EARLY: Duration = Duration::from_secs(120);
/// The life of a token that does not say how long it lives.
const DEFAULT_LIFE: f64 = 3600.0;

/// Fetches, keeps, renews and revokes the token of one service account.
pub struct Oauth {
    basic: HeaderValue,
    token_url: Url,
    revoke_url: Url,
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
    /// How the last fetch ended, if not well; for the callers who waited for it.
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
}

/// A token that is about to be used.
struct Fresh {
    secret: Secret,
    header: HeaderValue,
    renew_in: Duration,
    life: Duration,
    fetched: bool,
}

impl Fresh {
    fn from_cache(cached: &CachedToken, now: u64) -> Option<Self> {
        let header = bearer::header(cached.token.expose())?;
        let until = |unix: u64| Duration::from_secs(unix.saturating_sub(now));
        let (renew_in, life) = (until(cached.renew_at), until(cached.expires_at));
        Some(Fresh { secret: cached.token.clone(), header, renew_in, life, fetched: false })
    }

    fn to_cache(&self, now: u64) -> CachedToken {
        let at = |later: Duration| now.saturating_add(later.as_secs());
        CachedToken { token: self.secret.clone(), renew_at: at(self.renew_in), expires_at: at(self.life) }
    }
}

/// What one request carries.
pub struct Pass {
    /// `Authorization: Bearer …`.
    pub header: HeaderValue,
    number: u64,
    fetched: bool,
}

impl Pass {
    /// Whether this client fetched the token itself.
    pub fn is_fetched(&self) -> bool {
        self.fetched
    }
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: String,
    #[serde(default)]
    expires_in: Option<f64>,
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
        Ok(Oauth {
            basic,
            token_url: url("/api/oauth/token")?,
            revoke_url: url("/api/oauth/revoke")?,
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
    pub(super) async fn pass(&self, transport: &Transport, doors: &Doors, context: &Context) -> Result<Pass, Error> {
        let now = doors.clock.now();
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
                None => self.fetching.lock().await,
            },
        };
        {
            let state = self.state();
            if let Some(token) = state.token.as_ref().filter(|t| doors.clock.now() < t.renew_at) {
                return Ok(token.pass());
            }
            if let Some(failure) = state.failure.as_ref().filter(|_| state.fetches > waited_for) {
                return Err(failure.clone());
            }
        }
        let obtained = self.obtain(transport, doors, context).await;
        let mut state = self.state();
        state.fetches += 1;
        match obtained {
            Ok(Fresh { secret, header, renew_in, life, fetched }) => {
                let now = doors.clock.now();
                let token = Token {
                    header,
                    secret,
                    number: state.fetches,
                    fetched,
                    renew_at: now + renew_in,
                    ends_at: now + life,
                };
                let pass = token.pass();
                state.token = Some(token);
                state.failure = None;
                state.refused = None;
                Ok(pass)
            }
            Err(error) => {
                if let Some(token) = state.token.as_ref().filter(|t| doors.clock.now() < t.ends_at) {
                    context.log(Level::Warning, || format!("token not renewed, the old one still lives: {error}"));
                    return Ok(token.pass());
                }
                state.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    fn current(&self, now: Duration) -> Option<Pass> {
        self.state().token.as_ref().filter(|t| now < t.ends_at).map(Token::pass)
    }

    /// A token that another process fetched, or one from the server, which is then shared.
    async fn obtain(&self, transport: &Transport, doors: &Doors, context: &Context) -> Result<Fresh, Error> {
        let Some((cache, key)) = &self.cache else { return self.fetch(transport, doors, context).await };
        let refused = self.state().refused.clone();
        let patience = context.left(doors).map_or(PATIENCE, |left| left.min(PATIENCE));
        let turn = cache.turn(Wanted { key, refused: refused.as_ref(), patience }, &*doors.clock).await;
        if let Turn::Token(cached) = &turn {
            if let Some(fresh) = Fresh::from_cache(cached, unix(&*doors.clock)) {
                context.log(Level::Debug, || "the token of another process is used".to_owned());
                return Ok(fresh);
            }
        }
        let fetched = self.fetch(transport, doors, context).await;
        match (&fetched, &turn, &refused) {
            // Also without the right to fetch: it is good for others, and the file is replaced whole.
            (Ok(fresh), _, _) => cache.store(key, &fresh.to_cache(unix(&*doors.clock))),
            // Only with the lock, else a newer token could be the one that goes.
            (Err(_), Turn::Fetch(_), Some(refused)) => cache.drop_if_equal(key, refused),
            _ => {}
        }
        fetched
    }

    /// A 401: drops the token that was refused; true if a new one may help.
    pub(super) fn refused(&self, pass: &Pass) -> bool {
        let mut state = self.state();
        if state.token.as_ref().is_some_and(|t| t.number == pass.number) {
            state.refused = state.token.take().map(|token| token.secret);
        }
        true
    }

    /// Revokes the token, if there is one that this client alone holds. Best effort: one attempt, and no error.
    pub async fn revoke(&self, transport: &Transport, doors: &Doors) {
        let Some(token) = self.state().token.take() else { return };
        if self.cache().is_none_or(FileCache::is_unusable) {
            self.revoke_token(&token.secret, transport, doors).await;
        }
    }

    /// Revokes the token that is shared with other processes and removes it. `None` if there is none; else whether
    /// the server took the revocation.
    pub async fn log_out(&self, transport: &Transport, doors: &Doors) -> Option<bool> {
        let (cache, key) = self.cache.as_ref()?;
        let cached = cache.load(key, 0)?;
        let revoked = self.revoke_token(&cached.token, transport, doors).await;
        self.state().token = None;
        cache.remove(key);
        Some(revoked)
    }

    async fn revoke_token(&self, token: &Secret, transport: &Transport, doors: &Doors) -> bool {
        let form = format!("token={}&token_type_hint=access_token", token.expose());
        let sent = transport.exchange(self.form(&self.revoke_url, form.into(), doors.timeout)).await;
        sent.is_ok_and(|exchange| exchange.status < 300)
    }

    fn form(&self, url: &Url, body: Bytes, timeout: Duration) -> Outgoing {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(AUTHORIZATION, self.basic.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(reqwest::header::ACCEPT, HeaderValue::from_static("application/json"));
        Outgoing { method: Method::POST, url: url.clone(), headers, body: Some(body), timeout }
    }

    async fn fetch(&self, transport: &Transport, doors: &Doors, context: &Context) -> Result<Fresh, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            context.log(Level::Debug, || format!("POST {} (attempt {attempts})", self.token_url.path()));
            let body = Bytes::from_static(b"grant_type=client_credentials");
            let exchanged = transport.exchange(self.form(&self.token_url, body, context.attempt_timeout(doors))).await;
            let (error, happened) = match exchanged.map(|e| self.read(e, attempts, doors, context)) {
                Ok(Ok(token)) => return Ok(token),
                Ok(Err(failed)) => failed,
                Err(failure) => self.unread(failure, attempts, doors, context),
            };
            let progress = context.progress(doors, attempts);
            match decide(&doors.policy, happened, Safety::Idempotent, progress, doors.chance.unit()) {
                Decision::Again(delay) => {
                    context.log(Level::Info, || format!("{error}; token request again in {delay:.1?}"));
                    doors.clock.sleep(delay).await;
                }
                Decision::Stop(why) => return Err(reply::explained(error, why)),
                Decision::Reconcile(_) => return Err(error),
            }
        }
    }

    fn origin<'a>(&'a self, attempts: u32, doors: &Doors, context: &Context) -> Origin<'a> {
        Origin {
            method: "POST",
            url: &self.token_url,
            attempts,
            elapsed: context.elapsed(doors),
            wall: doors.clock.wall(),
        }
    }

    fn unread(&self, failure: Failure, attempts: u32, doors: &Doors, context: &Context) -> (Error, Happened) {
        let happened = if failure.kind == TransportKind::Connect { Happened::NotSent } else { Happened::Broken };
        (reply::transport_error(failure, &self.origin(attempts, doors, context)), happened)
    }

    fn read(
        &self,
        exchange: Exchange,
        attempts: u32,
        doors: &Doors,
        context: &Context,
    ) -> Result<Fresh, (Error, Happened)> {
        let origin = self.origin(attempts, doors, context);
        if !(200..300).contains(&exchange.status) {
            let mut api = reply::api_error(&exchange, exchange.status, None, &origin);
            // A token is not shown, whatever the status that it came with.
            api.body_start = api.body_start.filter(|text| !text.contains("access_token"));
            let happened =
                Happened::Status(exchange.status, api.retry_after.and_then(|s| Duration::try_from_secs_f64(s).ok()));
            return Err((refusal(&exchange, api), happened));
        }
        let parsed = serde_json::from_slice::<TokenReply>(&exchange.body).ok().and_then(|reply| {
            let header = bearer::header(&reply.access_token)?;
            let life = Duration::try_from_secs_f64(reply.expires_in.unwrap_or(DEFAULT_LIFE)).ok()?;
            let renew_in = life.saturating_sub(EARLY.min(life / 10));
            let secret = Secret::new(reply.access_token);
            (!secret.expose().is_empty()).then_some(Fresh { secret, header, renew_in, life, fetched: true })
        });
        parsed.ok_or_else(|| {
            // No start of this body in the error: it may hold a token.
            let failure = Failure {
                kind: TransportKind::Protocol,
                message: "the token endpoint's reply holds no access_token".to_owned(),
                status: Some(exchange.status),
                body_start: None,
                cause: Cause::Other,
            };
            (reply::transport_error(failure, &origin), Happened::Broken)
        })
    }
}

impl Token {
    fn pass(&self) -> Pass {
        Pass { header: self.header.clone(), number: self.number, fetched: self.fetched }
    }
}

/// The token endpoint's errors have OAuth's shape; a 429 and what is not OAuth's shape stay API errors.
fn refusal(exchange: &Exchange, api: crate::core::error::ApiError) -> Error {
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
