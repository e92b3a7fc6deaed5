//! Who is asking: credentials, where they were found, and what is sent for them.
pub mod base_url;
pub mod credentials;
pub mod discover;
mod environment;
mod explain;
pub mod jwt;
mod keyring;
mod parts;
mod profile;
mod profile_credentials;
mod search;
pub mod secret;
pub mod surroundings;
