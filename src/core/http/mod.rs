//! One call over HTTP: what is asked, how it is sent, and what the reply means.

pub mod call;
pub(crate) mod classify;
pub mod deprecation;
pub mod network;
pub mod reply;
pub(crate) mod targets;
pub mod tls;
pub mod to_error;
pub mod transport;
