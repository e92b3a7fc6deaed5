//! A plain Rust client of the Atlas Administration API. It knows neither Python nor the emulator.
pub mod compare;
pub mod convert;
pub mod error;
pub mod model;
pub mod validate;
