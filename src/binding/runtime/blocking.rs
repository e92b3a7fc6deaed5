//! Waiting in a Python thread: the runtime, the interpreter lock, Ctrl-C, and fork.
//!
//! Each calling thread drives a runtime and a connection pool of its own, with the interpreter lock released. Handing a
//! call to another thread is what costs most for one or a few threads (for many see [`super::offload`]). What clients
//! share (token, nonce, rate limits) is in the core and locks itself.
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Sleep;

use super::client_state::{ClientState, Pools};
use super::interpreter;
use super::interpreter::SIGNAL_CHECK_INTERVAL;
use super::job::Job;
use super::observer::{CallerObserver, Raised};
use super::offload;
use super::waiting_threads::WaitingThread;
use crate::binding::convert::errors::to_exception;
use crate::binding::convert::results::Output;
use crate::core::context::{Context, Notices};
use crate::core::error::Error;

/// From so many waiting threads on, calls are offloaded to the background thread.
const OFFLOAD_FROM: usize = 4;
/// After this long without a call, the server may have closed connections without this thread's notice.
const IDLE: Duration = Duration::from_millis(100);

/// A thread's runtime and connection pools.
struct ThreadRuntime {
    pid: u32,
    runtime: Runtime,
    pools: Pools,
    /// Ends when it is time to run signal handlers. One timer for all calls: to set one for each costs more.
    signal_timer: Pin<Box<Sleep>>,
    last_call: Instant,
}

impl ThreadRuntime {
    fn new() -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::Configuration(format!("no event loop can be made ({e}): are too many files open?")))?;
        let signal_timer = {
            let _entered = runtime.enter();
            Box::pin(tokio::time::sleep(SIGNAL_CHECK_INTERVAL))
        };
        let (pid, last_call) = (std::process::id(), Instant::now());
        Ok(ThreadRuntime { pid, runtime, pools: Pools::default(), signal_timer, last_call })
    }

    /// The runtime of this thread. A child made by fork makes a new one and leaks its parent's.
    fn take() -> Result<Self, Error> {
        match THREAD_RUNTIME.with_borrow_mut(Option::take) {
            Some(current) if current.pid == std::process::id() => Ok(current),
            Some(parents) => {
                std::mem::forget(parents);
                ThreadRuntime::new()
            }
            None => ThreadRuntime::new(),
        }
    }

    fn with<T>(work: impl FnOnce(&mut ThreadRuntime) -> Result<T, Error>) -> Result<T, Error> {
        let mut current = ThreadRuntime::take()?;
        let result = work(&mut current);
        THREAD_RUNTIME.with_borrow_mut(|slot| *slot = Some(current));
        result
    }
}

thread_local! {
    static THREAD_RUNTIME: RefCell<Option<ThreadRuntime>> = const { RefCell::new(None) };
}

/// Runs a job to its end in the calling thread. Warnings beside its result are left in `notices`.
pub(crate) fn run(py: Python<'_>, state: &Arc<ClientState>, job: Job, notices: &Notices) -> PyResult<Output> {
    let waiting = WaitingThread::begin();
    if waiting.count() >= OFFLOAD_FROM || tokio::runtime::Handle::try_current().is_ok() {
        return offload::run(py, state, job, notices);
    }
    let (observer, raised) = CallerObserver::new(py, job.progress)?;
    let observer = Arc::new(observer);
    let (timeout, run) = (job.timeout, job.run);
    let outcome = py.detach(|| {
        ThreadRuntime::with(|current| {
            let client = current.pools.get(state)?;
            let notices = notices.clone();
            let context = Context { notices, ..Context::new(client.env(), timeout, Some(observer)) };
            let idle = current.last_call.elapsed() > IDLE;
            let outcome = current.runtime.block_on(async {
                if idle {
                    notice_closed_connections().await;
                    current.signal_timer.as_mut().reset(tokio::time::Instant::now() + SIGNAL_CHECK_INTERVAL);
                }
                unless_interrupted(run(client, context), current.signal_timer.as_mut(), &raised).await
            });
            current.last_call = Instant::now();
            Ok(outcome)
        })
    });
    if let Some(error) = raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    let outcome = outcome.and_then(|outcome| outcome.unwrap_or(Err(Error::Stopped)));
    outcome.map_err(|error| to_exception(py, error))
}

/// Closes this thread's connections of a client that is closed.
pub(crate) fn close_connections(py: Python<'_>, state: &ClientState) {
    py.detach(|| {
        if tokio::runtime::Handle::try_current().is_ok() {
            return;
        }
        let closed = ThreadRuntime::with(|current| {
            current.pools.close(state);
            // Each connection's task has to run once more to notice that it was dropped.
            current.runtime.block_on(async {
                notice_closed_connections().await;
                notice_closed_connections().await;
            });
            Ok(())
        });
        drop(closed);
    });
}

/// This runtime does not run between calls: connections that the server closed meanwhile are noticed now, before a
/// request is written to one. The first turn polls the sockets, the second lets the connections act on it.
async fn notice_closed_connections() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

/// Runs what is no call of a client to its end, on a runtime of its own.
pub(crate) fn block_on<T: Send>(py: Python<'_>, work: impl Future<Output = Result<T, Error>> + Send) -> PyResult<T> {
    let raised = Raised::default();
    let outcome = py.detach(|| {
        let mut own = ThreadRuntime::new()?;
        let outcome = own.runtime.block_on(unless_interrupted(work, own.signal_timer.as_mut(), &raised));
        // A name server that does not answer is not waited for.
        own.runtime.shutdown_background();
        outcome.unwrap_or(Err(Error::Stopped))
    });
    if let Some(error) = raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    outcome.map_err(|error| to_exception(py, error))
}

/// Polls a call, and Python's signal handlers between. `None` if something was raised meanwhile.
async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, Error>>,
    mut signal_timer: Pin<&mut Sleep>,
    raised: &Raised,
) -> Option<Result<T, Error>> {
    let mut work = pin!(work);
    loop {
        let outcome = poll_fn(|task| match work.as_mut().poll(task) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending => signal_timer.as_mut().poll(task).map(|()| None),
        });
        if let Some(outcome) = outcome.await {
            return Some(outcome);
        }
        signal_timer.as_mut().reset(tokio::time::Instant::now() + SIGNAL_CHECK_INTERVAL);
        let signal = interpreter::attach(|py| py.check_signals());
        let mut raised = raised.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(error)) = signal {
            raised.get_or_insert(error);
        }
        if raised.is_some() {
            return None;
        }
    }
}
