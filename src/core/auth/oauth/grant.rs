//! What a kind of credentials sends to the token endpoint.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::HeaderValue;
use zeroize::Zeroize as _;

use crate::core::error::Error;
use crate::core::secret::Secret;

/// How a token is obtained (RFC 6749, 4).
pub trait Grant: Send + Sync {
    /// The body of a token request, form-encoded. Called for each attempt.
    fn form(&self) -> Bytes;

    /// The `Authorization` header of token and revocation requests.
    fn authorization(&self) -> HeaderValue;
}

/// The client credentials grant (RFC 6749, 4.4), which service accounts use.
pub struct ClientCredentials {
    authorization: HeaderValue,
}

impl ClientCredentials {
    /// Fails if the id or secret has characters that a header cannot carry.
    pub fn new(client_id: &str, client_secret: &Secret) -> Result<Self, Error> {
        let mut pair = format!("{client_id}:{}", client_secret.expose());
        let mut encoded = STANDARD.encode(&pair);
        let header = HeaderValue::try_from(format!("Basic {encoded}"));
        pair.zeroize();
        encoded.zeroize();
        let mut authorization =
            header.map_err(|_| Error::Configuration("client_id or client_secret cannot be sent".to_owned()))?;
        authorization.set_sensitive(true);
        Ok(ClientCredentials { authorization })
    }
}

impl Grant for ClientCredentials {
    fn form(&self) -> Bytes {
        Bytes::from_static(b"grant_type=client_credentials")
    }

    fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_credentials_are_sent_as_basic_authorization() {
        let grant = ClientCredentials::new("mdb_sa_id_1", &"mdb_sa_sk_1".into()).unwrap();
        assert_eq!(grant.form(), "grant_type=client_credentials");
        assert_eq!(grant.authorization(), "Basic bWRiX3NhX2lkXzE6bWRiX3NhX3NrXzE=");
        assert!(grant.authorization().is_sensitive());
    }
}
