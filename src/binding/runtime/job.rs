//! A call that is ready to run on any runtime.
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use pyo3::prelude::*;

use crate::binding::convert::results::Output;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::context::boxed::boxed;
use crate::core::context::panic::caught;
use crate::core::error::Error;

pub(crate) type OutputFuture = Pin<Box<dyn Future<Output = Result<Output, Error>> + Send>>;

/// What to run with a client and a context, once.
pub(crate) struct Job {
    /// Timeout of the whole call.
    pub(crate) timeout: Option<Duration>,
    /// The caller's progress callable.
    pub(crate) progress: Option<Py<PyAny>>,
    pub(crate) run: Box<dyn FnOnce(Client, Context) -> OutputFuture + Send>,
}

impl Job {
    /// A job without a progress callable.
    pub(crate) fn new<F>(timeout: Option<Duration>, run: impl FnOnce(Client, Context) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Output, Error>> + Send + 'static,
    {
        Job { timeout, progress: None, run: Box::new(|client, context| boxed(|| caught(run(client, context)))) }
    }
}
