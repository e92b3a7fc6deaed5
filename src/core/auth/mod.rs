//! Who is asking: credentials, where they were found, and what is sent for them.
pub mod credentials;
pub mod discover;
pub mod secret;
