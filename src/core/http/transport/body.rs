//! A request body that knows whether it was ever handed to a connection: before that, nothing can have been done.
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Whether a request's body was handed to a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent(Arc<AtomicBool>);

impl Sent {
    /// Whether the request may have reached the server.
    pub(super) fn perhaps(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The body. Its length is known, so that it is sent in one piece under `Content-Length`.
pub(super) struct Watched {
    bytes: Option<Bytes>,
    sent: Sent,
}

/// A body to send, and what will be known of it: nothing of an empty one.
pub(super) fn watched(bytes: Option<Bytes>) -> (Watched, Option<Sent>) {
    let sent = Sent::default();
    let bytes = bytes.filter(|bytes| !bytes.is_empty());
    let watch = bytes.is_some().then(|| sent.clone());
    (Watched { bytes, sent }, watch)
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.sent.0.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
