//! What a caller's object looks like before anything is believed of it.
use std::borrow::Cow;

use serde_json::Value;

/// The deepest nesting that is looked at. Whoever builds a [`Node`] stops here and puts
/// [`Node::Other`] in place of the rest, so that neither walking nor dropping a tree can exhaust the stack.
pub const MAX_DEPTH: usize = 64;

/// What stands in the place of a value below [`MAX_DEPTH`].
pub const TOO_DEEP: &str = "a value nested too deep";

/// One value of a caller's object, borrowed where that saves a copy.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// Python's `None`, JSON's `null`.
    Null,
    /// A flag.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond 64 bits with sign, in decimal digits.
    BigInt(Cow<'a, str>),
    /// A number with a fraction; also NaN and the infinities.
    Float(f64),
    /// Text.
    Str(Cow<'a, str>),
    /// A list or tuple.
    List(Vec<Node<'a>>),
    /// A mapping, in the caller's order.
    Map(Vec<(Key<'a>, Node<'a>)>),
    /// What JSON cannot say, described with its article where it needs one: "bytes", "a set",
    /// "a list that contains itself".
    Other(Cow<'a, str>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub enum Key<'a> {
    /// Text, as JSON wants it.
    Str(Cow<'a, str>),
    /// Anything else, described: "the number 5".
    Other(Cow<'a, str>),
}

impl<'a> Node<'a> {
    /// Text that is borrowed.
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

    /// The text, if this is text.
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
    /// The text, if this is text.
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
    /// A JSON value as a node; what is nested deeper than [`MAX_DEPTH`] becomes [`Node::Other`].
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
