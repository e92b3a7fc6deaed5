//! A request body that records whether a connection has taken it: until then the server cannot have acted on the request.
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Whether a connection has taken the body of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct SendState(Arc<AtomicBool>);

impl SendState {
    /// The request may have reached the server.
    pub(super) fn may_have_been_sent(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The body. Its length is known, so that it is sent in one piece under `Content-Length`.
pub(super) struct TrackedBody {
    bytes: Option<Bytes>,
    state: SendState,
}

impl TrackedBody {
    /// A body to send, and what will be known of it: nothing of an empty one.
    pub(super) fn new(bytes: Option<Bytes>) -> (Self, Option<SendState>) {
        let state = SendState::default();
        let bytes = bytes.filter(|bytes| !bytes.is_empty());
        let observed = bytes.is_some().then(|| state.clone());
        (TrackedBody { bytes, state }, observed)
    }
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.state.0.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
