//! Describes a given value in words, and as JSON that is not too long and has no secret in it.
use serde_json::{Map, Number, Value};

use crate::core::spec::model::suggestions::is_secret;
use crate::core::spec::model::{Key, Node};

/// Characters of a text that are shown.
const MAX_TEXT: usize = 120;
/// Items of a list or mapping that are shown.
const MAX_ITEMS: usize = 10;
/// Nested levels that are shown.
const MAX_LEVELS: usize = 4;

/// Text in single quotes, shortened, with invisible characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_TEXT) + 2);
    out.push('\'');
    for (i, c) in text.chars().enumerate() {
        if i == MAX_TEXT {
            out.push('…');
            break;
        }
        push_escaped(&mut out, c);
    }
    out.push('\'');
    out
}

/// One character in single quotes.
pub(super) fn quoted_char(c: char) -> String {
    let mut out = String::from("'");
    push_escaped(&mut out, c);
    out.push('\'');
    out
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\'' | '\\' => out.extend(['\\', c]),
        c if c.is_alphanumeric() || (' '..='~').contains(&c) => out.push(c),
        c => out.extend(c.escape_default()),
    }
}

/// The value as a message names it after "not".
pub(super) fn got(node: &Node<'_>) -> String {
    match node {
        Node::Null => "None".into(),
        Node::Bool(true) => "True".into(),
        Node::Bool(false) => "False".into(),
        Node::Int(number) => format!("the number {number}"),
        Node::BigInt(digits) => format!("a number of {} digits", digits.trim_start_matches('-').len()),
        Node::Float(number) if number.is_finite() => format!("the number {number:?}"),
        Node::Float(number) => if number.is_nan() { "NaN" } else { "infinity" }.into(),
        Node::Str(text) if text.is_empty() => "empty text".into(),
        Node::Str(text) => format!("the text {}", quoted(text)),
        Node::List(_) => "a list".into(),
        Node::Map(_) => "a mapping".into(),
        Node::Other(what) => cut(what),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The value as JSON, shortened where it is long, with probable secrets hidden.
pub(super) fn value(node: &Node<'_>) -> Value {
    shown(node, 0)
}

fn shown(node: &Node<'_>, level: usize) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(flag) => Value::Bool(*flag),
        Node::Int(number) => Value::from(*number),
        Node::BigInt(digits) => cut(digits).into(),
        Node::Float(number) => {
            Number::from_f64(*number).map_or_else(|| format!("<{}>", got(node)).into(), Value::Number)
        }
        Node::Str(text) => cut(text).into(),
        Node::List(items) if level < MAX_LEVELS => {
            let mut list: Vec<Value> = items.iter().take(MAX_ITEMS).map(|item| shown(item, level + 1)).collect();
            if items.len() > MAX_ITEMS {
                list.push(format!("… {} more", items.len() - MAX_ITEMS).into());
            }
            list.into()
        }
        Node::Map(entries) if level < MAX_LEVELS => {
            let mut map = Map::new();
            for (key, value) in entries.iter().take(MAX_ITEMS) {
                let (key, secret) = match key {
                    Key::Str(key) => (cut(key), is_secret(key)),
                    Key::Other(what) => (format!("<{}>", cut(what)), false),
                };
                map.insert(key, if secret { HIDDEN.into() } else { shown(value, level + 1) });
            }
            if entries.len() > MAX_ITEMS {
                map.insert("…".into(), format!("{} more", entries.len() - MAX_ITEMS).into());
            }
            map.into()
        }
        Node::List(_) | Node::Map(_) => "…".into(),
        Node::Other(what) => format!("<{}>", cut(what)).into(),
    }
}

/// Shown instead of a secret.
pub(super) const HIDDEN: &str = "******";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_cut_and_hide_secrets() {
        let long = json!({"apiKey": "x", "n": (0..12).collect::<Vec<_>>(), "s": "é".repeat(200), "d": [[[[[1]]]]]});
        assert_eq!(
            value(&Node::from(&long)),
            json!({
                "apiKey": "******",
                "n": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, "… 2 more"],
                "s": format!("{}…", "é".repeat(120)),
                "d": [[["…"]]],
            })
        );
        assert_eq!(value(&Node::Float(f64::NAN)), json!("<NaN>"));
        assert_eq!(value(&Node::Other("bytes".into())), json!("<bytes>"));
    }

    #[test]
    fn invisible_characters_are_escaped() {
        assert_eq!(quoted("a'b\\c\n\u{200b}é"), r"'a\'b\\c\n\u{200b}é'");
        assert_eq!(quoted(&"x".repeat(1000)).len(), 120 + 2 + '…'.len_utf8());
    }
}
