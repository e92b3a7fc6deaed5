//! Names that people write for fields that are called otherwise, as data, and how a meant name is guessed.
use super::Kind;
use super::fields::{Object, Type};

/// Names from other tools, without separators and in small letters, and the path that is meant.
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

/// Names, without separators and in small letters, that have no place in a body of a kind (or of either), and why.
pub const ELSEWHERE: &[(Option<Kind>, &str, &str)] = &[
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

/// Parts of names, without separators and in small letters, whose values are never shown.
pub const SECRET: &[&str] = &["secret", "password", "passwd", "privatekey", "apikey", "token", "credential"];

/// Longer keys are not compared: no field is nearly so long.
const LONGEST: usize = 64;

/// What a key that is no field of its object probably means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// A field of the same object: this spelling.
    Here(&'static str),
    /// A field of another object: that object's path (empty for the top level), and the field there.
    There(&'static str, &'static str),
    /// Nothing that a body carries; why.
    Elsewhere(&'static str),
}

/// Letters and digits of `key` in small letters; nothing if it is too long to be a field.
#[must_use]
pub fn plain(key: &str) -> Option<String> {
    if key.len() > LONGEST {
        return None;
    }
    Some(key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect())
}

/// Whether a value under `key` is probably a secret.
#[must_use]
pub fn is_secret(key: &str) -> bool {
    let key: String = key.chars().take(256).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SECRET.iter().any(|part| key.contains(part))
}

/// What `key`, which is no field of `object` at `path`, probably means in a body of `kind`.
#[must_use]
pub fn meant(kind: Kind, path: &str, object: &'static Object, key: &str) -> Option<Meant> {
    let plain_key = plain(key)?;
    let spelling = |object: &'static Object, name: &str| {
        let (_, field) = object.find(name)?;
        Some(if key.contains('_') { field.snake } else { field.name })
    };
    if let Some((_, _, why)) =
        ELSEWHERE.iter().find(|(of, name, _)| of.is_none_or(|of| of == kind) && *name == plain_key)
    {
        return Some(Meant::Elsewhere(why));
    }
    if let Some(field) = object.fields.iter().find(|field| plain(field.name).as_deref() == Some(&plain_key)) {
        return spelling(object, field.name).map(Meant::Here);
    }
    for (there, other) in places(kind).filter(|(there, _)| *there != path) {
        if let Some(field) = other.fields.iter().find(|field| plain(field.name).as_deref() == Some(&plain_key)) {
            return Some(Meant::There(there, field.name));
        }
    }
    if let Some((_, target)) = SYNONYMS.iter().find(|(name, _)| *name == plain_key) {
        let (there, name) = target.rsplit_once('.').unwrap_or(("", target));
        if there == path {
            return spelling(object, name).map(Meant::Here);
        }
        if places(kind).any(|(place, other)| place == there && other.find(name).is_some()) {
            return Some(Meant::There(there, name));
        }
    }
    let likeness = |name: &str| strsim::jaro_winkler(&plain_key, &plain(name).unwrap_or_default());
    let nearest = object.fields.iter().map(|field| (field, likeness(field.name))).max_by(|a, b| a.1.total_cmp(&b.1));
    nearest
        .filter(|(_, likeness)| *likeness >= 0.85)
        .and_then(|(field, _)| spelling(object, field.name))
        .map(Meant::Here)
}

/// Every object of a kind, with its path.
pub fn places(kind: Kind) -> impl Iterator<Item = (&'static str, &'static Object)> {
    let top = kind.fields();
    let inner = top.fields.iter().filter_map(|field| match field.kind {
        Type::Object(object) => Some((field.name, object)),
        _ => None,
    });
    std::iter::once(("", top)).chain(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(key: &str) -> Option<Meant> {
        meant(Kind::Serverless, "", Kind::Serverless.fields(), key)
    }

    #[test]
    fn slips_are_guessed_in_the_spelling_of_their_writer() {
        assert_eq!(top("providerSetings"), Some(Meant::Here("providerSettings")));
        assert_eq!(top("provider_setings"), Some(Meant::Here("provider_settings")));
        assert_eq!(top("PROVIDER-SETTINGS"), Some(Meant::Here("providerSettings")));
        assert_eq!(top("Name"), Some(Meant::Here("name")));
        assert_eq!(top("tag"), Some(Meant::Here("tags")));
        assert_eq!(top("termination_protection"), Some(Meant::Here("termination_protection_enabled")));
    }

    #[test]
    fn fields_of_another_object_are_sent_there() {
        assert_eq!(top("regionName"), Some(Meant::There("providerSettings", "regionName")));
        assert_eq!(top("region_name"), Some(Meant::There("providerSettings", "regionName")));
        assert_eq!(top("region"), Some(Meant::There("providerSettings", "regionName")));
        let inner = &super::super::fields::SERVERLESS_PROVIDER;
        let provider = |key| meant(Kind::Serverless, "providerSettings", inner, key);
        assert_eq!(provider("region"), Some(Meant::Here("regionName")));
        assert_eq!(provider("name"), Some(Meant::There("", "name")));
        assert_eq!(provider("tags"), Some(Meant::There("", "tags")));
    }

    #[test]
    fn nothing_is_guessed_for_what_is_unlike_all() {
        assert_eq!(top("zzz"), None);
        assert_eq!(top(""), None);
        assert_eq!(top(&"x".repeat(1_000_000)), None);
        assert_eq!(top("projectId"), Some(Meant::Elsewhere("the project is the first argument, group_id")));
    }

    #[test]
    fn every_synonym_leads_to_a_field() {
        for (_, target) in SYNONYMS {
            let (there, name) = target.rsplit_once('.').unwrap_or(("", target));
            assert!(places(Kind::Serverless).any(|(place, object)| place == there && object.find(name).is_some()));
        }
    }
}
