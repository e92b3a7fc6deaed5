//! Suggests the field that a caller probably meant by a name that is no field.
use super::Kind;
use super::fields::{Object, Type};

/// Names that other tools use, in lower case without separators, and the path of the field.
pub const SYNONYMS: &[(&str, &str)] = &[
    ("region", "providerSettings.regionName"),
    ("provider", "providerSettings.backingProviderName"),
    ("cloudprovider", "providerSettings.backingProviderName"),
    ("cloud", "providerSettings.backingProviderName"),
    ("backingprovider", "providerSettings.backingProviderName"),
    ("instancename", "name"),
    ("clustername", "name"),
    ("labels", "tags"),
    ("tag", "tags"),
    ("terminationprotection", "terminationProtectionEnabled"),
    ("enableterminationprotection", "terminationProtectionEnabled"),
    ("deletionprotection", "terminationProtectionEnabled"),
    ("continuousbackupenabled", "serverlessBackupOptions.serverlessContinuousBackupEnabled"),
    ("serverlesscontinuousbackup", "serverlessBackupOptions.serverlessContinuousBackupEnabled"),
    ("enableserverlesscontinuousbackup", "serverlessBackupOptions.serverlessContinuousBackupEnabled"),
    ("disableserverlesscontinuousbackup", "serverlessBackupOptions.serverlessContinuousBackupEnabled"),
];

/// Names, in lower case without separators, that do not belong into a body of a kind (`None`: of either), and why.
pub const NOT_IN_BODY: &[(Option<Kind>, &str, &str)] = &[
    (None, "projectid", PROJECT),
    (None, "project", PROJECT),
    (None, "clientid", CREDENTIALS),
    (None, "clientsecret", CREDENTIALS),
    (None, "publickey", CREDENTIALS),
    (None, "privatekey", CREDENTIALS),
    (None, "accesstoken", CREDENTIALS),
    (Some(Kind::Flex), "serverlessbackupoptions", BACKUP),
    (Some(Kind::Flex), "serverlesscontinuousbackupenabled", BACKUP),
];
const PROJECT: &str = "the project is the first argument, group_id";
const CREDENTIALS: &str = "credentials are given to the client";
const BACKUP: &str = "a Flex cluster has fixed backups, so leave it out";

/// Parts of names, in lower case without separators, whose values are never shown.
pub const SECRET_NAMES: &[&str] =
    &["secret", "password", "passwd", "pwd", "privatekey", "apikey", "token", "credential"];

/// Arguments of a create or update beside the fields.
const ARGUMENTS: [&str; 14] = [
    "add_tags",
    "envelope",
    "extra_fields",
    "group_id",
    "if_exists",
    "interval",
    "on_retired",
    "on_timeout",
    "pretty",
    "progress",
    "remove_tags",
    "timeout",
    "validate",
    "wait",
];

/// Longer keys are not compared with the names of fields.
const MAX_KEY_LENGTH: usize = 64;

/// What a key that is no field of its object probably means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suggestion {
    /// This field of the same object.
    Field(&'static str),
    /// A field of another object: the path of that object (empty for the top level), and the field.
    OtherObject(&'static str, &'static str),
    /// An argument of the call beside the fields.
    Argument(&'static str),
    /// It does not belong into a body; why.
    NotInBody(&'static str),
}

/// Whether a create takes an argument or a field of this name, at the top.
#[must_use]
pub fn belongs_to_create(name: &str) -> bool {
    ARGUMENTS.contains(&name) || Kind::ALL.into_iter().any(|kind| kind.fields().find(name).is_some())
}

/// The letters and digits of `key` in lower case; `None` if it is too long to be a field.
#[must_use]
pub fn normalized(key: &str) -> Option<String> {
    if key.len() > MAX_KEY_LENGTH {
        return None;
    }
    Some(key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect())
}

/// Whether a value under `key` is probably a secret.
#[must_use]
pub fn is_secret(key: &str) -> bool {
    let key: String = key.chars().take(256).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SECRET_NAMES.iter().any(|part| key.contains(part))
}

/// What `key`, which is no field of `object` at `path`, probably means in a body of `kind`, whose fields are those of
/// `top`. `None`: of anything else than a cluster.
#[must_use]
pub fn suggest(
    (kind, top): (Option<Kind>, &'static Object),
    path: &str,
    object: &'static Object,
    key: &str,
) -> Option<Suggestion> {
    let normalized_key = normalized(key)?;
    let spelling = |object: &'static Object, name: &str| {
        let (_, field) = object.find(name)?;
        Some(if key.contains('_') { field.snake } else { field.name })
    };
    if let Some((_, _, why)) =
        NOT_IN_BODY.iter().find(|(of, name, _)| of.is_none_or(|of| Some(of) == kind) && *name == normalized_key)
    {
        return Some(Suggestion::NotInBody(why));
    }
    if let Some(field) = object.fields.iter().find(|field| normalized(field.name).as_deref() == Some(&normalized_key)) {
        return spelling(object, field.name).map(Suggestion::Field);
    }
    for (there, other) in objects(top).filter(|(there, _)| *there != path) {
        if let Some(field) =
            other.fields.iter().find(|field| normalized(field.name).as_deref() == Some(&normalized_key))
        {
            return Some(Suggestion::OtherObject(there, field.name));
        }
    }
    if let Some((_, target)) = SYNONYMS.iter().find(|(name, _)| *name == normalized_key) {
        let (there, name) = target.rsplit_once('.').unwrap_or(("", target));
        if there == path {
            return spelling(object, name).map(Suggestion::Field);
        }
        if objects(top).any(|(place, other)| place == there && other.find(name).is_some()) {
            return Some(Suggestion::OtherObject(there, name));
        }
    }
    if path.is_empty()
        && let Some(argument) = ARGUMENTS
            .iter()
            .find(|name| strsim::osa_distance(&normalized_key, &normalized(name).unwrap_or_default()) <= 1)
    {
        return Some(Suggestion::Argument(argument));
    }
    let likeness = |name: &str| strsim::jaro_winkler(&normalized_key, &normalized(name).unwrap_or_default());
    let nearest = object.fields.iter().map(|field| (field, likeness(field.name))).max_by(|a, b| a.1.total_cmp(&b.1));
    nearest
        .filter(|(_, likeness)| *likeness >= 0.85)
        .and_then(|(field, _)| spelling(object, field.name))
        .map(Suggestion::Field)
}

/// Every object in a body whose fields are those of `top`, with its path.
pub fn objects(top: &'static Object) -> impl Iterator<Item = (&'static str, &'static Object)> {
    let inner = top.fields.iter().filter_map(|field| match field.kind {
        Type::Object(object) => Some((field.name, object)),
        _ => None,
    });
    std::iter::once(("", top)).chain(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(key: &str) -> Option<Suggestion> {
        suggest((Some(Kind::Serverless), Kind::Serverless.fields()), "", Kind::Serverless.fields(), key)
    }

    #[test]
    fn typing_errors_get_a_suggestion_in_the_callers_spelling() {
        assert_eq!(top("providerSetings"), Some(Suggestion::Field("providerSettings")));
        assert_eq!(top("provider_setings"), Some(Suggestion::Field("provider_settings")));
        assert_eq!(top("PROVIDER-SETTINGS"), Some(Suggestion::Field("providerSettings")));
        assert_eq!(top("Name"), Some(Suggestion::Field("name")));
        assert_eq!(top("tag"), Some(Suggestion::Field("tags")));
        assert_eq!(top("termination_protection"), Some(Suggestion::Field("termination_protection_enabled")));
    }

    #[test]
    fn fields_of_another_object_are_found() {
        assert_eq!(top("regionName"), Some(Suggestion::OtherObject("providerSettings", "regionName")));
        assert_eq!(top("region_name"), Some(Suggestion::OtherObject("providerSettings", "regionName")));
        assert_eq!(top("region"), Some(Suggestion::OtherObject("providerSettings", "regionName")));
        let inner = &super::super::fields::SERVERLESS_PROVIDER;
        let provider =
            |key| suggest((Some(Kind::Serverless), Kind::Serverless.fields()), "providerSettings", inner, key);
        assert_eq!(provider("region"), Some(Suggestion::Field("regionName")));
        assert_eq!(provider("name"), Some(Suggestion::OtherObject("", "name")));
        assert_eq!(provider("tags"), Some(Suggestion::OtherObject("", "tags")));
    }

    #[test]
    fn unknown_names_get_no_suggestion() {
        assert_eq!(top("zzz"), None);
        assert_eq!(top(""), None);
        assert_eq!(top(&"x".repeat(1_000_000)), None);
        assert_eq!(top("projectId"), Some(Suggestion::NotInBody("the project is the first argument, group_id")));
    }

    #[test]
    fn every_synonym_leads_to_a_field() {
        for (_, target) in SYNONYMS {
            let (there, name) = target.rsplit_once('.').unwrap_or(("", target));
            let (_, object) = objects(Kind::Serverless.fields()).find(|(path, _)| *path == there).unwrap();
            assert!(object.find(name).is_some(), "{target}");
        }
    }
}
