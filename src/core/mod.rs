//! A plain Rust client of the Atlas Administration API. It knows neither Python nor the emulator.
//!
//! A room uses rooms above it only, and no two files import each other, directly or through others:
//!
//! | room | uses |
//! | --- | --- |
//! | `error`, `secret`, `machine`, `json` | nothing of the core |
//! | `policy` | `error` |
//! | `context` | `policy`, `error` |
//! | `spec` | `json`, `error` |
//! | `http` | `context`, `policy`, `spec`, `error`, `secret`, `machine`, `json` |
//! | `auth` | `http` and what it uses |
//! | `config` | `auth` and what it uses |
//! | `client` | `config` and what it uses |
//! | `operations` | `client` and what it uses |
//! | `doctor` | `operations` and what it uses |

#![forbid(unsafe_code)]

pub mod auth;
pub mod client;
pub mod config;
pub mod context;
pub mod doctor;
pub mod error;
pub mod http;
pub mod json;
pub mod machine;
pub mod operations;
pub mod policy;
pub mod secret;
pub mod spec;
