//! Straight to the server, on hyper's connections.
//!
//! reqwest would do as well, and does it by way of a proxy. It parses and prints the URL of each request twice, clones the
//! request for redirects and retries that it is not to make, and stands on a pool for any number of servers: 45,000 of the
//! 113,000 instructions of a create by it. Here is one server, and each reply is read to its end at once, so that a pool is
//! a list (docs/performance.md). HTTP/1.1 only, as by reqwest with a TLS configuration of one's own: on one shared HTTP/2
//! connection a look-up would die with the create whose outcome it is to find out.
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};

use super::body::Watched;
use super::connector::Connector;
use super::{IDLE, IDLE_CONNECTIONS, Options, SendError};

type Request = http::Request<Watched>;
type Reply = http::Response<Incoming>;
type Connection = http1::SendRequest<Watched>;

/// A pool of connections to one server.
pub(super) struct Sender {
    connector: Connector,
    host: HeaderValue,
    /// Connections for the next request, since when nobody uses them; the last used comes last.
    idle: Mutex<VecDeque<(Connection, Instant)>>,
}

/// A connection while a reply is read from it. Dropped, it is closed.
pub(super) struct PooledConnection<'s> {
    sender: &'s Sender,
    connection: Connection,
}

impl Sender {
    pub(super) fn new(options: &Options) -> Self {
        let host = options.server.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        let host = host.unwrap_or_else(|| HeaderValue::from_static(""));
        Sender { connector: Connector::new(options), host, idle: Mutex::default() }
    }

    /// Sends; the reply's body is still to be read.
    pub(super) async fn send(&self, mut request: Request) -> Result<(Reply, PooledConnection<'_>), SendError> {
        loop {
            let (connection, is_fresh) = match self.kept() {
                Some(kept) => (kept, false),
                None => (Box::pin(self.connect()).await?, true),
            };
            match self.send_on(connection, request).await {
                Ok(sent) => return Ok(sent),
                // A kept connection was closed meanwhile: nothing of the request was sent on it.
                Err((Some(unsent), _)) if !is_fresh => request = unsent,
                Err((_, error)) => {
                    return Err(SendError::Broken { connecting: false, late: false, error: Box::new(error) });
                }
            }
        }
    }

    async fn send_on(
        &self,
        mut connection: Connection,
        mut request: Request,
    ) -> Result<(Reply, PooledConnection<'_>), (Option<Request>, hyper::Error)> {
        if let Err(closed) = connection.ready().await {
            return Err((Some(request), closed));
        }
        request.headers_mut().insert(HOST, self.host.clone());
        match connection.try_send_request(request).await {
            Ok(reply) => Ok((reply, PooledConnection { sender: self, connection })),
            Err(mut failed) => Err((failed.take_message(), failed.into_error())),
        }
    }

    async fn connect(&self) -> Result<Connection, SendError> {
        let stream = self.connector.open().await?;
        let broken = |error: hyper::Error| SendError::Broken { connecting: true, late: false, error: Box::new(error) };
        let (connection, driver) = http1::handshake(stream).await.map_err(broken)?;
        tokio::spawn(driver);
        Ok(connection)
    }

    /// A connection that was kept, the last used first.
    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle();
        while let Some((connection, since)) = idle.pop_back() {
            if since.elapsed() > IDLE {
                // The others are older.
                idle.clear();
            } else if !connection.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(Connection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PooledConnection<'_> {
    /// The reply was read to its end: another request may use the connection, unless the server closes it.
    pub(super) fn give_back(self) {
        if self.connection.is_closed() {
            return;
        }
        let mut idle = self.sender.idle();
        // Those that nobody has needed for a while are closed, as they are by any use of the pool.
        while idle.len() >= IDLE_CONNECTIONS || idle.front().is_some_and(|(_, since)| since.elapsed() > IDLE) {
            idle.pop_front();
        }
        idle.push_back((self.connection, Instant::now()));
    }
}
