//! What the service made of a request: each field that was asked for beside the one in its reply.
use bytes::Bytes;
use serde_json::Value;

use crate::core::error::{Notice, NoticeKind};
use crate::core::json::{Element, ItemKind, Tape};

/// A field that the reply does not have as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// `providerSettings.regionName`, `tags`.
    pub path: String,
    /// What was sent.
    pub asked: Value,
    /// What came back; null if the reply lacks the field.
    pub got: Value,
    /// Whether the service is known to ignore this field: nothing is wrong.
    pub known_ignored: bool,
}

/// Fields, with all below them, that the service takes and does not act on. Since February 2025 a serverless
/// create makes a Flex cluster: its backups are fixed (recorded replies say false whatever was asked), and asked through
/// the Flex path its provider is FLEX.
pub const IGNORED: &[&str] = &["serverlessBackupOptions", "providerSettings.providerName"];

impl Difference {
    fn new(path: String, asked: Value, got: Value) -> Self {
        let below =
            |ignored: &&str| path.strip_prefix(*ignored).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let known_ignored = IGNORED.iter().any(below);
        Self { path, asked, got, known_ignored }
    }
}

/// Each field of `requested` (a body as it was sent) that `reply` (a resource of either kind, without envelope) does not
/// show as asked, in the order of the request. Tags are compared as a set, and none are the same as an empty list. A
/// request or reply that is no JSON object gives nothing: the reply is refused elsewhere.
#[must_use]
pub fn differences(requested: &[u8], reply: &[u8]) -> Vec<Difference> {
    let reply = Tape::parse(&Bytes::copy_from_slice(reply));
    reply.map(|reply| differences_from(&Bytes::copy_from_slice(requested), &reply)).unwrap_or_default()
}

/// The same for a reply that is parsed already.
pub(crate) fn differences_from(requested: &Bytes, reply: &Tape) -> Vec<Difference> {
    let mut differences = Vec::new();
    if let Some(requested) = Tape::parse(requested)
        && reply.root().kind() == ItemKind::Object
    {
        compare_objects(requested.root(), reply.root(), "", &mut differences);
    }
    differences
}

/// A notice for each field that the service did not take over. That a Flex cluster's provider is FLEX is no loss.
pub(crate) fn ignored_notices(differences: &[Difference]) -> impl Iterator<Item = Notice> + '_ {
    differences.iter().filter(|d| d.path != "providerSettings.providerName").map(|d| {
        let message = format!("Atlas did not take over {}: asked for {}, got {}", d.path, d.asked, d.got);
        Notice { kind: NoticeKind::FieldIgnored, message }.printable()
    })
}

fn compare_objects(asked: Element<'_>, got: Element<'_>, parent: &str, differences: &mut Vec<Difference>) {
    for (key, asked) in asked.fields() {
        let Some(key) = key.string() else { continue };
        let got = got.field(&key);
        // Equal text is an equal value, and the usual case.
        if got.is_some_and(|got| got.text() == asked.text()) {
            continue;
        }
        let path = if parent.is_empty() { key.into_owned() } else { format!("{parent}.{key}") };
        if let Some(got) = got.filter(|got| (asked.kind(), got.kind()) == (ItemKind::Object, ItemKind::Object)) {
            compare_objects(asked, got, &path, differences);
            continue;
        }
        let (asked, got) = (value(asked), got.map_or(Value::Null, value));
        if !(same(&asked, &got) || path == "tags" && same_tags(&asked, &got)) {
            differences.push(Difference::new(path, asked, got));
        }
    }
}

fn value(element: Element<'_>) -> Value {
    serde_json::from_str(element.text()).unwrap_or_default()
}

/// Equal, numbers by their value: 5 and 5.0 are one.
fn same(asked: &Value, got: &Value) -> bool {
    match (asked, got) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => asked == got,
    }
}

fn same_tags(asked: &Value, got: &Value) -> bool {
    let empty = Vec::new();
    let pairs = |value: &Value| -> Option<Vec<(String, String)>> {
        let list = match value {
            Value::Null => &empty,
            value => value.as_array()?,
        };
        let text = |tag: &Value, name| Some(tag.get(name)?.as_str()?.to_owned());
        let mut pairs =
            list.iter().map(|tag| Some((text(tag, "key")?, text(tag, "value")?))).collect::<Option<Vec<_>>>()?;
        pairs.sort_unstable();
        Some(pairs)
    };
    pairs(asked).is_some_and(|asked| Some(asked) == pairs(got))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked() -> Value {
        json!({
            "name": "n",
            "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1", "providerName": "SERVERLESS"},
            "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": false},
            "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
            "terminationProtectionEnabled": true,
        })
    }

    fn compared(reply: &Value) -> Vec<Difference> {
        differences(asked().to_string().as_bytes(), reply.to_string().as_bytes())
    }

    fn difference(path: &str, asked: Value, got: Value, known_ignored: bool) -> Difference {
        Difference { path: path.into(), asked, got, known_ignored }
    }

    #[test]
    fn nothing_for_the_same_in_another_order_and_with_more() {
        let reply = json!({
            "stateName": "CREATING",
            "terminationProtectionEnabled": true,
            "tags": [{"value": "2", "key": "b"}, {"key": "a", "value": "1"}],
            "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": false},
            "providerSettings": {"providerName": "SERVERLESS", "regionName": "US_EAST_1", "backingProviderName": "AWS"},
            "name": "n",
        });
        assert_eq!(compared(&reply), []);
    }

    #[test]
    fn each_field_that_differs() {
        let reply = json!({
            "name": "m",
            "providerSettings": {"backingProviderName": "AWS", "regionName": "EU_WEST_1", "providerName": "FLEX"},
            "tags": [{"key": "a", "value": "1"}],
        });
        assert_eq!(
            compared(&reply),
            [
                difference("name", json!("n"), json!("m"), false),
                difference("providerSettings.regionName", json!("US_EAST_1"), json!("EU_WEST_1"), false),
                difference("providerSettings.providerName", json!("SERVERLESS"), json!("FLEX"), true),
                difference(
                    "serverlessBackupOptions",
                    json!({"serverlessContinuousBackupEnabled": false}),
                    Value::Null,
                    true
                ),
                difference("tags", asked()["tags"].clone(), json!([{"key": "a", "value": "1"}]), false),
                difference("terminationProtectionEnabled", json!(true), Value::Null, false),
            ]
        );
    }

    #[test]
    fn no_tags_are_an_empty_list() {
        for (a, b) in [(r#"{"tags":[]}"#, "{}"), (r#"{"tags":[]}"#, r#"{"tags":[]}"#), ("{}", r#"{"tags":[]}"#)] {
            assert_eq!(differences(a.as_bytes(), b.as_bytes()), []);
        }
        let (path, got) = ("tags", json!([{"key": "a", "value": "b"}]));
        let reply = json!({"tags": got}).to_string();
        assert_eq!(differences(br#"{"tags":[]}"#, reply.as_bytes()), [difference(path, json!([]), got, false)]);
    }

    #[test]
    fn fields_that_no_table_knows_are_compared_too() {
        let asked = br#"{"new":{"a":5,"b":[1]},"other":1}"#;
        assert_eq!(differences(asked, br#"{"new":{"b":[1],"a":5.0},"other":1}"#), []);
        assert_eq!(
            differences(asked, br#"{"new":{"a":6,"b":[1]}}"#),
            [difference("new.a", json!(5), json!(6), false), difference("other", json!(1), Value::Null, false)]
        );
    }

    #[test]
    fn spaces_escapes_and_other_fields_make_no_difference() {
        let asked = br#"{"name":"n","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#;
        for reply in [
            r#"{"x":["}\"",{"y":[]}],"tags":[{"value":"2","key":"b"},{"key":"a","value":"1"}],"z":1.5e3,"name":"n"}"#,
            " { \"tags\" : [ {\"value\":\"2\", \"key\":\"b\"} ,\n{\"key\":\"a\",\"value\":\"1\"} ] , \"name\" : \"n\" } ",
            r#"{"n\u0061me":"\u006e","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#,
            r#"{"name":"m","name":"n","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#,
        ] {
            assert_eq!(differences(asked, reply.as_bytes()), [], "{reply}");
        }
    }

    #[test]
    fn a_field_counts_only_in_its_own_object() {
        let asked = br#"{"providerSettings":{"regionName":"R"}}"#;
        let reply = br#"{"other":{"regionName":"R"},"providerSettings":{"regionName":"S"}}"#;
        let region = difference("providerSettings.regionName", json!("R"), json!("S"), false);
        assert_eq!(differences(asked, reply), [region]);
        let reply = br#"{"providerSettings":{"regionName":"R"},"other":{"regionName":"S"}}"#;
        assert_eq!(differences(asked, reply), []);
        let all = difference("providerSettings", json!({"regionName": "R"}), Value::Null, false);
        assert_eq!(differences(asked, br#"{"regionName":"R","providerSettings":null}"#), [all]);
        let tags = difference("tags", json!([{"key": "a", "value": "1"}]), json!({}), false);
        assert_eq!(differences(br#"{"tags":[{"key":"a","value":"1"}]}"#, br#"{"tags":{}}"#), [tags]);
    }

    #[test]
    fn what_is_no_object_gives_nothing() {
        for reply in ["", "[]", "<html>", "{\"name\":", "null"] {
            assert_eq!(differences(br#"{"name":"n"}"#, reply.as_bytes()), []);
        }
    }
}
