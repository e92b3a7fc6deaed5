//! A plain Rust client of the Atlas Administration API. It knows neither Python nor the emulator.
pub mod clock;
pub mod error;
pub mod observe;
pub mod retry;
pub mod tls;
pub mod transport;
