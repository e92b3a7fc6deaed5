//! Credentials of one profile: from its file, and from the keyring where the file does not have them.
use super::keyring;
use super::parts::{Field, Kind, Part, build};
use super::profile::Profile;
use super::search::Picked;
use crate::core::auth::credentials::Credentials;
use crate::core::auth::jwt;
use crate::core::error::{Notice, NoticeKind};
use crate::core::machine::{KeyringTrouble, Machine};

/// Without word from the profile itself: service account before API key, as the CLI has it, a user's login last.
const ORDER: [Kind; 3] = [Kind::ServiceAccount, Kind::ApiKey, Kind::AccessToken];

/// Both parts of one kind and whether one came from the keyring.
struct Gathered {
    id: Option<Field>,
    secret: Option<Field>,
    of_keyring: bool,
}

/// The profile's credentials; `None` if it has none at all.
pub(crate) fn pick(
    profile: &Profile,
    machine: &dyn Machine,
    notices: &mut Vec<Notice>,
) -> Result<Option<Picked>, String> {
    let said = match profile.auth_type.as_deref() {
        Some("service_account") => Some(Kind::ServiceAccount),
        Some("api_keys") => Some(Kind::ApiKey),
        Some("user_account") => Some(Kind::AccessToken),
        _ => None,
    };
    let mut trouble = None;
    // What the profile says it uses, with the keyring; then what is in the file; then what only the keyring has.
    let mut rounds: Vec<(Kind, bool)> = said.into_iter().flat_map(|kind| [(kind, false), (kind, true)]).collect();
    rounds.extend(ORDER.into_iter().map(|kind| (kind, false)));
    if said.is_none() {
        rounds.extend(ORDER.into_iter().map(|kind| (kind, true)));
    }
    for (kind, with_keyring) in rounds {
        let keyring = (with_keyring && trouble.is_none()).then_some(machine);
        let gathered = gather(kind, profile, keyring, &mut trouble);
        if let Gathered { id, secret: Some(secret), of_keyring } = gathered
            && id.is_some() == kind.id().is_some()
        {
            return finish(kind, id, secret, of_keyring, profile, machine, notices).map(Some);
        }
    }
    let missing = missing(profile);
    match (trouble, missing) {
        (Some(trouble), missing) => Err(without_keyring(profile, &trouble, missing.as_deref())),
        (None, Some(missing)) => Err(format!("{missing}, neither in the file nor in the keyring")),
        (None, None) => Ok(None),
    }
}

fn gather(
    kind: Kind,
    profile: &Profile,
    keyring: Option<&dyn Machine>,
    trouble: &mut Option<KeyringTrouble>,
) -> Gathered {
    let mut of_keyring = false;
    let mut get = |part: Part| {
        let in_file = profile.field(part).cloned();
        let (None, Some(machine), None) = (&in_file, keyring, &trouble) else { return in_file };
        match keyring::ask(&profile.name, part, machine) {
            Ok(answer) => {
                of_keyring |= answer.is_some();
                answer
            }
            Err(problem) => {
                *trouble = Some(problem);
                None
            }
        }
    };
    let id = kind.id().and_then(&mut get);
    // Without its id a secret is of no use, so the keyring is not asked for it: each question can be a dialog.
    let secret = if id.is_some() == kind.id().is_some() { get(kind.secret()) } else { None };
    Gathered { id, secret, of_keyring }
}

fn finish(
    kind: Kind,
    id: Option<Field>,
    secret: Field,
    of_keyring: bool,
    profile: &Profile,
    machine: &dyn Machine,
    notices: &mut Vec<Notice>,
) -> Result<Picked, String> {
    let secret_in_file = profile.field(kind.secret()).is_some();
    let credentials = build(kind, id, secret, notices)?;
    notices.extend(profile.open_to_others().filter(|_| secret_in_file));
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
    let others = ORDER.into_iter().filter(|other| *other != kind && profile.field(other.secret()).is_some());
    let others: Vec<String> = others.map(Kind::a_name).collect();
    if profile.auth_type.is_none() && !others.is_empty() {
        notices.push(Notice {
            kind: NoticeKind::Credential,
            message: format!("{profile} also holds {}; its {} was used", others.join(" and "), kind.name()),
        });
    }
    let source = if of_keyring { format!("{profile}, with secrets from the keyring") } else { profile.to_string() };
    Ok(Picked { credentials, source, login_of_profile })
}

/// A clause about the half that the file has, if it has one.
fn missing(profile: &Profile) -> Option<String> {
    for kind in ORDER {
        let (here, absent): (Vec<Part>, Vec<Part>) = kind.parts().partition(|part| profile.field(*part).is_some());
        if let ([here], [absent]) = (here.as_slice(), absent.as_slice()) {
            return Some(format!("{profile} has {} but no {}", here.profile_key(), absent.profile_key()));
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
