//! A request until a connection takes it.
use hyper::header::{HOST, HeaderValue};

use super::body::TrackedBody;
use super::send_error::SendError;

type Request = http::Request<TrackedBody>;

/// Lent on the way to the connection instead of moved: each `async fn` that it passes would keep room for it, twice.
pub(super) struct UnsentRequest(Option<Request>);

impl UnsentRequest {
    pub(super) fn new(request: Request) -> Self {
        UnsentRequest(Some(request))
    }

    /// The request, once.
    pub(super) fn take(&mut self) -> Result<Request, SendError> {
        self.0.take().ok_or_else(|| SendError::Broken("a request was to be sent twice".into()))
    }

    /// The request, once, for this server.
    pub(super) fn take_for(&mut self, host: &HeaderValue) -> Result<Request, SendError> {
        let mut request = self.take()?;
        request.headers_mut().insert(HOST, host.clone());
        Ok(request)
    }

    /// Puts back what a connection has returned.
    pub(super) fn put_back(&mut self, returned: Option<Request>) {
        self.0 = returned;
    }

    pub(super) fn is_unsent(&self) -> bool {
        self.0.is_some()
    }
}
