//! Who is asking: credentials, where they were found, and what is sent for them.
pub mod bearer;
pub mod credentials;
pub mod digest;
pub mod discovery;
pub mod jwt;
pub mod oauth;
pub mod token_cache;
mod token_reply;

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};

use self::credentials::Credentials;
use crate::core::context::{Context, Env};
use crate::core::error::{Error, Notice};
use crate::core::http::transport::Transport;
use crate::core::http::transport::exchange::HttpResponse;

/// What one request carries, and what its refusal refers to.
pub enum RequestAuth {
    /// A ready-made token, which nothing can renew.
    Bearer(HeaderValue),
    /// A token of the service account.
    Oauth(oauth::BearerToken),
    /// An answer to a challenge, or none yet.
    Digest(digest::Answer),
}

impl RequestAuth {
    /// The `Authorization` header.
    pub fn header(&self) -> Option<&HeaderValue> {
        match self {
            RequestAuth::Bearer(header) => Some(header),
            RequestAuth::Oauth(pass) => Some(&pass.header),
            RequestAuth::Digest(answer) => answer.header.as_ref(),
        }
    }
}

/// How to go on after a 401.
pub enum Next {
    /// Nothing helps.
    Stop,
    /// The same request with a new ticket.
    Anew,
    /// The same request with this ticket.
    With(RequestAuth),
}

/// One way to authenticate, shared by all calls and threads of a client.
pub enum Authenticator {
    /// A ready-made token.
    Bearer(bearer::Bearer),
    /// OAuth 2 client credentials.
    Oauth(Box<oauth::Oauth>),
    /// HTTP Digest.
    Digest(Box<digest::Digest>),
}

impl Authenticator {
    /// From credentials; `base_url` has no trailing slash.
    pub fn new(credentials: &Credentials, base_url: &str) -> Result<Self, Error> {
        Ok(match credentials {
            Credentials::AccessToken { token } => Self::Bearer(bearer::Bearer::new(token)?),
            Credentials::ServiceAccount { client_id, client_secret } => {
                Self::Oauth(Box::new(oauth::Oauth::new(client_id, client_secret.clone(), base_url)?))
            }
            Credentials::ApiKey { public_key, private_key } => {
                Self::Digest(Box::new(digest::Digest::new(public_key, private_key.clone())))
            }
        })
    }

    /// Shares the token of a service account with other processes through files; other kinds have nothing to share.
    pub fn share_tokens(mut self, credentials: &Credentials, base_url: &str, cache: token_cache::FileCache) -> Self {
        if let (Self::Oauth(oauth), Some(id)) = (&mut self, credentials.id()) {
            oauth.share(cache, token_cache::Key::new(base_url, id));
        }
        self
    }

    /// What the user should be warned of, once each: a cache that can't be used.
    pub fn take_notices(&self) -> Vec<Notice> {
        match self {
            Self::Oauth(oauth) => oauth.cache().map(token_cache::FileCache::take_notices).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// What the next request carries. May fetch a token, or wait for another caller who does.
    pub async fn ticket(
        &self,
        transport: &Transport,
        env: &Env,
        context: &Context,
        method: &Method,
        url: &Url,
    ) -> Result<RequestAuth, Error> {
        Ok(match self {
            Self::Bearer(bearer) => RequestAuth::Bearer(bearer.header.clone()),
            Self::Oauth(oauth) => RequestAuth::Oauth(oauth.pass(transport, env, context).await?),
            Self::Digest(digest) => {
                RequestAuth::Digest(digest.answer(method, url, context.attempt_timeout(env)).await?)
            }
        })
    }

    /// Called with the status of a reply to a ticket that was not refused.
    pub fn accepted(&self, ticket: RequestAuth, status: u16) {
        match (self, ticket) {
            (Self::Oauth(oauth), RequestAuth::Oauth(pass)) => oauth.accepted(&pass),
            // An error page may come from something that stands before the service.
            (Self::Digest(digest), RequestAuth::Digest(answer)) if status < 300 => digest.accepted(answer),
            _ => {}
        }
    }

    /// Called with a 401: how to go on.
    pub fn refused(
        &self,
        ticket: RequestAuth,
        reply: &HttpResponse,
        method: &Method,
        url: &Url,
    ) -> Result<Next, Error> {
        match (self, ticket) {
            (Self::Oauth(oauth), RequestAuth::Oauth(pass)) => {
                Ok(if oauth.refused(&pass, token_reply::is_about_token(reply)) { Next::Anew } else { Next::Stop })
            }
            (Self::Digest(digest), RequestAuth::Digest(answer)) => {
                let next = digest.refused(answer, &reply.headers, method, url)?;
                Ok(next.map_or(Next::Stop, |answer| Next::With(RequestAuth::Digest(answer))))
            }
            _ => Ok(Next::Stop),
        }
    }
}
