//! The kinds of credentials.
use crate::core::error::printable;
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
    ApiKey { public_key: String, private_key: Secret },
    /// A ready-made bearer token.
    AccessToken { token: Secret },
}

/// A kind of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    AccessToken,
    ServiceAccount,
    ApiKey,
}

impl CredentialKind {
    /// In the order in which the environment is searched.
    pub const ALL: [Self; 3] = [Self::AccessToken, Self::ServiceAccount, Self::ApiKey];

    /// `service account`, `API key` or `access token`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "access token",
            Self::ServiceAccount => "service account",
            Self::ApiKey => "API key",
        }
    }

    /// [`CredentialKind::name`] as one word: `service_account`, `api_key` or `access_token`.
    pub fn word(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::ServiceAccount => "service_account",
            Self::ApiKey => "api_key",
        }
    }

    /// `a service account`, `an API key`.
    pub fn with_article(self) -> String {
        format!("{} {}", if self == Self::ServiceAccount { "a" } else { "an" }, self.name())
    }

    /// Whether credentials of this kind are exchanged for tokens.
    pub fn fetches_tokens(self) -> bool {
        self == Self::ServiceAccount
    }
}

impl Credentials {
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::ServiceAccount { .. } => CredentialKind::ServiceAccount,
            Self::ApiKey { .. } => CredentialKind::ApiKey,
            Self::AccessToken { .. } => CredentialKind::AccessToken,
        }
    }

    /// The client id or public key; an access token has none.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::ServiceAccount { client_id, .. } => Some(client_id),
            Self::ApiKey { public_key, .. } => Some(public_key),
            Self::AccessToken { .. } => None,
        }
    }

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
            Some(id) => format!("{} {}", self.kind().name(), shortened(id)),
            None => format!("{} ({})", self.kind().name(), self.secret().hint()),
        }
    }
}

/// An id as messages show it. No id of Atlas is longer than 40 characters; a longer one may be a secret in the wrong place.
fn shortened(id: &str) -> String {
    if id.chars().count() <= 40 {
        return printable(id);
    }
    let start = printable(&id.chars().take(10).collect::<String>());
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
        assert_eq!(shortened(&"x".repeat(50)), "xxxxxxxxxx… (50 characters)");
    }
}
