//! The client: one authenticated attempt, and the loop of attempts that a call is.
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::core::auth::discovery::ResolvedCredentials;
use crate::core::auth::token_cache::FileCache;
use crate::core::auth::token_cache::lock::unix;
use crate::core::auth::{Authenticator, Next};
pub use crate::core::config::{Config, OnRetired};
use crate::core::context::observe::Level;
use crate::core::context::{Context, Env};
use crate::core::error::hints;
use crate::core::error::{ApiError, Error, TransportKind};
use crate::core::http::call::{Call, media_type, method_name};
use crate::core::http::classify;
use crate::core::http::reply::{Origin, Reply, explained, judge, transport_error};
use crate::core::http::targets::{Target, Targets};
use crate::core::http::transport::cause::Cause;
use crate::core::http::transport::{Exchange, Failure, Options, Outgoing, Transport};
use crate::core::http::{deprecation, reply};
use crate::core::policy::rate_limit::RateLimits;
use crate::core::policy::retry::{AttemptOutcome, Decision, RATE_LIMIT_BASE, Safety, decide};

/// Rounds of one attempt: without credentials, with them, with renewed ones.
const ROUNDS: u32 = 3;

/// What all runtimes of a client share.
pub(crate) struct Shared {
    pub(crate) base_url: String,
    targets: Targets,
    pub(crate) env: Env,
    pub(crate) limits: RateLimits,
    pub(crate) reconcile: bool,
    pub(crate) authenticator: Authenticator,
    options: Options,
    accept: HeaderValue,
    /// Which credentials were used and where they came from, for hints.
    credentials: String,
    /// When a ready-made token ends, and what to say from then on.
    ended: Option<(u64, String)>,
    /// The reply that said that the serverless operations are gone, once there was one.
    retired: OnceLock<ApiError>,
}

/// A client of one base URL with one set of credentials. A clone shares all but the connection pool's runtime.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub(crate) transport: Transport,
}

/// An attempt that did not succeed, and what that means for the next; without the latter, there is none.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) happened: Option<AttemptOutcome>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed { error, happened: None }
    }
}

impl Shared {
    /// Which credentials were used, and that they have ended, where they have.
    pub(crate) fn hint(&self) -> String {
        match &self.ended {
            Some((end, ended)) if *end <= unix(&*self.env.clock) => format!("{}, {ended}", self.credentials),
            _ => self.credentials.clone(),
        }
    }
}

impl Client {
    /// Nothing is sent yet.
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
            targets: Targets::new(found.base_url.clone()),
            env: config.env,
            limits: RateLimits::default(),
            reconcile: config.reconcile,
            options,
            accept,
            credentials: found.hint(),
            ended: found.hint_of_end(),
            retired: OnceLock::new(),
        };
        Ok(Client { shared: Arc::new(shared), transport })
    }

    /// The same client with a connection pool of its own, for another runtime.
    pub fn for_another_runtime(&self) -> Result<Self, Error> {
        Ok(Client { shared: self.shared.clone(), transport: Transport::new(&self.shared.options)? })
    }

    /// Time, chance and policy.
    pub fn env(&self) -> &Env {
        &self.shared.env
    }

    /// What is known of the server's rate limits.
    pub fn rate_limits(&self) -> Vec<crate::core::policy::rate_limit::Known> {
        self.shared.limits.known(self.shared.env.clock.now())
    }

    /// Revokes the token that is shared with other processes and removes it. `None` if there is none.
    pub async fn log_out(&self) -> Option<bool> {
        match &self.shared.authenticator {
            Authenticator::Oauth(oauth) => oauth.log_out(&self.transport, &self.shared.env).await,
            _ => None,
        }
    }

    /// Revokes a token that this client fetched and shares with nobody; nothing else is held.
    pub async fn close(&self) {
        if let Authenticator::Oauth(oauth) = &self.shared.authenticator {
            oauth.revoke(&self.transport, &self.shared.env).await;
        }
    }

    /// The reply that said that the serverless operations are gone, if this client has had one.
    pub(crate) fn retired(&self) -> Option<&ApiError> {
        self.shared.retired.get()
    }

    pub(crate) fn remember_retired(&self, said: &ApiError) {
        self.shared.retired.get_or_init(|| said.clone());
    }

    /// Runs a call to its result: attempts, delays, bounds. Creates go through
    /// [`Client::create`](crate::core::operations::create), which looks up unknown outcomes.
    pub async fn run(&self, call: &Call, context: &mut Context) -> Result<Reply, Error> {
        let env = &self.shared.env;
        let mut perhaps_done = false;
        loop {
            context.attempts += 1;
            let Failed { error, happened } = match self.attempt(call, context).await {
                Ok(exchange) => return Ok(self.reply(exchange, context)),
                Err(failed) => failed,
            };
            if perhaps_done && classify::is_done_already(call, &error) {
                context.log(Level::Info, || format!("{}: an earlier attempt had done it", call.operation));
                return Ok(self.already_deleted(call, context));
            }
            let Some(happened) = happened else { return Err(error) };
            perhaps_done |= matches!(happened, AttemptOutcome::Broken | AttemptOutcome::Status(408 | 500.., _));
            let progress = context.progress(context.attempts, env);
            match decide(&env.policy, happened, call.safety, progress, env.rng.unit()) {
                Decision::Again(delay) => self.pause(call, &error, delay, context).await,
                Decision::Stop(why) => return Err(explained(error, why)),
                Decision::Reconcile(_) => return Err(error),
            }
        }
    }

    /// Waits before the next attempt.
    pub(crate) async fn pause(&self, call: &Call, error: &Error, delay: Duration, context: &Context) {
        context.log(Level::Info, || {
            format!("{} attempt {}: {error}; again in {:.1} s", call.operation, context.attempts, delay.as_secs_f64())
        });
        self.shared.env.clock.sleep(delay).await;
    }

    /// One attempt: waits for its turn, authenticates, sends, and judges the reply.
    pub(crate) async fn attempt(&self, call: &Call, context: &mut Context) -> Result<Exchange, Failed> {
        let shared = &*self.shared;
        let clock = &shared.env.clock;
        let target = &*shared.targets.get(&call.target)?;
        let url = &target.url;
        let mut place = shared.limits.take(call.set, &call.group_id, clock.now());
        while !place.wait().is_zero() {
            Box::pin(self.wait_for_turn(call, url, place.wait(), context)).await?;
            place.waited(clock.now());
        }
        context.log(Level::Debug, || format!("{} {} (attempt {})", call.method, url.path(), context.attempts));
        let (exchange, origin) = self.authenticated(call, target, context).await?;
        let status = reply::effective_status(&exchange, call.envelope);
        if deprecation::is_announced(&exchange.headers) {
            context.notices.add(deprecation::notice(&call.endpoint(), call.serverless, &exchange.headers));
        }
        let blocked_for = (status == 429).then(|| origin.asked_to_wait(&exchange.headers).unwrap_or(RATE_LIMIT_BASE));
        place.heard(status, &exchange.headers, blocked_for, clock.now());
        context.log(Level::Debug, || format!("{} {} answered {status}", call.method, url.path()));
        judge(exchange, call.expect, call.envelope, &origin).map_err(|mut error| {
            let happened = match &mut error {
                Error::Api(api) => {
                    hints::complete(api, &shared.hint());
                    AttemptOutcome::Status(status, api.asked_to_wait())
                }
                // A redirect stays one.
                _ if (300..400).contains(&status) => AttemptOutcome::Status(status, None),
                _ => AttemptOutcome::Broken,
            };
            Failed { error, happened: Some(happened) }
        })
    }

    /// Sends with credentials, and again with renewed ones if the first were refused.
    async fn authenticated<'t>(
        &'t self,
        call: &Call,
        target: &'t Target,
        context: &mut Context,
    ) -> Result<(Exchange, Origin<'t>), Failed> {
        let shared = &*self.shared;
        let url = &target.url;
        let env = &shared.env;
        let mut own_ticket = None;
        let mut round = 0;
        loop {
            round += 1;
            let ticket = match own_ticket.take() {
                Some(ticket) => ticket,
                None => shared
                    .authenticator
                    .ticket(&self.transport, env, context, &call.method, url)
                    .await
                    .map_err(|error| hints::of_authentication(error, &shared.hint()))?,
            };
            if context.left(env).is_some_and(|left| left.is_zero()) {
                return Err(self.too_late(call, url, context).into());
            }
            let carried = ticket.header().is_some();
            if carried {
                context.sending(env);
            }
            let create = call.safety == Safety::Create && shared.reconcile;
            let timeout = if create { context.create_timeout(env) } else { context.attempt_timeout(env) };
            let sent = self
                .transport
                .exchange(Outgoing {
                    method: call.method.clone(),
                    path: target.path.clone(),
                    headers: self.headers(call, ticket.header())?,
                    body: call.body.clone(),
                    timeout,
                })
                .await;
            let origin = self.origin(call, url, context);
            let exchange = match sent {
                Ok(exchange) => exchange,
                Err(failure) => return Err(unread(failure, &origin)),
            };
            let status = reply::effective_status(&exchange, call.envelope);
            if status != 401 {
                shared.authenticator.accepted(ticket, status);
                return Ok((exchange, origin));
            }
            let next = shared.authenticator.refused(ticket, &exchange, &call.method, url)?;
            if round >= ROUNDS {
                return Ok((exchange, origin));
            }
            match next {
                Next::Stop => return Ok((exchange, origin)),
                Next::Anew => {}
                Next::With(ticket) => own_ticket = Some(ticket),
            }
            // Nothing should have been done, but who knows what stands between.
            context.refused_once |= carried;
            context.log(Level::Debug, || format!("{} {} answered 401, authenticating anew", call.method, url.path()));
        }
    }

    fn origin<'u>(&'u self, call: &Call, url: &'u Url, context: &Context) -> Origin<'u> {
        Origin {
            method: method_name(&call.method),
            url,
            attempts: context.attempts,
            began: context.started,
            clock: &*self.shared.env.clock,
        }
    }

    /// The caller's deadline has come before this attempt was sent.
    fn too_late(&self, call: &Call, url: &Url, context: &Context) -> Error {
        let failure = Failure {
            kind: TransportKind::Timeout,
            message: "the time is up (timeout); this attempt was not sent".to_owned(),
            status: None,
            body_start: None,
            cause: Cause::Other,
        };
        transport_error(failure, &self.origin(call, url, context))
    }

    fn headers(&self, call: &Call, authorization: Option<&HeaderValue>) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::with_capacity(6);
        let accept = match &call.api_version {
            None => self.shared.accept.clone(),
            Some(version) => HeaderValue::try_from(media_type(version)).map_err(|_| {
                Error::Configuration("api_version has characters that a header cannot carry".to_owned())
            })?,
        };
        headers.insert(ACCEPT, accept);
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        Ok(headers)
    }

    async fn wait_for_turn(&self, call: &Call, url: &Url, wait: Duration, context: &Context) -> Result<(), Failed> {
        let env = &self.shared.env;
        let left = context.budget(env);
        if wait >= left {
            let mut api = crate::core::error::ApiError {
                status: 429,
                detail: Some(format!("The rate limit of {} is used up", call.set.name())),
                method: call.method.to_string(),
                url: reply::shown(url),
                attempts: context.attempts.saturating_sub(1),
                elapsed: context.elapsed(env),
                retryable: true,
                retry_after: Some(wait.as_secs_f64()),
                ..Default::default()
            };
            api.hint = Some(format!(
                "not sent: the wait of {:.1} s does not fit the {:.1} s that are left (timeout, max_retry_time)",
                wait.as_secs_f64(),
                left.as_secs_f64()
            ));
            return Err(Error::Api(Box::new(api)).into());
        }
        context.log(Level::Info, || {
            format!("{}: waiting {:.1} s for the rate limit of {}", call.operation, wait.as_secs_f64(), call.set.name())
        });
        env.clock.sleep(wait).await;
        Ok(())
    }

    /// A success, with what the caller should see.
    pub(crate) fn reply(&self, exchange: Exchange, context: &mut Context) -> Reply {
        let mut notices = context.notices.take();
        notices.extend(self.shared.authenticator.take_notices());
        Reply {
            status: exchange.status,
            headers: exchange.headers,
            body: exchange.body,
            outline: exchange.outline,
            attempts: context.attempts,
            reconciled: false,
            elapsed: context.elapsed(&self.shared.env),
            notices,
        }
    }
}

fn unread(failure: Failure, origin: &Origin<'_>) -> Failed {
    let happened =
        if failure.kind == TransportKind::Connect { AttemptOutcome::NotSent } else { AttemptOutcome::Broken };
    Failed { error: transport_error(failure, origin), happened: Some(happened) }
}
