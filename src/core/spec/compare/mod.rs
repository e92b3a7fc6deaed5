//! What the service made of a request: each field that was asked for beside the one in its reply.
mod fast;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::core::json::Tape;

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

/// Each field of `requested` (a body as it was sent) that `reply` (an entity of either kind, without envelope)
/// does not show as asked. Tags are compared as a set, and none are the same as an empty list. A request or reply that is no JSON
/// object gives nothing: that is told elsewhere.
#[must_use]
pub fn differences(requested: &[u8], reply: &[u8]) -> Vec<Difference> {
    let owned = |text: &[u8]| Bytes::copy_from_slice(text);
    let outline = Tape::of(&owned(reply));
    differences_outlined(&owned(requested), reply, outline.as_ref())
}

/// The same for a reply whose outline was taken when it was judged; without one it takes longer.
pub(crate) fn differences_outlined(requested: &Bytes, reply: &[u8], outline: Option<&Tape>) -> Vec<Difference> {
    if let Some(found) = outline.and_then(|reply| fast::differences(&Tape::of(requested)?, reply)) {
        return found;
    }
    let (Ok(Value::Object(requested)), Ok(Value::Object(reply))) =
        (serde_json::from_slice(requested), serde_json::from_slice(reply))
    else {
        return Vec::new();
    };
    let mut differences = Vec::new();
    objects(&requested, &reply, "", &mut differences);
    differences
}

fn objects(asked: &Map<String, Value>, got: &Map<String, Value>, path: &str, out: &mut Vec<Difference>) {
    for (key, asked) in asked {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (asked, got.get(key).unwrap_or(&Value::Null)) {
            (asked, got) if path == "tags" && same_tags(asked, got) => {}
            (Value::Object(asked), Value::Object(got)) => objects(asked, got, &path, out),
            (asked, got) if same(asked, got) => {}
            (asked, got) => {
                out.push(Difference::new(path, asked.clone(), got.clone()));
            }
        }
    }
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
    fn what_is_no_object_gives_nothing() {
        for reply in ["", "[]", "<html>", "{\"name\":", "null"] {
            assert_eq!(differences(br#"{"name":"n"}"#, reply.as_bytes()), []);
        }
    }
}
