//! HTTP Digest (RFC 7616). The challenge is kept and its nonce reused with a growing count, so that only the first call of
//! a client costs a second round trip. Responses to plain challenges are computed by [`cached_responder`], to others by
//! `http-auth`.
mod cached_responder;
mod challenge;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_auth::PasswordParams;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use tokio::sync::OwnedMutexGuard;

use self::cached_responder::CachedResponder;
use self::challenge::{Challenge, choose, unanswerable};
use crate::core::error::Error;
use crate::core::secret::Secret;

/// Responds to challenges for one API key.
pub struct Digest {
    public_key: String,
    private_key: Secret,
    state: Mutex<State>,
    /// Held by the caller whose request brings the first challenge; the others wait for it.
    first_request: Arc<tokio::sync::Mutex<()>>,
}

enum State {
    /// No request has been answered: the next one is sent without credentials, while others wait.
    Unknown,
    /// The server answers without authentication.
    NotRequired,
    Challenged(Box<ActiveChallenge>),
}

/// The challenge in use.
struct ActiveChallenge {
    challenge: Challenge,
    /// For a plain challenge.
    cached_responder: Option<CachedResponder>,
    /// How many responses were made.
    count: u32,
}

/// What one request carries.
pub struct DigestResponse {
    /// `Authorization: Digest …`; none on the request that asks for a challenge.
    pub header: Option<HeaderValue>,
    /// The nonce of the challenge, and how many responses to it were made before.
    nonce: Option<(String, u32)>,
    first_request: Option<OwnedMutexGuard<()>>,
}

impl Digest {
    pub fn new(public_key: &str, private_key: Secret) -> Self {
        Digest {
            public_key: public_key.to_owned(),
            private_key,
            state: Mutex::new(State::Unknown),
            first_request: Arc::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The response for the next request. While another caller's request brings the first challenge, this caller waits for
    /// it, but not longer than `max_wait`.
    pub(super) async fn response(
        &self,
        method: &Method,
        url: &Url,
        max_wait: Duration,
    ) -> Result<DigestResponse, Error> {
        if let Some(response) = self.response_if_known(method, url)? {
            return Ok(response);
        }
        // The other caller's exchange takes real time, whatever clock the client has.
        let first_request =
            Box::pin(tokio::time::timeout(max_wait, self.first_request.clone().lock_owned())).await.ok();
        if let Some(response) = self.response_if_known(method, url)? {
            return Ok(response);
        }
        Ok(DigestResponse { header: None, nonce: None, first_request })
    }

    fn response_if_known(&self, method: &Method, url: &Url) -> Result<Option<DigestResponse>, Error> {
        let mut state = self.state();
        match &mut *state {
            State::Unknown => Ok(None),
            State::NotRequired => Ok(Some(DigestResponse { header: None, nonce: None, first_request: None })),
            State::Challenged(challenge) => self.respond(challenge, method, url).map(Some),
        }
    }

    fn activate(&self, challenge: Challenge) -> Box<ActiveChallenge> {
        let cached_responder = CachedResponder::new(&challenge, &self.public_key, &self.private_key);
        Box::new(ActiveChallenge { challenge, cached_responder, count: 0 })
    }

    fn respond(&self, active: &mut ActiveChallenge, method: &Method, url: &Url) -> Result<DigestResponse, Error> {
        let target = target(url);
        let used = active.count;
        active.count = active.count.saturating_add(1);
        let header = match &mut active.cached_responder {
            Some(responder) => Ok(responder.respond(method.as_str(), &target, active.count)),
            None => active.challenge.client.respond(&PasswordParams {
                username: &self.public_key,
                password: self.private_key.expose(),
                uri: &target,
                method: method.as_str(),
                body: None,
            }),
        };
        let header = header.ok().and_then(|header| HeaderValue::try_from(header).ok());
        let mut header = header.ok_or_else(|| unanswerable("it is malformed"))?;
        // Who reads it can try keys against it at leisure.
        header.set_sensitive(true);
        let nonce = active.challenge.client.nonce().to_owned();
        Ok(DigestResponse { header: Some(header), nonce: Some((nonce, used)), first_request: None })
    }

    /// The request succeeded. If it had no credentials, the server does not require them.
    pub(super) fn on_success(&self, response: DigestResponse) {
        if response.first_request.is_some() {
            let mut state = self.state();
            if matches!(*state, State::Unknown) {
                *state = State::NotRequired;
            }
        }
    }

    /// After a 401: the response to send, or `None` if none can succeed. It responds to the challenge of this very 401, so
    /// that it is fresh however many callers are refused at once.
    pub(super) fn on_unauthorized(
        &self,
        response: DigestResponse,
        reply: &HeaderMap,
        method: &Method,
        url: &Url,
    ) -> Result<Option<DigestResponse>, Error> {
        let Some(offered) = choose(reply)? else { return Ok(None) };
        let again = match &response.nonce {
            None => true,
            // A fresh nonce and still refused: the key is wrong. A used nonce, or one called stale, has expired.
            Some((nonce, used)) => offered.client.stale() || (*used > 0 && nonce != offered.client.nonce()),
        };
        if !again {
            return Ok(None);
        }
        let mut offered = self.activate(offered);
        let next = self.respond(&mut offered, method, url)?;
        let mut state = self.state();
        let was_replaced = match (&*state, &response.nonce) {
            (State::Challenged(current), Some((nonce, _))) => current.challenge.client.nonce() != nonce,
            (State::Challenged(_), None) => true,
            _ => false,
        };
        // A caller that was refused with an old nonce must not discard the challenge that another has just received.
        if !was_replaced {
            *state = State::Challenged(offered);
        }
        Ok(Some(next))
    }
}

/// Path and query.
fn target(url: &Url) -> std::borrow::Cow<'_, str> {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()).into(),
        None => url.path().into(),
    }
}
