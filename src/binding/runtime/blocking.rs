//! Waiting in a Python thread: the runtime, the interpreter lock, Ctrl-C, and fork.
//!
//! Each calling thread drives a runtime and a connection pool of its own, with the interpreter lock released: no hand-over
//! between threads, which is what costs most for one or a few (for many see `crowd`). What clients share (token, nonce,
//! rate limits) is in the core and locks itself.
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Sleep;

use super::interpreter;
use super::observer::{Direct, Raised};
use super::offload;
use super::offload::Waiting;
use crate::binding::convert::errors::to_exception;
use crate::core::auth::discovery::resolved::ResolvedCredentials;
use crate::core::client::Client;
use crate::core::config::Config;
use crate::core::context::{Context, Notices};
use crate::core::error::Error;
use crate::core::http::reply::Reply;
use crate::core::operations::list::Entries;
use crate::core::spec::model::Kind;

/// How often a waiting thread looks for Ctrl-C.
pub(crate) const SIGNALS: Duration = Duration::from_millis(50);
/// After this long without a call, connections may have been closed by the server without this thread's notice.
const RESTED: Duration = Duration::from_millis(100);

/// What a call comes to.
pub(crate) enum Output {
    /// A reply.
    Reply(Reply),
    /// The last look of a waiter; none once the resource is gone.
    Last(Option<Reply>),
    /// A reply, and which kind it describes.
    ResolvedCredentials(Kind, Reply),
    /// A page of a list; none after the last.
    Page(Option<Entries>),
    /// Nothing.
    Nothing,
}

type Running = Pin<Box<dyn Future<Output = Result<Output, Error>> + Send>>;

/// A call that is ready to run on any runtime.
pub(crate) struct Job {
    /// Bound of the whole call.
    pub(crate) timeout: Option<Duration>,
    /// The caller's progress callable.
    pub(crate) progress: Option<Py<PyAny>>,
    /// The call.
    pub(crate) run: Box<dyn FnOnce(Client, Context) -> Running + Send>,
}

impl Job {
    /// A job without progress.
    pub(crate) fn new<F>(timeout: Option<Duration>, run: impl FnOnce(Client, Context) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Output, Error>> + Send + 'static,
    {
        Job { timeout, progress: None, run: Box::new(|client, context| Box::pin(run(client, context))) }
    }
}

/// A client of the core, in whichever process and thread it is used.
pub(crate) struct Handle {
    config: Config,
    found: ResolvedCredentials,
    here: ArcSwap<InProcess>,
}

struct InProcess {
    pid: u32,
    key: u64,
    core: Client,
}

impl Handle {
    /// Builds the core's client.
    pub(crate) fn new(config: Config, found: ResolvedCredentials) -> Result<Self, Error> {
        let here = ArcSwap::from_pointee(InProcess::new(&config, &found)?);
        Ok(Handle { config, found, here })
    }

    /// Credentials, and where they came from.
    pub(crate) fn found(&self) -> &ResolvedCredentials {
        &self.found
    }

    /// How it behaves.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The client of this process. A child made by fork gets one of its own; the parent's is left alone, never dropped:
    /// its locks and connections may be in use by threads that the child does not have.
    fn here(&self) -> Result<Arc<InProcess>, Error> {
        let here = self.here.load_full();
        if here.pid == std::process::id() {
            return Ok(here);
        }
        let fresh = Arc::new(InProcess::new(&self.config, &self.found)?);
        let parents = self.here.swap(fresh.clone());
        std::mem::forget(parents);
        std::mem::forget(here);
        Ok(fresh)
    }

    /// The client to look at, without a runtime.
    pub(crate) fn core(&self) -> Result<Client, Error> {
        Ok(self.here()?.core.clone())
    }
}

impl InProcess {
    fn new(config: &Config, found: &ResolvedCredentials) -> Result<Self, Error> {
        static KEYS: AtomicU64 = AtomicU64::new(0);
        let key = KEYS.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id();
        offload::count_in(pid);
        Ok(InProcess { pid, key, core: Client::new(config.clone(), found)? })
    }
}

/// Connection pools of one runtime, one for each client that used it.
#[derive(Default)]
pub(crate) struct Pools {
    pools: HashMap<u64, (Weak<Handle>, Client)>,
}

impl Pools {
    /// The client with a pool for this runtime. Pools of clients that are gone are closed.
    pub(crate) fn get(&mut self, handle: &Arc<Handle>) -> Result<Client, Error> {
        let here = handle.here()?;
        if let Some((_, client)) = self.pools.get(&here.key) {
            return Ok(client.clone());
        }
        self.pools.retain(|_, (owner, _)| owner.strong_count() > 0);
        let client = here.core.for_another_runtime()?;
        self.pools.insert(here.key, (Arc::downgrade(handle), client.clone()));
        Ok(client)
    }

    /// Closes the pool of a client.
    pub(crate) fn let_go(&mut self, handle: &Handle) {
        if let Ok(here) = handle.here() {
            self.pools.remove(&here.key);
        }
    }
}

/// A thread's runtime and pools.
struct Local {
    pid: u32,
    runtime: Runtime,
    pools: Pools,
    /// Ends when it is time to look for Ctrl-C.
    watch: Pin<Box<Sleep>>,
    last_call: Instant,
}

impl Local {
    fn new() -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::Configuration(format!("no event loop can be made ({e}): are too many files open?")))?;
        let watch = {
            let _entered = runtime.enter();
            Box::pin(tokio::time::sleep(SIGNALS))
        };
        Ok(Local { pid: std::process::id(), runtime, pools: Pools::default(), watch, last_call: Instant::now() })
    }
}

thread_local! {
    static LOCAL: RefCell<Option<Local>> = const { RefCell::new(None) };
}

/// Runs a job to its end in the calling thread. What it has to say beside its result is left in `notices`.
pub(crate) fn run(py: Python<'_>, handle: &Arc<Handle>, job: Job, notices: &Notices) -> PyResult<Output> {
    let waiting = Waiting::begin();
    if waiting.in_a_crowd() || tokio::runtime::Handle::try_current().is_ok() {
        return offload::run(py, handle, job, notices);
    }
    let (observer, raised) = Direct::new(py, job.progress)?;
    let observer = Arc::new(observer);
    let (timeout, run) = (job.timeout, job.run);
    let ended = py.detach(|| {
        let work = |local: &mut Local| -> Result<Option<Result<Output, Error>>, Error> {
            let client = local.pools.get(handle)?;
            let notices = notices.clone();
            let context = Context { notices, ..Context::new(client.env(), timeout, Some(observer)) };
            let rested = local.last_call.elapsed() > RESTED;
            let ended = local.runtime.block_on(async {
                if rested {
                    hear_of_closed_connections().await;
                    local.watch.as_mut().reset(tokio::time::Instant::now() + SIGNALS);
                }
                watched(run(client, context), local.watch.as_mut(), &raised).await
            });
            local.last_call = Instant::now();
            Ok(ended)
        };
        with_mine(work)
    });
    if let Some(error) = raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    let ended = ended.and_then(|ended| ended.unwrap_or(Err(Error::Stopped)));
    ended.map_err(|error| to_exception(py, error))
}

/// Closes this thread's connections of a client that is closed.
pub(crate) fn let_go(py: Python<'_>, handle: &Handle) {
    py.detach(|| {
        if tokio::runtime::Handle::try_current().is_ok() {
            return;
        }
        let closed = with_mine(|local| {
            local.pools.let_go(handle);
            // Each connection's task has to run once more to notice that nobody holds it.
            local.runtime.block_on(async {
                hear_of_closed_connections().await;
                hear_of_closed_connections().await;
            });
            Ok(())
        });
        drop(closed);
    });
}

fn with_mine<T>(work: impl FnOnce(&mut Local) -> Result<T, Error>) -> Result<T, Error> {
    let mut local = mine()?;
    let ended = work(&mut local);
    LOCAL.with_borrow_mut(|slot| *slot = Some(local));
    ended
}

/// This thread's runtime; in a child made by fork a new one, and the parent's is left alone.
fn mine() -> Result<Local, Error> {
    match LOCAL.with_borrow_mut(Option::take) {
        Some(local) if local.pid == std::process::id() => Ok(local),
        Some(parents) => {
            std::mem::forget(parents);
            Local::new()
        }
        None => Local::new(),
    }
}

/// Nobody drives this runtime between calls: what the server closed meanwhile is heard of now, before a request is
/// written to it. The first turn polls the sockets, the second lets the connections act on what they hear.
async fn hear_of_closed_connections() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

/// Runs what is no call of a client to its end, on a runtime of its own.
pub(crate) fn wait<T: Send>(py: Python<'_>, running: impl Future<Output = Result<T, Error>> + Send) -> PyResult<T> {
    let raised = Raised::default();
    let ended = py.detach(|| {
        let mut local = Local::new()?;
        let ended = local.runtime.block_on(watched(running, local.watch.as_mut(), &raised));
        // A name server that does not answer is not waited for.
        local.runtime.shutdown_background();
        ended.unwrap_or(Err(Error::Stopped))
    });
    if let Some(error) = raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    ended.map_err(|error| to_exception(py, error))
}

/// Polls a call, and Python's signal handlers between. `None` if something was raised meanwhile.
///
/// The timer is the thread's own and goes on from call to call: to set one for each costs more than to look at it.
async fn watched<T>(
    running: impl Future<Output = Result<T, Error>>,
    mut watch: Pin<&mut Sleep>,
    raised: &Raised,
) -> Option<Result<T, Error>> {
    let mut running = pin!(running);
    loop {
        let ended = poll_fn(|task| match running.as_mut().poll(task) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending => watch.as_mut().poll(task).map(|()| None),
        });
        if let Some(ended) = ended.await {
            return Some(ended);
        }
        watch.as_mut().reset(tokio::time::Instant::now() + SIGNALS);
        let signal = interpreter::enter(|py| py.check_signals());
        let mut raised = raised.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(error)) = signal {
            raised.get_or_insert(error);
        }
        if raised.is_some() {
            return None;
        }
    }
}
