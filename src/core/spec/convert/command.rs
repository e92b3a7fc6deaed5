//! The arguments of `atlas serverless create` as a create spec. Source: the reference page of that command.
use std::borrow::Cow;

use serde_json::Value;

use super::{Changed, Conversion};
use crate::core::error::Violation;
use crate::core::spec::model::advice::plain;
use crate::core::spec::model::{Key, Node};
use crate::core::spec::validate;

/// What an option is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Name,
    Provider,
    Region,
    Tag,
    Project,
    Backup(bool),
    Protection(bool),
    /// About the tool, not about the instance; whether it takes a value.
    Tool(bool),
}

/// Each option: its name, that name in small letters without separators, and what it is for.
const OPTIONS: &[(&str, &str, Use)] = &[
    ("name", "name", Use::Name),
    ("instanceName", "instancename", Use::Name),
    ("positional", "positional", Use::Name),
    ("provider", "provider", Use::Provider),
    ("region", "region", Use::Region),
    ("tag", "tag", Use::Tag),
    ("tags", "tags", Use::Tag),
    ("projectId", "projectid", Use::Project),
    ("enableServerlessContinuousBackup", "enableserverlesscontinuousbackup", Use::Backup(true)),
    ("serverlessContinuousBackup", "serverlesscontinuousbackup", Use::Backup(true)),
    ("serverlessContinuousBackupEnabled", "serverlesscontinuousbackupenabled", Use::Backup(true)),
    ("disableServerlessContinuousBackup", "disableserverlesscontinuousbackup", Use::Backup(false)),
    ("enableTerminationProtection", "enableterminationprotection", Use::Protection(true)),
    ("terminationProtection", "terminationprotection", Use::Protection(true)),
    ("terminationProtectionEnabled", "terminationprotectionenabled", Use::Protection(true)),
    ("disableTerminationProtection", "disableterminationprotection", Use::Protection(false)),
    ("output", "output", Use::Tool(true)),
    ("o", "o", Use::Tool(true)),
    ("profile", "profile", Use::Tool(true)),
    ("P", "p", Use::Tool(true)),
    ("help", "help", Use::Tool(false)),
    ("h", "h", Use::Tool(false)),
    ("debug", "debug", Use::Tool(false)),
];

type Entries<'a> = Vec<(Key<'a>, Node<'a>)>;

fn option(name: &str) -> Option<(&'static str, Use)> {
    let plain = plain(name)?;
    OPTIONS.iter().find(|(_, known, _)| *known == plain).map(|(name, _, what)| (*name, *what))
}

/// Whether a mapping holds options, not fields: one that only the command has, and no `providerSettings`.
pub(super) fn is_command(entries: &[(Key<'_>, Node<'_>)]) -> bool {
    let names = || entries.iter().filter_map(|(key, _)| key.as_str());
    let ours = |name: &str| match option(name) {
        Some((_, Use::Name)) => !name.eq_ignore_ascii_case("name"),
        Some((_, Use::Tag)) => !name.eq_ignore_ascii_case("tags"),
        Some((_, Use::Protection(on))) => !on || plain(name).as_deref() != Some("terminationprotectionenabled"),
        Some(_) => true,
        None => false,
    };
    let settings = |name: &str| matches!(name, "providerSettings" | "provider_settings");
    names().any(ours) && !names().any(settings)
}

/// A command line as words.
pub(super) fn split(line: &str) -> Result<Vec<Node<'static>>, Vec<Violation>> {
    let words = super::shell::split(line)
        .map_err(|what| vec![validate::violation("spec", "type", what.to_owned(), &Node::text(line))])?;
    Ok(words.into_iter().map(|word| Node::Str(Cow::Owned(word))).collect())
}

/// The words of a command line, with or without the command itself.
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

/// What follows `atlas serverless create`.
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
        let flag = matches!(option(name), Some((_, Use::Backup(_) | Use::Protection(_) | Use::Tool(false))));
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

/// Options and their values as a create spec; what is no field of one is noted in `conversion`.
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
            Some((_, Use::Name)) => spec.push((Key::from("name"), node.clone())),
            Some((_, Use::Provider)) => settings.push((Key::from("backingProviderName"), node.clone())),
            Some((_, Use::Region)) => settings.push((Key::from("regionName"), node.clone())),
            Some((_, Use::Tag)) => tag(name, node, &mut tags, &mut violations),
            Some((_, Use::Protection(on))) => spec.push((Key::from("terminationProtectionEnabled"), flag(on))),
            Some((_, Use::Backup(on))) => {
                let option = (Key::from("serverlessContinuousBackupEnabled"), flag(on));
                spec.push((Key::from("serverlessBackupOptions"), Node::Map(vec![option])));
            }
            Some((field, Use::Project)) => conversion.changed.push(Changed {
                field: field.into(),
                from: validate::as_json(node),
                to: Value::Null,
                why: "the project is the first argument of create_flex_cluster, group_id",
            }),
            Some((_, Use::Tool(_))) => {}
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

/// `key=value`, several of them with commas, a list of these, or tags as the API has them.
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
    let plain = plain(name).unwrap_or_default();
    let near = OPTIONS
        .iter()
        .filter(|(_, known, _)| known.len() > 1)
        .map(|(name, known, _)| (name, strsim::jaro_winkler(&plain, known)))
        .filter(|(_, likeness)| *likeness >= 0.85)
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let near = near.map_or(String::new(), |(name, _)| format!("; did you mean {name}?"));
    validate::violation(name, "unknown", format!("is no option of 'atlas serverless create'{near}"), node)
}
