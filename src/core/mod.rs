//! A plain Rust client of the Atlas Administration API. It knows neither Python nor the emulator.
pub mod error_codes;
