//! A small Atlas on 127.0.0.1, true to recorded replies. It shares no types with the client.
//!
//! [`Emulator::start`] runs it on a thread of its own; [`app`] is the same thing as a plain [`axum::Router`], for
//! callers that have a server already. Everything that can be seen or changed while it runs goes through
//! [`Emulator::control`], which is what HTTP clients reach under `/_emulator/`.

// A refusal carries its whole reply: refusing is half of what an emulator does.
#![allow(clippy::result_large_err)]

mod app;
mod auth;
mod clock;
mod clusters;
mod connection;
mod control;
mod control_http;
mod control_stored;
mod digest;
mod dispatch;
mod faults;
mod flex;
mod glob;
mod identity;
mod ids;
mod instance;
mod journal;
mod limits;
mod listener;
mod lists;
mod oauth;
mod options;
mod orgs;
mod projects;
mod regions;
mod replies;
mod route;
mod seed;
mod server;
mod serverless;
mod settings;
mod snapshot;
mod state;
mod validate;
mod version;
mod wire;

pub use app::{State, app};
pub use control::ControlError;
pub use options::{Calendar, ClockMode, DigestAlgorithm, Options, Provisioning, Regions, RetiredReply};
pub use server::{Emulator, StartError};
