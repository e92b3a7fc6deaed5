//! Whether a thread without the interpreter lock may still go and get it. Once the interpreter is ending it may not: what
//! it would enter is being taken apart, and a thread that is half-way in crashes the process. So the last thing that runs
//! before the end (`atexit`) closes the gate and lets those pass who are in it.
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCFunction;

/// Threads that are in the gate: they wait for the interpreter lock, or (see [`hand_over`]) have work in there that the
/// end waits for.
static IN_THE_GATE: AtomicUsize = AtomicUsize::new(0);
/// The process that they are counted in.
static PROCESS: AtomicU32 = AtomicU32::new(0);
/// The thread that closed the gate, which ends the interpreter; 0 while it is open.
static CLOSED_BY: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static ME: u8 = const { 0 };
}

/// Enters Python, unless another thread is ending the interpreter.
pub(crate) fn enter<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    step_in().then(|| {
        Python::attach(|py| {
            IN_THE_GATE.fetch_sub(1, Ordering::SeqCst);
            work(py)
        })
    })
}

/// Enters Python for something short that an ending interpreter waits for.
pub(crate) fn hand_over<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    step_in().then(|| {
        let done = Python::attach(work);
        IN_THE_GATE.fetch_sub(1, Ordering::SeqCst);
        done
    })
}

/// False if the gate is closed.
fn step_in() -> bool {
    count_in_this_process();
    IN_THE_GATE.fetch_add(1, Ordering::SeqCst);
    let open = !is_closed();
    if !open {
        IN_THE_GATE.fetch_sub(1, Ordering::SeqCst);
    }
    open
}

/// A call of Python code. Before Python 3.14 an ending interpreter ends a daemon thread that runs such code by unwinding
/// its stack, and the destructors of the Rust frames which called it find no interpreter. Here the thread stops instead, as
/// in 3.14, and ends with the process. Between here and Python there must be no destructor.
pub(crate) fn whole<T>(work: impl FnOnce() -> T) -> T {
    let stop = Stop;
    let done = work();
    std::mem::forget(stop);
    done
}

struct Stop;

impl Drop for Stop {
    fn drop(&mut self) {
        while !std::thread::panicking() {
            std::thread::park();
        }
    }
}

/// Sees to it that the gate closes before the interpreter ends.
pub(crate) fn guard(py: Python<'_>) -> PyResult<()> {
    static GUARDED: PyOnceLock<()> = PyOnceLock::new();
    let register = || {
        let close = PyCFunction::new_closure(py, None, None, |arguments, _| close(arguments.py()))?;
        py.import("atexit")?.getattr("register")?.call1((close,)).map(drop)
    };
    GUARDED.get_or_try_init(py, register).map(drop)
}

/// For what would never be heard of: an error while another thread ends the interpreter.
pub(crate) fn check() -> PyResult<()> {
    if is_closed() { Err(PyRuntimeError::new_err("the interpreter is ending")) } else { Ok(()) }
}

fn is_closed() -> bool {
    let closed_by = CLOSED_BY.load(Ordering::SeqCst);
    closed_by != 0 && closed_by != me()
}

fn close(py: Python<'_>) {
    count_in_this_process();
    CLOSED_BY.store(me(), Ordering::SeqCst);
    // Those in the gate need the interpreter lock. Should one never come out, the process ends all the same.
    py.detach(|| {
        for _ in 0..1000 {
            if IN_THE_GATE.load(Ordering::SeqCst) == 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// A child made by fork has none of the threads that its parent counted.
fn count_in_this_process() {
    let pid = std::process::id();
    if PROCESS.swap(pid, Ordering::SeqCst) != pid {
        IN_THE_GATE.store(0, Ordering::SeqCst);
    }
}

/// A number for this thread that no other living one has.
fn me() -> usize {
    ME.with(|me| std::ptr::from_ref(me).addr())
}
