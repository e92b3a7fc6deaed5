//! By a proxy, with reqwest: it knows them all, how to ask them for a tunnel, and what they ask back.
use http::Uri;

use super::body::Watched;
use super::cause::causes;
use super::{IDLE, IDLE_CONNECTIONS, Options, SendError};
use crate::core::error::Error;

/// A pool of connections by way of a proxy.
pub(super) struct Sender {
    client: reqwest::Client,
    server: Uri,
}

impl Sender {
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            // What the proxy is asked with, too.
            .user_agent(options.user_agent.clone())
            .connect_timeout(options.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_nodelay(true)
            .tls_backend_preconfigured(options.tls.clone());
        // Without one of its own it takes the environment's, by the rules of `network::route`.
        if let Some(proxy) = &options.proxy {
            let proxy = reqwest::Proxy::all(proxy.expose()).map_err(|_| {
                Error::Configuration("proxy is not a URL such as http://user:password@host:port".to_owned())
            })?;
            builder = builder.proxy(proxy);
        }
        let client = builder
            .build()
            .map_err(|e| Error::Configuration(format!("The HTTP client cannot be set up: {}", causes(&e))))?;
        Ok(Sender { client, server: options.server.clone() })
    }

    pub(super) async fn send(
        &self,
        mut request: http::Request<Watched>,
    ) -> Result<http::Response<reqwest::Body>, SendError> {
        *request.uri_mut() = below(&self.server, request.uri());
        let sent = async { self.client.execute(request.map(reqwest::Body::wrap).try_into()?).await };
        let reply = sent.await.map_err(|error| SendError::Broken {
            connecting: error.is_connect() || error.is_builder(),
            late: error.is_timeout(),
            error: Box::new(error),
        })?;
        Ok(reply.into())
    }
}

/// A path of a server as a whole URI.
fn below(server: &Uri, path: &Uri) -> Uri {
    let mut parts = server.clone().into_parts();
    parts.path_and_query = path.path_and_query().cloned();
    Uri::from_parts(parts).unwrap_or_else(|_| path.clone())
}
