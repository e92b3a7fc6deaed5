//! From a serverless instance to a Flex cluster: what is kept, what is lost, what changes. Source: MongoDB's notes on the
//! migration of serverless instances, and the bodies of `createServerlessInstance` and `createGroupFlexCluster`.
//!
//! What no field says changes too: a Flex cluster has 5 GB, 500 operations a second and 500 connections.
mod command;
mod shell;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::model::advice::plain;
use super::model::fields;
use super::model::fields::{Access, Object, Type};
use super::model::{Key, Kind, Node};
use super::validate;
use crate::core::error::{Notice, NoticeKind, Violation};

pub use super::compare::{Difference, differences};

/// A spec for `create_flex_cluster`, and how it came about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Conversion {
    /// The body, by the API's names, in the order of the input.
    pub spec: Map<String, Value>,
    /// What a Flex cluster cannot have.
    pub lost: Vec<Lost>,
    /// What a Flex cluster has otherwise.
    pub changed: Vec<Changed>,
    /// For people: one about all that is lost, and one about a region without Flex.
    pub notices: Vec<Notice>,
}

/// A field that a Flex cluster does not have.
#[derive(Debug, Clone, PartialEq)]
pub struct Lost {
    /// Its name in the input's API.
    pub field: String,
    /// What it said.
    pub value: Value,
    /// Why it is lost.
    pub why: &'static str,
}

/// A field that says something else on a Flex cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Its name in the input.
    pub field: String,
    /// What it said.
    pub from: Value,
    /// What it is now; null if it has no place in the spec.
    pub to: Value,
    /// Why.
    pub why: &'static str,
}

/// What Flex clusters lack: the name, the name that inputs use in small letters without separators, and why.
pub const LOST: &[(&str, &str, &str)] = &[
    (BACKUP, "serverlessbackupoptions", "Flex clusters have fixed backups, which can't be configured"),
    ("privateEndpoint", "privateendpoint", "Flex clusters have no private endpoints"),
    ("privateEndpoints", "privateendpoints", "Flex clusters have no private endpoints"),
    ("autoIndexing", "autoindexing", "Flex clusters have no auto-indexing"),
    ("autoIndexingEnabled", "autoindexingenabled", "Flex clusters have no auto-indexing"),
];

const BACKUP: &str = "serverlessBackupOptions";

/// Converts to a spec for `create_flex_cluster`, which is checked by the rules of that call.
///
/// `spec` is one of
/// - a spec for `create_serverless_instance`, in either spelling;
/// - a serverless instance as the API describes it: what the service sets is dropped, and is not listed as lost;
/// - the arguments of `atlas serverless create`: a command line as text, its words as a list, or a mapping from the options
///   to their values with the instance's name under `name` or `positional`.
///
/// A Flex description comes back as a spec for the same cluster. `serverlessBackupOptions` is listed as lost whatever it
/// says, since Flex gives no choice.
///
/// # Errors
/// All violations of what was given.
pub fn to_flex(spec: &Node<'_>) -> Result<Conversion, Vec<Violation>> {
    let mut conversion = Conversion::default();
    let words;
    let spec = match spec {
        Node::Str(line) => {
            words = command::split(line)?;
            command::from_words(&words, &mut conversion)?
        }
        Node::List(words) => command::from_words(words, &mut conversion)?,
        Node::Map(entries) if command::is_command(entries) => command::from_options(entries, &mut conversion)?,
        Node::Map(entries) => entries.clone(),
        other => return Err(vec![validate::wrong_input("spec", INPUTS, other)]),
    };
    let spec = Node::Map(strip(&spec, Kind::Serverless.fields(), Kind::Flex.fields(), &mut conversion));
    let checked = validate::create_spec(Kind::Serverless, &spec)?;
    let Ok(Value::Object(body)) = serde_json::from_slice(&checked.body) else {
        return Err(vec![validate::wrong_input("spec", INPUTS, &spec)]);
    };
    conversion.take(body);
    Ok(conversion)
}

/// Converts a body in the API's own names, of a create or an update, whether it keeps the rules or not. What Flex does not
/// know is lost.
pub(crate) fn of_body(body: Map<String, Value>) -> Conversion {
    let mut conversion = Conversion::default();
    conversion.take(body);
    conversion
}

const INPUTS: &str = "a spec for create_serverless_instance, a serverless instance as the API describes it, or the \
                      arguments of 'atlas serverless create' as text, a list or a mapping";

/// Drops what the service sets, and notes what Flex has no place for.
fn strip<'a>(
    entries: &[(Key<'a>, Node<'a>)],
    object: &'static Object,
    flex: &'static Object,
    conversion: &mut Conversion,
) -> Vec<(Key<'a>, Node<'a>)> {
    let mut kept = Vec::with_capacity(entries.len());
    for (key, node) in entries {
        let name = key.as_str().unwrap_or_default();
        let field = object.find(name).map(|(_, field)| field);
        let of_flex = flex.find(name).map(|(_, field)| field);
        let read_only = [field, of_flex].into_iter().flatten().any(|field| field.create == Access::ReadOnly);
        let prefixed = object.read_only_prefix.is_some_and(|prefix| name.starts_with(prefix));
        match (field.map(|field| field.kind), of_flex.map(|field| field.kind), node) {
            (Some(Type::Object(object)), Some(Type::Object(flex)), Node::Map(inner)) => {
                kept.push((key.clone(), Node::Map(strip(inner, object, flex, conversion))));
            }
            // providerName: read-only on Flex, and looked at here.
            (Some(Type::Word(_)), _, node) if node.as_str() != Some("FLEX") => kept.push((key.clone(), node.clone())),
            _ if field.is_some_and(|field| field.name == "connectionStrings") => private_endpoints(node, conversion),
            _ if read_only || prefixed => {}
            (None, _, node) if conversion.lose(name, node) => {}
            _ => kept.push((key.clone(), node.clone())),
        }
    }
    kept
}

fn private_endpoints(connection_strings: &Node<'_>, conversion: &mut Conversion) {
    let names = ["privateEndpoint", "private_endpoint"];
    if let Some(endpoints) = names.into_iter().find_map(|name| connection_strings.get(name)) {
        conversion.lose("privateEndpoint", endpoints);
    }
}

impl Conversion {
    /// Notes a field that Flex has no place for; false if it is not one of those.
    fn lose(&mut self, name: &str, node: &Node<'_>) -> bool {
        let plain = plain(name);
        let Some((field, _, why)) = LOST.iter().find(|(_, known, _)| plain.as_deref() == Some(known)) else {
            return false;
        };
        let empty = match node {
            Node::Null => true,
            Node::List(items) => items.is_empty(),
            Node::Map(entries) => entries.is_empty(),
            _ => false,
        };
        if !empty {
            self.lost.push(Lost { field: (*field).into(), value: validate::as_json(node), why });
        }
        true
    }

    /// Drops what the service sets and what Flex does not have.
    fn keep_known(&mut self, body: &mut Map<String, Value>, flex: &'static Object, prefix: &str) {
        let serverless = if prefix.is_empty() { &fields::SERVERLESS } else { &fields::SERVERLESS_PROVIDER };
        let names: Vec<String> = body.keys().cloned().collect();
        for name in names {
            let known = flex.find(&name).or_else(|| serverless.find(&name)).map(|(_, field)| field.create);
            let set_by_service = serverless.read_only_prefix.is_some_and(|prefix| name.starts_with(prefix));
            match known {
                Some(Access::Required | Access::Optional | Access::Unchangeable) => continue,
                Some(Access::ReadOnly) => drop(body.shift_remove(&name)),
                None if set_by_service => drop(body.shift_remove(&name)),
                None => {
                    let value = body.shift_remove(&name).unwrap_or_default();
                    let plain = plain(&name);
                    let why = LOST.iter().find(|(_, known, _)| plain.as_deref() == Some(known)).map(|(.., why)| *why);
                    let why = why.unwrap_or("as far as this version knows, Flex clusters have no such field");
                    self.lost.push(Lost { field: format!("{prefix}{name}"), value, why });
                }
            }
        }
    }

    /// Takes over a serverless body in the API's names.
    fn take(&mut self, mut body: Map<String, Value>) {
        if let Some(options) = body.shift_remove(BACKUP).filter(|options| *options != json!({})) {
            let why = LOST.iter().find(|(field, ..)| *field == BACKUP).map_or("", |(.., why)| why);
            self.lost.push(Lost { field: BACKUP.into(), value: options, why });
        }
        if let Some(Value::Object(settings)) = body.get_mut("providerSettings") {
            if let Some(from) = settings.shift_remove("providerName") {
                self.changed.push(Changed {
                    field: "providerSettings.providerName".into(),
                    from,
                    to: "FLEX".into(),
                    why: "the service sets it, so it is not sent",
                });
            }
            self.keep_known(settings, &fields::FLEX_PROVIDER, "providerSettings.");
            let text = |name: &str| settings.get(name).and_then(Value::as_str);
            if let (Some(provider), Some(region)) = (text("backingProviderName"), text("regionName")) {
                self.notices.extend(validate::region_notice(Kind::Flex, provider, region));
            }
        }
        self.keep_known(&mut body, &fields::FLEX, "");
        if !self.lost.is_empty() {
            let lost: Vec<String> = self.lost.iter().map(|lost| format!("{} ({})", lost.field, lost.why)).collect();
            let message = format!("the Flex cluster will be without {}", lost.join(", "));
            self.notices.push(Notice { kind: NoticeKind::Conversion, message });
        }
        self.spec = body;
    }
}
