//! A ready-made access token.
use reqwest::header::HeaderValue;

use crate::core::error::Error;
use crate::core::secret::Secret;

/// Sends `Authorization: Bearer …` (RFC 6750). The token cannot be renewed.
pub struct Bearer {
    pub(super) header: HeaderValue,
}

impl Bearer {
    /// Fails if the token has characters that a header cannot carry.
    pub fn new(token: &Secret) -> Result<Self, Error> {
        header(token.expose()).map(|header| Bearer { header }).ok_or_else(|| {
            Error::Configuration("access_token has characters that a header cannot carry (a line break?)".to_owned())
        })
    }
}

/// The header for a token, marked as sensitive so that its `Debug` does not show it.
pub(super) fn header(token: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}
