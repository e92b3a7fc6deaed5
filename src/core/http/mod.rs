//! One request of the API over HTTP: the call as data, how it is sent, and what its reply means.

pub mod call;
pub(crate) mod classify;
pub mod deprecation;
pub mod entity;
pub mod network;
pub mod reply;
pub(crate) mod subject;
pub(crate) mod targets;
pub mod tls;
pub mod to_error;
pub mod transport;
