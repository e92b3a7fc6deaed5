//! The arguments of `atlas serverless create` as a create spec. Source: the reference page of that command.
use std::borrow::Cow;

use serde_json::Value;

use super::conversion::{ChangedField, Conversion};
use crate::core::error::Violation;
use crate::core::spec::model::suggestions::normalized;
use crate::core::spec::model::{Key, Node};
use crate::core::spec::validate;

/// What an option sets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Setting {
    Name,
    Provider,
    Region,
    Tag,
    Project,
    Backup(bool),
    Protection(bool),
    /// An option of the tool itself; whether it takes a value.
    Tool(bool),
}

/// Each option: its name, its name in lower case without separators, and what it sets.
const OPTIONS: &[(&str, &str, Setting)] = &[
    ("name", "name", Setting::Name),
    ("instanceName", "instancename", Setting::Name),
    ("positional", "positional", Setting::Name),
    ("provider", "provider", Setting::Provider),
    ("region", "region", Setting::Region),
    ("tag", "tag", Setting::Tag),
    ("tags", "tags", Setting::Tag),
    ("projectId", "projectid", Setting::Project),
    ("enableServerlessContinuousBackup", "enableserverlesscontinuousbackup", Setting::Backup(true)),
    ("serverlessContinuousBackup", "serverlesscontinuousbackup", Setting::Backup(true)),
    ("serverlessContinuousBackupEnabled", "serverlesscontinuousbackupenabled", Setting::Backup(true)),
    ("disableServerlessContinuousBackup", "disableserverlesscontinuousbackup", Setting::Backup(false)),
    ("enableTerminationProtection", "enableterminationprotection", Setting::Protection(true)),
    ("terminationProtection", "terminationprotection", Setting::Protection(true)),
    ("terminationProtectionEnabled", "terminationprotectionenabled", Setting::Protection(true)),
    ("disableTerminationProtection", "disableterminationprotection", Setting::Protection(false)),
    ("output", "output", Setting::Tool(true)),
    ("o", "o", Setting::Tool(true)),
    ("profile", "profile", Setting::Tool(true)),
    ("P", "p", Setting::Tool(true)),
    ("help", "help", Setting::Tool(false)),
    ("h", "h", Setting::Tool(false)),
    ("debug", "debug", Setting::Tool(false)),
];

type Entries<'a> = Vec<(Key<'a>, Node<'a>)>;

fn option(name: &str) -> Option<(&'static str, Setting)> {
    let normalized_name = normalized(name)?;
    OPTIONS.iter().find(|(_, known, _)| *known == normalized_name).map(|(name, _, what)| (*name, *what))
}

/// Whether a mapping has options instead of fields: at least one that only the command knows, and no `providerSettings`.
pub(super) fn is_command(entries: &[(Key<'_>, Node<'_>)]) -> bool {
    let names = || entries.iter().filter_map(|(key, _)| key.as_str());
    let only_an_option = |name: &str| match option(name) {
        Some((_, Setting::Name)) => !name.eq_ignore_ascii_case("name"),
        Some((_, Setting::Tag)) => !name.eq_ignore_ascii_case("tags"),
        Some((_, Setting::Protection(on))) => {
            !on || normalized(name).as_deref() != Some("terminationprotectionenabled")
        }
        Some(_) => true,
        None => false,
    };
    let settings = |name: &str| matches!(name, "providerSettings" | "provider_settings");
    names().any(only_an_option) && !names().any(settings)
}

/// Splits a command line into words as a POSIX shell does. Nothing is expanded.
pub(super) fn split(line: &str) -> Result<Vec<Node<'static>>, Vec<Violation>> {
    let words = shell_words::split(line).map_err(|_| {
        let message = "has a quote that is not closed".to_owned();
        vec![validate::violation("spec", "type", message, &Node::text(line))]
    })?;
    Ok(words.into_iter().map(|word| Node::Str(Cow::Owned(word))).collect())
}

/// A create spec from the words of a command line, with or without `atlas serverless create`.
pub(super) fn from_words<'a>(
    words: &'a [Node<'a>],
    conversion: &mut Conversion,
) -> Result<Entries<'a>, Vec<Violation>> {
    let mut texts = Vec::with_capacity(words.len());
    let mut violations = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match word {
            Node::Str(text) => texts.push(&**text),
            other => violations.push(validate::wrong_input(&format!("spec[{index}]"), "text", other)),
        }
    }
    if !violations.is_empty() {
        return Err(violations);
    }
    from_options(&options(command(&texts)?)?, conversion)
}

/// The words after `atlas serverless create`.
fn command<'w, 't>(words: &'w [&'t str]) -> Result<&'w [&'t str], Vec<Violation>> {
    let program = |word: &str| matches!(word.rsplit(['/', '\\']).next(), Some("atlas" | "mongocli" | "atlas.exe"));
    match words {
        ["mongocli", "atlas", "serverless" | "sl", "create", rest @ ..]
        | ["atlas", "serverless" | "sl", "create", rest @ ..]
        | ["serverless" | "sl", "create", rest @ ..] => Ok(rest),
        [first, "serverless" | "sl", "create", rest @ ..] if program(first) => Ok(rest),
        ["atlas" | "mongocli" | "serverless" | "sl", ..] => {
            let start: Vec<&str> = words.iter().take(3).copied().collect();
            let message = format!("must be the arguments of 'atlas serverless create', not of '{}'", start.join(" "));
            Err(vec![validate::violation("spec", "type", message, &Node::text(words.first().unwrap_or(&"")))])
        }
        rest => Ok(rest),
    }
}

fn options<'t>(words: &[&'t str]) -> Result<Entries<'t>, Vec<Violation>> {
    let mut entries: Entries<'t> = Vec::new();
    let mut violations = Vec::new();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let dashed = word.strip_prefix("--").or_else(|| word.strip_prefix('-').filter(|rest| !rest.is_empty()));
        let Some(dashed) = dashed else {
            entries.push((Key::from("positional"), Node::text(word)));
            continue;
        };
        let (name, mut value) = dashed.split_once('=').map_or((dashed, None), |(name, value)| (name, Some(value)));
        let flag =
            matches!(option(name), Some((_, Setting::Backup(_) | Setting::Protection(_) | Setting::Tool(false))));
        if option(name).is_none() {
            violations.push(unknown(word, &Node::text(word)));
            continue;
        }
        if value.is_none() && !flag {
            value = words.next();
        }
        let node = match (flag, value) {
            (true, None | Some("true")) => Node::Bool(true),
            (true, Some("false")) => Node::Bool(false),
            (_, Some(value)) => Node::text(value),
            (false, None) => {
                violations.push(validate::violation(word, "required", "needs a value".into(), &Node::Null));
                continue;
            }
        };
        entries.push((Key::from(name), node));
    }
    if violations.is_empty() { Ok(entries) } else { Err(violations) }
}

/// A create spec from options and their values. Options that are no fields of a spec are recorded in `conversion`.
pub(super) fn from_options<'a>(
    entries: &[(Key<'a>, Node<'a>)],
    conversion: &mut Conversion,
) -> Result<Entries<'a>, Vec<Violation>> {
    let mut violations = Vec::new();
    let (mut spec, mut settings, mut tags) = (Vec::new(), Vec::new(), Vec::new());
    for (key, node) in entries {
        let name = match key {
            Key::Str(name) => name,
            Key::Other(what) => {
                let node = Node::Other(what.clone());
                violations.push(validate::violation(
                    "spec",
                    "key-type",
                    format!("has a key that is not text: {what}"),
                    &node,
                ));
                continue;
            }
        };
        let flag = |on: bool| match node {
            Node::Bool(given) => Node::Bool(*given == on),
            other => other.clone(),
        };
        match option(name) {
            Some((_, Setting::Name)) => spec.push((Key::from("name"), node.clone())),
            Some((_, Setting::Provider)) => settings.push((Key::from("backingProviderName"), node.clone())),
            Some((_, Setting::Region)) => settings.push((Key::from("regionName"), node.clone())),
            Some((_, Setting::Tag)) => tag(name, node, &mut tags, &mut violations),
            Some((_, Setting::Protection(on))) => spec.push((Key::from("terminationProtectionEnabled"), flag(on))),
            Some((_, Setting::Backup(on))) => {
                let option = (Key::from("serverlessContinuousBackupEnabled"), flag(on));
                spec.push((Key::from("serverlessBackupOptions"), Node::Map(vec![option])));
            }
            Some((field, Setting::Project)) => conversion.changed.push(ChangedField {
                field: field.into(),
                from: validate::as_json(node),
                to: Value::Null,
                why: "the project is the first argument of create_flex_cluster, group_id",
            }),
            Some((_, Setting::Tool(_))) => {}
            None => violations.push(unknown(name, node)),
        }
    }
    if !violations.is_empty() {
        return Err(violations);
    }
    if !settings.is_empty() {
        spec.push((Key::from("providerSettings"), Node::Map(settings)));
    }
    if !tags.is_empty() {
        spec.push((Key::from("tags"), Node::List(tags)));
    }
    Ok(spec)
}

/// `key=value`, several of them separated by commas, a list of these, or tags in the form of the API.
fn tag<'a>(name: &str, node: &Node<'a>, tags: &mut Vec<Node<'a>>, violations: &mut Vec<Violation>) {
    let pair = |key: Cow<'a, str>, value: Node<'a>| {
        Node::Map(vec![(Key::from("key"), Node::Str(key)), (Key::from("value"), value)])
    };
    match node {
        Node::Str(text) => {
            for part in text.split(',') {
                match part.split_once('=') {
                    Some((key, value)) => {
                        tags.push(pair(Cow::Owned(key.to_owned()), Node::Str(Cow::Owned(value.to_owned()))));
                    }
                    None => {
                        let message = "must be key=value, such as env=dev".to_owned();
                        violations.push(validate::violation(name, "pattern", message, &Node::text(part)));
                    }
                }
            }
        }
        Node::List(items) => {
            for item in items {
                match item {
                    Node::Str(_) => tag(name, item, tags, violations),
                    other => tags.push(other.clone()),
                }
            }
        }
        Node::Map(entries) => {
            for (key, value) in entries {
                match key {
                    Key::Str(key) => tags.push(pair(key.clone(), value.clone())),
                    Key::Other(what) => tags.push(Node::Other(what.clone())),
                }
            }
        }
        other => violations.push(validate::wrong_input(name, "key=value, a list of these, or a mapping", other)),
    }
}

fn unknown(name: &str, node: &Node<'_>) -> Violation {
    let normalized_name = normalized(name).unwrap_or_default();
    let near = OPTIONS
        .iter()
        .filter(|(_, known, _)| known.len() > 1)
        .map(|(name, known, _)| (name, strsim::jaro_winkler(&normalized_name, known)))
        .filter(|(_, likeness)| *likeness >= 0.85)
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let near = near.map_or(String::new(), |(name, _)| format!("; did you mean {name}?"));
    validate::violation(name, "unknown", format!("is no option of 'atlas serverless create'{near}"), node)
}
