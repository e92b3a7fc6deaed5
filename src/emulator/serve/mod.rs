//! Sockets: accepting connections, and handing requests to the API.

pub(crate) mod app;
pub(crate) mod connection;
pub(crate) mod listener;
pub(crate) mod server;
