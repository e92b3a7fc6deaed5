//! Through a proxy, with reqwest, which supports every kind of proxy and their authentication.
use http::Uri;

use super::body::TrackedBody;
use super::cause;
use super::options::{IDLE_TIMEOUT, MAX_IDLE_CONNECTIONS, TransportOptions};
use super::send_error::SendError;
use crate::core::error::Error;

/// A pool of connections through a proxy.
pub(super) struct ProxyClient {
    client: reqwest::Client,
    server: Uri,
}

impl ProxyClient {
    pub(super) fn new(options: &TransportOptions) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            // Also sent to the proxy.
            .user_agent(options.user_agent.clone())
            .connect_timeout(options.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .tcp_nodelay(true)
            .tls_backend_preconfigured(options.tls.clone());
        // The proxy that `network::route` has chosen: by itself reqwest would read `NO_PROXY` by other rules.
        if let Some(proxy) = options.proxy.url() {
            let proxy = reqwest::Proxy::all(proxy.url.expose()).map_err(|_| {
                Error::Configuration("proxy is not a URL such as http://user:password@host:port".to_owned())
            })?;
            builder = builder.proxy(proxy);
        }
        let client = builder
            .build()
            .map_err(|e| Error::Configuration(format!("The HTTP client cannot be set up: {}", cause::describe(&e))))?;
        Ok(ProxyClient { client, server: options.server.clone() })
    }

    pub(super) async fn send(
        &self,
        mut request: http::Request<TrackedBody>,
    ) -> Result<http::Response<reqwest::Body>, SendError> {
        *request.uri_mut() = absolute(&self.server, request.uri());
        // The pool is reqwest's, so a connection cannot be looked at before it is reused. Instead the runtime gets two turns:
        // in the first it polls the sockets, in the second the connections notice what has arrived, and close.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let sent = async { self.client.execute(request.map(reqwest::Body::wrap).try_into()?).await };
        match sent.await {
            Ok(response) => Ok(response.into()),
            Err(error) if error.is_connect() || error.is_builder() => {
                Err(SendError::Connect { timed_out: error.is_timeout(), source: Box::new(error) })
            }
            Err(error) => Err(SendError::Broken(Box::new(error))),
        }
    }
}

/// The whole URI of a path of a server.
fn absolute(server: &Uri, path: &Uri) -> Uri {
    let mut parts = server.clone().into_parts();
    parts.path_and_query = path.path_and_query().cloned();
    Uri::from_parts(parts).unwrap_or_else(|_| path.clone())
}
