//! Converts the spec of a serverless instance to that of a Flex cluster. Source: MongoDB's notes on the migration of
//! serverless instances, and the bodies of `createServerlessInstance` and `createGroupFlexCluster`.
//!
//! Limits that are in no field change too: a Flex cluster has 5 GB, 500 operations a second and 500 connections.
mod command;
pub mod conversion;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::conversion::Conversion;
use super::model::fields::{Access, Object, Type};
use super::model::{Key, Kind, Node};
use super::validate;
use crate::core::error::Violation;

/// Converts to a spec for `create_flex_cluster`, which is checked by the rules of that call.
///
/// `spec` is one of
/// - a spec for `create_serverless_instance`, in either spelling;
/// - a serverless instance as the API describes it: what the service sets is dropped, and is not listed as lost;
/// - the arguments of `atlas serverless create`: a command line as text, its words as a list, or a mapping from the options
///   to their values with the instance's name under `name` or `positional`.
///
/// The description of a Flex cluster becomes a spec for the same cluster. `serverlessBackupOptions` is listed as lost
/// whatever its value, since Flex clusters have no such choice.
///
/// # Errors
/// All violations of the input.
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
    conversion.convert_body(body);
    Ok(conversion)
}

/// Converts the body of a create or an update that has the API's own field names, without validating it.
pub(crate) fn convert_body(body: Map<String, Value>) -> Conversion {
    let mut conversion = Conversion::default();
    conversion.convert_body(body);
    conversion
}

const INPUTS: &str = "a spec for create_serverless_instance, a serverless instance as the API describes it, or the \
                      arguments of 'atlas serverless create' as text, a list or a mapping";

/// Drops the fields that the service sets, and records those that Flex clusters lack.
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
            // A reply of the Flex endpoint says FLEX, which is no provider of a serverless spec.
            (Some(Type::Enum(words)), _, node) if node.as_str() != Some("FLEX") || words.len() > 1 => {
                kept.push((key.clone(), node.clone()));
            }
            (Some(Type::Enum(_)), ..) => {}
            _ if field.is_some_and(|field| field.name == "connectionStrings") => private_endpoints(node, conversion),
            _ if read_only || prefixed => {}
            (None, _, node) if conversion.record_lost(name, node) => {}
            _ => kept.push((key.clone(), node.clone())),
        }
    }
    kept
}

fn private_endpoints(connection_strings: &Node<'_>, conversion: &mut Conversion) {
    let names = ["privateEndpoint", "private_endpoint"];
    if let Some(endpoints) = names.into_iter().find_map(|name| connection_strings.get(name)) {
        conversion.record_lost("privateEndpoint", endpoints);
    }
}
