//! A client of the core for each process that uses it, and a connection pool for each runtime.
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;

use super::waiting_threads;
use crate::core::auth::discovery::resolved::ResolvedCredentials;
use crate::core::client::Client;
use crate::core::config::Config;
use crate::core::error::Error;

/// What a Python client holds: its configuration, and the core's client of the current process.
pub(crate) struct ClientState {
    config: Config,
    credentials: ResolvedCredentials,
    current: ArcSwap<ProcessClient>,
}

struct ProcessClient {
    pid: u32,
    id: u64,
    core: Client,
}

impl ClientState {
    pub(crate) fn new(config: Config, credentials: ResolvedCredentials) -> Result<Self, Error> {
        let current = ArcSwap::from_pointee(ProcessClient::new(&config, &credentials)?);
        Ok(ClientState { config, credentials, current })
    }

    pub(crate) fn credentials(&self) -> &ResolvedCredentials {
        &self.credentials
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The client of this process, whose id is `pid`. A child made by fork gets one of its own. The parent's is leaked, never
    /// dropped: its locks and connections may be in use by threads that the child does not have.
    fn current(&self, pid: u32) -> Result<Arc<ProcessClient>, Error> {
        let current = self.current.load_full();
        if current.pid == pid {
            return Ok(current);
        }
        let fresh = Arc::new(ProcessClient::new(&self.config, &self.credentials)?);
        let parents = self.current.swap(fresh.clone());
        std::mem::forget(parents);
        std::mem::forget(current);
        Ok(fresh)
    }

    /// The core's client, for what needs no runtime.
    pub(crate) fn core(&self) -> Result<Client, Error> {
        Ok(self.current(std::process::id())?.core.clone())
    }
}

impl Drop for ClientState {
    /// A child made by fork leaks its parent's client, as [`ClientState::current`] does.
    fn drop(&mut self) {
        let current = self.current.load_full();
        if current.pid != std::process::id() {
            std::mem::forget(current);
        }
    }
}

impl ProcessClient {
    fn new(config: &Config, credentials: &ResolvedCredentials) -> Result<Self, Error> {
        static IDS: AtomicU64 = AtomicU64::new(0);
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id();
        waiting_threads::reset_after_fork(pid);
        Ok(ProcessClient { pid, id, core: Client::new(config.clone(), credentials)? })
    }
}

/// Connection pools of one runtime, one for each client that used it.
#[derive(Default)]
pub(crate) struct Pools {
    pools: HashMap<u64, (Weak<ClientState>, Client)>,
}

impl Pools {
    /// The client with a pool for this runtime, which belongs to the process `pid`, this one. Pools of clients that were
    /// dropped are closed.
    pub(crate) fn get(&mut self, pid: u32, state: &Arc<ClientState>) -> Result<Client, Error> {
        let current = state.current(pid)?;
        if let Some((_, client)) = self.pools.get(&current.id) {
            return Ok(client.clone());
        }
        self.pools.retain(|_, (owner, _)| owner.strong_count() > 0);
        let client = current.core.for_another_runtime()?;
        self.pools.insert(current.id, (Arc::downgrade(state), client.clone()));
        Ok(client)
    }

    /// Closes the pool of a client.
    pub(crate) fn close(&mut self, state: &ClientState) {
        if let Ok(current) = state.current(std::process::id()) {
            self.pools.remove(&current.id);
        }
    }
}
