//! Straight to the server, on hyper's connections.
//!
//! reqwest would do as well, and does it by way of a proxy. It parses and prints the URL of each request twice, clones the
//! request for redirects and retries that it is not to make, and stands on a pool for any number of servers: 45,000 of the
//! 113,000 instructions of a create by it. Here is one server, and each reply is read to its end at once, so that a pool is
//! a list (docs/performance.md).
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use http::Uri;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::header::{HOST, HeaderValue};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::body::Watched;
use super::connector::{Connector, Stream};
use super::{IDLE, IDLE_CONNECTIONS, Options, Trouble, below};

type Request = http::Request<Watched>;
type Reply = http::Response<Incoming>;

/// A pool of connections to one server.
pub(super) struct Sender {
    connector: Connector,
    server: Uri,
    host: HeaderValue,
    kept: Mutex<Kept>,
}

/// Connections for the next request.
#[derive(Default)]
struct Kept {
    /// HTTP/1.1: nobody uses them; the last used comes last.
    idle: VecDeque<(http1::SendRequest<Watched>, Instant)>,
    /// HTTP/2: one for all.
    shared: Option<http2::SendRequest<Watched>>,
}

/// A connection while a reply is read from it. Dropped, it is closed.
pub(super) struct Lent<'s> {
    sender: &'s Sender,
    connection: Option<http1::SendRequest<Watched>>,
}

/// A connection that can be sent on.
enum Connection {
    Http1(http1::SendRequest<Watched>),
    Http2(http2::SendRequest<Watched>),
}

impl Sender {
    pub(super) fn new(options: &Options) -> Self {
        let server = options.server.clone();
        let host = server.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        let host = host.unwrap_or_else(|| HeaderValue::from_static(""));
        Sender { connector: Connector::new(options), server, host, kept: Mutex::default() }
    }

    /// Sends; the reply's body is still to be read.
    pub(super) async fn send(&self, mut request: Request) -> Result<(Reply, Lent<'_>), Trouble> {
        loop {
            let (connection, is_fresh) = match self.kept() {
                Some(kept) => (kept, false),
                None => (Box::pin(self.connect()).await?, true),
            };
            let sent = match connection {
                Connection::Http1(connection) => self.on_http1(connection, request).await,
                Connection::Http2(connection) => Box::pin(self.on_http2(connection, request)).await,
            };
            match sent {
                Ok(sent) => return Ok(sent),
                // A kept connection was closed meanwhile: nothing of the request was sent on it.
                Err((Some(unsent), _)) if !is_fresh => request = unsent,
                Err((_, error)) => {
                    return Err(Trouble::Broken { connecting: false, late: false, error: Box::new(error) });
                }
            }
        }
    }

    async fn on_http1(
        &self,
        mut connection: http1::SendRequest<Watched>,
        mut request: Request,
    ) -> Result<(Reply, Lent<'_>), (Option<Request>, hyper::Error)> {
        if let Err(closed) = connection.ready().await {
            return Err((Some(request), closed));
        }
        request.headers_mut().insert(HOST, self.host.clone());
        match connection.try_send_request(request).await {
            Ok(reply) => Ok((reply, Lent { sender: self, connection: Some(connection) })),
            Err(mut failed) => Err((failed.take_message(), failed.into_error())),
        }
    }

    async fn on_http2(
        &self,
        mut connection: http2::SendRequest<Watched>,
        mut request: Request,
    ) -> Result<(Reply, Lent<'_>), (Option<Request>, hyper::Error)> {
        if let Err(closed) = connection.ready().await {
            return Err((Some(request), closed));
        }
        // Scheme and host are pseudo-headers, taken from the URI.
        let path = request.uri().clone();
        *request.uri_mut() = below(&self.server, &path);
        match connection.try_send_request(request).await {
            Ok(reply) => Ok((reply, Lent { sender: self, connection: None })),
            Err(mut failed) => {
                // Whoever sends it again takes another connection.
                self.lock().shared = None;
                let unsent = failed.take_message().map(|mut unsent| {
                    *unsent.uri_mut() = path;
                    unsent
                });
                Err((unsent, failed.into_error()))
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Trouble> {
        let broken = |error: hyper::Error| Trouble::Broken { connecting: true, late: false, error: Box::new(error) };
        let stream = self.connector.open().await?;
        if speaks_http2(&stream) {
            let handshake = http2::Builder::new(TokioExecutor::new()).timer(TokioTimer::new()).handshake(stream);
            let (connection, driver) = handshake.await.map_err(broken)?;
            tokio::spawn(driver);
            self.lock().shared = Some(connection.clone());
            return Ok(Connection::Http2(connection));
        }
        let (connection, driver) = http1::handshake(stream).await.map_err(broken)?;
        tokio::spawn(driver);
        Ok(Connection::Http1(connection))
    }

    /// A connection that was kept, the last used first.
    fn kept(&self) -> Option<Connection> {
        let mut kept = self.lock();
        while let Some((connection, since)) = kept.idle.pop_back() {
            if since.elapsed() > IDLE {
                // The others are older.
                kept.idle.clear();
            } else if !connection.is_closed() {
                return Some(Connection::Http1(connection));
            }
        }
        kept.shared = kept.shared.take().filter(|connection| !connection.is_closed());
        kept.shared.clone().map(Connection::Http2)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    /// The reply was read to its end: another request may use the connection, unless the server closes it.
    pub(super) fn give_back(self) {
        let Some(connection) = self.connection.filter(|connection| !connection.is_closed()) else { return };
        let mut kept = self.sender.lock();
        // Those that nobody has needed for a while are closed, as they are by any use of the pool.
        while kept.idle.len() >= IDLE_CONNECTIONS || kept.idle.front().is_some_and(|(_, since)| since.elapsed() > IDLE)
        {
            kept.idle.pop_front();
        }
        kept.idle.push_back((connection, Instant::now()));
    }
}

/// What was agreed on by ALPN; without TLS it is HTTP/1.1.
fn speaks_http2(stream: &Stream) -> bool {
    match stream {
        MaybeHttpsStream::Http(_) => false,
        MaybeHttpsStream::Https(stream) => stream.inner().get_ref().1.alpn_protocol() == Some(b"h2"),
    }
}
