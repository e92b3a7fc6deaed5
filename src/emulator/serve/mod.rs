//! Sockets: accepting connections, reading requests from them, and sending responses, whole or cut.

pub(crate) mod answer;
pub(crate) mod app;
pub(crate) mod connection;
pub(crate) mod control;
pub(crate) mod fault;
pub(crate) mod listener;
pub(crate) mod listener_control;
pub(crate) mod server;
pub(crate) mod state;
