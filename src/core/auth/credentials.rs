//! The three ways to say who is asking.
use crate::core::secret::Secret;

/// One complete set of credentials. `Debug` shows ids, never secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// OAuth 2 client credentials.
    ServiceAccount {
        /// `mdb_sa_id_…`
        client_id: String,
        /// `mdb_sa_sk_…`
        client_secret: Secret,
    },
    /// HTTP Digest.
    ApiKey {
        /// The short public part.
        public_key: String,
        /// The private part.
        private_key: Secret,
    },
    /// A ready-made bearer token.
    AccessToken {
        /// The token.
        token: Secret,
    },
}

impl Credentials {
    /// `service account`, `API key` or `access token`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ServiceAccount { .. } => "service account",
            Self::ApiKey { .. } => "API key",
            Self::AccessToken { .. } => "access token",
        }
    }

    /// [`Credentials::kind`] as one word: `service_account`, `api_key` or `access_token`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::ServiceAccount { .. } => "service_account",
            Self::ApiKey { .. } => "api_key",
            Self::AccessToken { .. } => "access_token",
        }
    }

    /// The public part: client id or public key; a token has none.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::ServiceAccount { client_id, .. } => Some(client_id),
            Self::ApiKey { public_key, .. } => Some(public_key),
            Self::AccessToken { .. } => None,
        }
    }

    /// The secret part.
    pub fn secret(&self) -> &Secret {
        match self {
            Self::ServiceAccount { client_secret, .. } => client_secret,
            Self::ApiKey { private_key, .. } => private_key,
            Self::AccessToken { token } => token,
        }
    }

    /// `service account mdb_sa_id_…`, `access token (36 characters, ending in …ab)`.
    pub fn describe(&self) -> String {
        match self.id() {
            Some(id) => format!("{} {}", self.kind(), shown(id)),
            None => format!("{} ({})", self.kind(), self.secret().hint()),
        }
    }
}

/// An id as it is shown. No id of Atlas is longer than 40 characters; what is longer may be a secret in the wrong place.
pub(crate) fn shown(id: &str) -> String {
    if id.chars().count() <= 40 {
        return id.to_owned();
    }
    let start: String = id.chars().take(10).collect();
    format!("{start}… ({} characters)", id.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_and_description_have_no_secret() {
        let all = [
            Credentials::ServiceAccount { client_id: "mdb_sa_id_1".into(), client_secret: "SECRETMARK".into() },
            Credentials::ApiKey { public_key: "abcdefgh".into(), private_key: "SECRETMARK".into() },
            Credentials::AccessToken { token: "SECRETMARK".into() },
        ];
        for credentials in &all {
            let text = format!("{credentials:?} {}", credentials.describe());
            assert!(!text.contains("SECRETMARK"), "{text}");
        }
        assert_eq!(all[0].describe(), "service account mdb_sa_id_1");
        assert_eq!(all[2].describe(), "access token (10 characters, ending in …RK)");
        assert_eq!(shown(&"x".repeat(50)), "xxxxxxxxxx… (50 characters)");
    }
}
