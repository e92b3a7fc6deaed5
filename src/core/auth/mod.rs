//! Authentication: where credentials are found, and what a request carries for them.
pub mod bearer;
pub mod credentials;
pub mod digest;
pub mod discovery;
pub mod jwt;
pub mod oauth;
pub mod token_cache;

use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};

use self::bearer::Bearer;
use self::credentials::Credentials;
use self::digest::Digest;
use self::oauth::endpoint::TokenEndpoint;
use self::oauth::grant::ClientCredentials;
use self::oauth::provider::{BearerToken, LoggedOut, TokenProvider};
use self::token_cache::{FileCache, Key};
use crate::core::context::{Context, Env};
use crate::core::error::{Error, Notice};
use crate::core::http::transport::Transport;
use crate::core::http::transport::exchange::HttpResponse;

/// What one request carries; given back with the status of its reply.
pub enum RequestAuth {
    Bearer(HeaderValue),
    Oauth(BearerToken),
    /// A response to a challenge, or nothing yet.
    Digest(digest::DigestResponse),
}

impl RequestAuth {
    /// The `Authorization` header.
    pub fn header(&self) -> Option<&HeaderValue> {
        match self {
            RequestAuth::Bearer(header) => Some(header),
            RequestAuth::Oauth(token) => Some(&token.header),
            RequestAuth::Digest(response) => response.header.as_ref(),
        }
    }
}

/// What to do after a 401.
pub enum AfterUnauthorized {
    /// The 401 is final.
    Stop,
    /// Send the request again with [`Authenticator::request_auth`].
    Retry,
    /// Send the request again with this.
    RetryWith(RequestAuth),
}

/// Authenticates the requests of all calls and threads of a client.
pub enum Authenticator {
    /// A ready-made token.
    Bearer(Bearer),
    /// Credentials that are exchanged for tokens.
    Oauth(Box<TokenProvider>),
    Digest(Box<Digest>),
}

impl Authenticator {
    /// `base_url` has no trailing slash.
    pub fn new(credentials: &Credentials, base_url: &str) -> Result<Self, Error> {
        Ok(match credentials {
            Credentials::AccessToken { token } => Self::Bearer(Bearer::new(token)?),
            Credentials::ServiceAccount { client_id, client_secret } => {
                let grant = ClientCredentials::new(client_id, client_secret)?;
                Self::Oauth(Box::new(TokenProvider::new(TokenEndpoint::new(Box::new(grant), base_url)?)))
            }
            Credentials::ApiKey { public_key, private_key } => {
                Self::Digest(Box::new(Digest::new(public_key, private_key.clone())))
            }
        })
    }

    /// Shares fetched tokens with other processes; no effect on credentials that are not exchanged for tokens.
    pub fn share_tokens(mut self, credentials: &Credentials, base_url: &str, cache: FileCache) -> Self {
        if let (Self::Oauth(provider), Credentials::ServiceAccount { client_id, client_secret }) =
            (&mut self, credentials)
        {
            provider.share(cache, Key::new(base_url, client_id).with_secret(client_secret));
        }
        self
    }

    /// The warnings since the last call: about a token cache that cannot be used.
    pub fn take_notices(&self) -> Vec<Notice> {
        match self {
            Self::Oauth(provider) => provider.cache().map(FileCache::take_notices).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// What the next request carries. May fetch a token, or wait for another caller who does.
    pub async fn request_auth(
        &self,
        transport: &Transport,
        env: &Env,
        context: &Context,
        method: &Method,
        url: &Url,
    ) -> Result<RequestAuth, Error> {
        Ok(match self {
            Self::Bearer(bearer) => RequestAuth::Bearer(bearer.header.clone()),
            Self::Oauth(provider) => RequestAuth::Oauth(provider.token(transport, env, context).await?),
            Self::Digest(digest) => {
                let max_wait = if context.nested { Duration::ZERO } else { context.attempt_timeout(env) };
                RequestAuth::Digest(digest.response(method, url, max_wait).await?)
            }
        })
    }

    /// Called with the status of a reply that is not a 401.
    pub fn on_success(&self, used: RequestAuth, status: u16) {
        match (self, used) {
            (Self::Oauth(provider), RequestAuth::Oauth(token)) => provider.on_success(&token),
            // An error page may come from a proxy, which does not check the digest.
            (Self::Digest(digest), RequestAuth::Digest(response)) if status < 300 => digest.on_success(response),
            _ => {}
        }
    }

    /// Called with a 401.
    pub fn on_unauthorized(
        &self,
        used: RequestAuth,
        reply: &HttpResponse,
        method: &Method,
        url: &Url,
    ) -> Result<AfterUnauthorized, Error> {
        match (self, used) {
            (Self::Oauth(provider), RequestAuth::Oauth(token)) => {
                let retry = provider.on_unauthorized(&token, oauth::reply::is_about_token(reply));
                Ok(if retry { AfterUnauthorized::Retry } else { AfterUnauthorized::Stop })
            }
            (Self::Digest(digest), RequestAuth::Digest(response)) => {
                let next = digest.on_unauthorized(response, &reply.headers, method, url)?;
                Ok(next.map_or(AfterUnauthorized::Stop, |response| {
                    AfterUnauthorized::RetryWith(RequestAuth::Digest(response))
                }))
            }
            _ => Ok(AfterUnauthorized::Stop),
        }
    }

    /// Revokes a token that no other process can use.
    pub async fn close(&self, transport: &Transport, env: &Env) {
        if let Self::Oauth(provider) = self {
            provider.revoke(transport, env).await;
        }
    }

    /// Revokes the token that is shared with other processes and removes it. `None` if there is none.
    pub async fn log_out(&self, transport: &Transport, env: &Env) -> Option<LoggedOut> {
        match self {
            Self::Oauth(provider) => provider.log_out(transport, env).await,
            _ => None,
        }
    }
}
