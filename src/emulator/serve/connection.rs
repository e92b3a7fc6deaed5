//! One accepted connection, which a fault can close: at once, in the middle of a body, with FIN or with RST.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// How often it is looked whether a client is gone that has sent more than is read.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseMode {
    /// Closed in the ordinary way, with FIN.
    Close,
    /// Aborted, with RST.
    Reset,
}

/// What happens to a connection's output.
#[derive(Debug, Clone, Copy, Default)]
enum Output {
    #[default]
    Open,
    /// The head of the next reply and this many bytes of its body still go out.
    ClosingAfter(usize, CloseMode),
    Closed(CloseMode),
}

/// Shared by a connection and the requests that came over it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handle {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    output: Output,
    /// The socket, as long as it is served.
    stream: Weak<TcpStream>,
    /// Wakes the connection when it waits for the next request.
    waiting: Option<Waker>,
}

impl Handle {
    /// Ends the connection; nothing more is written.
    pub(crate) fn close(&self, mode: CloseMode) {
        self.set(Output::Closed(mode));
    }

    /// Ends the connection after the head of the next reply and `bytes` of its body.
    pub(crate) fn close_after_body(&self, bytes: usize, mode: CloseMode) {
        self.set(Output::ClosingAfter(bytes, mode));
    }

    /// Returns when the client has closed the connection, or its own side of it.
    pub(crate) async fn client_gone(&self) {
        loop {
            let Some(stream) = self.lock().stream.upgrade() else { return };
            match stream.peek(&mut [0]).await {
                Ok(0) | Err(_) => return,
                // The next request is there already, and hides what comes after it.
                Ok(_) => match stream.ready(Interest::READABLE).await {
                    Ok(ready) if !ready.is_read_closed() => tokio::time::sleep(LOOK_AGAIN).await,
                    _ => return,
                },
            }
        }
    }

    fn set(&self, output: Output) {
        let waker = {
            let mut shared = self.lock();
            shared.output = output;
            shared.waiting.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn output(&self) -> Output {
        self.lock().output
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connections that are open.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Vec<Weak<Mutex<Shared>>>,
}

impl Connections {
    pub(crate) fn add(&mut self, handle: &Handle) {
        if self.open.len() == self.open.capacity() {
            self.open.retain(|weak| weak.strong_count() > 0);
        }
        self.open.push(Arc::downgrade(&handle.shared));
    }

    /// Ends all of them but one, idle or not, and tells how many there were.
    pub(crate) fn close_all(&mut self, mode: CloseMode, but: Option<&Handle>) -> usize {
        let (kept, closed_now): (Vec<Handle>, Vec<Handle>) = self
            .open
            .drain(..)
            .filter_map(|weak| weak.upgrade())
            .map(|shared| Handle { shared })
            .partition(|handle| but.is_some_and(|but| Arc::ptr_eq(&but.shared, &handle.shared)));
        self.open.extend(kept.iter().map(|handle| Arc::downgrade(&handle.shared)));
        closed_now.iter().for_each(|handle| handle.close(mode));
        closed_now.len()
    }
}

/// The stream under the HTTP implementation.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Arc<TcpStream>,
    handle: Handle,
    /// Body bytes still to go once the head of a reply is out that is sent in part.
    left: Option<usize>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, handle: Handle) -> Self {
        let stream = Arc::new(stream);
        handle.lock().stream = Arc::downgrade(&stream);
        Self { stream, handle, left: None }
    }

    fn poll_read_stream(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read(buf.initialize_unfilled()) {
                Ok(count) => {
                    buf.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_write_stream(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            match self.stream.try_write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn end(&mut self, mode: CloseMode) -> io::Error {
        if mode == CloseMode::Reset {
            abort(&self.stream);
        }
        self.handle.close(mode);
        io::Error::new(io::ErrorKind::BrokenPipe, "the connection was cut on order")
    }
}

/// A forked child has a copy of every socket: dropping it would not end the connection before the child ends, too.
impl Drop for Connection {
    fn drop(&mut self) {
        if !matches!(self.handle.output(), Output::Closed(CloseMode::Reset)) {
            close(&self.stream);
        }
    }
}

/// Ends the connection with FIN, whoever else has the socket.
pub(crate) fn close(stream: &TcpStream) {
    // One that has ended already is no error.
    let _ = SockRef::from(stream).shutdown(Shutdown::Both);
}

/// Ends the connection with RST: where that needs the socket to be closed, when the stream is dropped.
pub(crate) fn abort(stream: &TcpStream) {
    // A stream that cannot be told so is closed anyway.
    let _ = stream.set_zero_linger();
    #[cfg(target_os = "linux")]
    let _ = rustix::net::connect_unspec(stream);
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Output::Closed(mode) = self.handle.output() {
            return Poll::Ready(Err(self.end(mode)));
        }
        let read = self.poll_read_stream(cx, buf);
        if read.is_pending() {
            let mut shared = self.handle.lock();
            if !shared.waiting.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                shared.waiting = Some(cx.waker().clone());
            }
            // A close that came in between must not be slept through.
            if matches!(shared.output, Output::Closed(_)) {
                cx.waker().wake_by_ref();
            }
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let allowed = match self.handle.output() {
            Output::Open => return self.poll_write_stream(cx, buf),
            Output::Closed(mode) => return Poll::Ready(Err(self.end(mode))),
            Output::ClosingAfter(bytes, mode) => match (self.left, head_length(buf)) {
                (Some(0), _) => return Poll::Ready(Err(self.end(mode))),
                (Some(left), _) => left.min(buf.len()),
                (None, None) => buf.len(),
                (None, Some(head)) => {
                    self.left = Some(bytes);
                    head.saturating_add(bytes).min(buf.len())
                }
            },
        };
        let part = buf.get(..allowed).unwrap_or(buf);
        let written = self.poll_write_stream(cx, part);
        if let (Poll::Ready(Ok(count)), Some(left)) = (&written, self.left) {
            let body = head_length(buf).map_or(*count, |head| count.saturating_sub(head));
            self.left = Some(left.saturating_sub(body));
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&*self.stream).shutdown(Shutdown::Write))
    }
}

/// How many bytes of the buffer are the head of a reply, if its end is in there.
fn head_length(buf: &[u8]) -> Option<usize> {
    buf.starts_with(b"HTTP/1.").then(|| buf.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)).flatten()
}
