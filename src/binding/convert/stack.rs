//! Whether enough is left of the calling thread's stack: `threading.stack_size()` may be small, and calls may be deep.
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// A build that is not optimised takes three times the stack.
const OPTIMISED: bool = !cfg!(debug_assertions);
/// What a call takes that runs on the calling thread, twice over: with TLS by way of a proxy 90 KiB, or 310.
const TO_RUN: usize = if OPTIMISED { 192 << 10 } else { 640 << 10 };
/// What a call takes that runs on the background thread, and then some: its arguments are checked and its result is built
/// here. An exception, whose module has yet to be imported, takes 26 KiB, or 36.
const TO_WAIT: usize = if OPTIMISED { 32 << 10 } else { 40 << 10 };
/// What it takes to find credentials and to prepare for TLS, and then some.
const TO_SET_UP: usize = if OPTIMISED { 40 << 10 } else { 128 << 10 };

/// Whether a call would not fit.
pub(crate) fn is_short() -> bool {
    remaining().is_some_and(|left| left < TO_RUN)
}

/// Fails if not even the result of a call would fit: past its end a stack ends the process.
pub(crate) fn ensure_room() -> PyResult<()> {
    ensure(TO_WAIT)
}

/// The same for a new client.
pub(crate) fn ensure_room_to_set_up() -> PyResult<()> {
    ensure(TO_SET_UP)
}

fn ensure(needed: usize) -> PyResult<()> {
    let Some(left) = remaining().filter(|left| *left < needed) else { return Ok(()) };
    Err(PyRuntimeError::new_err(format!(
        "nothing was done: {} KiB are left of this thread's stack, and this takes {}. threading.stack_size() gives more to \
         threads that start after it",
        left >> 10,
        needed >> 10
    )))
}

/// Bytes, if that can be known.
fn remaining() -> Option<usize> {
    // musl says of the first thread of a process only how much it has used so far.
    #[cfg(target_env = "musl")]
    if rustix::process::getpid() == rustix::thread::gettid() {
        return None;
    }
    stacker::remaining_stack()
}
