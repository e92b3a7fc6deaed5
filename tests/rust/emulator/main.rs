//! The emulator, driven over real sockets by a client that knows nothing but HTTP.

// Not in the product: a test that panics has done its work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod auth;
mod client;
mod connect;
mod control;
mod faults;
mod load;
mod recordings;
mod requests;
mod resources;
mod router;
