//! Tags that are arguments and not fields: those of a filter, and those that an update adds and removes.
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::tags::{MAX_TAGS, TEXT};
use super::{Checked, describe, rules, text, violation, wrong_input};
use crate::core::error::Violation;
use crate::core::spec::model::{Key, Kind, Node, Operation};

const REPLACES: &str = "replaces all tags, while add_tags and remove_tags change some: give one or the others";
const NO_TEXT_LIST: &str = "a list of the keys of tags";

/// What an update adds and removes, as the caller gave it.
#[derive(Debug, Clone, Copy, Default)]
pub struct TagArguments<'n> {
    pub add: Option<&'n Node<'n>>,
    pub remove: Option<&'n Node<'n>>,
}

/// What an update does to the tags that there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagChanges {
    /// Keys and values; a key that is there already gets the new value.
    pub add: Vec<(String, String)>,
    pub remove: Vec<String>,
}

impl TagChanges {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }

    /// The tags afterwards, in the order of those before. Each is kept as it is unless it is named.
    ///
    /// # Errors
    /// More tags than a resource can have.
    pub fn applied(&self, current: &[Value]) -> Result<Vec<Value>, Vec<Violation>> {
        let key = |tag: &Value| tag.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
        let new = |(key, value): &(String, String)| json!({"key": key, "value": value});
        let mut tags: Vec<Value> = Vec::with_capacity(current.len() + self.add.len());
        for tag in current.iter().filter(|tag| !self.remove.contains(&key(tag))) {
            let added = self.add.iter().find(|(added, _)| *added == key(tag));
            tags.push(added.map_or_else(|| tag.clone(), new));
        }
        tags.extend(self.add.iter().filter(|(added, _)| current.iter().all(|tag| key(tag) != *added)).map(new));
        if tags.len() > MAX_TAGS {
            let message =
                format!("would make {} tags of {}; at most {MAX_TAGS} are allowed", tags.len(), current.len());
            return Err(vec![violation("add_tags", rules::MAX_ITEMS, message, &Node::Null)]);
        }
        Ok(tags)
    }
}

/// Checks an update that may change single tags beside its fields.
///
/// # Errors
/// All violations; `tags` beside single changes is one.
pub fn update(
    kind: Kind,
    group_id: &str,
    name: &str,
    spec: &Node<'_>,
    extra_fields: Option<&Node<'_>>,
    tags: TagArguments<'_>,
) -> Result<(Checked, TagChanges), Vec<Violation>> {
    let mut violations = Vec::new();
    let changes = changes(spec, extra_fields, tags, &mut violations);
    let nothing_else = matches!(spec, Node::Map(entries) if entries.is_empty()) && extra_fields.is_none();
    let checked = if nothing_else && (!changes.is_empty() || !violations.is_empty()) {
        let wrong = super::target(group_id, name);
        let only_tags = Checked { name: Some(name.to_owned()), body: b"{}".to_vec(), notices: Vec::new() };
        if wrong.is_empty() { Ok(only_tags) } else { Err(wrong) }
    } else {
        super::update(kind, group_id, name, spec, extra_fields)
    };
    with_changes(checked, changes, violations)
}

/// The same without validation of the fields.
///
/// # Errors
/// As for [`update`], of the tags; and what JSON cannot represent.
pub fn unchecked_update(
    spec: &Node<'_>,
    extra_fields: Option<&Node<'_>>,
    tags: TagArguments<'_>,
) -> Result<(Checked, TagChanges), Vec<Violation>> {
    let mut violations = Vec::new();
    let changes = changes(spec, extra_fields, tags, &mut violations);
    with_changes(super::unchecked(spec, extra_fields), changes, violations)
}

fn with_changes(
    checked: Result<Checked, Vec<Violation>>,
    changes: TagChanges,
    mut violations: Vec<Violation>,
) -> Result<(Checked, TagChanges), Vec<Violation>> {
    match checked {
        Ok(checked) if violations.is_empty() => Ok((checked, changes)),
        Ok(_) => Err(violations),
        Err(of_fields) => {
            violations.splice(..0, of_fields);
            Err(violations)
        }
    }
}

fn changes(
    spec: &Node<'_>,
    extra_fields: Option<&Node<'_>>,
    given: TagArguments<'_>,
    violations: &mut Vec<Violation>,
) -> TagChanges {
    let add = given.add.map(|add| pairs("add_tags", add, violations)).unwrap_or_default();
    let remove = given.remove.map(|remove| keys("remove_tags", remove, violations)).unwrap_or_default();
    let replaced = spec.get("tags").or_else(|| extra_fields.and_then(|extra| extra.get("tags")));
    if let (Some(tags), true) = (replaced, given.add.is_some() || given.remove.is_some()) {
        violations.push(violation("tags", rules::GIVEN_TWICE, REPLACES.to_owned(), tags));
    }
    for (key, _) in add.iter().filter(|(key, _)| remove.contains(key)) {
        let message = format!("has {}, which add_tags has too", describe::quoted(key));
        violations.push(violation("remove_tags", rules::GIVEN_TWICE, message, &Node::text(key)));
    }
    TagChanges { add, remove }
}

/// Keys and values of tags, given as a mapping or as a list of `{key, value}`, and checked as those of an update are.
pub fn pairs(argument: &str, given: &Node<'_>, violations: &mut Vec<Violation>) -> Vec<(String, String)> {
    #[derive(Deserialize)]
    struct Body {
        tags: Vec<Map<String, Value>>,
    }
    let spec = Node::Map(vec![(Key::from("tags"), given.clone())]);
    match super::check(Kind::Flex, Operation::Update, Vec::new(), &spec, None) {
        Ok(checked) => {
            let body = serde_json::from_slice::<Body>(&checked.body).map(|body| body.tags).unwrap_or_default();
            let text = |tag: &Map<String, Value>, name| Some(tag.get(name)?.as_str()?.to_owned());
            body.iter().filter_map(|tag| Some((text(tag, "key")?, text(tag, "value")?))).collect()
        }
        Err(wrong) => {
            violations.extend(wrong.into_iter().map(|violation| {
                let place = violation.path.strip_prefix("tags").unwrap_or(&violation.path);
                Violation { path: format!("{argument}{place}"), ..violation }
            }));
            Vec::new()
        }
    }
}

fn keys(argument: &str, given: &Node<'_>, violations: &mut Vec<Violation>) -> Vec<String> {
    let Node::List(items) = given else {
        violations.push(wrong_input(argument, NO_TEXT_LIST, given));
        return Vec::new();
    };
    let mut keys = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = format!("{argument}[{index}]");
        match item.as_str() {
            None => violations.push(wrong_input(&path, TEXT, item)),
            Some(key) => {
                text::tag("", key, |rule, message| violations.push(violation(&path, rule, message, item)));
                keys.push(key.to_owned());
            }
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "32b6e34b3d91647abb20e7b8";

    fn checked(spec: Value, add: Option<Value>, remove: Option<Value>) -> Result<(Checked, TagChanges), Vec<String>> {
        let (add, remove) = (add.as_ref().map(Node::from), remove.as_ref().map(Node::from));
        let tags = TagArguments { add: add.as_ref(), remove: remove.as_ref() };
        let result = update(Kind::Flex, GROUP, "orders", &Node::from(&spec), None, tags);
        result.map_err(|wrong| wrong.into_iter().map(|violation| violation.path).collect())
    }

    #[test]
    fn project_and_name_the_wrong_way_round_are_told_apart_here_too() {
        let (spec, add) = (json!({}), json!({"env": "dev"}));
        let (spec, add) = (Node::from(&spec), Node::from(&add));
        let tags = TagArguments { add: Some(&add), remove: None };
        let wrong = update(Kind::Flex, "orders", GROUP, &spec, None, tags).err().unwrap();
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].message.contains("it is the other way round"), "{}", wrong[0].message);
    }

    #[test]
    fn tags_alone_are_an_update() {
        let (body, changes) = checked(json!({}), Some(json!({"env": "dev"})), Some(json!(["old"]))).unwrap();
        assert_eq!(body.body, b"{}");
        let add = vec![("env".to_owned(), "dev".to_owned())];
        assert_eq!(changes, TagChanges { add, remove: vec!["old".to_owned()] });
        let (body, changes) = checked(json!({"terminationProtectionEnabled": true}), None, None).unwrap();
        assert_eq!(
            (body.body.as_slice(), changes.is_empty()),
            (&br#"{"terminationProtectionEnabled":true}"#[..], true)
        );
    }

    #[test]
    fn what_contradicts_or_breaks_a_rule_is_a_violation() {
        let dev = || Some(json!({"env": "dev"}));
        for (spec, add, remove, paths) in [
            (json!({}), None, None, vec!["body"]),
            (json!({}), Some(json!({})), Some(json!([])), vec!["body"]),
            (json!({"tags": {"a": "b"}}), dev(), None, vec!["tags"]),
            (json!({"tags": []}), None, Some(json!(["env"])), vec!["tags"]),
            (json!({}), dev(), Some(json!(["env"])), vec!["remove_tags"]),
            (json!({}), Some(json!({"env": 5})), None, vec!["add_tags['env']"]),
            (json!({}), Some(json!([{"key": "a"}])), None, vec!["add_tags[0].value"]),
            (json!({}), Some(json!("env=dev")), None, vec!["add_tags"]),
            (json!({}), None, Some(json!("env")), vec!["remove_tags"]),
            (json!({}), None, Some(json!(["a", "", 5])), vec!["remove_tags[1]", "remove_tags[2]"]),
            (json!({"nme": 1}), Some(json!({"env": null})), None, vec!["nme", "add_tags['env']"]),
        ] {
            assert_eq!(checked(spec.clone(), add, remove).unwrap_err(), paths, "{spec}");
        }
    }

    #[test]
    fn tags_are_changed_in_their_place() {
        let current = [json!({"key": "a", "value": "1"}), json!({"key": "b", "value": "2"})];
        let changes = |add: &[(&str, &str)], remove: &[&str]| TagChanges {
            add: add.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            remove: remove.iter().map(|key| (*key).to_owned()).collect(),
        };
        let after = |add: &[(&str, &str)], remove: &[&str]| changes(add, remove).applied(&current).unwrap();
        let tag = |key: &str, value: &str| json!({"key": key, "value": value});
        assert_eq!(after(&[("a", "9"), ("c", "3")], &[]), [tag("a", "9"), tag("b", "2"), tag("c", "3")]);
        assert_eq!(after(&[], &["a", "none"]), [tag("b", "2")]);
        assert_eq!(after(&[("b", "2")], &[]), current);
        let full: Vec<Value> = (0..MAX_TAGS).map(|n| tag(&n.to_string(), "x")).collect();
        let error = changes(&[("one", "more")], &[]).applied(&full).unwrap_err();
        assert_eq!(error[0].message, "would make 51 tags of 50; at most 50 are allowed");
        assert_eq!(changes(&[("one", "more")], &["0"]).applied(&full).unwrap().len(), MAX_TAGS);
    }
}
