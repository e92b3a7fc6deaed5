//! A caller's spec: what is accepted is a JSON object, and is accepted again, unchanged.
use atlas_serverless::core::error::Violation;
use atlas_serverless::core::operations::list::ListFilter;
use atlas_serverless::core::spec::model::{Kind, Node};
use atlas_serverless::core::spec::validate::tag_arguments::{self, TagArguments};
use atlas_serverless::core::spec::validate::{self, Checked};
use serde_json::{Map, Value};

use super::{Reached, support};

/// A number that chooses the call, a name, then a spec as JSON; after another line, extra fields.
pub fn run(data: &[u8]) -> Reached {
    let (choice, rest) = support::number(data);
    let (name, rest) = support::line(rest);
    let (spec, extra) = support::line(rest);
    let name = String::from_utf8_lossy(name);
    let Ok(spec) = serde_json::from_slice::<Value>(spec) else { return Reached::Nothing };
    let extra = serde_json::from_slice::<Value>(extra).ok();
    let node = support::node(&spec, 0);
    let extra = extra.as_ref().map(|extra| support::node(extra, 0));
    if choice / 2 % 5 == 4 {
        return tags(kind(choice), &name, &node, extra.as_ref());
    }
    match checked(choice, &name, &node, extra.as_ref()) {
        Ok(sent) => {
            let mut body: Map<String, Value> = serde_json::from_slice(&sent.body).expect("a body is a JSON object");
            match choice / 2 % 5 {
                0 => assert_eq!(sent.name.as_deref(), body.get("name").and_then(Value::as_str)),
                // It is an argument of the call.
                2 => assert_eq!(body.shift_remove("name"), Some(Value::from(&*name))),
                3 if extra.is_none() && is_in_the_apis_spelling(&spec) => assert_eq!(Value::Object(body.clone()), spec),
                _ => {}
            }
            // Extra fields may be any; without them, what is sent passes the same checks.
            if extra.is_none() {
                let again = checked(choice, &name, &Node::from(&Value::Object(body)), None);
                assert_eq!(again.expect("the same body is accepted again").body, sent.body);
            }
            Reached::Accepted
        }
        Err(violations) => {
            support::assert_shown(&violations);
            Reached::Refused
        }
    }
}

fn kind(choice: u16) -> Kind {
    if choice.is_multiple_of(2) { Kind::Serverless } else { Kind::Flex }
}

fn checked(choice: u16, name: &str, spec: &Node<'_>, extra: Option<&Node<'_>>) -> Result<Checked, Vec<Violation>> {
    match choice / 2 % 5 {
        0 => validate::create(kind(choice), support::GROUP, spec, extra),
        1 => validate::update(kind(choice), support::GROUP, name, spec, extra),
        2 => validate::upgrade(support::GROUP, name, spec, extra),
        _ => validate::unchecked(spec, extra),
    }
}

/// Single tags of an update: what is added is there afterwards, what is removed is not, the rest is as it was.
fn tags(kind: Kind, name: &str, add: &Node<'_>, remove: Option<&Node<'_>>) -> Reached {
    let _ = ListFilter::new(Some(name), Some(add), None);
    let given = TagArguments { add: Some(add), remove };
    match tag_arguments::update(kind, support::GROUP, name, &Node::Map(Vec::new()), None, given) {
        Ok((_, changes)) => {
            let tag = |key: &str, value: &str| serde_json::json!({"key": key, "value": value});
            let first = changes.remove.first().map_or("old", String::as_str);
            let current = [tag("kept", "1"), tag(first, "2")];
            let Ok(applied) = changes.applied(&current) else { return Reached::Accepted };
            let value = |key: &str| applied.iter().find(|tag| tag["key"] == key).map(|tag| tag["value"].clone());
            for (key, added) in &changes.add {
                assert_eq!(value(key), Some(Value::from(added.as_str())));
            }
            assert!(changes.remove.iter().all(|key| value(key).is_none()));
            let touched = changes.add.iter().map(|(key, _)| key).chain(&changes.remove).any(|key| key == "kept");
            assert!(touched || value("kept") == Some("1".into()));
            Reached::Accepted
        }
        Err(violations) => {
            support::assert_shown(&violations);
            Reached::Refused
        }
    }
}

/// Nothing in it has a second spelling: no key is one that Python code would write, and tags are a list.
fn is_in_the_apis_spelling(spec: &Value) -> bool {
    match spec {
        Value::Array(items) => items.iter().all(is_in_the_apis_spelling),
        Value::Object(fields) => fields.iter().all(|(key, value)| {
            let has_another = key.contains(['_', '\u{1}']) || key == "tags" && value.is_object();
            !has_another && is_in_the_apis_spelling(value)
        }),
        Value::String(text) => !text.starts_with('\u{1}'),
        _ => true,
    }
}
