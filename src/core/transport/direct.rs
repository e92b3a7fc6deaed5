//! Straight to the server, by hyper's own pooling client.
//!
//! reqwest stands on the same client and would do as well. It parses each request's URL twice and prints it twice, and
//! clones the request for the redirects and retries that it may have to make, none of which is wanted here: 34,000 of the
//! 113,000 instructions of a create, ten of 43 microseconds (docs/performance.md).
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use super::body::Watched;
use super::{IDLE, IDLE_CONNECTIONS, Options, Trouble};

/// A connection on which nothing comes back for so long is asked whether it is still there, so many times.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const KEEP_ALIVE_RETRIES: u32 = 3;
/// After so long without an acknowledgement of what was sent, a connection counts as broken.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// A pool of connections to servers.
pub(super) struct Sender(Client<InTime<HttpsConnector<HttpConnector>>, Watched>);

impl Sender {
    pub(super) fn new(options: &Options) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEP_ALIVE));
        tcp.set_keepalive_interval(Some(KEEP_ALIVE));
        tcp.set_keepalive_retries(Some(KEEP_ALIVE_RETRIES));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(options.tls.clone())
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(InTime { connector, limit: options.connect_timeout });
        Sender(client)
    }

    pub(super) async fn send(&self, request: http::Request<Watched>) -> Result<http::Response<Incoming>, Trouble> {
        self.0.request(request).await.map_err(|error| Trouble::Broken {
            connecting: error.is_connect(),
            late: error.is_connect() && is_late(&error),
            error: Box::new(error),
        })
    }
}

/// A connector that gives up after a while, from name resolution to the end of the TLS handshake.
#[derive(Clone)]
struct InTime<C> {
    connector: C,
    limit: Duration,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<C> Service<Uri> for InTime<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
    C::Response: 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(task)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connected = tokio::time::timeout(self.limit, self.connector.call(uri));
        Box::pin(async { connected.await.unwrap_or_else(|late| Err(late.into())) })
    }
}

/// Whether [`InTime`] or the system gave up.
fn is_late(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        error.is::<tokio::time::error::Elapsed>()
            || error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::TimedOut)
    })
}
