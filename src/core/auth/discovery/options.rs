//! What the caller of a discovery passed as arguments.
use super::parts::CredentialPart;
use crate::core::secret::Secret;

/// The caller's arguments, and where to look besides.
#[derive(Debug, Clone, Default)]
pub struct ExplicitOptions {
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    pub public_key: Option<String>,
    pub private_key: Option<Secret>,
    pub access_token: Option<Secret>,
    /// Use the credentials of this profile and no others.
    pub profile: Option<String>,
    /// `None`: from the environment, a profile, or the default.
    pub base_url: Option<String>,
    /// The project of calls that name none. `None`: from the environment or a profile.
    pub group_id: Option<String>,
    /// Allow `http://` to other hosts than loopback.
    pub allow_insecure_http: bool,
    pub sources: Sources,
}

/// Where to look if the arguments have no credentials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sources {
    /// Environment, then profile (`Client()`).
    #[default]
    All,
    /// The environment only (`Client.from_env()`); no file is read.
    Environment,
    /// The profile only (`Client.from_profile(name)`).
    Profile,
}

impl ExplicitOptions {
    /// The argument for a part of the credentials.
    pub(crate) fn part(&self, part: CredentialPart) -> Option<String> {
        let secret = |value: &Option<Secret>| value.as_ref().map(|secret| secret.expose().to_owned());
        match part {
            CredentialPart::ClientId => self.client_id.clone(),
            CredentialPart::ClientSecret => secret(&self.client_secret),
            CredentialPart::PublicKey => self.public_key.clone(),
            CredentialPart::PrivateKey => secret(&self.private_key),
            CredentialPart::AccessToken => secret(&self.access_token),
        }
    }
}
