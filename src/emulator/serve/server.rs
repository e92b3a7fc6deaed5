//! A running emulator: a thread of its own with a runtime of its own.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;

use super::listener::serve;
use super::state::{StartError, State};
use crate::emulator::control::error::ControlError;
use crate::emulator::options::Options;
use crate::emulator::store::snapshot;

/// Of the emulator's threads. It is said, since else RUST_MIN_STACK of the program's environment says it.
const THREAD_STACK: usize = 2 << 20;

/// A running emulator. It stops when it is dropped.
#[derive(Debug)]
pub struct Emulator {
    state: State,
    address: SocketAddr,
    running: Mutex<Option<Running>>,
    /// The process that started it.
    process: u32,
}

#[derive(Debug)]
struct Running {
    stop: Arc<Notify>,
    thread: JoinHandle<()>,
}

impl Emulator {
    /// Starts an emulator, which listens when this returns.
    ///
    /// # Errors
    /// When the address is not loopback or not free, or the seed, scenario or state folder cannot be used.
    pub fn start(options: Options) -> Result<Self, StartError> {
        if !options.host.is_loopback() {
            let host = options.host;
            let message = format!("The emulator listens on loopback addresses only, not on {host}.");
            return Err(StartError::Unusable(message));
        }
        let wanted = SocketAddr::new(options.host, options.port);
        let state = State::new(options)?;
        let failed = |what: &str, error: io::Error| StartError::Unusable(format!("{what}: {error}."));
        let listener =
            StdListener::bind(wanted).map_err(|e| failed(&format!("The emulator cannot listen on {wanted}"), e))?;
        listener.set_nonblocking(true).map_err(|e| failed("The emulator's socket cannot be used", e))?;
        let address = listener.local_addr().map_err(|e| failed("The emulator's socket has no address", e))?;
        state.lock().store.url = format!("http://{address}");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .thread_stack_size(THREAD_STACK)
            .build()
            .map_err(|e| failed("The emulator's runtime cannot be built", e))?;
        state.listener().set_served(true);
        let stop = Arc::new(Notify::new());
        let (inside, stopped) = (state.clone(), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("atlas-emulator".to_owned())
            .stack_size(THREAD_STACK)
            .spawn(move || {
                runtime.block_on(async {
                    tokio::spawn(serve(listener, address, inside.clone()));
                    tokio::spawn(autosave(inside.clone()));
                    stopped.notified().await;
                });
                // Whatever is under way ends here.
                drop(runtime);
                inside.listener().set_served(false);
                save(&inside);
            })
            .map_err(|e| failed("The emulator's thread cannot be started", e))?;
        Ok(Self { state, address, running: Mutex::new(Some(Running { stop, thread })), process: std::process::id() })
    }

    /// Whether this is the copy of a child that was made by fork. It has neither the thread nor the present state, and a lock
    /// that was held at the fork is held there for ever: it can only use [`Emulator::url`].
    pub fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }

    /// Such as `http://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it is, and its credentials: `url`, `group_id`, `org_id`, `client_id`, `client_secret`, `public_key`,
    /// `private_key` and a valid `access_token`, all of the default identities.
    pub fn description(&self) -> Value {
        self.state.description()
    }

    /// What was received and answered, oldest first; credentials are taken out. A ring of `request_log` entries.
    pub fn requests(&self) -> Vec<Value> {
        self.state.requests()
    }

    /// Stored things, faults, counters, requests, settings and clock back to the start; credentials stay.
    pub fn reset(&self) {
        self.state.reset();
    }

    /// What `method /_emulator/{path}` does over HTTP.
    ///
    /// # Errors
    /// When the path is unknown or the request makes no sense; the text says why.
    pub fn control(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, ControlError> {
        self.state.control(method, path, body)
    }

    /// Stops it: the port is free when this returns. Stopping twice does nothing, nor does it in a child made by fork.
    pub fn stop(&self) {
        if self.is_inherited() {
            return;
        }
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            running.stop.notify_one();
            // A thread that has panicked has stopped too.
            let _ = running.thread.join();
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if self.is_inherited() {
            // The handle of a thread that is not there must not be dropped: it could mean another thread by now.
            std::mem::forget(self.running.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        } else {
            self.stop();
        }
    }
}

/// Saves the state every second in which it changed.
async fn autosave(state: State) {
    if state.lock().store.options.state_dir.is_none() {
        return;
    }
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        save(&state);
    }
}

fn save(state: &State) {
    let (folder, value) = {
        let store = &mut state.lock().store;
        let Some(folder) = store.options.state_dir.clone().filter(|_| store.dirty) else { return };
        store.dirty = false;
        (folder, snapshot::saved(store))
    };
    if snapshot::write(&folder, &value).is_err() {
        // The next second tries again.
        state.lock().store.dirty = true;
    }
}
