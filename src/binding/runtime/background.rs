//! The one thread of a process on which calls run that no thread of the caller's drives: those of event loops, of
//! `create_many` and of a crowd. It never touches Python.
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle as TokioHandle};
use tokio::sync::Notify;

use super::blocking::{Handle, Pools};
use crate::binding::convert::errors::to_exception;
use crate::core::client::Client;

/// The runtime of a process and its one thread.
pub(crate) struct Background {
    pid: u32,
    runtime: TokioHandle,
    pools: Mutex<Pools>,
    starts: Arc<Starts>,
}

static BACKGROUND: ArcSwapOption<Background> = ArcSwapOption::const_empty();

impl Background {
    /// The runtime of this process. A child made by fork has none of its parent's threads and starts its own.
    pub(crate) fn here() -> PyResult<Arc<Self>> {
        let current = BACKGROUND.load_full();
        match &current {
            Some(background) if background.pid == std::process::id() => return Ok(background.clone()),
            _ => {}
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let starts = Arc::<Starts>::default();
        let fresh = Arc::new(Background {
            pid: std::process::id(),
            runtime: runtime.handle().clone(),
            pools: Mutex::default(),
            starts: starts.clone(),
        });
        std::thread::Builder::new()
            .name("atlas-serverless".to_owned())
            .spawn(move || runtime.block_on(starts.serve()))?;
        // Called with the interpreter lock held, so nobody else starts one at the same time.
        std::mem::forget(BACKGROUND.swap(Some(fresh.clone())));
        std::mem::forget(current);
        Ok(fresh)
    }

    /// A client with a connection pool for this runtime.
    pub(crate) fn client(&self, py: Python<'_>, handle: &Arc<Handle>) -> PyResult<Client> {
        let client = self.pools().get(handle);
        client.map_err(|error| to_exception(py, error))
    }

    /// Starts something.
    pub(crate) fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.starts.add(Box::pin(work));
    }

    fn pools(&self) -> MutexGuard<'_, Pools> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The runtime, for those who know that it is there.
pub(crate) fn runtime() -> TokioHandle {
    match BACKGROUND.load().as_ref() {
        Some(background) => background.runtime.clone(),
        None => TokioHandle::current(),
    }
}

/// Closes the connections of a client that is closed.
pub(crate) fn let_go(handle: &Handle) {
    // Only if there is a runtime already.
    if let Some(background) = BACKGROUND.load_full().filter(|background| background.pid == std::process::id()) {
        background.pools().let_go(handle);
    }
}

type Start = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is to start. The thread is woken once for all that come before it looks: to wake it for each, as spawning from
/// another thread does, is a system call for each.
#[derive(Default)]
struct Starts {
    waiting: Mutex<Vec<Start>>,
    bell: Notify,
}

impl Starts {
    fn waiting(&self) -> MutexGuard<'_, Vec<Start>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, start: Start) {
        let first = {
            let mut waiting = self.waiting();
            waiting.push(start);
            waiting.len() == 1
        };
        if first {
            self.bell.notify_one();
        }
    }

    async fn serve(self: Arc<Self>) {
        loop {
            for start in std::mem::take(&mut *self.waiting()) {
                tokio::spawn(start);
            }
            self.bell.notified().await;
        }
    }
}
