//! Calls that run on the background thread while the calling thread waits: those of many threads at once, and those that
//! a progress callable or a log handler makes within a call, while the runtime of its thread is in use.
//!
//! For a few threads it is cheapest that each drives its own runtime ([`super::blocking`]). Many of them compete for the
//! processor and the interpreter lock, and each reply means a switch to another thread's runtime, sockets and timers:
//! 32 threads take 2.4 times the processor time of plain Rust that way, and 1.7 times with one thread for all. Log lines
//! and polls of a call are handed to Python by the thread that waits for it.
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use futures_util::future::{AbortHandle, Abortable};
use pyo3::prelude::*;

use super::background::Background;
use super::client_state::ClientState;
use super::interpreter::{SIGNAL_CHECK_INTERVAL, descriptors_lost, same_process};
use super::job::Job;
use super::observer::{Report, deliver, emit, threshold};
use super::outcome_warning::OutcomeWarning;
use crate::binding::convert::call::{Name, call};
use crate::binding::convert::errors::to_exception;
use crate::binding::convert::results::Output;
use crate::core::context::observe::{LazyMessage, Level, Observer, Poll};
use crate::core::context::panic::panicked;
use crate::core::context::{Context, Notices};
use crate::core::error::Error;

type JobResult = Result<Output, Error>;

/// How often a call within a call lets other greenlets run.
const YIELD_INTERVAL: Duration = Duration::from_millis(2);

/// What the background thread sends to the waiting thread. Small, since a channel allocates room for 31 at once.
enum Event {
    Report(Box<Report>),
    Done(Box<JobResult>),
}

/// Sends log lines and polls to the waiting thread.
struct ChannelObserver {
    events: Sender<Event>,
    threshold: Level,
    progress: bool,
    outcome_warning: Arc<OutcomeWarning>,
}

impl Observer for ChannelObserver {
    fn enabled(&self, level: Level) -> bool {
        level >= self.threshold
    }
    fn log(&self, level: Level, message: String) {
        if !self.outcome_warning.is_taken() {
            let _ = self.events.send(Event::Report(Box::new(Report::Log(level, message))));
        }
    }
    fn outcome_guard(&self, message: Option<&LazyMessage>) {
        if let Some(message) = message {
            self.outcome_warning.set(message);
        }
    }
    fn poll(&self, poll: Poll) -> ControlFlow<()> {
        if self.progress {
            let _ = self.events.send(Event::Report(Box::new(Report::Poll(poll))));
        }
        ControlFlow::Continue(())
    }
}

/// Runs a job on the background thread while the calling thread waits. Warnings beside its result are left in `notices`.
pub(crate) fn run(
    py: Python<'_>,
    state: &Arc<ClientState>,
    job: Job,
    notices: &Notices,
    within: bool,
) -> PyResult<Output> {
    // First: this calls Python, which may fork, and the child must not take the background thread of its parent.
    let threshold = threshold(py)?;
    let background = Background::current(py)?;
    let client = background.client(py, state)?;
    let pid = std::process::id();
    let (events, incoming) = channel();
    let progress = job.progress;
    let outcome_warning = Arc::<OutcomeWarning>::default();
    let observer = ChannelObserver {
        events: events.clone(),
        threshold,
        progress: progress.is_some(),
        outcome_warning: outcome_warning.clone(),
    };
    let context = Context::new(client.env(), job.timeout, Some(Arc::new(observer)));
    let context = Context { notices: notices.clone(), nested: within, ..context };
    let (task, registration) = AbortHandle::new_pair();
    let run = job.run;
    background.spawn(async move {
        if let Ok(outcome) = Abortable::new(run(client, context), registration).await {
            let _ = events.send(Event::Done(Box::new(outcome)));
        }
    });
    let waited = wait(py, incoming, progress.as_ref(), (&background, &outcome_warning), within);
    if waited.is_err() && pid == std::process::id() && !background.is_lost() {
        let warning = outcome_warning.take();
        task.abort();
        // The request may have been sent between these two lines.
        if let Some(message) = warning.or_else(|| outcome_warning.take()) {
            emit(py, Level::Warning, &message)?;
        }
    }
    waited?.map_err(|error| to_exception(py, error))
}

/// Under gevent and eventlet, which put their own in the place of `time.sleep`, other greenlets run: one of them may hold
/// what this call waits for, as the fetch of a token.
fn yield_to_greenlets(py: Python<'_>) -> PyResult<()> {
    static MODULES: Name = Name::new("sys", "modules");
    let time = MODULES.get(py)?.get_item(pyo3::intern!(py, "time"))?;
    call(&time.getattr(pyo3::intern!(py, "sleep"))?, (0,)).map(drop)
}

/// Waits for the end of a call. Meanwhile it delivers log lines and polls, and lets signal handlers run; what these raise
/// ends the wait.
fn wait(
    py: Python<'_>,
    mut events: Receiver<Event>,
    progress: Option<&Py<PyAny>>,
    (background, outcome_warning): (&Background, &OutcomeWarning),
    within: bool,
) -> PyResult<JobResult> {
    let pid = std::process::id();
    let interval = if within { YIELD_INTERVAL } else { SIGNAL_CHECK_INTERVAL };
    loop {
        let events = &mut events;
        let event = py.detach(move || (events.recv_timeout(interval), events));
        let (event, events) = event;
        let delivered = match event {
            Ok(Event::Done(outcome)) => return Ok(*outcome),
            Ok(Event::Report(report)) => deliver(py, *report, progress).and_then(|()| same_process(pid)),
            Err(RecvTimeoutError::Timeout) if background.is_lost() => return Ok(Err(descriptors_lost())),
            Err(RecvTimeoutError::Timeout) => py
                .check_signals()
                .and_then(|()| if within { yield_to_greenlets(py) } else { Ok(()) })
                .and_then(|()| same_process(pid)),
            // The task is gone, and with it its sender.
            Err(RecvTimeoutError::Disconnected) => return Ok(Err(panicked())),
        };
        if let Err(raised) = delivered {
            // If the call has failed already, its outcome is known.
            if events.try_iter().any(|event| matches!(event, Event::Done(outcome) if outcome.is_err())) {
                drop(outcome_warning.take());
            }
            return Err(raised);
        }
    }
}
