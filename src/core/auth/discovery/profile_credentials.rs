//! The credentials of a profile: from its file, or from the keyring if the file does not have them.
use super::keyring;
use super::parts::{CredentialPart, CredentialValue, build, id_part, parts, secret_part};
use super::profile::Profile;
use super::resolved::SourcedCredentials;
use crate::core::auth::credentials::{CredentialKind, Credentials};
use crate::core::auth::jwt;
use crate::core::error::{Notice, NoticeKind};
use crate::core::machine::{KeyringTrouble, Machine};

/// The order if the profile has no `auth_type`: that of the CLI, a user's login last.
const ORDER: [CredentialKind; 3] =
    [CredentialKind::ServiceAccount, CredentialKind::ApiKey, CredentialKind::AccessToken];

/// The parts of one kind, and whether one is from the keyring.
struct FoundParts {
    id: Option<CredentialValue>,
    secret: Option<CredentialValue>,
    from_keyring: bool,
}

/// The profile's credentials; `None` if it has none.
pub(crate) fn find(
    profile: &Profile,
    machine: &dyn Machine,
    notices: &mut Vec<Notice>,
) -> Result<Option<SourcedCredentials>, String> {
    let auth_type = match profile.auth_type.as_deref() {
        Some("service_account") => Some(CredentialKind::ServiceAccount),
        Some("api_keys") => Some(CredentialKind::ApiKey),
        Some("user_account") => Some(CredentialKind::AccessToken),
        _ => None,
    };
    let mut keyring_error = None;
    // First what `auth_type` says, also from the keyring; then what the file has; then what only the keyring has.
    let mut rounds: Vec<(CredentialKind, bool)> =
        auth_type.into_iter().flat_map(|kind| [(kind, false), (kind, true)]).collect();
    rounds.extend(ORDER.into_iter().map(|kind| (kind, false)));
    if auth_type.is_none() {
        rounds.extend(ORDER.into_iter().map(|kind| (kind, true)));
    }
    for (kind, with_keyring) in rounds {
        let keyring = (with_keyring && keyring_error.is_none()).then_some(machine);
        let found = find_parts(kind, profile, keyring, &mut keyring_error);
        if let FoundParts { id, secret: Some(secret), from_keyring } = found
            && id.is_some() == id_part(kind).is_some()
        {
            return build_credentials(kind, id, secret, from_keyring, profile, machine, notices).map(Some);
        }
    }
    let missing = missing(profile);
    match (keyring_error, missing) {
        (Some(trouble), missing) => Err(without_keyring(profile, &trouble, missing.as_deref())),
        (None, Some(missing)) => Err(format!("{missing}, neither in the file nor in the keyring")),
        (None, None) => Ok(None),
    }
}

fn find_parts(
    kind: CredentialKind,
    profile: &Profile,
    keyring: Option<&dyn Machine>,
    keyring_error: &mut Option<KeyringTrouble>,
) -> FoundParts {
    let mut from_keyring = false;
    let mut get = |part: CredentialPart| {
        let in_file = profile.field(part).cloned();
        let (None, Some(machine), None) = (&in_file, keyring, &keyring_error) else { return in_file };
        match keyring::read(&profile.name, part, machine) {
            Ok(answer) => {
                from_keyring |= answer.is_some();
                answer
            }
            Err(problem) => {
                *keyring_error = Some(problem);
                None
            }
        }
    };
    let id = id_part(kind).and_then(&mut get);
    // A secret without its id is of no use, so it is not read from the keyring: each read may open a dialog.
    let secret = if id.is_some() == id_part(kind).is_some() { get(secret_part(kind)) } else { None };
    FoundParts { id, secret, from_keyring }
}

fn build_credentials(
    kind: CredentialKind,
    id: Option<CredentialValue>,
    secret: CredentialValue,
    from_keyring: bool,
    profile: &Profile,
    machine: &dyn Machine,
    notices: &mut Vec<Notice>,
) -> Result<SourcedCredentials, String> {
    let secret_in_file = profile.field(secret_part(kind)).is_some();
    let credentials = build(kind, id, secret, notices)?;
    notices.extend(profile.permission_notice().filter(|_| secret_in_file));
    let mut login_of_profile = None;
    if let Credentials::AccessToken { token } = &credentials {
        if let Some(end) = jwt::expiry(token.expose()).filter(|end| *end <= machine.now()) {
            return Err(format!(
                "the login of {profile} ended at {}: run “atlas auth login --profile {}”, or use a service account, which does not end",
                jwt::utc(end),
                profile.name
            ));
        }
        login_of_profile = Some(profile.name.clone());
    }
    let others = ORDER.into_iter().filter(|other| *other != kind && profile.field(secret_part(*other)).is_some());
    let others: Vec<String> = others.map(CredentialKind::with_article).collect();
    if profile.auth_type.is_none() && !others.is_empty() {
        notices.push(Notice {
            kind: NoticeKind::Credential,
            message: format!("{profile} also holds {}; its {} was used", others.join(" and "), kind.name()),
        });
    }
    let source = if from_keyring { format!("{profile}, with secrets from the keyring") } else { profile.to_string() };
    Ok(SourcedCredentials { credentials, source, login_of_profile })
}

/// What is missing, if the file has one of two parts.
fn missing(profile: &Profile) -> Option<String> {
    for kind in ORDER {
        let (present, absent): (Vec<CredentialPart>, Vec<CredentialPart>) =
            parts(kind).partition(|part| profile.field(*part).is_some());
        if let ([present], [absent]) = (present.as_slice(), absent.as_slice()) {
            return Some(format!("{profile} has {} but no {}", present.profile_key(), absent.profile_key()));
        }
    }
    None
}

fn without_keyring(profile: &Profile, trouble: &KeyringTrouble, missing: Option<&str>) -> String {
    let state = missing.map_or_else(|| format!("{profile} has no secrets in its file"), str::to_owned);
    let (why, remedy) = match trouble {
        KeyringTrouble::NoPackage => (
            "the keyring package is not installed".to_owned(),
            "run: pip install 'atlas-serverless[keyring]'".to_owned(),
        ),
        KeyringTrouble::Failed(why) => (
            format!("the system keyring gave no answer ({})", why.chars().take(200).collect::<String>()),
            "unlock it".to_owned(),
        ),
    };
    format!(
        "{state}; recent versions of the Atlas CLI keep secrets in the system keyring, but {why}: {remedy}, or set \
         MONGODB_ATLAS_CLIENT_ID and MONGODB_ATLAS_CLIENT_SECRET"
    )
}
