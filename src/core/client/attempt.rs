//! One attempt of a call: wait for the rate limit, authenticate, send, check the response.
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::Client;
use crate::core::auth::AfterUnauthorized;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::error::hints;
use crate::core::error::{ApiError, Error, TransportKind};
use crate::core::http::call::{Call, media_type, method_name};
use crate::core::http::targets::RequestTarget;
use crate::core::http::to_error::{RequestInfo, display_url, transport_error, wrong_resource};
use crate::core::http::transport::exchange::{HttpFailure, HttpRequest, HttpResponse};
use crate::core::http::{classify, deprecation, reply, subject, to_error};
use crate::core::policy::backoff::RATE_LIMIT_BASE;
use crate::core::policy::retry::{self, AttemptOutcome, RequestKind};

/// Requests within one attempt: without credentials, with them, with a renewed token, or with answers to three challenges that
/// call the nonce before them stale.
const MAX_REQUESTS: u32 = 5;

/// An attempt that did not succeed, and its outcome in terms of the retry policy: `None` if there must not be another.
pub(crate) struct AttemptError {
    pub(crate) error: Error,
    pub(crate) outcome: Option<AttemptOutcome>,
}

impl From<Error> for AttemptError {
    fn from(error: Error) -> Self {
        AttemptError { error, outcome: None }
    }
}

impl Client {
    /// Waits for the rate limit, authenticates, sends, and checks the response.
    pub(crate) async fn attempt(&self, call: &Call, context: &mut Context) -> Result<HttpResponse, AttemptError> {
        let shared = &*self.shared;
        let clock = &shared.env.clock;
        let target = &*shared.targets.get(&call.target)?;
        let url = &target.url;
        let mut permit = shared.limits.acquire(call.endpoint_set, &call.group_id, clock.now());
        while !permit.wait().is_zero() {
            Box::pin(self.wait_for_rate_limit(call, url, permit.wait(), context)).await?;
            permit.recheck(clock.now());
        }
        context.log(Level::Debug, || format!("{} {} (attempt {})", call.method, url.path(), context.attempts));
        context.deliver_reports().await;
        let (response, request) = self.send_authenticated(call, target, context).await?;
        let status = reply::effective_status(&response, call.envelope);
        if deprecation::is_announced(&response.headers) {
            context.notices.add(deprecation::notice(&call.endpoint(), call.serverless, &response.headers));
        }
        let blocked_for =
            retry::is_rate_limit(status).then(|| request.retry_after(&response.headers).unwrap_or(RATE_LIMIT_BASE));
        permit.complete(status, &response.headers, blocked_for, clock.now());
        context.log(Level::Debug, || format!("{} {} answered {status}", call.method, url.path()));
        let checked = reply::check(response, call.expected, call.envelope, &request).map_err(|mut error| {
            let outcome = match &mut error {
                Error::Api(api) => {
                    hints::complete(api, &shared.hint());
                    if let Some(note) = classify::id_for_name(call, api) {
                        to_error::note(&mut api.hint, note);
                    }
                    if classify::is_passing(call, api) {
                        api.retryable = true;
                        to_error::note(&mut api.hint, classify::LIST_WITHOUT_CLUSTER);
                        AttemptOutcome::NoReply
                    } else {
                        AttemptOutcome::Status(status, api.retry_after())
                    }
                }
                // A redirect is an error of the transport, but its status counts.
                _ if (300..400).contains(&status) => AttemptOutcome::Status(status, None),
                _ => AttemptOutcome::NoReply,
            };
            AttemptError { error, outcome: Some(outcome) }
        })?;
        match subject::mismatch(call, &checked) {
            None => Ok(checked),
            Some(message) => {
                let error = wrong_resource(message, call, &checked, &shared.base_url, context.attempts);
                Err(AttemptError { error, outcome: Some(AttemptOutcome::NoReply) })
            }
        }
    }

    /// Sends with credentials, and again with renewed ones if the first were refused.
    async fn send_authenticated<'t>(
        &'t self,
        call: &Call,
        target: &'t RequestTarget,
        context: &mut Context,
    ) -> Result<(HttpResponse, RequestInfo<'t>), AttemptError> {
        let shared = &*self.shared;
        let url = &target.url;
        let env = &shared.env;
        let mut next_auth = None;
        let mut requests = 0;
        loop {
            requests += 1;
            let auth = match next_auth.take() {
                Some(auth) => auth,
                None => shared
                    .authenticator
                    .request_auth(&self.transport, env, context, &call.method, url)
                    .await
                    .map_err(|error| hints::of_authentication(error, &shared.hint()))?,
            };
            if context.time_left(env).is_some_and(|left| left.is_zero()) {
                return Err(self.deadline_error(call, url, context).into());
            }
            let has_credentials = auth.header().is_some();
            if has_credentials {
                context.mark_sent(env);
            }
            let may_look_up = call.request_kind == RequestKind::Reconcilable && shared.reconcile;
            let timeout = if may_look_up { context.create_timeout(env) } else { context.attempt_timeout(env) };
            let sent = self
                .transport
                .send(HttpRequest {
                    method: call.method.clone(),
                    path: target.path.clone(),
                    headers: self.headers(call, auth.header())?,
                    body: call.body.clone(),
                    secret: call.secret.clone(),
                    timeout,
                })
                .await;
            let request = self.request_info(call, url, context);
            let response = sent.map_err(|failure| {
                let outcome = Some(failure.outcome());
                AttemptError { error: transport_error(failure, &request), outcome }
            })?;
            let status = reply::effective_status(&response, call.envelope);
            if status != 401 {
                shared.authenticator.on_success(auth, status);
                return Ok((response, request));
            }
            let next = shared.authenticator.on_unauthorized(auth, &response, &call.method, url)?;
            if requests >= MAX_REQUESTS {
                return Ok((response, request));
            }
            match next {
                AfterUnauthorized::Stop => return Ok((response, request)),
                AfterUnauthorized::Retry => {}
                AfterUnauthorized::RetryWith(auth) => next_auth = Some(auth),
            }
            // A 401 should mean that nothing was done; a proxy in between may have changed that.
            context.was_unauthorized |= has_credentials;
            context.log(Level::Debug, || format!("{} {} answered 401, authenticating anew", call.method, url.path()));
        }
    }

    fn request_info<'u>(&'u self, call: &Call, url: &'u Url, context: &Context) -> RequestInfo<'u> {
        RequestInfo {
            method: method_name(&call.method),
            url,
            kind: call.request_kind,
            attempts: context.attempts,
            started: context.started,
            clock: &*self.shared.env.clock,
        }
    }

    /// The caller's deadline has passed before this attempt was sent.
    fn deadline_error(&self, call: &Call, url: &Url, context: &Context) -> Error {
        let message = "the time is up (timeout); this attempt was not sent";
        let failure = HttpFailure::new(TransportKind::Timeout, message);
        transport_error(failure, &self.request_info(call, url, context))
    }

    fn headers(&self, call: &Call, authorization: Option<&HeaderValue>) -> Result<HeaderMap, Error> {
        // Three of ours, two of the transport, and `Host` and `Content-Length`: a map that grows is copied.
        let mut headers = HeaderMap::with_capacity(8);
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

    async fn wait_for_rate_limit(
        &self,
        call: &Call,
        url: &Url,
        wait: Duration,
        context: &Context,
    ) -> Result<(), AttemptError> {
        let env = &self.shared.env;
        let left = context.retry_time_left(env);
        if wait >= left {
            let api = ApiError {
                status: 429,
                detail: Some(format!("The rate limit of {} is used up", call.endpoint_set.name())),
                method: call.method.to_string(),
                url: display_url(url),
                attempts: context.attempts.saturating_sub(1),
                elapsed: context.elapsed(env),
                retryable: retry::is_transient(429, call.request_kind),
                retry_after: Some(wait.as_secs_f64()),
                hint: Some(format!(
                    "not sent: the wait of {:.1} s does not fit the {:.1} s that are left (timeout, max_retry_time)",
                    wait.as_secs_f64(),
                    left.as_secs_f64()
                )),
                ..Default::default()
            };
            return Err(Error::Api(Box::new(api)).into());
        }
        context.log(Level::of_pause(wait), || {
            format!(
                "{}: waiting {:.1} s for the rate limit of {}",
                call.operation,
                wait.as_secs_f64(),
                call.endpoint_set.name()
            )
        });
        env.clock.sleep(wait).await;
        Ok(())
    }
}
