//! Tags: a list of `{key, value}`, or a mapping from keys to values.
use std::collections::HashMap;

use super::path::Path;
use super::walk::Walk;
use super::{describe, rules, text};
use crate::core::spec::model::{Key, Node};

/// Source: the limits on resource tags in Atlas' documentation.
pub(super) const MAX_TAGS: usize = 50;
/// Up to so many keys are compared one by one, which is faster than hashing them.
const LINEAR_SEARCH: usize = 16;
const PAIR: &str = "a mapping {'key': …, 'value': …}";
pub(super) const TEXT: &str = "text of 1 to 255 characters";

/// The keys so far.
enum TagKeys<'n> {
    Few(Vec<&'n str>),
    Many(HashMap<&'n str, usize>),
}

impl<'n> TagKeys<'n> {
    fn new(count: usize) -> Self {
        if count <= LINEAR_SEARCH {
            Self::Few(Vec::with_capacity(count))
        } else {
            Self::Many(HashMap::with_capacity(count))
        }
    }

    /// Adds a key; true if an earlier tag has it.
    fn is_duplicate(&mut self, key: &'n str) -> bool {
        match self {
            Self::Few(keys) if keys.contains(&key) => true,
            Self::Few(keys) => {
                keys.push(key);
                false
            }
            Self::Many(keys) => {
                let count = keys.len();
                let first = *keys.entry(key).or_insert(count);
                first != count
            }
        }
    }
}

impl<'n> Walk<'n, '_> {
    pub(super) fn tag_list(&mut self, items: &'n [Node<'n>], path: &Path<'_>) {
        self.tag_count(items.len(), path);
        let mut seen = TagKeys::new(items.len());
        self.out.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.tag(item, &mut seen, &Path::Index(path, index));
        }
        self.out.push(b']');
    }

    fn tag_count(&mut self, count: usize, path: &Path<'_>) {
        if count > MAX_TAGS {
            self.violation(
                path,
                rules::MAX_ITEMS,
                format!("has {count} tags; at most {MAX_TAGS} are allowed"),
                count.into(),
            );
        }
    }

    fn tag(&mut self, item: &'n Node<'n>, seen: &mut TagKeys<'n>, path: &Path<'_>) {
        let Node::Map(entries) = item else {
            return self.wrong_type(PAIR, item, path);
        };
        let (mut has_key, mut has_value) = (false, false);
        self.out.push(b'{');
        for (key, node) in entries {
            let Key::Str(key) = key else {
                self.key_type(key, path);
                continue;
            };
            let (mark, prefix): (_, &[u8]) = match &**key {
                "key" => (&mut has_key, b"\"key\":"),
                "value" => (&mut has_value, b"\"value\":"),
                other => {
                    let suggestion = ["key", "value"].into_iter().find(|name| other.eq_ignore_ascii_case(name));
                    let suggestion = suggestion.map_or(String::new(), |name| format!("; did you mean {name}?"));
                    self.violation(
                        &Path::Field(path, other),
                        rules::UNKNOWN,
                        format!("is no field of a tag, which has key and value{suggestion}"),
                        self.shown(other, node),
                    );
                    continue;
                }
            };
            let is_key = prefix == b"\"key\":";
            let path = &Path::Field(path, key);
            if std::mem::replace(mark, true) {
                self.violation(path, rules::GIVEN_TWICE, "is given twice; keep one".into(), describe::value(node));
                continue;
            }
            if self.out.last() != Some(&b'{') {
                self.out.push(b',');
            }
            self.out.extend_from_slice(prefix);
            if let Some(text) = self.tag_text("", node, path)
                && is_key
                && seen.is_duplicate(text)
            {
                self.duplicate("", text, node, path);
            }
        }
        self.out.push(b'}');
        for (has, name) in [(has_key, "key"), (has_value, "value")] {
            if !has {
                self.violation(
                    &Path::Field(path, name),
                    rules::REQUIRED,
                    format!("is required: {TEXT}"),
                    serde_json::Value::Null,
                );
            }
        }
    }

    pub(super) fn tag_mapping(&mut self, entries: &'n [(Key<'n>, Node<'n>)], path: &Path<'_>) {
        self.tag_count(entries.len(), path);
        let mut keys: Vec<&str> = entries.iter().take(3).filter_map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        if keys == ["key", "value"] && entries.len() == 2 {
            self.violation(
                path,
                rules::AMBIGUOUS,
                "looks like one tag without its list; write [{'key': …, 'value': …}] or {'env': 'dev'}".into(),
                serde_json::json!({"key": "…", "value": "…"}),
            );
            return;
        }
        let mut seen = TagKeys::new(entries.len());
        self.out.push(b'[');
        for (key, value) in entries {
            let Key::Str(key) = key else {
                self.key_type(key, path);
                continue;
            };
            let path = &Path::Key(path, key);
            if self.out.last() != Some(&b'[') {
                self.out.push(b',');
            }
            self.out.extend_from_slice(b"{\"key\":");
            let node = Node::text(key);
            self.tag_str("the key ", key, path);
            if seen.is_duplicate(key) {
                self.duplicate("the key ", key, &node, path);
            }
            self.out.extend_from_slice(b",\"value\":");
            self.tag_text("the value ", value, path);
            self.out.push(b'}');
        }
        self.out.push(b']');
    }

    fn duplicate(&mut self, what: &str, key: &str, node: &Node<'_>, path: &Path<'_>) {
        let message = format!("{what}is the key of an earlier tag too: {}", describe::quoted(key));
        self.violation(path, rules::DUPLICATE, message, describe::value(node));
    }

    /// Checks and writes a key or value; returns it if it is text.
    fn tag_text(&mut self, what: &str, node: &'n Node<'n>, path: &Path<'_>) -> Option<&'n str> {
        match node {
            Node::Str(text) => {
                self.tag_str(what, text, path);
                Some(text)
            }
            Node::Int(number) => {
                let message = format!("{what}must be {TEXT}, not the number {number}; write '{number}'");
                self.violation(path, rules::TYPE, message, (*number).into());
                None
            }
            other => {
                self.wrong_type_of(what, TEXT, other, path);
                None
            }
        }
    }

    fn tag_str(&mut self, what: &str, value: &str, path: &Path<'_>) {
        if text::tag_is_plain(value) {
            self.plain_text(value);
            return;
        }
        text::tag(what, value, |rule, message| {
            self.violation(path, rule, message, describe::value(&Node::text(value)));
        });
        self.any_text(value);
    }
}
