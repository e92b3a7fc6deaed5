//! Bodies as JSON without validation: aliases are translated, everything else stays as it is.
use std::collections::HashSet;

use serde_json::{Map, Number, Value, json};

use super::path::Path;
use super::{describe, rules};
use crate::core::error::Violation;
use crate::core::spec::model::fields::{Field, Object, Type};
use crate::core::spec::model::{Key, Kind, MAX_DEPTH, Node};

/// `extra_fields` as a JSON object; `None` if there are none.
pub(super) fn extra(
    node: Option<&Node<'_>>,
    tables: &[&'static Object],
    violations: &mut Vec<Violation>,
) -> Option<Map<String, Value>> {
    let node = node?;
    let path = Path::Argument("extra_fields");
    let map = match node {
        Node::Null => return None,
        Node::Map(entries) => object(entries, tables, &path, 0, violations),
        other => {
            push(violations, &path, rules::TYPE, format!("must be a mapping, not {}", describe::got(other)), other);
            return None;
        }
    };
    (!map.is_empty()).then_some(map)
}

/// A body as a JSON object. `tables` are the objects that it can be.
pub(super) fn body(spec: &Node<'_>, tables: &[&'static Object], violations: &mut Vec<Violation>) -> Map<String, Value> {
    match spec {
        Node::Map(entries) => object(entries, tables, &Path::Root, 0, violations),
        other => {
            let message = format!("must be a mapping, not {}", describe::got(other));
            push(violations, &Path::Root, rules::TYPE, message, other);
            Map::new()
        }
    }
}

/// Any value as JSON; what JSON cannot represent becomes null.
pub(super) fn any(node: &Node<'_>) -> Value {
    value(node, &[], &Path::Root, 0, &mut Vec::new())
}

/// Merges `extra` into `body`, objects recursively; a field that both have is a violation.
pub(super) fn merge(
    body: &mut Map<String, Value>,
    extra: Map<String, Value>,
    path: &Path<'_>,
    violations: &mut Vec<Violation>,
) {
    for (key, value) in extra {
        let path = Path::Field(path, &key);
        match (body.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(more)) => merge(inner, more, &path, violations),
            (Some(_), value) => {
                let message = "is given in extra_fields too; keep one".to_owned();
                push(violations, &path, rules::GIVEN_TWICE, message, &Node::from(&value));
            }
            (None, value) => {
                body.insert(key, value);
            }
        }
    }
}

/// What a create or an update can describe.
pub(super) fn both_kinds() -> [&'static Object; 2] {
    Kind::ALL.map(Kind::fields)
}

fn push(violations: &mut Vec<Violation>, path: &Path<'_>, rule: &str, message: String, node: &Node<'_>) {
    violations.push(Violation { path: path.to_string(), message, value: describe::value(node), rule: rule.into() });
}

/// `tables` are the objects that this one can be: aliases are the same for both kinds.
fn object(
    entries: &[(Key<'_>, Node<'_>)],
    tables: &[&'static Object],
    path: &Path<'_>,
    depth: usize,
    violations: &mut Vec<Violation>,
) -> Map<String, Value> {
    let mut map = Map::with_capacity(entries.len());
    let mut seen = HashSet::with_capacity(entries.len());
    for (key, node) in entries {
        let key = match key {
            Key::Str(key) => &**key,
            Key::Other(what) => {
                let what = Node::Other(what.clone());
                push(
                    violations,
                    path,
                    rules::KEY_TYPE,
                    format!("has a key that is not text: {}", describe::got(&what)),
                    &what,
                );
                continue;
            }
        };
        let fields: Vec<&'static Field> = tables.iter().filter_map(|table| Some(table.find(key)?.1)).collect();
        let name = fields.first().map_or(key, |field| field.name);
        let path = Path::Field(path, name);
        if !seen.insert(name) {
            push(violations, &path, rules::GIVEN_TWICE, "is given twice, in both spellings; keep one".into(), node);
            continue;
        }
        let is_tags = fields.iter().any(|field| matches!(field.kind, Type::Tags));
        let inner: Vec<&'static Object> = fields
            .iter()
            .filter_map(|field| match field.kind {
                Type::Object(object) | Type::List(object) => Some(object),
                _ => None,
            })
            .collect();
        let value = match node {
            Node::Map(entries) if is_tags => tags(entries, &path, depth + 1, violations),
            node => value(node, &inner, &path, depth + 1, violations),
        };
        map.insert(name.to_owned(), value);
    }
    map
}

fn tags(entries: &[(Key<'_>, Node<'_>)], path: &Path<'_>, depth: usize, violations: &mut Vec<Violation>) -> Value {
    let map = object(entries, &[], path, depth, violations);
    map.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn value(
    node: &Node<'_>,
    tables: &[&'static Object],
    path: &Path<'_>,
    depth: usize,
    violations: &mut Vec<Violation>,
) -> Value {
    let refused = match node {
        Node::List(_) | Node::Map(_) if depth > MAX_DEPTH => "it is nested too deep".to_owned(),
        Node::Null => return Value::Null,
        Node::Bool(flag) => return Value::Bool(*flag),
        Node::Int(number) => return Value::from(*number),
        Node::BigInt(digits) => match (digits.parse::<i64>(), digits.parse::<u64>()) {
            (Ok(number), _) => return Value::from(number),
            (_, Ok(number)) => return Value::from(number),
            _ => "it has more than 64 bits".to_owned(),
        },
        Node::Float(number) => match Number::from_f64(*number) {
            Some(number) => return Value::Number(number),
            None => format!("JSON can't hold {}", describe::got(node)),
        },
        Node::Str(text) => return Value::from(&**text),
        Node::List(items) => {
            let item = |(index, item)| value(item, tables, &Path::Index(path, index), depth + 1, violations);
            return items.iter().enumerate().map(item).collect();
        }
        Node::Map(entries) => return Value::Object(object(entries, tables, path, depth, violations)),
        Node::Other(_) => format!("JSON can't hold {}", describe::got(node)),
    };
    push(violations, path, rules::NOT_JSON, format!("can't be sent: {refused}"), node);
    Value::Null
}
