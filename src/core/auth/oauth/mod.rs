//! OAuth 2: credentials that are exchanged for tokens.
//!
//! A [`grant`] says what is sent for a token, [`endpoint`] sends it, and [`provider`] keeps the token, renews it, and
//! shares it between callers. A new kind of credentials that is exchanged for tokens is a new grant.
pub mod endpoint;
pub mod grant;
pub mod provider;
pub(crate) mod reply;
