//! The token endpoint: requests for tokens with their retries, revocations, and what its replies mean.
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::grant::Grant;
use super::reply::{IssuedToken, refusal};
use crate::core::context::observe::Level;
use crate::core::context::{Context, Env};
use crate::core::error::hints;
use crate::core::error::{Error, TransportKind};
use crate::core::http::to_error::{self, CHECK_BASE_URL, RequestInfo};
use crate::core::http::transport::Transport;
use crate::core::http::transport::cause::FailureCause;
use crate::core::http::transport::exchange::{HttpFailure, HttpRequest, HttpResponse};
use crate::core::http::{reply, targets};
use crate::core::policy::retry::{AttemptOutcome, Decision, RequestKind, StopReason};
use crate::core::secret::Secret;

/// A client that is closed does not wait longer than this for its token to be revoked.
const REVOKE_TIMEOUT: Duration = Duration::from_secs(5);

const SHARE_TOKENS: &str = "; processes that share a token (token_cache=\"file\" or ATLAS_SERVERLESS_TOKEN_CACHE=file) need one token request an hour";

/// Sends a grant to the server's token endpoint.
pub struct TokenEndpoint {
    grant: Box<dyn Grant>,
    token_url: Url,
    token_path: PathAndQuery,
    revoke_path: PathAndQuery,
    /// Whether the log has said what makes waits for the token limit rarer.
    has_advised: AtomicBool,
}

/// Why there is no token.
pub(super) struct TokenError {
    pub(super) error: Error,
    /// Whether the callers who waited for this token get the same error.
    pub(super) shared: bool,
}

impl TokenEndpoint {
    /// `base_url` has no trailing slash.
    pub fn new(grant: Box<dyn Grant>, base_url: &str) -> Result<Self, Error> {
        let url = |path: &str| {
            Url::parse(&format!("{base_url}{path}"))
                .map_err(|e| Error::Configuration(format!("base_url {base_url} is not a URL ({e})")))
        };
        let token_url = url("/api/oauth/token")?;
        let revoke_path = targets::path(&url("/api/oauth/revoke")?)?;
        Ok(TokenEndpoint {
            grant,
            token_path: targets::path(&token_url)?,
            token_url,
            revoke_path,
            has_advised: AtomicBool::new(false),
        })
    }

    /// The error of a caller whose time is up while another caller is still fetching the token.
    pub(super) fn wait_timed_out(&self, env: &Env, context: &Context) -> Error {
        let failure = HttpFailure {
            kind: TransportKind::Timeout,
            message: "no token in time: another call of this client is still fetching it".to_owned(),
            status: None,
            body_start: None,
            cause: FailureCause::Other,
        };
        to_error::transport_error(failure, &self.request_info(0, env, context))
    }

    /// Revokes a token in one attempt; whether the server did it.
    pub(super) async fn revoke(&self, token: &Secret, transport: &Transport, env: &Env) -> bool {
        let form = format!("token={}&token_type_hint=access_token", token.expose());
        let sent = transport.send(self.form(&self.revoke_path, form.into(), env.timeout.min(REVOKE_TIMEOUT))).await;
        sent.is_ok_and(|response| response.status < 300)
    }

    fn form(&self, path: &PathAndQuery, body: Bytes, timeout: Duration) -> HttpRequest {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(AUTHORIZATION, self.grant.authorization());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        HttpRequest { method: Method::POST, path: path.clone(), headers, body: Some(body), secret: None, timeout }
    }

    /// Fetches a token, with the retries of the client's policy. `shared`: other processes get it from a cache.
    pub(super) async fn fetch(
        &self,
        transport: &Transport,
        env: &Env,
        context: &Context,
        shared: bool,
    ) -> Result<IssuedToken, TokenError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            context.log(Level::Debug, || format!("POST {} (attempt {attempts})", self.token_url.path()));
            let form = self.form(&self.token_path, self.grant.form(), context.attempt_timeout(env));
            let exchanged = transport.send(form).await;
            let (error, happened) = match exchanged.map(|e| self.read(e, attempts, env, context)) {
                Ok(Ok(token)) => return Ok(token),
                Ok(Err(failed)) => failed,
                Err(failure) => self.unread(failure, attempts, env, context),
            };
            let state = context.retry_state(attempts, env);
            match env.policy.decide(happened, RequestKind::TokenRequest, state, env.rng.unit()) {
                Decision::Retry(delay) => {
                    let limited = matches!(happened, AttemptOutcome::Status(429, _));
                    let advise = limited && !shared && !self.has_advised.swap(true, Ordering::Relaxed);
                    context.log(if advise { Level::Warning } else { Level::of_pause(delay) }, || {
                        let advice = if advise { SHARE_TOKENS } else { "" };
                        format!("{error}; token request again in {:.1} s{advice}", delay.as_secs_f64())
                    });
                    env.clock.sleep(delay).await;
                }
                Decision::Stop(why) => {
                    // The deadline is this caller's own: others who wait for the token may have more time.
                    let own = context.deadline.is_some() && matches!(why, StopReason::Time { .. });
                    let shared = !own && context.time_left(env) != Some(Duration::ZERO);
                    return Err(TokenError { error: to_error::with_stop_reason(error, why), shared });
                }
                Decision::Reconcile(_) => return Err(TokenError { error, shared: false }),
            }
        }
    }

    fn request_info<'a>(&'a self, attempts: u32, env: &'a Env, context: &Context) -> RequestInfo<'a> {
        RequestInfo {
            method: "POST",
            url: &self.token_url,
            kind: RequestKind::TokenRequest,
            attempts,
            started: context.started,
            clock: &*env.clock,
        }
    }

    fn unread(&self, failure: HttpFailure, attempts: u32, env: &Env, context: &Context) -> (Error, AttemptOutcome) {
        let happened = failure.outcome();
        // The part of the body that arrived may have a token in it.
        let failure = HttpFailure { body_start: None, ..failure };
        (to_error::transport_error(failure, &self.request_info(attempts, env, context)), happened)
    }

    /// The token that a reply holds, or what it means instead. Public for the fuzz target of token replies.
    pub fn read(
        &self,
        response: HttpResponse,
        attempts: u32,
        env: &Env,
        context: &Context,
    ) -> Result<IssuedToken, (Error, AttemptOutcome)> {
        let request = self.request_info(attempts, env, context);
        if response.status >= 400 {
            let mut api = to_error::api_error(&response, response.status, None, &request);
            // A token is not shown, whatever the status of its reply.
            if response.body.windows(12).any(|part| part == b"access_token") {
                api.body_start = None;
            }
            let happened = AttemptOutcome::Status(response.status, api.retry_after());
            let foreign = hints::is_foreign(&api) && response.status != 407;
            let mut error = refusal(&response, api);
            if foreign {
                to_error::add_hint(&mut error, CHECK_BASE_URL);
            }
            return Err((error, happened));
        }
        let parsed = (response.status < 300).then(|| IssuedToken::from_reply(&response.body)).flatten();
        parsed.ok_or_else(|| {
            // The start of the body is left out: it may have a token in it.
            let problem = match response.status {
                300.. => reply::REDIRECTS.to_owned(),
                _ => format!("the token endpoint's reply {}", reply::not_a_token(&response.body)),
            };
            let failure = HttpFailure {
                kind: TransportKind::Protocol,
                message: problem,
                status: Some(response.status),
                body_start: None,
                cause: FailureCause::Other,
            };
            let happened = if response.status < 300 {
                AttemptOutcome::NoReply
            } else {
                AttemptOutcome::Status(response.status, None)
            };
            let mut error = to_error::transport_error(failure, &request);
            to_error::add_hint(&mut error, CHECK_BASE_URL);
            (error, happened)
        })
    }
}
