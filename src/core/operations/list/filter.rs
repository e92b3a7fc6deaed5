//! Which entries of a list are wanted. The service cannot choose, so every page is read and its other entries are dropped.
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::core::error::{Error, Violation};
use crate::core::http::reply::Reply;
use crate::core::json::{Tape, from_object};
use crate::core::operations::wait::request::{DELETED, STATES};
use crate::core::spec::model::Node;
use crate::core::spec::validate;
use crate::core::spec::validate::tag_arguments;

/// What an entry must have; the default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    name_prefix: Option<String>,
    /// Keys and values.
    tags: Vec<(String, String)>,
    state: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: Option<String>,
    state_name: Option<String>,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: String,
}

impl ListFilter {
    /// Checks what was asked for: what no entry can have would give an empty list and no hint why.
    pub fn new(name_prefix: Option<&str>, tags: Option<&Node<'_>>, state: Option<&str>) -> Result<Self, Error> {
        let mut violations = Vec::new();
        if let Some(wrong) = name_prefix.and_then(validate::name) {
            violations.push(Violation { path: "name_prefix".to_owned(), ..wrong });
        }
        let tags = tags.map(|tags| tag_arguments::pairs("tags", tags, &mut violations)).unwrap_or_default();
        let states = || STATES.into_iter().filter(|state| *state != DELETED);
        if let Some(state) = state.filter(|given| states().all(|state| state != *given)) {
            violations.push(Violation {
                path: "state".to_owned(),
                message: format!("is none of {}", states().collect::<Vec<_>>().join(", ")),
                value: state.into(),
                rule: "enum".to_owned(),
            });
        }
        if !violations.is_empty() {
            return Err(Error::Validation(violations));
        }
        Ok(ListFilter { name_prefix: name_prefix.map(str::to_owned), tags, state: state.map(str::to_owned) })
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn matches(&self, entry: &RawValue) -> bool {
        let entry: Entry = from_object(entry.get().as_bytes()).unwrap_or_default();
        let has = |(key, value): &(String, String)| {
            entry.tags.iter().flatten().any(|tag| tag.key == *key && tag.value == *value)
        };
        self.name_prefix.as_deref().is_none_or(|prefix| entry.name.is_some_and(|name| name.starts_with(prefix)))
            && self.state.as_deref().is_none_or(|state| entry.state_name.as_deref() == Some(state))
            && self.tags.iter().all(has)
    }

    /// The entries that are wanted, and the page with only these in its `results`; all else in it is as it came.
    pub(super) fn select(&self, entries: Vec<Box<RawValue>>, reply: Reply) -> (Vec<Box<RawValue>>, Reply) {
        if self.is_empty() {
            return (entries, reply);
        }
        let entries: Vec<_> = entries.into_iter().filter(|entry| self.matches(entry)).collect();
        let Some(body) = with_results(&reply.body, &entries) else { return (entries, reply) };
        let (body, tape) = (Bytes::from(body.clone()), Tape::parse(&Bytes::from(body)));
        (entries, Reply { body, tape, ..reply })
    }
}

/// The page with other entries.
fn with_results(body: &[u8], entries: &[Box<RawValue>]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        results: &'a RawValue,
    }
    let results = serde_json::from_slice::<Page<'_>>(body).ok()?.results.get();
    // It is borrowed from the body, so that its place there is known.
    let start = results.as_ptr().addr().checked_sub(body.as_ptr().addr())?;
    let (before, after) = (body.get(..start)?, body.get(start + results.len()..)?);
    let listed: Vec<&str> = entries.iter().map(|entry| entry.get()).collect();
    Some([before, b"[", listed.join(",").as_bytes(), b"]", after].concat())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn raw(entry: &serde_json::Value) -> Box<RawValue> {
        RawValue::from_string(entry.to_string()).unwrap()
    }

    #[test]
    fn an_entry_must_have_all_that_is_asked_for() {
        let tags = json!({"env": "dev", "team": "a"});
        let one = json!({"name": "orders-1", "stateName": "IDLE",
            "tags": [{"key": "team", "value": "a"}, {"key": "env", "value": "dev"}, {"key": "x", "value": "y"}]});
        for (prefix, tags, state, wanted) in [
            (None, None, None, true),
            (Some("orders-"), None, None, true),
            (Some("orders-1"), Some(&tags), Some("IDLE"), true),
            (Some("Orders"), None, None, false),
            (None, Some(&json!({"env": "test"})), None, false),
            (None, Some(&json!({"env": "dev", "z": "1"})), None, false),
            (None, Some(&json!([{"key": "env", "value": "dev"}])), None, true),
            (None, Some(&json!({})), None, true),
            (None, None, Some("CREATING"), false),
        ] {
            let node = tags.map(Node::from);
            let filter = ListFilter::new(prefix, node.as_ref(), state).unwrap();
            assert_eq!(filter.matches(&raw(&one)), wanted, "{filter:?}");
        }
        let bare = raw(&json!({"name": "orders-1"}));
        assert!(!ListFilter::new(None, Some(&Node::from(&tags)), None).unwrap().matches(&bare));
    }

    #[test]
    fn what_no_entry_can_have_is_refused_all_at_once() {
        let tags = json!({"env": ""});
        let Err(Error::Validation(violations)) =
            ListFilter::new(Some("a_b"), Some(&Node::from(&tags)), Some("DELETED"))
        else {
            panic!()
        };
        let paths: Vec<&str> = violations.iter().map(|violation| violation.path.as_str()).collect();
        assert_eq!(paths, ["name_prefix", "tags['env']", "state"]);
        assert!(ListFilter::new(Some(""), None, None).is_err());
    }

    #[test]
    fn the_rest_of_a_page_stays_byte_for_byte() {
        let body = br#"{ "totalCount":2, "results" : [ {"name":"a"}, {"name":"b","n":1.50} ], "links":[]}"#;
        let kept = [RawValue::from_string(r#"{"name":"b","n":1.50}"#.to_owned()).unwrap()];
        let page = String::from_utf8(with_results(body, &kept).unwrap()).unwrap();
        assert_eq!(page, r#"{ "totalCount":2, "results" : [{"name":"b","n":1.50}], "links":[]}"#);
    }
}
