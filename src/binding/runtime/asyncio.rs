//! asyncio without Python on the runtime's thread: it posts what is ready to a mailbox and wakes a socket that the event
//! loop watches; the loop then completes everything in one go. Nothing here can crash at interpreter exit, since the
//! runtime's thread never asks for the interpreter lock.
use std::collections::HashMap;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{AbortHandle, Abortable};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::background::Background;
use super::blocking::{Handle, Job, Output};
use super::observer::{emit, threshold, to_poll};
use super::outcome_guard::Doubt;
use crate::binding::convert::call::{Name, call};
use crate::binding::convert::errors::{to_exception, unexpected, warn_beside};
use crate::binding::convert::results::ResultMode;
use crate::core::context::observe::{LazyMessage, Level, Observer, Poll};
use crate::core::context::{Context, Notices};
use crate::core::error::Error;

/// What the runtime's thread has to say.
enum Letter {
    Done(u64, Result<Output, Error>),
    Log(Level, String),
    Poll(u64, Poll),
}

/// Letters, and the socket that wakes the loop. All that the runtime's thread sees.
struct Post {
    letters: Mutex<Vec<Letter>>,
    bell: UnixStream,
}

impl Post {
    fn letters(&self) -> MutexGuard<'_, Vec<Letter>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, letter: Letter) {
        let first = {
            let mut letters = self.letters();
            letters.push(letter);
            letters.len() == 1
        };
        if first {
            // A full socket has rung already; a closed one has nobody to hear it.
            let _ = (&self.bell).write(&[1]);
        }
    }
}

/// What the event loop waits for.
struct Waiting {
    future: Py<PyAny>,
    shape: ResultMode,
    progress: Option<Py<PyAny>>,
    notices: Notices,
    task: AbortHandle,
    doubt: Arc<Doubt>,
}

/// The mailbox of one event loop.
#[pyclass(frozen, module = "atlas_serverless._core")]
pub(crate) struct Mailbox {
    post: Arc<Post>,
    heard: UnixStream,
    waiting: Mutex<HashMap<u64, Waiting>>,
    pid: u32,
}

#[pymethods]
impl Mailbox {
    /// A mailbox that a loop has yet to watch: `loop.add_reader(mailbox.fileno(), mailbox.deliver)`.
    #[new]
    fn new() -> PyResult<Self> {
        let (bell, heard) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        let post = Arc::new(Post { letters: Mutex::default(), bell });
        Ok(Mailbox { post, heard, waiting: Mutex::default(), pid: std::process::id() })
    }

    /// The descriptor to watch.
    fn fileno(&self) -> i32 {
        self.heard.as_raw_fd()
    }

    /// Completes all that is ready. Called by the event loop.
    fn deliver(&self, py: Python<'_>) -> PyResult<()> {
        let mut rung = [0u8; 64];
        while matches!((&self.heard).read(&mut rung), Ok(n) if n == rung.len()) {}
        let letters = std::mem::take(&mut *self.post.letters());
        let mut trouble = None;
        for letter in letters {
            let delivered = match letter {
                Letter::Done(id, ended) => self.complete(py, id, ended),
                Letter::Log(level, message) => emit(py, level, &message),
                Letter::Poll(id, poll) => self.tell(py, id, poll),
            };
            // What one letter meets (Ctrl-C in a log handler) must not keep the next ones from those who wait for them.
            if let Err(error) = delivered {
                trouble.get_or_insert(error);
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    /// How many calls are under way.
    fn __len__(&self) -> usize {
        self.waiting().len()
    }

    /// Ends every call of a loop that is closed and will hear of none.
    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        let waiting = std::mem::take(&mut *self.waiting());
        waiting.values().map(|waiting| self.end(py, waiting)).fold(Ok(()), PyResult::and)
    }
}

impl Mailbox {
    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, id: u64) -> Option<Waiting> {
        self.waiting().remove(&id)
    }

    /// Ends the request of a call that nobody waits for any more. Not in a child made by fork: there is no such call
    /// there, and the runtime's locks may be held by a thread that is not there either.
    ///
    /// What must be said of it is said here: the loop may not live to hear the runtime's thread.
    fn end(&self, py: Python<'_>, waiting: &Waiting) -> PyResult<()> {
        if self.pid != std::process::id() {
            return Ok(());
        }
        let doubt = waiting.doubt.take_over();
        waiting.task.abort();
        doubt.map_or(Ok(()), |message| emit(py, Level::Warning, &message))
    }

    fn complete(&self, py: Python<'_>, id: u64, ended: Result<Output, Error>) -> PyResult<()> {
        let Some(waiting) = self.take(id) else { return Ok(()) };
        let future = waiting.future.bind(py);
        if future.call_method0(pyo3::intern!(py, "done"))?.is_truthy()? {
            return Ok(());
        }
        let result = match ended {
            Ok(output) => waiting.shape.later(py, output, &waiting.notices),
            Err(error) => Err(to_exception(py, error)),
        };
        match result {
            Ok(value) => call(&future.getattr(pyo3::intern!(py, "set_result"))?, (value,)),
            Err(error) => call(&future.getattr(pyo3::intern!(py, "set_exception"))?, (error.into_value(py),)),
        }
        .map(drop)
    }

    /// A poll for the caller's progress callable, which fails the future itself if it raises.
    fn tell(&self, py: Python<'_>, id: u64, poll: Poll) -> PyResult<()> {
        let progress = self.waiting().get(&id).and_then(|w| w.progress.as_ref().map(|p| p.clone_ref(py)));
        let Some(progress) = progress else { return Ok(()) };
        call(progress.bind(py), (to_poll(py, poll)?,)).map(drop)
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        Python::attach(|py| {
            if let Err(error) = self.abandon(py) {
                error.write_unraisable(py, None);
            }
        });
    }
}

/// A call that runs: `future` to await, `cancel()` to end it.
#[pyclass(frozen, module = "atlas_serverless._core")]
pub(crate) struct Pending {
    mailbox: Option<Py<Mailbox>>,
    id: u64,
    future: Py<PyAny>,
    progress: Option<Py<PyAny>>,
    notices: Notices,
}

impl Pending {
    /// A call whose future ends the call by itself when it is cancelled.
    pub(crate) fn of_future(future: Py<PyAny>, progress: Option<Py<PyAny>>, notices: Notices) -> Self {
        Pending { mailbox: None, id: 0, future, progress, notices }
    }
}

#[pymethods]
impl Pending {
    /// The asyncio future of the result.
    #[getter]
    fn future(&self, py: Python<'_>) -> Py<PyAny> {
        self.future.clone_ref(py)
    }

    /// What tells the caller's progress callable of each poll, if there is one.
    #[getter]
    fn progress(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.progress.as_ref().map(|progress| progress.clone_ref(py))
    }

    /// Issues what a call that has failed has to say beside its error.
    fn warn(&self, py: Python<'_>) {
        warn_beside(py, &self.notices);
    }

    /// A task that nobody awaits any more is a ring: task, coroutine, this, future, task.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.future)?;
        visit.call(&self.progress)?;
        visit.call(&self.mailbox)
    }

    /// Ends the call; its connection is closed if a reply is still to come.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        let Some(mailbox) = &self.mailbox else {
            return self.future.call_method0(py, pyo3::intern!(py, "cancel")).map(drop);
        };
        let mailbox = mailbox.bind(py).get();
        mailbox.take(self.id).map_or(Ok(()), |waiting| mailbox.end(py, &waiting))
    }
}

/// Posts what a call says while it runs.
struct Posted {
    post: Arc<Post>,
    id: u64,
    threshold: Level,
    progress: bool,
    doubt: Arc<Doubt>,
}

impl Observer for Posted {
    fn enabled(&self, level: Level) -> bool {
        level >= self.threshold
    }
    fn log(&self, level: Level, message: String) {
        if !self.doubt.is_taken() {
            self.post.put(Letter::Log(level, message));
        }
    }
    fn outcome_guard(&self, message: Option<&LazyMessage>) {
        // It holds until the result is delivered, which a cancelled call never sees.
        if let Some(message) = message {
            self.doubt.set(message);
        }
    }
    fn poll(&self, poll: Poll) -> ControlFlow<()> {
        if self.progress {
            self.post.put(Letter::Poll(self.id, poll));
        }
        ControlFlow::Continue(())
    }
}

/// The letter that tells the end of a call, sent even if the call panics: whoever waits must hear of it.
struct Promise {
    post: Arc<Post>,
    id: u64,
}

impl Drop for Promise {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.post.put(Letter::Done(self.id, Err(unexpected())));
        }
    }
}

/// Starts a job on the running event loop.
pub(crate) fn start(py: Python<'_>, handle: &Arc<Handle>, job: Job, shape: ResultMode) -> PyResult<Py<PyAny>> {
    let (event_loop, mailbox) = here(py)?;
    let background = Background::here()?;
    let client = background.client(py, handle)?;
    let Some(mailbox) = mailbox else {
        let pending = super::asyncio_fallback::start(py, event_loop.bind(py), client, job, shape)?;
        return Ok(Py::new(py, pending)?.into_any());
    };
    static IDS: AtomicU64 = AtomicU64::new(0);
    let mine = mailbox.bind(py).get();
    let future = event_loop.bind(py).call_method0(pyo3::intern!(py, "create_future"))?;
    let id = IDS.fetch_add(1, Ordering::Relaxed);
    let post = mine.post.clone();
    let progress = job.progress.map(|progress| follow(py, progress, &future)).transpose()?;
    let doubt = Arc::<Doubt>::default();
    let observer = Posted {
        post: post.clone(),
        id,
        threshold: threshold(py)?,
        progress: progress.is_some(),
        doubt: doubt.clone(),
    };
    let context = Context::new(client.env(), job.timeout, Some(Arc::new(observer)));
    let notices = context.notices.clone();
    let (task, registration) = AbortHandle::new_pair();
    let waiting = Waiting {
        future: future.clone().unbind(),
        shape,
        progress: progress.as_ref().map(|progress| progress.clone_ref(py)),
        notices: notices.clone(),
        task,
        doubt,
    };
    mine.waiting().insert(id, waiting);
    let run = job.run;
    background.start(async move {
        let promise = Promise { post, id };
        if let Ok(ended) = Abortable::new(run(client, context), registration).await {
            promise.post.put(Letter::Done(id, ended));
        }
    });
    let pending = Pending { mailbox: Some(mailbox), id, future: future.unbind(), progress, notices };
    Ok(Py::new(py, pending)?.into_any())
}

/// The caller's progress callable, for the loop's own thread: what it raises, the one who awaits gets.
pub(crate) fn follow(py: Python<'_>, progress: Py<PyAny>, future: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    static PROGRESS: Name = Name::new("atlas_serverless._runtime.event_loops", "Progress");
    call(PROGRESS.get(py)?, (progress, future)).map(Bound::unbind)
}

/// The running event loop and its mailbox; none where the loop can't watch a socket.
fn here(py: Python<'_>) -> PyResult<(Py<PyAny>, Option<Py<Mailbox>>)> {
    static HERE: Name = Name::new("atlas_serverless._runtime.event_loops", "loop_and_mailbox");
    call(HERE.get(py)?, ())?.extract()
}
