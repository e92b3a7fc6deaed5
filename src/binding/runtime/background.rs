//! The one background thread of a process: it runs the calls of event loops and of `create_many`, and those that many
//! threads make at once. It never touches Python.
use std::future::{Future, poll_fn};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle as TokioHandle};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::client_state::{ClientState, Pools};
use super::descriptors;
use super::interpreter::no_event_loop;
use crate::binding::convert::errors::to_exception;
use crate::core::client::Client;
use crate::core::context::panic::panicked;
use crate::core::error::Error;

/// Shorter than the timeouts of nearly all requests, and long enough to cost nothing.
const TICK: Duration = Duration::from_secs(1);

/// Of threads of our own. It is said, since else RUST_MIN_STACK of the program's environment says it.
pub(super) const THREAD_STACK: usize = 2 << 20;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The runtime of a process and its one thread.
pub(crate) struct Background {
    pid: u32,
    /// Of its descriptors.
    generation: u32,
    /// It has ended, or cannot be woken.
    lost: AtomicBool,
    runtime: TokioHandle,
    pools: Mutex<Pools>,
    /// The thread is woken once for all tasks that come before it looks. `Handle::spawn` of tokio from another thread makes
    /// a system call for each.
    tasks: UnboundedSender<Task>,
}

static BACKGROUND: ArcSwapOption<Background> = ArcSwapOption::const_empty();

impl Background {
    /// The runtime of this process. A child made by fork has none of its parent's threads and starts its own.
    pub(crate) fn current(py: Python<'_>) -> PyResult<Arc<Self>> {
        let current = BACKGROUND.load_full();
        match &current {
            Some(background)
                if background.pid == std::process::id() && !background.is_lost_in(descriptors::recent_generation()) =>
            {
                return Ok(background.clone());
            }
            _ => {}
        }
        let fresh = Self::start().map_err(|error| to_exception(py, no_event_loop(&error)))?;
        // The caller holds the interpreter lock, so no other thread starts one at the same time.
        std::mem::forget(BACKGROUND.swap(Some(fresh.clone())));
        std::mem::forget(current);
        Ok(fresh)
    }

    fn start() -> std::io::Result<Arc<Self>> {
        let generation = descriptors::generation();
        // Without its descriptors the runtime would panic, and close those that have their numbers by now.
        let stop_if_lost = move || {
            while descriptors::recent_generation() != generation {
                std::thread::park();
            }
        };
        let mut builder = Builder::new_current_thread();
        builder.enable_all().thread_stack_size(THREAD_STACK).on_thread_park(stop_if_lost);
        let runtime = builder.build()?;
        let (tasks, incoming) = unbounded_channel();
        let fresh = Arc::new(Background {
            pid: std::process::id(),
            generation,
            lost: AtomicBool::new(false),
            runtime: runtime.handle().clone(),
            pools: Mutex::default(),
            tasks,
        });
        let within = fresh.clone();
        let running = move || {
            // Without its descriptors it panics, and to drop it would close other files of their numbers.
            let runtime = ManuallyDrop::new(runtime);
            if catch_unwind(AssertUnwindSafe(|| runtime.block_on(spawn_all(incoming)))).is_err() {
                within.lost.store(true, Ordering::Relaxed);
            }
        };
        let thread = std::thread::Builder::new().name("atlas-serverless".to_owned()).stack_size(THREAD_STACK);
        thread.spawn(running)?;
        Ok(fresh)
    }

    /// A client with a connection pool for this runtime.
    pub(crate) fn client(&self, py: Python<'_>, state: &Arc<ClientState>) -> PyResult<Client> {
        let client = self.pools().get(self.pid, state);
        client.map_err(|error| to_exception(py, error))
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // The receiver lives as long as the process.
        let task: Task = Box::pin(task);
        if catch_unwind(AssertUnwindSafe(|| self.tasks.send(task))).is_err() {
            self.lost.store(true, Ordering::Relaxed);
        }
    }

    /// Whether what it runs can end no more.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost_in(descriptors::generation())
    }

    fn is_lost_in(&self, generation: u32) -> bool {
        self.lost.load(Ordering::Relaxed) || self.generation != generation
    }

    /// Runs what is no call of a client. Given up, it goes on all the same.
    pub(super) fn outcome<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Pin<Box<dyn Future<Output = Result<T, Error>> + Send>> {
        // The caller's stack may be short.
        let work = Box::pin(work);
        let (sender, outcome) = oneshot::channel();
        self.spawn(async move {
            let _ = sender.send(work.await);
        });
        Box::pin(async { outcome.await.unwrap_or_else(|_| Err(panicked())) })
    }

    fn pools(&self) -> MutexGuard<'_, Pools> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Spawns tasks as they come. While any of them runs, there is a timer in the runtime: for the first timer that is set
/// after none was left, and so for each request of an otherwise idle runtime, tokio makes a system call to wake itself.
async fn spawn_all(mut incoming: UnboundedReceiver<Task>) {
    let running = Arc::new(());
    let mut tick = pin!(tokio::time::sleep(TICK));
    let mut ticks = true;
    poll_fn(|context| {
        loop {
            match incoming.poll_recv(context) {
                Poll::Ready(Some(task)) => {
                    let running = running.clone();
                    tokio::spawn(async move {
                        task.await;
                        drop(running);
                    });
                    if !std::mem::replace(&mut ticks, true) {
                        tick.as_mut().reset(Instant::now() + TICK);
                    }
                }
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending if !ticks || tick.as_mut().poll(context).is_pending() => return Poll::Pending,
                Poll::Pending => {
                    ticks = Arc::strong_count(&running) > 1;
                    if ticks {
                        tick.as_mut().reset(Instant::now() + TICK);
                    }
                }
            }
        }
    })
    .await;
}

/// The runtime, for callers that have started it.
pub(crate) fn runtime() -> TokioHandle {
    match BACKGROUND.load().as_ref() {
        Some(background) => background.runtime.clone(),
        None => TokioHandle::current(),
    }
}

/// Closes the connections of a client, if the background thread was started at all.
pub(crate) fn close_connections(state: &ClientState) {
    if let Some(background) =
        BACKGROUND.load_full().filter(|background| background.pid == std::process::id() && !background.is_lost())
    {
        background.pools().close(state);
    }
}
