//! What has arrived of a reply.
use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use reqwest::header::HeaderMap;

use super::SendError;

/// The largest body that is read; a page of 500 instances is about 0.6 MB.
pub(super) const BODY_LIMIT: usize = 64 << 20;

/// Head and body so far. Most bodies come in one piece, which is kept as it is.
#[derive(Default)]
pub(super) struct BodyReader {
    head: Option<(u16, HeaderMap)>,
    first: Bytes,
    whole: BytesMut,
}

impl BodyReader {
    /// Reads a reply to its end.
    pub(super) async fn read<B>(&mut self, reply: http::Response<B>) -> Result<(), SendError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let (head, mut body) = reply.into_parts();
        self.head = Some((head.status.as_u16(), head.headers));
        while let Some(frame) = poll_fn(|task| Pin::new(&mut body).poll_frame(task)).await {
            let frame =
                frame.map_err(|error| SendError::Broken { connecting: false, late: false, error: error.into() })?;
            // The other kind of frame is trailers.
            if let Ok(data) = frame.into_data() {
                self.take(data)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, data: Bytes) -> Result<(), SendError> {
        if self.first.is_empty() {
            self.first = data;
        } else {
            if self.whole.is_empty() {
                self.whole.extend_from_slice(&self.first);
            }
            self.whole.extend_from_slice(&data);
        }
        if self.body().len() > BODY_LIMIT { Err(SendError::TooLarge) } else { Ok(()) }
    }

    /// The status, where the head has arrived.
    pub(super) fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|(status, _)| *status)
    }

    /// The body so far.
    pub(super) fn body(&self) -> &[u8] {
        if self.whole.is_empty() { &self.first } else { &self.whole }
    }

    /// Status, headers and body of what was read to its end.
    pub(super) fn whole(self) -> (u16, HeaderMap, Bytes) {
        let (status, headers) = self.head.unwrap_or_default();
        (status, headers, if self.whole.is_empty() { self.first } else { self.whole.freeze() })
    }
}
