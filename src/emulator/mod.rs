//! A small Atlas on 127.0.0.1, true to recorded replies. It shares no types with the client.
//!
//! [`Emulator::start`] runs it on a thread of its own; [`app`] is the same thing as a plain [`axum::Router`], for
//! callers that have a server already. Everything that can be seen or changed while it runs goes through
//! [`Emulator::control`], which is what HTTP clients reach under `/_emulator/`.
//!
//! Each room uses those on its left only:
//! `clock ← options ← http ← store ← auth ← api ← faults ← control ← serve`.

// A refusal carries its whole reply: refusing is half of what an emulator does.
#![allow(clippy::result_large_err)]

pub(crate) mod api;
pub(crate) mod auth;
pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod faults;
pub(crate) mod http;
pub(crate) mod options;
pub(crate) mod serve;
pub(crate) mod store;

pub use self::clock::ClockMode;
pub use self::control::error::ControlError;
pub use self::options::{Calendar, DigestAlgorithm, Options, Provisioning, RateLimit, Regions, RetiredReply};
pub use self::serve::app::app;
pub use self::serve::server::Emulator;
pub use self::serve::state::{StartError, State};
