//! Event loops that can't watch a socket (Windows' Proactor): the result is handed over with the interpreter lock held on a
//! runtime thread, by pyo3-async-runtimes.
use std::sync::Arc;

use pyo3::exceptions::asyncio::CancelledError;
use pyo3::prelude::*;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

use super::aio::{Pending, follow};
use super::bridge::Job;
use super::errors::{to_exception, unexpected};
use super::observer::Direct;
use super::results::Shape;
use crate::core::client::Client;
use crate::core::context::Context;

/// Starts a job. Cancelling its future ends the call.
pub(crate) fn start(
    py: Python<'_>,
    event_loop: &Bound<'_, PyAny>,
    runtime: &Handle,
    client: Client,
    job: Job,
    shape: Shape,
) -> PyResult<Pending> {
    // The progress callable belongs on the loop's thread, and what it raises to the one who awaits.
    let result = event_loop.call_method0("create_future")?;
    let progress = job.progress.map(|progress| follow(py, progress, &result)).transpose()?;
    let posted = match &progress {
        None => None,
        Some(progress) => Some(partial(py, event_loop.getattr("call_soon_threadsafe")?, progress)?),
    };
    let (observer, _) = Direct::new(py, posted)?;
    let context = Context::begin(client.doors(), job.timeout, Some(Arc::new(observer)));
    let (notices, beside) = (context.notices.clone(), context.notices.clone());
    let run = job.run;
    let runtime = runtime.clone();
    let running = pyo3_async_runtimes::tokio::future_into_py(py, async move {
        let ended = AbortOnDrop(runtime.spawn(run(client, context))).wait().await;
        Python::attach(|py| match ended {
            Ok(Ok(output)) => Ok(shape.later(py, output, &notices)?.unbind()),
            Ok(Err(error)) => Err(to_exception(py, error)),
            Err(ended) if ended.is_panic() => Err(to_exception(py, unexpected())),
            Err(_) => Err(CancelledError::new_err(())),
        })
    })?;
    py.import("atlas_serverless._loops")?.getattr("chain")?.call1((running, &result))?;
    Ok(Pending::of_future(result.unbind(), progress, beside))
}

fn partial(py: Python<'_>, function: Bound<'_, PyAny>, argument: &Py<PyAny>) -> PyResult<Py<PyAny>> {
    py.import("functools")?.getattr("partial")?.call1((function, argument)).map(Bound::unbind)
}

/// A task that ends with the one who waits for it.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn wait(mut self) -> Result<T, JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
