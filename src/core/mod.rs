//! A plain Rust client of the Atlas Administration API. It knows neither Python nor the emulator.

pub mod auth;
pub mod client;
pub mod config;
pub mod context;
pub mod doctor;
pub mod error;
pub mod error_codes;
pub mod http;
pub mod json;
pub mod machine;
pub mod operations;
pub mod policy;
pub mod secret;
pub mod spec;
