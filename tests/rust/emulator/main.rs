//! The emulator, driven over real sockets by a client that knows nothing but HTTP.

mod client;
mod life;
