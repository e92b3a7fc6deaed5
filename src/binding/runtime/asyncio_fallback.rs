//! Event loops that cannot watch a socket (Windows' Proactor): the background thread takes the interpreter lock to deliver
//! the result, by way of pyo3-async-runtimes.
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;

use pyo3::exceptions::asyncio::CancelledError;
use pyo3::prelude::*;
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic::{ContextExt, Runtime, future_into_py};
use tokio::task::{JoinError, JoinHandle};

use super::background::runtime;
use super::interpreter;
use super::job::Job;
use super::observer::{emit_in, show, threshold, to_poll};
use super::pending::{Pending, call_context, wrap_progress};
use crate::binding::convert::call::{Name, call};
use crate::binding::convert::errors::to_exception;
use crate::binding::convert::results::ResultMode;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::context::observe::{Level, Observer, Poll};
use crate::core::context::panic::panicked;

/// Starts a job. Cancelling its future ends the call.
pub(crate) fn start(
    py: Python<'_>,
    event_loop: &Bound<'_, PyAny>,
    client: Client,
    job: Job,
    mode: ResultMode,
) -> PyResult<Pending> {
    interpreter::ensure_running()?;
    // The progress callable runs on the loop's thread, and what it raises fails the future.
    let result = event_loop.call_method0("create_future")?;
    let progress = job.progress.map(|progress| wrap_progress(py, progress, &result)).transpose()?;
    static ON_LOOP: Name = Name::new("atlas_serverless._runtime.event_loops", "on_loop");
    let context = call_context(py)?;
    let progress_on_loop = match &progress {
        None => None,
        Some(progress) => Some(call(ON_LOOP.get(py)?, (event_loop, &context, progress))?.unbind()),
    };
    let observer = AttachingObserver { threshold: threshold(py)?, context, progress: progress_on_loop };
    let context = Context::new(client.env(), job.timeout, Some(Arc::new(observer)));
    let (notices, kept) = (context.notices.clone(), context.notices.clone());
    let run = job.run;
    let running = future_into_py::<BackgroundRuntime, _, _>(py, async move {
        let outcome = AbortOnDrop(runtime().spawn(run(client, context))).wait().await;
        let result = interpreter::attach_until_done(|py| match outcome {
            Ok(Ok(output)) => Ok(mode.with_warnings(py, output, &notices)?.unbind()),
            Ok(Err(error)) => Err(to_exception(py, error)),
            Err(failed) if failed.is_panic() => Err(to_exception(py, panicked())),
            Err(_) => Err(CancelledError::new_err(())),
        });
        match result {
            Some(result) => result,
            None => std::future::pending().await,
        }
    })?;
    static CHAIN: Name = Name::new("atlas_serverless._runtime.event_loops", "chain");
    call(CHAIN.get(py)?, (running, &result))?;
    Ok(Pending::new(None, result.unbind(), progress, kept))
}

/// Calls Python on the background thread: log handlers there, progress callables by way of the loop.
struct AttachingObserver {
    threshold: Level,
    /// The `contextvars.Context` of the call.
    context: Py<PyAny>,
    progress: Option<Py<PyAny>>,
}

impl Observer for AttachingObserver {
    fn enabled(&self, level: Level) -> bool {
        level >= self.threshold
    }
    fn log(&self, level: Level, message: String) {
        interpreter::attach(|py| {
            let shown = || show(py, self.progress.as_ref(), level, &message);
            if let Err(error) = emit_in(py, Some(&self.context), level, &message).and_then(|()| shown()) {
                error.write_unraisable(py, None);
            }
        });
    }
    fn poll(&self, poll: Poll) -> ControlFlow<()> {
        let Some(progress) = &self.progress else { return ControlFlow::Continue(()) };
        // It only fails where the loop is closed: nobody waits for the call.
        match interpreter::attach(|py| call(progress.bind(py), (to_poll(py, poll)?,)).map(drop)) {
            Some(Err(_)) => ControlFlow::Break(()),
            Some(Ok(())) | None => ControlFlow::Continue(()),
        }
    }
}

/// The runtime that all event loops share, for pyo3-async-runtimes.
struct BackgroundRuntime;

tokio::task_local! {
    static LOCALS: TaskLocals;
}

impl Runtime for BackgroundRuntime {
    type JoinError = JoinError;
    type JoinHandle = JoinHandle<()>;

    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> Self::JoinHandle {
        runtime().spawn(future)
    }

    fn spawn_blocking<F: FnOnce() + Send + 'static>(work: F) -> Self::JoinHandle {
        runtime().spawn_blocking(|| interpreter::attach_until_done(|_| work()).unwrap_or(()))
    }
}

impl ContextExt for BackgroundRuntime {
    fn scope<F, R>(locals: TaskLocals, future: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        Box::pin(LOCALS.scope(locals, future))
    }

    fn get_task_locals() -> Option<TaskLocals> {
        LOCALS.try_with(Clone::clone).ok()
    }
}

/// A task that is aborted when nobody waits for it any more.
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
