//! Whether the listening socket is open, and whether it should be: the control API asks, the listener does it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct ListenerControl {
    state: Mutex<State>,
    /// `open` has changed.
    changed: Condvar,
    /// `wanted` has changed.
    asked: Notify,
}

#[derive(Debug, Clone, Copy)]
struct State {
    open: bool,
    wanted: bool,
    /// When a closed socket opens again without being asked, in real time.
    reopen_at: Option<Instant>,
    /// Whether a server is there; a bare router has no socket.
    served: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { open: false, wanted: true, reopen_at: None, served: false }
    }
}

impl ListenerControl {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for the socket to be open or closed; a closed one opens again after `time`.
    pub(crate) fn ask(&self, open: bool, time: Option<Duration>) {
        let mut state = self.lock();
        state.wanted = open;
        state.reopen_at = time.filter(|_| !open).map(|time| Instant::now() + time);
        drop(state);
        self.asked.notify_one();
    }

    /// Waits until what was asked for is done. Not for the server's own thread, which has to do it.
    pub(crate) fn wait_until_done(&self) {
        let state = self.lock();
        let pending = |state: &mut State| state.served && state.open != state.wanted;
        // Another process may have taken the port by now; five seconds are enough to wait for that.
        drop(self.changed.wait_timeout_while(state, Duration::from_secs(5), pending));
    }

    /// A server starts or stops.
    pub(crate) fn set_served(&self, served: bool) {
        let mut state = self.lock();
        state.served = served;
        state.open = served;
        drop(state);
        self.changed.notify_all();
    }

    /// The listener has opened or closed its socket.
    pub(crate) fn report(&self, open: bool) {
        self.lock().open = open;
        self.changed.notify_all();
    }

    /// Waits until the socket should be open (or closed).
    pub(crate) async fn wait_until_wanted(&self, open: bool) {
        loop {
            let reopen_at = {
                let mut state = self.lock();
                if state.reopen_at.is_some_and(|at| at <= Instant::now()) {
                    state.wanted = true;
                    state.reopen_at = None;
                }
                if state.wanted == open {
                    return;
                }
                state.reopen_at
            };
            match reopen_at {
                None => self.asked.notified().await,
                Some(at) => {
                    let left = at.saturating_duration_since(Instant::now());
                    // Which of the two came first does not matter: the loop looks.
                    let _ = tokio::time::timeout(left, self.asked.notified()).await;
                }
            }
        }
    }
}
