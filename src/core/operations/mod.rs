//! What a client can do: create, read, list, change, upgrade, delete, wait, and any other request.

pub mod create;
pub mod create_many;
pub(crate) mod delete;
pub mod entity;
pub mod journal;
pub mod leftovers;
pub mod list;
mod once;
pub mod request;
pub mod resource;
pub(crate) mod retirement;
pub mod target;
pub mod up;
pub(crate) mod update_tags;
pub mod upgrade;
pub mod wait;
