//! The mailbox of an asyncio event loop: the background thread pushes what happens to its calls, and wakes the loop, which
//! then handles all of it in one go.
use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::AbortHandle;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::background::Background;
use super::interpreter::{self, no_event_loop};
use super::observer::{emit, show, to_poll};
use super::outcome_warning::OutcomeWarning;
use super::wake_up::{self, Descriptor, WakeUps, Waker};
use crate::binding::convert::call::{Name, call};
use crate::binding::convert::errors::to_exception;
use crate::binding::convert::results::{Output, ResultMode};
use crate::binding::locks::if_free;
use crate::core::context::Notices;
use crate::core::context::observe::{LazyMessage, Level, Observer, Poll};
use crate::core::context::panic::panicked;
use crate::core::error::Error;

/// What happens to the call of an id.
enum Event {
    Done(u64, Result<Output, Error>),
    Log(u64, Level, String),
    Poll(u64, Poll),
}

/// All of a mailbox that the background thread sees.
pub(super) struct EventQueue {
    events: Mutex<Vec<Event>>,
    waker: Waker,
}

impl EventQueue {
    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: Event) {
        let first = {
            let mut events = self.events();
            events.push(event);
            events.len() == 1
        };
        if first {
            self.waker.wake();
        }
    }
}

/// A call that the event loop waits for.
pub(super) struct WaitingCall {
    pub(super) future: Py<PyAny>,
    /// The `contextvars.Context` of the call.
    pub(super) context: Py<PyAny>,
    pub(super) mode: ResultMode,
    pub(super) progress: Option<Py<PyAny>>,
    pub(super) notices: Notices,
    pub(super) task: AbortHandle,
    /// What runs it.
    pub(super) background: Arc<Background>,
    pub(super) outcome_warning: Arc<OutcomeWarning>,
}

/// The mailbox of one event loop, which alone keeps it: what watches its descriptor refers to it.
#[pyclass(frozen, weakref, module = "atlas_serverless._core")]
pub(crate) struct Mailbox {
    queue: Arc<EventQueue>,
    /// Readable when there are events.
    wake_ups: WakeUps,
    waiting: Mutex<HashMap<u64, WaitingCall>>,
    /// Events that run code of the caller's, until the loop has a turn for each.
    deferred: Mutex<VecDeque<Event>>,
    pid: u32,
}

#[pymethods]
impl Mailbox {
    /// A mailbox that a loop has yet to watch: `loop.add_reader(mailbox.fileno(), mailbox.deliver)`.
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        let (waker, wake_ups) = wake_up::pair().map_err(|error| to_exception(py, no_event_loop(&error)))?;
        let queue = Arc::new(EventQueue { events: Mutex::default(), waker });
        Ok(Mailbox { queue, wake_ups, waiting: Mutex::default(), deferred: Mutex::default(), pid: std::process::id() })
    }

    /// The descriptor to watch.
    fn fileno(&self) -> Descriptor {
        self.wake_ups.descriptor()
    }

    /// Handles all events. Called by the event loop, which cannot call it again before it returns: no code of the caller's
    /// runs in here, since a progress callable may run the loop (`nest_asyncio`).
    fn deliver(slf: &Bound<'_, Self>) -> PyResult<()> {
        let (py, mailbox) = (slf.py(), slf.get());
        mailbox.wake_ups.clear();
        let events = std::mem::take(&mut *mailbox.queue.events());
        let mut first_error = None;
        for event in events {
            let delivered = match mailbox.needs_turn(py, &event) {
                Some(context) => defer(slf, event, &context),
                None => mailbox.handle(py, event),
            };
            // What one event raises must not keep the next ones from other calls.
            if let Err(error) = delivered {
                first_error.get_or_insert(error);
            }
        }
        first_error.map_or(Ok(()), Err)
    }

    /// Handles the next event that runs code of the caller's. Called by the event loop in a copy of the call's context.
    fn deliver_deferred(&self, py: Python<'_>) -> PyResult<()> {
        let event = self.deferred().pop_front();
        event.map_or(Ok(()), |event| self.handle(py, event))
    }

    /// How many calls are under way.
    fn __len__(&self) -> usize {
        self.waiting().len()
    }

    /// Cancels every call, for a loop that is closed.
    fn cancel_all(&self, py: Python<'_>) -> PyResult<()> {
        let waiting = std::mem::take(&mut *self.waiting());
        waiting.values().map(|waiting| self.abort(py, waiting)).fold(Ok(()), PyResult::and)
    }

    /// A future refers to its loop, which refers to this. Futures can be cleared; this is not.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(waiting) = if_free(&self.waiting) else { return Ok(()) };
        for call in waiting.values() {
            visit.call(&call.future)?;
            visit.call(&call.context)?;
            visit.call(&call.progress)?;
        }
        Ok(())
    }
}

impl Mailbox {
    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, WaitingCall>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deferred(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The context of the call, if the loop has to take a turn of its own for the event: it runs code of the caller's, or
    /// comes after one that does.
    fn needs_turn(&self, py: Python<'_>, event: &Event) -> Option<Py<PyAny>> {
        let waiting = self.waiting();
        let call = match event {
            Event::Log(id, ..) | Event::Poll(id, _) => waiting.get(id),
            Event::Done(id, _) => waiting.get(id).filter(|call| call.progress.is_some()),
        };
        call.map(|call| call.context.clone_ref(py))
    }

    fn handle(&self, py: Python<'_>, event: Event) -> PyResult<()> {
        match event {
            Event::Done(id, outcome) => self.complete(py, id, outcome),
            Event::Log(id, level, message) => {
                emit(py, level, &message)?;
                show(py, self.progress(py, id).as_ref(), level, &message)
            }
            Event::Poll(id, poll) => self.report(py, id, poll),
        }
    }

    /// The caller's progress callable.
    fn progress(&self, py: Python<'_>, id: u64) -> Option<Py<PyAny>> {
        self.waiting().get(&id).and_then(|waiting| waiting.progress.as_ref().map(|progress| progress.clone_ref(py)))
    }

    pub(super) fn queue(&self) -> Arc<EventQueue> {
        self.queue.clone()
    }

    pub(super) fn add(&self, id: u64, call: WaitingCall) {
        self.waiting().insert(id, call);
    }

    /// Ends the request of a call that nobody waits for any more.
    pub(super) fn cancel(&self, py: Python<'_>, id: u64) -> PyResult<()> {
        let waiting = self.waiting().remove(&id);
        waiting.map_or(Ok(()), |waiting| self.abort(py, &waiting))
    }

    /// Not in a child made by fork: the call does not run there, and the runtime's locks may be held by a thread that
    /// does not exist there either.
    ///
    /// The warning is given here, since the loop may be closed before it hears of the background thread again.
    fn abort(&self, py: Python<'_>, waiting: &WaitingCall) -> PyResult<()> {
        if self.pid != std::process::id() || waiting.background.is_lost() {
            return Ok(());
        }
        let warning = waiting.outcome_warning.take();
        waiting.task.abort();
        warning.map_or(Ok(()), |message| emit(py, Level::Warning, &message))
    }

    fn complete(&self, py: Python<'_>, id: u64, outcome: Result<Output, Error>) -> PyResult<()> {
        let Some(waiting) = self.waiting().remove(&id) else { return Ok(()) };
        let future = waiting.future.bind(py);
        if future.call_method0(pyo3::intern!(py, "done"))?.is_truthy()? {
            return Ok(());
        }
        let result = match outcome {
            Ok(output) => waiting.mode.with_warnings(py, output, &waiting.notices),
            Err(error) => Err(to_exception(py, error)),
        };
        match result {
            Ok(value) => call(&future.getattr(pyo3::intern!(py, "set_result"))?, (value,)),
            Err(error) => call(&future.getattr(pyo3::intern!(py, "set_exception"))?, (error.into_value(py),)),
        }
        .map(drop)
    }

    /// Hands a poll to the caller's progress callable, which fails the future itself if it raises.
    fn report(&self, py: Python<'_>, id: u64, poll: Poll) -> PyResult<()> {
        let Some(progress) = self.progress(py, id) else { return Ok(()) };
        call(progress.bind(py), (to_poll(py, poll)?,)).map(drop)
    }
}

/// Asks the loop for a turn, in a copy of the call's context.
fn defer(mailbox: &Bound<'_, Mailbox>, event: Event, context: &Py<PyAny>) -> PyResult<()> {
    static SOON: Name = Name::new("atlas_serverless._runtime.event_loops", "soon");
    let py = mailbox.py();
    mailbox.get().deferred().push_back(event);
    call(SOON.get(py)?, (context, mailbox.getattr(pyo3::intern!(py, "deliver_deferred"))?)).map(drop)
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        interpreter::attach(|py| {
            if let Err(error) = self.cancel_all(py) {
                error.write_unraisable(py, None);
            }
        });
    }
}

/// Pushes the log lines and polls of a call.
pub(super) struct QueueObserver {
    pub(super) queue: Arc<EventQueue>,
    pub(super) id: u64,
    pub(super) threshold: Level,
    pub(super) progress: bool,
    pub(super) outcome_warning: Arc<OutcomeWarning>,
}

impl Observer for QueueObserver {
    fn enabled(&self, level: Level) -> bool {
        level >= self.threshold
    }
    fn log(&self, level: Level, message: String) {
        if !self.outcome_warning.is_taken() {
            self.queue.push(Event::Log(self.id, level, message));
        }
    }
    fn outcome_guard(&self, message: Option<&LazyMessage>) {
        // The warning stays due until the result is delivered, which a cancelled call never sees.
        if let Some(message) = message {
            self.outcome_warning.set(message);
        }
    }
    fn poll(&self, poll: Poll) -> ControlFlow<()> {
        if self.progress {
            self.queue.push(Event::Poll(self.id, poll));
        }
        ControlFlow::Continue(())
    }
}

/// Pushes the end of a call, even if the call panics: its future would wait for ever.
pub(super) struct Completion {
    queue: Arc<EventQueue>,
    id: u64,
}

impl Completion {
    pub(super) fn new(queue: Arc<EventQueue>, id: u64) -> Self {
        Completion { queue, id }
    }

    pub(super) fn complete(&self, outcome: Result<Output, Error>) {
        self.queue.push(Event::Done(self.id, outcome));
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.complete(Err(panicked()));
        }
    }
}
