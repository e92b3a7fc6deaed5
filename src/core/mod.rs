//! A plain Rust client of the Atlas Administration API. It knows neither Python nor the emulator.
pub mod auth;
pub mod clock;
pub mod context;
pub mod error;
pub mod observe;
pub mod rate_limit;
pub mod reply;
pub mod retry;
pub mod tls;
pub mod transport;
