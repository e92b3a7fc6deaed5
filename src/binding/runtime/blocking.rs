//! Waiting in a Python thread: the runtime, the interpreter lock, Ctrl-C, and fork.
//!
//! Each calling thread drives a runtime and a connection pool of its own, with the interpreter lock released. Handing a
//! call to another thread is what costs most for one or a few threads (for many see [`super::offload`]). What clients
//! share (token, nonce, rate limits) is in the core and locks itself.
//!
//! Python is called only after the lock is held again, on the frame of the caller: log handlers, progress callables and
//! signal handlers may switch greenlets, call the client, or fork.
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, Sleep};

use super::background::{Background, THREAD_STACK};
use super::client_state::{ClientState, Pools};
use super::descriptors;
use super::interpreter::{SIGNAL_CHECK_INTERVAL, descriptors_lost, no_event_loop, same_process};
use super::job::{Job, OutputFuture};
use super::observer::{CallerObserver, deliver, emit, threshold};
use super::offload;
use super::waiting_threads::WaitingThread;
use crate::binding::convert::errors::to_exception;
use crate::binding::convert::results::Output;
use crate::binding::convert::stack;
use crate::core::context::observe::{Level, Observer as _};
use crate::core::context::{Context, Notices};
use crate::core::error::Error;

/// From so many waiting threads on, calls are offloaded to the background thread.
const OFFLOAD_FROM: usize = 4;

/// In the place of a process: it has no descriptors any more, and is leaked as if it were a parent's.
const LOST: u32 = 0;

/// A thread's runtime and connection pools.
struct ThreadRuntime {
    pid: u32,
    /// Of its descriptors.
    generation: u32,
    runtime: Runtime,
    pools: Pools,
    /// Ends when it is time to run signal handlers. One timer for all calls: to set one for each costs more.
    signal_timer: Pin<Box<Sleep>>,
}

impl ThreadRuntime {
    fn new() -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .thread_stack_size(THREAD_STACK)
            .build()
            .map_err(|error| no_event_loop(&error))?;
        let signal_timer = {
            let _entered = runtime.enter();
            Box::pin(tokio::time::sleep(SIGNAL_CHECK_INTERVAL))
        };
        let (pid, generation) = (std::process::id(), descriptors::generation());
        Ok(ThreadRuntime { pid, generation, runtime, pools: Pools::default(), signal_timer })
    }

    /// The runtime of this thread, for the time of a call; `None` within a call.
    fn take() -> Result<Option<Self>, Error> {
        let kept = THREAD_RUNTIME.with_borrow_mut(|slot| {
            if std::mem::replace(&mut slot.in_use, true) { None } else { Some(slot.take_own()) }
        });
        match kept {
            None => Ok(None),
            Some(Some(current)) => Ok(Some(current)),
            Some(None) => {
                let made = ThreadRuntime::new();
                if made.is_err() {
                    THREAD_RUNTIME.with_borrow_mut(|slot| slot.in_use = false);
                }
                made.map(Some)
            }
        }
    }

    /// Keeps it for the next call, which leaks it if it is in a child made by fork.
    fn put_back(self) {
        THREAD_RUNTIME.with_borrow_mut(|slot| {
            slot.in_use = false;
            slot.idle = Some(self);
        });
    }

    /// Polls a call until it ends or Python is needed.
    fn drive<T>(
        &mut self,
        mut work: Pin<&mut (impl Future<Output = Result<T, Error>> + ?Sized)>,
        observer: &CallerObserver,
    ) -> Step<Result<T, Error>> {
        let ThreadRuntime { runtime, signal_timer, .. } = self;
        let driven = async {
            // It ended while Python ran, and Python runs signal handlers itself.
            let now = Instant::now();
            if signal_timer.deadline() <= now {
                signal_timer.as_mut().reset(now + SIGNAL_CHECK_INTERVAL);
            }
            let step = poll_fn(|task| match work.as_mut().poll(task) {
                Poll::Ready(outcome) => Poll::Ready(Step::Done(outcome)),
                Poll::Pending if observer.has_reports() => Poll::Ready(Step::Reports),
                Poll::Pending => signal_timer.as_mut().poll(task).map(|()| Step::Signals),
            });
            let step = step.await;
            if matches!(step, Step::Signals) {
                signal_timer.as_mut().reset(Instant::now() + SIGNAL_CHECK_INTERVAL);
            }
            step
        };
        // A panic within the call is caught there: this one is the runtime's, which has lost its descriptors.
        catch_unwind(AssertUnwindSafe(|| runtime.block_on(driven))).unwrap_or_else(|_| {
            self.pid = LOST;
            Step::Done(Err(descriptors_lost()))
        })
    }
}

/// Why a call is not being polled.
enum Step<T> {
    Done(T),
    /// There are log lines or polls for Python.
    Reports,
    /// It is time to run signal handlers.
    Signals,
}

/// What a thread keeps between its calls.
struct Slot {
    idle: Option<ThreadRuntime>,
    /// A call is under way in this thread, below this code or in another greenlet.
    in_use: bool,
}

impl Slot {
    fn take_own(&mut self) -> Option<ThreadRuntime> {
        self.leak_foreign();
        self.idle.take()
    }

    /// A child made by fork leaks what it inherited: it shares the sockets and the epoll instance with its parent, and to
    /// drop them would take the parent's sockets out of the parent's epoll instance.
    fn leak_foreign(&mut self) {
        if self.idle.as_ref().is_some_and(|runtime| runtime.pid != std::process::id()) {
            std::mem::forget(self.idle.take());
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.idle.as_ref().is_some_and(|runtime| runtime.generation != descriptors::generation()) {
            std::mem::forget(self.idle.take());
        }
        self.leak_foreign();
    }
}

thread_local! {
    static THREAD_RUNTIME: RefCell<Slot> = const { RefCell::new(Slot { idle: None, in_use: false }) };
}

/// Runs a job to its end in the calling thread. Warnings beside its result are left in `notices`.
pub(crate) fn run(py: Python<'_>, state: &Arc<ClientState>, job: Job, notices: &Notices) -> PyResult<Output> {
    let waiting = WaitingThread::begin();
    if waiting.count() >= OFFLOAD_FROM || stack::is_short() {
        return offload::run(py, state, job, notices, THREAD_RUNTIME.with_borrow(|slot| slot.in_use));
    }
    // First: this calls Python, which may fork, and the child must not take the runtime of its parent.
    let observer = Arc::new(CallerObserver::new(threshold(py)?, job.progress.is_some()));
    let Some(mut current) = ThreadRuntime::take().map_err(|error| to_exception(py, error))? else {
        return offload::run(py, state, job, notices, true);
    };
    let output = run_on(py, &mut current, state, job, &observer, notices);
    current.put_back();
    output
}

fn run_on(
    py: Python<'_>,
    current: &mut ThreadRuntime,
    state: &Arc<ClientState>,
    job: Job,
    observer: &Arc<CallerObserver>,
    notices: &Notices,
) -> PyResult<Output> {
    let Job { timeout, progress, run } = job;
    let begin = |current: &mut ThreadRuntime| -> Result<OutputFuture, Error> {
        let client = current.pools.get(current.pid, state)?;
        let context = Context::new(client.env(), timeout, Some(observer.clone()));
        Ok(run(client, Context { notices: notices.clone(), ..context }))
    };
    let mut begin = Some(begin);
    let mut work: Option<OutputFuture> = None;
    let outcome = wait(py, current, observer, progress.as_ref(), |current| {
        if let Some(begin) = begin.take() {
            match begin(current) {
                Ok(begun) => work = Some(begun),
                Err(error) => return Step::Done(Err(error)),
            }
        }
        match &mut work {
            Some(work) => current.drive(work.as_mut(), observer),
            None => Step::Signals,
        }
    });
    if !matches!(outcome, Ok(Ok(_))) && descriptors::generation() != current.generation {
        current.pid = LOST;
    }
    if current.pid == LOST {
        std::mem::forget(work.take());
    }
    // Given up: what is lost by that is said before the exception is raised.
    if outcome.is_err() {
        let lost = observer.outcome_warning.take();
        abandon(py, current, work.take());
        for report in observer.take() {
            drop(deliver(py, report, None));
        }
        if let Some(lost) = lost.filter(|_| current.pid == std::process::id()) {
            emit(py, Level::Warning, &lost)?;
        }
    }
    outcome?.map_err(|error| to_exception(py, error))
}

/// Lets a call run without the interpreter lock, and with it hands its reports to Python, until it ends or something is
/// raised.
fn wait<T: Send>(
    py: Python<'_>,
    current: &mut ThreadRuntime,
    observer: &CallerObserver,
    progress: Option<&Py<PyAny>>,
    mut drive: impl FnMut(&mut ThreadRuntime) -> Step<Result<T, Error>> + Send,
) -> PyResult<Result<T, Error>> {
    loop {
        let step = py.detach(|| drive(current));
        // It is known that the call has failed, and how: nothing is lost that a reader could find.
        if let Step::Done(Err(_)) = &step {
            drop(observer.outcome_warning.take());
        }
        let reports = observer.take();
        let calls_python = matches!(step, Step::Signals) || !reports.is_empty();
        if let Step::Signals = step {
            py.check_signals()?;
        }
        for report in reports {
            deliver(py, report, progress)?;
        }
        if calls_python && current.pid != LOST {
            same_process(current.pid)?;
        }
        if let Step::Done(outcome) = step {
            return Ok(outcome);
        }
    }
}

/// Drops a call that nobody waits for any more; in a child made by fork it is leaked.
fn abandon(py: Python<'_>, current: &ThreadRuntime, work: Option<impl Send>) {
    if current.pid != std::process::id() {
        return std::mem::forget(work);
    }
    py.detach(|| {
        let _entered = current.runtime.enter();
        drop(work);
    });
}

/// Closes this thread's connections of a client that is closed.
pub(crate) fn close_connections(py: Python<'_>, state: &ClientState) {
    py.detach(|| {
        let Ok(Some(mut current)) = ThreadRuntime::take() else { return };
        current.pools.close(state);
        // Connections through a proxy are tasks of the runtime: they notice that they were dropped when they run once more.
        current.runtime.block_on(async {
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        });
        current.put_back();
    });
}

/// Runs what is no call of a client to its end, on a runtime of its own; where the stack of this thread is too short for it,
/// on the background thread.
pub(crate) fn block_on<T: Send + 'static>(
    py: Python<'_>,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> PyResult<T> {
    let observer = CallerObserver::new(Level::Warning, false);
    let mut own = ThreadRuntime::new().map_err(|error| to_exception(py, error))?;
    let mut work: Pin<Box<dyn Future<Output = Result<T, Error>> + Send>> =
        if stack::is_short() { Background::current(py)?.outcome(work) } else { Box::pin(work) };
    let outcome = wait(py, &mut own, &observer, None, |own| own.drive(work.as_mut(), &observer));
    abandon(py, &own, Some(work));
    if own.pid == std::process::id() {
        // A name server that does not answer is not waited for.
        own.runtime.shutdown_background();
    } else {
        std::mem::forget(own);
    }
    outcome?.map_err(|error| to_exception(py, error))
}
