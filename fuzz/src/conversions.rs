//! `to_flex_spec` of a spec or a description: what comes out can be created, and nothing is lost in silence.
use atlas_serverless::core::spec::convert::to_flex;
use atlas_serverless::core::spec::model::Node;
use atlas_serverless::core::spec::model::fields::{
    Access, FLEX, FLEX_PROVIDER, Object, SERVERLESS, SERVERLESS_PROVIDER,
};
use serde_json::{Map, Value};

use super::commands::check;
use super::{Reached, support};

/// JSON.
pub fn run(data: &[u8]) -> Reached {
    let Ok(spec) = serde_json::from_slice::<Value>(data) else { return Reached::Nothing };
    let node = support::node(&spec, 0);
    let reached = check(&node);
    if let (Reached::Accepted, Value::Object(given)) = (reached, &spec)
        && !["positional", "provider", "region"].iter().any(|option| given.contains_key(*option))
    {
        check_kept(given, &node);
    }
    reached
}

/// Each field that a caller can set is there afterwards, or is listed as lost.
fn check_kept(given: &Map<String, Value>, node: &Node<'_>) {
    let conversion = to_flex(node).expect("as before");
    let is_told = |path: &str| {
        conversion.lost.iter().any(|lost| lost.field == path)
            || conversion.changed.iter().any(|changed| changed.field == path)
    };
    let settings = |of: &Map<String, Value>| {
        let names = ["providerSettings", "provider_settings"];
        names.into_iter().find_map(|name| of.get(name)?.as_object().cloned())
    };
    let of_provider = settings(given).unwrap_or_default();
    let kept = settings(&conversion.spec).unwrap_or_default();
    let provider = (&of_provider, &kept, [&SERVERLESS_PROVIDER, &FLEX_PROVIDER], "providerSettings.");
    for (given, kept, tables, prefix) in [(given, &conversion.spec, [&SERVERLESS, &FLEX], ""), provider] {
        for name in given.iter().filter(|(_, value)| !is_nothing(value)).filter_map(|(name, _)| settable(tables, name))
        {
            let path = format!("{prefix}{name}");
            assert!(kept.contains_key(name) || is_told(&path), "{path} of {given:?} in {conversion:?}");
        }
    }
}

/// The name of a field that a create can have.
fn settable(tables: [&'static Object; 2], name: &str) -> Option<&'static str> {
    let found = tables.into_iter().filter_map(|table| Some(table.find(name)?.1)).collect::<Vec<_>>();
    let read_only = found.iter().any(|field| field.create == Access::ReadOnly);
    found.first().filter(|_| !read_only).map(|field| field.name)
}

/// What a field has that is as good as not there.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text == "FLEX",
        _ => false,
    }
}
