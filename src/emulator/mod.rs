//! A server on 127.0.0.1 that behaves like the Atlas Administration API, compared with recorded replies. It shares no types with
//! the client.
//!
//! [`Emulator::start`] runs it on a thread of its own; [`app`] is the same thing as a plain [`axum::Router`], for
//! callers that have a server already. Everything that can be seen or changed while it runs goes through
//! [`Emulator::control`], which is what HTTP clients reach under `/_emulator/`.
//!
//! A room uses rooms above it only, and no two files import each other, directly or through others:
//!
//! | room | uses |
//! | --- | --- |
//! | `clock`, `json` | nothing of the emulator |
//! | `options` | `clock`, `json` |
//! | `http` | `options` and what it uses |
//! | `store` | `http` and what it uses |
//! | `auth` | `store` and what it uses |
//! | `api` | `auth` and what it uses |
//! | `faults` | `api` and what it uses |
//! | `control` | `faults` and what it uses |
//! | `serve` | `control` and what it uses |

#![forbid(unsafe_code)]
// An error carries its whole reply; boxing it would gain nothing.
#![allow(clippy::result_large_err)]

pub(crate) mod api;
pub(crate) mod auth;
pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod faults;
pub(crate) mod http;
pub(crate) mod json;
pub(crate) mod options;
pub(crate) mod serve;
pub(crate) mod store;

pub use self::clock::ClockMode;
pub use self::control::error::ControlError;
pub use self::options::{Calendar, DigestAlgorithm, Options, Provisioning, RateLimit, Regions, RetiredReply};
pub use self::serve::app::app;
pub use self::serve::server::Emulator;
pub use self::serve::state::{StartError, State};
