//! Reads a response. What has arrived so far can be looked at when reading is given up.
use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use reqwest::header::HeaderMap;

use super::exchange::HttpResponse;
use super::options::{MAX_BODY, MAX_ERROR_BODY};
use super::send_error::SendError;

/// The head and the body so far. Most bodies arrive in one piece, which is kept as it is.
#[derive(Default)]
pub(super) struct BodyReader {
    head: Option<(u16, HeaderMap)>,
    first: Bytes,
    /// All pieces, once there is a second one.
    joined: BytesMut,
}

impl BodyReader {
    /// Reads a response to its end, or of an error as much as is used; whether that is all of it. Not an `async fn`: its future
    /// would keep room for the head too.
    pub(super) fn read<B>(&mut self, response: http::Response<B>) -> impl Future<Output = Result<bool, SendError>>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let (head, mut body) = response.into_parts();
        let is_error = head.status.as_u16() >= 400;
        self.head = Some((head.status.as_u16(), head.headers));
        async move {
            while let Some(frame) = poll_fn(|task| Pin::new(&mut body).poll_frame(task)).await {
                let frame = frame.map_err(|error| SendError::Broken(error.into()))?;
                // The other kind of frame is trailers.
                if let Ok(data) = frame.into_data() {
                    self.push(data);
                }
                if is_error && self.body().len() > MAX_ERROR_BODY {
                    self.truncate(MAX_ERROR_BODY);
                    return Ok(false);
                }
                if self.body().len() > MAX_BODY {
                    return Err(SendError::TooLarge);
                }
            }
            Ok(true)
        }
    }

    fn truncate(&mut self, length: usize) {
        self.first.truncate(length);
        self.joined.truncate(length);
    }

    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() {
            self.first = data;
        } else {
            if self.joined.is_empty() {
                self.joined.extend_from_slice(&self.first);
            }
            self.joined.extend_from_slice(&data);
        }
    }

    /// The status, where the head has arrived.
    pub(super) fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|(status, _)| *status)
    }

    /// The body so far.
    pub(super) fn body(&self) -> &[u8] {
        if self.joined.is_empty() { &self.first } else { &self.joined }
    }

    /// The response, once it was read to its end.
    pub(super) fn finish(self) -> HttpResponse {
        let (status, headers) = self.head.unwrap_or_default();
        HttpResponse::new(status, headers, if self.joined.is_empty() { self.first } else { self.joined.freeze() })
    }
}
