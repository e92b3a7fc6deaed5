//! What a pool of connections needs to know.
use std::time::Duration;

use http::Uri;
use reqwest::header::HeaderValue;

use crate::core::http::network::route::Proxy;

/// A connection that was not used for so long is not used again. Load balancers close theirs after 60 s or more.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(45);
/// How often a runtime looks for unused connections that the server has closed.
pub(super) const SWEEP_INTERVAL: Duration = Duration::from_secs(15);
/// Unused connections that are kept: more than any sensible number of calls in flight, so that none is closed too early.
pub(super) const MAX_IDLE_CONNECTIONS: usize = 8192;
/// The largest body that is read; a page of 500 instances is about 0.6 MB. An event loop stands still while a reply is made
/// into Python objects.
pub(super) const MAX_BODY: usize = 16 << 20;
/// What is read of an error's body. Those of Atlas have some hundred bytes.
pub(in crate::core::http) const MAX_ERROR_BODY: usize = 1 << 20;

/// Where and how to connect.
#[derive(Clone)]
pub struct TransportOptions {
    /// Scheme, host and port of the server.
    pub server: Uri,
    /// Timeout for opening a connection, TLS included.
    pub connect_timeout: Duration,
    pub proxy: Proxy,
    /// `User-Agent`.
    pub user_agent: HeaderValue,
    /// Made once for all pools of a client.
    pub tls: rustls::ClientConfig,
    /// In words, which certificates `tls` trusts.
    pub trust_description: String,
}
