//! How many Python threads wait for a call right now.
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Counts the calling thread until it is dropped.
pub(crate) struct WaitingThread {
    others: usize,
}

impl WaitingThread {
    pub(crate) fn begin() -> Self {
        WaitingThread { others: WAITING.fetch_add(1, Ordering::Relaxed) }
    }

    /// The threads that waited when this one began, this one included.
    pub(crate) fn count(&self) -> usize {
        self.others + 1
    }
}

impl Drop for WaitingThread {
    fn drop(&mut self) {
        let _ = WAITING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| Some(waiting.saturating_sub(1)));
    }
}

/// Called where a client is made for a process. A child made by fork has none of the threads that its parent counted.
pub(crate) fn reset_after_fork(pid: u32) {
    static PROCESS: AtomicU32 = AtomicU32::new(0);
    if PROCESS.swap(pid, Ordering::Relaxed) != pid {
        WAITING.store(0, Ordering::Relaxed);
    }
}
