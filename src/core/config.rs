//! How a client behaves, as its caller said.
use std::path::PathBuf;
use std::time::Duration;

use crate::core::auth::secret::Secret;
use crate::core::context::Doors;

/// What to do where Atlas has retired the serverless endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRetired {
    /// An error that says how to go on.
    #[default]
    Raise,
    /// Convert, and create a Flex cluster.
    Flex,
}

/// How a client behaves.
#[derive(Clone)]
pub struct Config {
    /// `2025-03-12`.
    pub api_version: String,
    /// Time to open a connection.
    pub connect_timeout: Duration,
    /// Bounds of attempts and retries, time and chance.
    pub doors: Doors,
    /// A proxy URL; without one, the environment's.
    pub proxy: Option<Secret>,
    /// PEM bundles to trust beside the platform's store.
    pub ca_files: Vec<PathBuf>,
    /// The folder in which a service account's token is shared with other processes; `None` keeps it in memory.
    pub token_cache: Option<PathBuf>,
    /// What comes before the version in `User-Agent`, and after.
    pub user_agent: String,
    /// Look up the outcome of a create that is unknown.
    pub reconcile: bool,
}
