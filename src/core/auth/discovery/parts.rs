//! The values that credentials consist of: their names, and how they are checked.
use zeroize::Zeroizing;

use crate::core::auth::credentials::{CredentialKind, Credentials};
use crate::core::error::{Notice, NoticeKind};
use crate::core::secret::Secret;

/// One value of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialPart {
    ClientId,
    ClientSecret,
    PublicKey,
    PrivateKey,
    AccessToken,
}

impl CredentialPart {
    /// The name as an argument.
    pub(crate) fn argument(self) -> &'static str {
        match self {
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::PublicKey => "public_key",
            Self::PrivateKey => "private_key",
            Self::AccessToken => "access_token",
        }
    }

    /// The name in an Atlas CLI profile and in its keyring entries.
    pub(crate) fn profile_key(self) -> &'static str {
        match self {
            Self::PublicKey => "public_api_key",
            Self::PrivateKey => "private_api_key",
            other => other.argument(),
        }
    }

    /// The names in the environment, in order of precedence.
    pub(crate) fn variables(self) -> &'static [&'static str] {
        match self {
            Self::ClientId => &["MONGODB_ATLAS_CLIENT_ID", "MCLI_CLIENT_ID"],
            Self::ClientSecret => &["MONGODB_ATLAS_CLIENT_SECRET", "MCLI_CLIENT_SECRET"],
            Self::PublicKey => &["MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PUBLIC_KEY", "MCLI_PUBLIC_API_KEY"],
            Self::PrivateKey => &["MONGODB_ATLAS_PRIVATE_API_KEY", "MONGODB_ATLAS_PRIVATE_KEY", "MCLI_PRIVATE_API_KEY"],
            Self::AccessToken => &["MONGODB_ATLAS_ACCESS_TOKEN", "MCLI_ACCESS_TOKEN"],
        }
    }
}

/// The public part of a kind, if it has one.
pub(crate) fn id_part(kind: CredentialKind) -> Option<CredentialPart> {
    match kind {
        CredentialKind::AccessToken => None,
        CredentialKind::ServiceAccount => Some(CredentialPart::ClientId),
        CredentialKind::ApiKey => Some(CredentialPart::PublicKey),
    }
}

/// The secret part of a kind.
pub(crate) fn secret_part(kind: CredentialKind) -> CredentialPart {
    match kind {
        CredentialKind::AccessToken => CredentialPart::AccessToken,
        CredentialKind::ServiceAccount => CredentialPart::ClientSecret,
        CredentialKind::ApiKey => CredentialPart::PrivateKey,
    }
}

/// Both parts of a kind, the public one first.
pub(crate) fn parts(kind: CredentialKind) -> impl Iterator<Item = CredentialPart> {
    id_part(kind).into_iter().chain([secret_part(kind)])
}

/// A value and the name it was found under.
#[derive(Debug, Clone)]
pub(crate) struct CredentialValue {
    /// `client_id`, `MONGODB_ATLAS_CLIENT_ID`, `client_id in profile default`.
    pub(crate) name: String,
    /// Without white space and quotes around it; can be empty.
    pub(crate) value: Secret,
    /// What was removed, if anything.
    removed: Option<&'static str>,
}

impl CredentialValue {
    /// Removes what editors, shells and `.env` files put around a value.
    pub(crate) fn new(name: impl Into<String>, raw: String) -> Self {
        let raw = Zeroizing::new(raw);
        let mut value = raw.trim();
        let mut removed = (value.len() != raw.len()).then_some("white space around it");
        for quote in ['"', '\''] {
            if let Some(inside) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
                value = inside.trim();
                removed = Some("quotes around it");
            }
        }
        Self { name: name.into(), value: Secret::from(value), removed }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.value.expose().is_empty()
    }

    /// A warning if something was removed.
    fn notice(&self) -> Option<Notice> {
        let what = self.removed?;
        Some(Notice { kind: NoticeKind::Credential, message: format!("{} has {what}, which was removed", self.name) })
    }
}

/// Builds credentials of one kind from their parts, or says what is wrong with them.
pub(crate) fn build(
    kind: CredentialKind,
    id: Option<CredentialValue>,
    mut secret: CredentialValue,
    notices: &mut Vec<Notice>,
) -> Result<Credentials, String> {
    if kind == CredentialKind::AccessToken
        && let Some(("Bearer" | "bearer", token)) = secret.value.expose().split_once(' ')
    {
        secret = CredentialValue {
            value: token.trim().into(),
            removed: Some("the word “Bearer” before it"),
            name: secret.name,
        };
    }
    if let (Some(part), Some(field)) = (id_part(kind), &id) {
        check(part, field)?;
        // A private key in place of the public one would be shown as an id.
        if part == CredentialPart::PublicKey && is_uuid(&field.value) && !is_uuid(&secret.value) {
            return Err(format!("{} looks like the private key: is it exchanged with {}?", field.name, secret.name));
        }
        notices.extend(field.notice());
    }
    check(secret_part(kind), &secret)?;
    notices.extend(secret.notice());
    let id = id.map(|field| field.value.expose().to_owned()).unwrap_or_default();
    Ok(match kind {
        CredentialKind::AccessToken => Credentials::AccessToken { token: secret.value },
        CredentialKind::ServiceAccount => Credentials::ServiceAccount { client_id: id, client_secret: secret.value },
        CredentialKind::ApiKey => Credentials::ApiKey { public_key: id, private_key: secret.value },
    })
}

/// What a value with one of Atlas' prefixes is.
const PREFIXES: [(&str, CredentialPart, &str); 2] = [
    ("mdb_sa_id_", CredentialPart::ClientId, "the id of a service account"),
    ("mdb_sa_sk_", CredentialPart::ClientSecret, "the secret of a service account"),
];

fn check(part: CredentialPart, field: &CredentialValue) -> Result<(), String> {
    let (name, value) = (&field.name, field.value.expose());
    if value.is_empty() {
        return Err(format!("{name} is empty"));
    }
    // A secrets manager returns all keys of an entry as one object.
    if value.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok() {
        return Err(format!("{name} holds JSON, as a secrets manager returns it: give the one value in it"));
    }
    for (prefix, belongs, what) in PREFIXES {
        if part != belongs && value.starts_with(prefix) {
            return Err(format!(
                "{name} holds {what} ({prefix}…): give it as {}, in the environment as {}",
                belongs.argument(),
                belongs.variables().first().copied().unwrap_or_default()
            ));
        }
    }
    let secret = matches!(part, CredentialPart::ClientSecret | CredentialPart::PrivateKey);
    // Ids and tokens are sent in a header unchanged; secrets are encoded or hashed first.
    let bad = value.chars().position(|c| {
        c.is_control()
            || c == char::REPLACEMENT_CHARACTER
            || (!secret && !c.is_ascii_graphic())
            || (part == CredentialPart::ClientId && c == ':')
            || (part == CredentialPart::PublicKey && matches!(c, '"' | '\\'))
    });
    match bad {
        None => Ok(()),
        Some(at) => Err(format!(
            "{name} has a character at position {} that cannot be in it (white space, a control character or the like): copy it again",
            at + 1
        )),
    }
}

/// The format of an API key's private part: 8-4-4-4-12 hexadecimal digits.
fn is_uuid(value: &Secret) -> bool {
    let groups: Vec<&str> = value.expose().split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(kind: CredentialKind, id: &str, secret: &str) -> (Result<Credentials, String>, Vec<Notice>) {
        let mut notices = Vec::new();
        let id = id_part(kind).map(|part| CredentialValue::new(part.argument(), id.to_owned()));
        let secret = CredentialValue::new(secret_part(kind).argument(), secret.to_owned());
        (build(kind, id, secret, &mut notices), notices)
    }

    #[test]
    fn what_shells_and_editors_put_around_a_value_is_removed_and_said() {
        for (id, secret, warnings) in [
            ("mdb_sa_id_1", "mdb_sa_sk_1", 0),
            (" mdb_sa_id_1\n", "mdb_sa_sk_1\r\n", 2),
            ("\"mdb_sa_id_1\"", "'mdb_sa_sk_1'", 2),
        ] {
            let (credentials, notices) = built(CredentialKind::ServiceAccount, id, secret);
            assert_eq!(credentials.as_ref().unwrap().id(), Some("mdb_sa_id_1"));
            assert_eq!(credentials.unwrap().secret().expose(), "mdb_sa_sk_1");
            assert_eq!(notices.len(), warnings, "{notices:?}");
        }
        let (credentials, notices) = built(CredentialKind::AccessToken, "", "Bearer eyJ.a.b");
        assert_eq!(credentials.unwrap().secret().expose(), "eyJ.a.b");
        assert_eq!(notices[0].message, "access_token has the word “Bearer” before it, which was removed");
    }

    #[test]
    fn what_cannot_be_right_is_refused_without_showing_it() {
        const UUID: &str = "5e1f0c4e-1234-4abc-9def-000000000000";
        for (kind, id, secret, part_of_message) in [
            (CredentialKind::ApiKey, "mdb_sa_id_1", "mdb_sa_sk_1", "public_key holds the id of a service account"),
            (CredentialKind::ApiKey, "abcdefgh", "mdb_sa_sk_1", "private_key holds the secret of a service account"),
            (CredentialKind::ServiceAccount, "mdb_sa_sk_MARK", "mdb_sa_id_1", "client_id holds the secret"),
            (CredentialKind::ServiceAccount, "mdb_sa_id_1", "mdb_sa_id_1", "client_secret holds the id"),
            (CredentialKind::AccessToken, "", "mdb_sa_sk_MARK", "access_token holds the secret of a service account"),
            (CredentialKind::ApiKey, UUID, "abcdefgh", "public_key looks like the private key"),
            (CredentialKind::ServiceAccount, "mdb sa", "MARK", "client_id has a character at position 4"),
            (CredentialKind::ServiceAccount, "a:b", "MARK", "client_id has a character at position 2"),
            (
                CredentialKind::ServiceAccount,
                "mdb_sa_id_1",
                "MARK\nX-Evil: 1",
                "client_secret has a character at position 5",
            ),
            (CredentialKind::AccessToken, "", "MARK\u{e4}", "access_token has a character at position 5"),
            (CredentialKind::AccessToken, "", "", "access_token is empty"),
            (
                CredentialKind::ServiceAccount,
                "mdb_sa_id_1",
                "{\"client_secret\": \"MARK\"}",
                "client_secret holds JSON",
            ),
            (CredentialKind::ServiceAccount, "{\"client_id\":\"MARK\"}", "mdb_sa_sk_1", "client_id holds JSON"),
            (CredentialKind::ApiKey, "abcdefgh", "[\"MARK\"]", "private_key holds JSON"),
            (CredentialKind::AccessToken, "", "{\"access_token\":\"MARK\"}", "access_token holds JSON"),
            (CredentialKind::AccessToken, "", "MARK\u{fffd}", "access_token has a character at position 5"),
        ] {
            let message = built(kind, id, secret).0.unwrap_err();
            assert!(message.contains(part_of_message), "{message}");
            assert!(!message.contains("MARK"), "{message}");
            assert!(!message.contains(UUID), "{message}");
        }
    }

    #[test]
    fn secrets_may_hold_what_is_encoded_before_it_is_sent() {
        assert!(built(CredentialKind::ApiKey, "abcdefgh", "pässwörd with spaces").0.is_ok());
    }
}
