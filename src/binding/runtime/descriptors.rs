//! Whether the descriptors of this process are still its own. A program that becomes a daemon closes all that it has, and
//! their numbers become those of other files.
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Instant;

use crate::binding::locks::if_free;

/// A socket that nobody uses: if its number is another file by now, so are those of the event loops.
#[cfg(unix)]
struct Canary {
    socket: std::os::unix::net::UnixDatagram,
    file: (u64, u64),
}

#[cfg(unix)]
impl Canary {
    fn new() -> Option<Self> {
        let socket = std::os::unix::net::UnixDatagram::unbound().ok()?;
        let file = file(&socket)?;
        Some(Canary { socket, file })
    }
}

#[cfg(unix)]
fn file(socket: &std::os::unix::net::UnixDatagram) -> Option<(u64, u64)> {
    let facts = rustix::fs::fstat(socket).ok()?;
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)] // their types differ from system to system
    Some((facts.st_dev as u64, facts.st_ino as u64))
}

#[cfg(not(unix))]
struct Canary;

#[cfg(not(unix))]
impl Canary {
    fn new() -> Option<Self> {
        None
    }
}

#[derive(Default)]
struct State {
    generation: u32,
    canary: Option<Canary>,
}

static STATE: Mutex<State> = Mutex::new(State { generation: 0, canary: None });

static LATEST: AtomicU32 = AtomicU32::new(0);
/// Milliseconds after `START`.
static LOOKED_AT: AtomicU64 = AtomicU64::new(u64::MAX);
static START: LazyLock<Instant> = LazyLock::new(Instant::now);
/// For so long the last look is believed: each is a system call.
const INTERVAL: u64 = 10;

/// The same as it was lately.
pub(crate) fn recent_generation() -> u32 {
    let now = START.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
    let looked_at = LOOKED_AT.load(Ordering::Relaxed);
    if now.checked_sub(looked_at).is_some_and(|ago| ago < INTERVAL) {
        return LATEST.load(Ordering::Relaxed);
    }
    LOOKED_AT.store(now, Ordering::Relaxed);
    generation()
}

/// A number that is another one once the descriptors were closed. What has one of an earlier generation is leaked: to close it
/// would close other files.
pub(crate) fn generation() -> u32 {
    // Another thread looks at this moment; in a child made by fork it may be one that the child does not have.
    let Some(mut state) = if_free(&STATE) else { return LATEST.load(Ordering::Relaxed) };
    #[cfg(unix)]
    if state.canary.as_ref().is_some_and(|canary| file(&canary.socket) != Some(canary.file)) {
        std::mem::forget(state.canary.take());
        state.generation += 1;
    }
    if state.canary.is_none() {
        state.canary = Canary::new();
    }
    LATEST.store(state.generation, Ordering::Relaxed);
    state.generation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_a_thread_of_the_parent_holds_keeps_nobody_waiting() {
        let held = STATE.lock();
        assert_eq!(generation(), LATEST.load(Ordering::Relaxed));
        drop(held);
    }

    #[test]
    fn the_generation_is_the_same_while_nothing_is_closed() {
        let first = generation();
        assert_eq!((generation(), recent_generation(), recent_generation()), (first, first, first));
    }
}
