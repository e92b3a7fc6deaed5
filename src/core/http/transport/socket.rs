//! The TCP socket below a connection, which the pool can look at while the connection's driver owns the rest.
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpStream;
use tower_service::Service;

/// A socket; clones are the same one, and it is closed when the last is dropped.
#[derive(Clone)]
pub(super) struct Socket(Arc<Mutex<TokioIo<TcpStream>>>);

impl Socket {
    fn lock(&self) -> MutexGuard<'_, TokioIo<TcpStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is open and nothing has arrived on it: one `recv` with `MSG_PEEK`, on Windows too, since the socket never blocks.
    /// The runtime is not asked: it may not have run since something arrived.
    ///
    /// # Errors
    /// If its number is none of a socket any more: someone has closed all descriptors of the process.
    pub(super) fn is_quiet(&self) -> io::Result<bool> {
        let peeked = SockRef::from(self.lock().inner()).peek(&mut [MaybeUninit::uninit()]);
        match peeked {
            Ok(_) => Ok(false),
            Err(error) if is_foreign(&error) => Err(error),
            Err(error) => Ok(error.kind() == io::ErrorKind::WouldBlock),
        }
    }

    fn with<T>(&self, work: impl FnOnce(Pin<&mut TokioIo<TcpStream>>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        work(Pin::new(&mut *self.lock()))
    }
}

/// Whether the number of a socket has become that of nothing, or of no socket.
pub(super) fn is_foreign(error: &io::Error) -> bool {
    #[cfg(unix)]
    return matches!(error.raw_os_error(), Some(libc::EBADF | libc::ENOTSOCK));
    #[cfg(not(unix))]
    return {
        let _ = error;
        false
    };
}

impl Read for Socket {
    fn poll_read(self: Pin<&mut Self>, task: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_read(task, buffer))
    }
}

impl Write for Socket {
    fn poll_write(self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(task, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(task))
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(task))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write_vectored(task, parts))
    }
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Opens sockets with an [`HttpConnector`].
#[derive(Clone)]
pub(super) struct SocketConnector(pub(super) HttpConnector);

impl Service<Uri> for SocketConnector {
    type Response = Socket;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Socket, Self::Error>> + Send>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(task)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let opening = self.0.call(server);
        Box::pin(async move { Ok(Socket(Arc::new(Mutex::new(opening.await?)))) })
    }
}
