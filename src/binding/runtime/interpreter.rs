//! Attaching to Python from threads that do not hold the interpreter lock, safely while the interpreter ends.
//!
//! A thread that attaches while the interpreter is being torn down crashes the process. So an `atexit` hook, the last
//! thing that runs before the end, refuses further threads and waits for those that are attaching.
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use pyo3::exceptions::{PyImportError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCFunction;

use crate::binding::convert::call::without_unwinding;
use crate::binding::convert::last_resort;
use crate::core::error::Error;

/// How often a waiting thread lets Python's signal handlers run (Ctrl-C).
pub(crate) const SIGNAL_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Threads that the end waits for: they wait for the interpreter lock or are in [`attach_until_done`].
static ATTACHING: AtomicUsize = AtomicUsize::new(0);
/// The process that they are counted in.
static PROCESS: AtomicU32 = AtomicU32::new(0);
/// The thread that is ending the interpreter; 0 before that.
static ENDING_THREAD: AtomicUsize = AtomicUsize::new(0);
/// How long the end waits for them.
const EXIT_TIMEOUT_MS: u32 = 1000;

thread_local! {
    static THREAD_ADDRESS: u8 = const { 0 };
}

/// Attaches to Python; `None` if another thread is ending the interpreter.
///
/// An object may be dropped by an exception that leaves its frame. Python code must not run while that is set: it is put
/// aside meanwhile.
pub(crate) fn attach<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    begin_attach().then(|| {
        Python::attach(|py| {
            ATTACHING.fetch_sub(1, Ordering::SeqCst);
            let raised = PyErr::take(py);
            // Else a thread that ends in here would give back an interpreter lock that it does not hold.
            let result = without_unwinding(|| work(py));
            if let Some(raised) = raised {
                raised.restore(py);
            }
            result
        })
    })
}

/// The same for short work that an ending interpreter waits for.
pub(crate) fn attach_until_done<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    begin_attach().then(|| {
        let result = Python::attach(|py| without_unwinding(|| work(py)));
        ATTACHING.fetch_sub(1, Ordering::SeqCst);
        result
    })
}

fn begin_attach() -> bool {
    reset_after_fork();
    ATTACHING.fetch_add(1, Ordering::SeqCst);
    let allowed = !is_ending();
    if !allowed {
        ATTACHING.fetch_sub(1, Ordering::SeqCst);
    }
    allowed
}

/// Fails in a subinterpreter: this module keeps classes and objects of the main interpreter, and an exception class of
/// another is caught by no `except`. From 3.12 on Python refuses by itself.
pub(crate) fn refuse_subinterpreters(py: Python<'_>) -> PyResult<()> {
    if py.version_info() >= (3, 12) {
        return Ok(());
    }
    let Ok(interpreters) = py.import("_xxsubinterpreters") else { return Ok(()) };
    if interpreters.call_method0("get_current")?.eq(interpreters.call_method0("get_main")?)? {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "atlas_serverless works in the main interpreter only, and this is a subinterpreter. Under mod_wsgi, set \
         WSGIApplicationGroup %{GLOBAL}",
    ))
}

/// Registers the hook, once: when the module is imported, so that what the program registers runs before it.
pub(crate) fn register_exit_hook(py: Python<'_>) -> PyResult<()> {
    static REGISTERED: PyOnceLock<()> = PyOnceLock::new();
    let register = || {
        let hook = PyCFunction::new_closure(py, None, None, |arguments, _| begin_exit(arguments.py()))?;
        py.import("atexit")?.getattr("register")?.call1((hook,)).map(drop)
    };
    REGISTERED.get_or_try_init(py, register).map(drop)
}

/// Fails while another thread ends the interpreter: the result of a call would never be delivered.
pub(crate) fn ensure_running() -> PyResult<()> {
    if is_ending() { Err(PyRuntimeError::new_err("the interpreter is ending")) } else { Ok(()) }
}

/// Fails where the interpreter is taken apart, as in `__del__` of what is left of a program: a reply could not be made into
/// anything.
pub(crate) fn ensure_whole(py: Python<'_>) -> PyResult<()> {
    // Every call asks this.
    if ENDING_THREAD.load(Ordering::Relaxed) == 0 {
        return Ok(());
    }
    if !last_resort::is_taken_apart(py) {
        return Ok(());
    }
    let message = "nothing was sent: the interpreter is ending. Call it before, in a with block or by atexit";
    let ending = PyRuntimeError::new_err("modules are gone already");
    Err(last_resort::exception(py, &Error::Configuration(message.to_owned()), Some(ending)))
}

/// Fails in a child made by fork within a callable of the caller's: the call goes on in the parent alone, whose sockets
/// and timers this process must not touch.
pub(crate) fn same_process(pid: u32) -> PyResult<()> {
    if pid == std::process::id() {
        return Ok(());
    }
    Err(PyRuntimeError::new_err("a call that is under way does not go on in a child made by fork"))
}

fn is_ending() -> bool {
    let ending_thread = ENDING_THREAD.load(Ordering::SeqCst);
    ending_thread != 0 && ending_thread != thread_id()
}

fn begin_exit(py: Python<'_>) {
    reset_after_fork();
    last_resort::keep_classes(py);
    ENDING_THREAD.store(thread_id(), Ordering::SeqCst);
    // Those that are attaching need the interpreter lock. Should one never get done, the process ends all the same.
    py.detach(|| {
        for _ in 0..EXIT_TIMEOUT_MS {
            if ATTACHING.load(Ordering::SeqCst) == 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// A child made by fork has none of the threads that its parent counted.
fn reset_after_fork() {
    let pid = std::process::id();
    if PROCESS.swap(pid, Ordering::SeqCst) != pid {
        ATTACHING.store(0, Ordering::SeqCst);
    }
}

/// A number that no other living thread has.
fn thread_id() -> usize {
    THREAD_ADDRESS.with(|address| std::ptr::from_ref(address).addr())
}

/// The error of a call whose event loop has none of its descriptors any more.
pub(crate) fn descriptors_lost() -> Error {
    Error::Configuration(
        "the descriptors of this process were closed while it made calls: whether this one was carried out is not known"
            .to_owned(),
    )
}

/// The error where the system gives no descriptor or thread.
pub(super) fn no_event_loop(error: &std::io::Error) -> Error {
    Error::Configuration(format!("no event loop can be made ({error}): are too many files open?"))
}
