//! The client: what it shares between its runtimes, and how it is made and closed. `attempt` sends one request with
//! authentication, `run` repeats attempts as the retry policy says.
pub(crate) mod attempt;
mod created;
mod run;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use reqwest::header::HeaderValue;

use self::created::RecentlyCreated;
use crate::core::auth::Authenticator;
use crate::core::auth::discovery::resolved::ResolvedCredentials;
use crate::core::auth::oauth::provider::LoggedOut;
use crate::core::auth::token_cache::FileCache;
use crate::core::auth::token_cache::lock::unix;
use crate::core::config::Config;
use crate::core::context::{Context, Env};
use crate::core::error::{ApiError, Error};
use crate::core::http::call::media_type;
use crate::core::http::reply::Reply;
use crate::core::http::targets::TargetCache;
use crate::core::http::transport::exchange::HttpResponse;
use crate::core::http::transport::options::TransportOptions;
use crate::core::http::transport::{Transport, WeakTransport};
use crate::core::policy::rate_limit::{RateLimitStatus, RateLimits};

/// What all runtimes of a client share.
pub(crate) struct Shared {
    pub(crate) base_url: String,
    targets: TargetCache,
    pub(crate) env: Env,
    pub(crate) limits: RateLimits,
    pub(crate) reconcile: bool,
    pub(crate) authenticator: Authenticator,
    options: TransportOptions,
    /// The pools of all runtimes, to be closed with the client.
    pools: Mutex<Vec<WeakTransport>>,
    accept: HeaderValue,
    /// Which credentials are used and where they were found, for hints.
    credentials: String,
    /// When a ready-made token expires (seconds since 1970), and the hint from then on.
    expiry: Option<(u64, String)>,
    /// The first reply that said that the serverless operations are gone.
    retired: OnceLock<ApiError>,
    pub(crate) created: RecentlyCreated,
}

/// A client of one base URL with one set of credentials. Clones share everything, the connection pool too.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub(crate) transport: Transport,
}

impl Shared {
    /// Which credentials are used, and that they have expired, if they have.
    pub(crate) fn hint(&self) -> String {
        match &self.expiry {
            Some((at, expired)) if *at <= unix(&*self.env.clock) => format!("{}, {expired}", self.credentials),
            _ => self.credentials.clone(),
        }
    }
}

impl Client {
    /// Connects to nothing yet.
    pub fn new(config: Config, found: &ResolvedCredentials) -> Result<Self, Error> {
        let options = config.connection(&found.base_url)?;
        let accept = HeaderValue::try_from(media_type(&config.api_version))
            .map_err(|_| Error::Configuration("api_version has characters that a header cannot carry".to_owned()))?;
        let transport = Transport::new(&options)?;
        let mut authenticator = Authenticator::new(&found.credentials, &found.base_url)?;
        if let Some(folder) = config.token_cache.folder {
            authenticator = authenticator.share_tokens(&found.credentials, &found.base_url, FileCache::new(folder));
        }
        let shared = Shared {
            authenticator,
            base_url: found.base_url.clone(),
            targets: TargetCache::new(found.base_url.clone()),
            env: config.env,
            limits: RateLimits::default(),
            reconcile: config.reconcile,
            options,
            pools: Mutex::new(vec![transport.downgrade()]),
            accept,
            credentials: found.hint(),
            expiry: found.expiry_hint(),
            retired: OnceLock::new(),
            created: RecentlyCreated::default(),
        };
        Ok(Client { shared: Arc::new(shared), transport })
    }

    /// The same client with a connection pool of its own, for another runtime.
    pub fn for_another_runtime(&self) -> Result<Self, Error> {
        let transport = Transport::new(&self.shared.options)?;
        let mut pools = self.pools();
        pools.retain(|pool| pool.upgrade().is_some());
        pools.push(transport.downgrade());
        drop(pools);
        Ok(Client { shared: self.shared.clone(), transport })
    }

    fn pools(&self) -> MutexGuard<'_, Vec<WeakTransport>> {
        self.shared.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock, the random source and the retry policy.
    pub fn env(&self) -> &Env {
        &self.shared.env
    }

    /// The last known state of the server's rate limits.
    pub fn rate_limits(&self) -> Vec<RateLimitStatus> {
        self.shared.limits.status(self.shared.env.clock.now())
    }

    /// Revokes the token that is shared with other processes and removes it. `None` if there is none.
    pub async fn log_out(&self) -> Option<LoggedOut> {
        self.shared.authenticator.log_out(&self.transport, &self.shared.env).await
    }

    /// Revokes a token that this client has fetched and does not share, and closes the unused connections of all runtimes.
    pub async fn close(&self) {
        self.shared.authenticator.close(&self.transport, &self.shared.env).await;
        for pool in self.pools().iter().filter_map(WeakTransport::upgrade) {
            pool.close();
        }
    }

    /// The reply that said that the serverless operations are gone, if there was one.
    pub(crate) fn retired(&self) -> Option<&ApiError> {
        self.shared.retired.get()
    }

    pub(crate) fn remember_retired(&self, said: &ApiError) {
        self.shared.retired.get_or_init(|| said.clone());
    }

    /// The result of a call that succeeded, with its notices.
    pub(crate) fn reply(&self, response: HttpResponse, context: &mut Context) -> Reply {
        let mut notices = context.notices.take();
        notices.extend(self.shared.authenticator.take_notices());
        Reply {
            status: response.status,
            headers: response.headers,
            body: response.body,
            tape: response.tape,
            attempts: context.attempts,
            reconciled: false,
            elapsed: context.elapsed(&self.shared.env),
            notices,
        }
    }
}
