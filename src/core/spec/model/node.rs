//! A caller's object before it is validated.
use std::borrow::Cow;

use serde_json::Value;

/// The deepest nesting. Code that builds a [`Node`] puts [`Node::Other`] in place of deeper values, so that neither walking
/// nor dropping a tree can exhaust the stack.
pub const MAX_DEPTH: usize = 64;

/// The [`Node::Other`] in place of a value below [`MAX_DEPTH`].
pub const TOO_DEEP: &str = "a value nested too deep";

/// One value of a caller's object, borrowed where that saves a copy.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// Python's `None`, JSON's `null`.
    Null,
    Bool(bool),
    Int(i64),
    /// An integer that does not fit into an `i64`, in decimal digits.
    BigInt(Cow<'a, str>),
    /// Also NaN and the infinities.
    Float(f64),
    Str(Cow<'a, str>),
    /// A list or tuple.
    List(Vec<Node<'a>>),
    /// A mapping, in the caller's order.
    Map(Vec<(Key<'a>, Node<'a>)>),
    /// A value that JSON cannot represent, described as in a sentence: "bytes", "a set", "a list that contains itself".
    Other(Cow<'a, str>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Key<'a> {
    Str(Cow<'a, str>),
    /// A key that is no text, described: "the number 5".
    Other(Cow<'a, str>),
}

impl<'a> Node<'a> {
    #[must_use]
    pub const fn text(text: &'a str) -> Self {
        Self::Str(Cow::Borrowed(text))
    }

    /// The value under `key`, if this is a mapping that has it (the first, if it has several).
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find_map(|(k, v)| (k.as_str() == Some(key)).then_some(v)),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    fn from_value(value: &'a Value, depth: usize) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Self::Int(whole),
                (None, Some(float)) if number.is_f64() => Self::Float(float),
                _ => Self::BigInt(Cow::Owned(number.to_string())),
            },
            Value::String(text) => Self::text(text),
            Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => Self::Other(Cow::Borrowed(TOO_DEEP)),
            Value::Array(items) => Self::List(items.iter().map(|item| Self::from_value(item, depth + 1)).collect()),
            Value::Object(entries) => Self::Map(
                entries.iter().map(|(k, v)| (Key::from(k.as_str()), Self::from_value(v, depth + 1))).collect(),
            ),
        }
    }
}

impl Key<'_> {
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            Self::Other(_) => None,
        }
    }
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(text: &'a str) -> Self {
        Self::Str(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a Value> for Node<'a> {
    /// A JSON value as a node; values nested deeper than [`MAX_DEPTH`] become [`Node::Other`].
    fn from(value: &'a Value) -> Self {
        Self::from_value(value, 0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_becomes_nodes_in_its_order() {
        let value = json!({"b": [1, -2.5, true, null], "a": 18_446_744_073_709_551_615_u64});
        assert_eq!(
            Node::from(&value),
            Node::Map(vec![
                (Key::from("b"), Node::List(vec![Node::Int(1), Node::Float(-2.5), Node::Bool(true), Node::Null])),
                (Key::from("a"), Node::BigInt("18446744073709551615".into())),
            ])
        );
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let mut value = json!("bottom");
        for _ in 0..MAX_DEPTH + 10 {
            value = json!([value]);
        }
        let (mut node, mut depth) = (&Node::from(&value), 0);
        while let Node::List(items) = node {
            node = &items[0];
            depth += 1;
        }
        assert_eq!((node, depth), (&Node::Other(TOO_DEEP.into()), MAX_DEPTH));
    }
}
