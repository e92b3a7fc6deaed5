//! Opens connections to one server: name resolution, TCP, TLS.
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::time::error::Elapsed;
use tower_service::Service;

use super::options::TransportOptions;
use super::send_error::SendError;
use super::socket::{Socket, SocketConnector};

/// TCP keep-alive probes start after so long without data and repeat at the same interval, so many times.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const KEEP_ALIVE_RETRIES: u32 = 3;
/// A connection counts as broken when sent data was not acknowledged for so long.
#[cfg(target_os = "linux")]
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);

/// An open connection.
pub(super) type Stream = MaybeHttpsStream<Socket>;

pub(super) struct Connector {
    https: HttpsConnector<SocketConnector>,
    server: Uri,
    timeout: Duration,
}

impl Connector {
    pub(super) fn new(options: &TransportOptions) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Divided among the server's addresses, so that one that does not answer leaves time for the next.
        tcp.set_connect_timeout(Some(options.connect_timeout));
        tcp.set_keepalive(Some(KEEP_ALIVE));
        tcp.set_keepalive_interval(Some(KEEP_ALIVE));
        tcp.set_keepalive_retries(Some(KEEP_ALIVE_RETRIES));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(options.tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(SocketConnector(tcp));
        Connector { https, server: options.server.clone(), timeout: options.connect_timeout }
    }

    /// Opens a connection, TLS included, unless it takes too long. The socket is the one below it.
    pub(super) async fn open(&self) -> Result<(Stream, Socket), SendError> {
        // This service is always ready: `poll_ready` need not be called.
        let connecting = self.https.clone().call(self.server.clone());
        let opened = tokio::time::timeout(self.timeout, connecting).await;
        let stream = opened
            .unwrap_or_else(|elapsed: Elapsed| Err(elapsed.into()))
            .map_err(|source| SendError::Connect { timed_out: is_timeout(&*source), source })?;
        let socket = match &stream {
            Stream::Http(socket) => socket.clone(),
            Stream::Https(tls) => tls.inner().get_ref().0.inner().clone(),
        };
        Ok((stream, socket))
    }
}

/// The connect timeout passed, or the system gave up.
fn is_timeout(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        error.is::<Elapsed>()
            || error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::TimedOut)
    })
}
