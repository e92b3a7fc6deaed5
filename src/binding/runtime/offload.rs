//! Calls that are handed to the background thread while their own waits: those of many threads at once, and those that a
//! progress callable or a log handler makes within a call, whose thread's runtime is taken.
//!
//! For one thread it is cheapest to drive its own runtime (`bridge`). Many that do so share a processor, or the interpreter
//! lock, and each reply means a switch to another thread's runtime, sockets and timers: with 32 threads, half as much
//! processor time again as when one thread does it for all. What a call has to say is said by the thread that waits for it.
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use futures_util::future::{AbortHandle, Abortable};
use pyo3::prelude::*;

use super::background::Background;
use super::blocking::{Handle, Job, Output, SIGNALS};
use super::interpreter;
use super::observer::{emit, threshold, to_poll};
use super::outcome_guard::Doubt;
use crate::binding::convert::call::call;
use crate::binding::convert::errors::{to_exception, unexpected};
use crate::core::context::observe::{LazyMessage, Level, Observer, Poll};
use crate::core::context::{Context, Notices};
use crate::core::error::Error;

/// So many threads that wait at the same time are a crowd.
const CROWD: usize = 4;

/// Threads that wait for a call.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// One of them, until it is dropped.
pub(crate) struct Waiting {
    others: usize,
}

impl Waiting {
    pub(crate) fn begin() -> Self {
        Waiting { others: WAITING.fetch_add(1, Ordering::Relaxed) }
    }

    /// Whether there were many when this one came.
    pub(crate) fn in_a_crowd(&self) -> bool {
        self.others + 1 >= CROWD
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = WAITING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| Some(waiting.saturating_sub(1)));
    }
}

/// Called where a client comes into a process. A child made by fork has none of the threads that its parent counted.
pub(crate) fn count_in(pid: u32) {
    static PROCESS: AtomicU32 = AtomicU32::new(0);
    if PROCESS.swap(pid, Ordering::Relaxed) != pid {
        WAITING.store(0, Ordering::Relaxed);
    }
}

enum Said {
    Line(Level, String),
    Poll(Poll),
}

/// Where the background thread leaves what the waiting thread takes.
#[derive(Default)]
struct Desk {
    left: Mutex<Left>,
    bell: Condvar,
    doubt: Doubt,
}

#[derive(Default)]
struct Left {
    said: Vec<Said>,
    ended: Option<Result<Output, Error>>,
}

impl Desk {
    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, what: impl FnOnce(&mut Left)) {
        what(&mut self.left());
        self.bell.notify_one();
    }

    /// What was left until now, or after a short wait.
    fn take(&self) -> Left {
        let nothing = |left: &mut Left| left.said.is_empty() && left.ended.is_none();
        let waited = self.bell.wait_timeout_while(self.left(), SIGNALS, nothing);
        std::mem::take(&mut *waited.unwrap_or_else(PoisonError::into_inner).0)
    }
}

/// Leaves log lines and polls for the thread that waits.
struct Heard {
    desk: Arc<Desk>,
    threshold: Level,
    progress: bool,
}

impl Observer for Heard {
    fn enabled(&self, level: Level) -> bool {
        level >= self.threshold
    }
    fn log(&self, level: Level, message: String) {
        if !self.desk.doubt.is_taken() {
            self.desk.leave(|left| left.said.push(Said::Line(level, message)));
        }
    }
    fn outcome_guard(&self, message: Option<&LazyMessage>) {
        if let Some(message) = message {
            self.desk.doubt.set(message);
        }
    }
    fn poll(&self, poll: Poll) -> ControlFlow<()> {
        if self.progress {
            self.desk.leave(|left| left.said.push(Said::Poll(poll)));
        }
        ControlFlow::Continue(())
    }
}

/// Tells the end of a call even if it panics.
struct Promise(Arc<Desk>);

impl Drop for Promise {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.leave(|left| left.ended = Some(Err(unexpected())));
        }
    }
}

/// Runs a job on the background thread while the calling thread waits. What it has to say beside its
/// result is left in `notices`.
pub(crate) fn run(py: Python<'_>, handle: &Arc<Handle>, job: Job, notices: &Notices) -> PyResult<Output> {
    let background = Background::here()?;
    let client = background.client(py, handle)?;
    let desk = Arc::<Desk>::default();
    let progress = job.progress;
    let observer = Heard { desk: desk.clone(), threshold: threshold(py)?, progress: progress.is_some() };
    let begun = Context::new(client.env(), job.timeout, Some(Arc::new(observer)));
    let context = Context { notices: notices.clone(), ..begun };
    let (task, registration) = AbortHandle::new_pair();
    let (run, promise) = (job.run, Promise(desk.clone()));
    background.start(async move {
        if let Ok(ended) = Abortable::new(run(client, context), registration).await {
            promise.0.leave(|left| left.ended = Some(ended));
        }
    });
    let ended = py.detach(|| wait(&desk, progress.as_ref()));
    if ended.is_err() {
        let doubt = desk.doubt.take_over();
        task.abort();
        // It may have been sent in this very moment.
        if let Some(message) = doubt.or_else(|| desk.doubt.take_over()) {
            emit(py, Level::Warning, &message)?;
        }
    }
    ended?.map_err(|error| to_exception(py, error))
}

/// Waits for the end of a call; meanwhile says what it says, and lets signal handlers run. Fails with what these, or the
/// caller's progress callable, raise.
fn wait(desk: &Desk, progress: Option<&Py<PyAny>>) -> PyResult<Result<Output, Error>> {
    loop {
        let Left { said, ended } = desk.take();
        if !said.is_empty() || ended.is_none() {
            let told = interpreter::enter(|py| {
                said.into_iter().try_for_each(|said| tell(py, said, progress))?;
                // A result that is there is not thrown away.
                if ended.is_none() { py.check_signals() } else { Ok(()) }
            });
            let told = told.unwrap_or(Ok(()));
            if told.is_err() && matches!(ended, Some(Err(_))) {
                // What failed is known.
                let _ = desk.doubt.take_over();
            }
            told?;
        }
        if let Some(ended) = ended {
            return Ok(ended);
        }
    }
}

fn tell(py: Python<'_>, said: Said, progress: Option<&Py<PyAny>>) -> PyResult<()> {
    match (said, progress) {
        (Said::Line(level, line), _) => emit(py, level, &line),
        (Said::Poll(poll), Some(progress)) => call(progress.bind(py), (to_poll(py, poll)?,)).map(drop),
        (Said::Poll(_), None) => Ok(()),
    }
}
