//! Straight to the server, on connections of hyper.
//!
//! reqwest could do this too, and does where a proxy is used. But it parses and prints the URL of each request twice, clones
//! the request for redirects and retries that are turned off here, and has a pool for any number of servers: 45,000 of the
//! 113,000 instructions that a create took with it. Here there is one server, and each response is read to its end at once,
//! so that a list of connections is pool enough (docs/performance.md).
//!
//! HTTP/1.1 only, as reqwest does with a TLS configuration of the caller: on one shared HTTP/2 connection a look-up would
//! fail together with the create whose outcome it has to find out.
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::HeaderValue;

use super::body::TrackedBody;
use super::connector::{Connector, Stream};
use super::driver::Driver;
use super::options::{IDLE_TIMEOUT, MAX_IDLE_CONNECTIONS, SWEEP_INTERVAL, TransportOptions};
use super::send_error::SendError;
use super::socket::Socket;
use super::unsent::UnsentRequest;

/// How much is read at once, and so how large the head of a response may be. Replies that are none (1xx) without end are
/// looked through before any timer is looked at: with hyper's 400 KiB that takes seconds.
const MAX_BUFFER: usize = 64 * 1024;

type Response = http::Response<Incoming>;

/// A connection, and the socket below it. It is closed when it is dropped.
struct Connection {
    sender: http1::SendRequest<TrackedBody>,
    driver: Driver<http1::Connection<Stream, TrackedBody>>,
    socket: Socket,
}

impl Connection {
    /// Whether the next reply on it can only be the reply to the next request. Anything else that has arrived, or the end,
    /// means that the two are out of step. Below TLS that may be a record without data, which costs a new connection.
    fn is_reusable(&self) -> std::io::Result<bool> {
        Ok(self.is_at_rest() && self.socket.is_quiet()?)
    }

    /// Open, and done with the last exchange: a server may have answered before it has read all of a request.
    fn is_at_rest(&self) -> bool {
        self.sender.is_ready()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // To close it once more would close what has its number by now.
        if self.socket.is_quiet().is_err() {
            std::mem::forget(self.socket.clone());
        }
    }
}

/// A pool of connections to one server.
pub(super) struct ConnectionPool {
    connector: Connector,
    host: HeaderValue,
    idle: Arc<Mutex<Idle>>,
    /// Connections are not kept any more.
    closed: AtomicBool,
    /// The process that opened the connections.
    pid: u32,
}

/// Unused connections.
#[derive(Default)]
struct Idle {
    /// Each, and since when; the last used comes last.
    connections: VecDeque<(Connection, Instant)>,
    /// A task closes those that are of no use any more.
    is_swept: bool,
}

/// A connection from which a response is being read.
pub(super) struct PooledConnection<'p> {
    pool: &'p ConnectionPool,
    connection: Connection,
}

impl ConnectionPool {
    pub(super) fn new(options: &TransportOptions) -> Self {
        let host = options.server.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        let host = host.unwrap_or_else(|| HeaderValue::from_static(""));
        ConnectionPool {
            connector: Connector::new(options),
            host,
            idle: Arc::default(),
            closed: AtomicBool::new(false),
            pid: std::process::id(),
        }
    }

    /// Closes the unused connections, and keeps none from now on.
    pub(super) fn close(&self) {
        // A forked child shares the sockets' registration with its parent, whose connections go on.
        if self.pid != std::process::id() {
            return;
        }
        self.closed.store(true, Ordering::Release);
        self.idle().connections.clear();
    }

    /// Sends a request; the body of the response is still to be read.
    pub(super) async fn send(
        &self,
        request: &mut UnsentRequest,
    ) -> Result<(Response, PooledConnection<'_>), SendError> {
        loop {
            let (mut connection, is_new) = match self.take_idle()? {
                Some(connection) => (connection, false),
                None => (Box::pin(self.connect()).await?, true),
            };
            let error = match self.send_on(&mut connection, request).await? {
                Ok(response) => return Ok((response, PooledConnection { pool: self, connection })),
                Err(error) => error,
            };
            // An unsent request on an idle connection: the server has closed it meanwhile.
            if is_new || !request.is_unsent() {
                return Err(SendError::Broken(Box::new(error)));
            }
        }
    }

    /// A request of which nothing was sent is left where it was.
    async fn send_on(
        &self,
        connection: &mut Connection,
        request: &mut UnsentRequest,
    ) -> Result<hyper::Result<Response>, SendError> {
        let Connection { sender, driver, .. } = connection;
        let exchange = async {
            if let Err(closed) = sender.ready().await {
                return Ok(Err(closed));
            }
            let sent = sender.try_send_request(request.take_for(&self.host)?).await;
            Ok(sent.map_err(|mut failed| {
                request.put_back(failed.take_message());
                failed.into_error()
            }))
        };
        driver.run(exchange).await
    }

    async fn connect(&self) -> Result<Connection, SendError> {
        let (stream, socket) = self.connector.open().await?;
        let failed = |error: hyper::Error| SendError::Connect { timed_out: false, source: Box::new(error) };
        let (sender, connection) =
            http1::Builder::new().max_buf_size(MAX_BUFFER).handshake(stream).await.map_err(failed)?;
        Ok(Connection { sender, driver: Driver::new(connection), socket })
    }

    /// An unused connection on which nothing has happened since, the last used first.
    fn take_idle(&self) -> Result<Option<Connection>, SendError> {
        let mut idle = self.idle();
        while let Some((connection, since)) = idle.connections.pop_back() {
            if since.elapsed() > IDLE_TIMEOUT {
                // The others are older.
                idle.connections.clear();
                continue;
            }
            match connection.is_reusable() {
                Ok(true) => return Ok(Some(connection)),
                Ok(false) => {}
                Err(error) => {
                    idle.connections.clear();
                    return Err(SendError::Connect { timed_out: false, source: Box::new(error) });
                }
            }
        }
        Ok(None)
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        lock(&self.idle)
    }
}

fn lock(idle: &Mutex<Idle>) -> MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Closes unused connections that the server has closed or that are too old, until there is none left. Nobody drives them:
/// without this, what the server closed after the last call would stay half open until the next.
async fn sweep(idle: Weak<Mutex<Idle>>) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        let Some(idle) = idle.upgrade() else { return };
        let mut idle = lock(&idle);
        idle.connections.retain(|(connection, since)| {
            since.elapsed() <= IDLE_TIMEOUT && connection.is_reusable().unwrap_or_default()
        });
        if idle.connections.is_empty() {
            // Room for thousands of connections is given back too.
            *idle = Idle::default();
            return;
        }
    }
}

impl PooledConnection<'_> {
    /// Reads from the connection.
    pub(super) async fn run<T>(&mut self, work: impl Future<Output = T>) -> T {
        self.connection.driver.run(work).await
    }

    /// To be called when the response was read to its end: another request may use the connection, if it is at rest.
    pub(super) fn give_back(self) {
        let mut idle = self.pool.idle();
        // Looked at under the lock, which `close` takes too.
        if !self.connection.is_at_rest() || self.pool.closed.load(Ordering::Acquire) {
            return;
        }
        // The runtime of a thread does not run between its calls, nor does its `sweep`.
        while idle.connections.len() >= MAX_IDLE_CONNECTIONS
            || idle.connections.front().is_some_and(|(_, since)| since.elapsed() > IDLE_TIMEOUT)
        {
            idle.connections.pop_front();
        }
        self.connection.driver.rest();
        idle.connections.push_back((self.connection, Instant::now()));
        if !std::mem::replace(&mut idle.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(&self.pool.idle)));
        }
    }
}
