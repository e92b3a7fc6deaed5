//! Event loops that can't watch a socket (Windows' Proactor): the result is handed over with the interpreter lock held on a
//! runtime thread, by pyo3-async-runtimes.
use pyo3::prelude::*;
use tokio::runtime::Handle;

use super::bridge::Job;
use super::errors::{to_exception, warn_beside};
use super::observer::Direct;
use super::results::Shape;
use crate::core::client::Client;
use crate::core::context::Context;

/// Starts a job; the result is an asyncio future. Cancelling it ends the call.
pub(crate) fn start<'py>(
    py: Python<'py>,
    runtime: &Handle,
    client: Client,
    job: Job,
    shape: Shape,
) -> PyResult<Bound<'py, PyAny>> {
    let (observer, raised) = Direct::new(py, job.progress)?;
    let context = Context::begin(client.doors(), job.timeout, Some(std::sync::Arc::new(observer)));
    let notices = context.notices.clone();
    let run = job.run;
    let runtime = runtime.clone();
    pyo3_async_runtimes::tokio::future_into_py(py, async move {
        let task = AbortOnDrop(runtime.spawn(run(client, context)));
        let ended = task.await_it().await;
        Python::attach(|py| {
            if let Some(error) = raised.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
                return Err(error);
            }
            match ended {
                Ok(Ok(output)) => Ok(shape.later(py, output, &notices)?.unbind()),
                Ok(Err(error)) => {
                    warn_beside(py, &notices.take(), 1);
                    Err(to_exception(py, error))
                }
                Err(_) => Err(pyo3::exceptions::asyncio::CancelledError::new_err(())),
            }
        })
    })
}

/// A task that ends with the one who waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn await_it(mut self) -> Result<T, tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
