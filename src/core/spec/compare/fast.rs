//! The usual request, whose fields are all known, beside its reply, without making a value of either: every create
//! asks this.
//!
//! The text of values is compared: equal text is an equal value, and only unequal texts become values. Anything unusual is
//! left to the slow way.
use serde_json::Value;

use super::{Difference, same, same_tags};
use crate::core::json::{Form, Tape};

/// The fields that validation lets through.
const PATHS: [&str; 7] = [
    "name",
    "providerSettings.backingProviderName",
    "providerSettings.regionName",
    "providerSettings.providerName",
    "serverlessBackupOptions.serverlessContinuousBackupEnabled",
    "tags",
    "terminationProtectionEnabled",
];
const NAME: usize = 0;
const PROVIDER: usize = 1;
const REGION: usize = 2;
const PROVIDER_NAME: usize = 3;
const BACKUP: usize = 4;
const TAGS: usize = 5;
const PROTECTION: usize = 6;

/// The texts of the known fields of a body.
#[derive(Default)]
struct Known<'a> {
    texts: [Option<&'a str>; PATHS.len()],
    /// It is an object, and what should be objects in it are; no key is written with escapes.
    cached_responder: bool,
    /// There are other fields.
    more: bool,
}

impl<'a> Known<'a> {
    fn of(body: &'a Tape) -> Self {
        let mut known = Known { cached_responder: true, ..Known::default() };
        let Some(entries) = body.entries(0) else { return Known::default() };
        for (key, value, at) in entries {
            match body.quoted(key) {
                "name" => known.set(NAME, body.text(value)),
                "tags" => known.set(TAGS, body.text(value)),
                "terminationProtectionEnabled" => known.set(PROTECTION, body.text(value)),
                "providerSettings" => known.inner(body, at, |key| match key {
                    "backingProviderName" => Some(PROVIDER),
                    "regionName" => Some(REGION),
                    "providerName" => Some(PROVIDER_NAME),
                    _ => None,
                }),
                "serverlessBackupOptions" => {
                    known.inner(body, at, |key| (key == "serverlessContinuousBackupEnabled").then_some(BACKUP))
                }
                _ => known.more = true,
            }
            known.cached_responder &= key.form == Form::Plain;
        }
        known
    }

    fn set(&mut self, field: usize, text: &'a str) {
        if let Some(place) = self.texts.get_mut(field) {
            *place = Some(text);
        }
    }

    fn inner(&mut self, body: &'a Tape, at: usize, field: impl Fn(&str) -> Option<usize>) {
        let Some(entries) = body.entries(at) else {
            self.cached_responder = false;
            return;
        };
        for (key, value, _) in entries {
            match field(body.quoted(key)) {
                Some(field) => self.set(field, body.text(value)),
                None => self.more = true,
            }
            self.cached_responder &= key.form == Form::Plain;
        }
    }
}

/// The differences; nothing if the slow way must find them.
pub(super) fn differences(requested: &Tape, reply: &Tape) -> Option<Vec<Difference>> {
    let (asked, got) = (Known::of(requested), Known::of(reply));
    if asked.more || !asked.cached_responder || !got.cached_responder {
        return None;
    }
    let mut differences = Vec::new();
    for (field, (asked, got)) in asked.texts.into_iter().zip(got.texts).enumerate() {
        let Some(asked) = asked else { continue };
        match (field, got) {
            (_, Some(got)) if got == asked => {}
            (TAGS, None) if asked == "[]" => {}
            // The slow way looks how much of the object is missing.
            (PROVIDER | REGION | PROVIDER_NAME | BACKUP, None) => return None,
            (field, got) => {
                let got = got.map_or(Ok(Value::Null), serde_json::from_str::<Value>).ok()?;
                let wanted = serde_json::from_str::<Value>(asked).ok()?;
                if !(same(&wanted, &got) || field == TAGS && same_tags(&wanted, &got)) {
                    let place = asked.as_ptr().addr();
                    differences.push((place, Difference::new((*PATHS.get(field)?).into(), wanted, got)));
                }
            }
        }
    }
    // In the order of the request.
    differences.sort_by_key(|(place, _)| *place);
    Some(differences.into_iter().map(|(_, difference)| difference).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &str = r#"{"name":"n","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#;

    fn found(asked: &str, reply: &str) -> Option<usize> {
        let outline = |text: &str| Tape::of(&text.to_owned().into());
        differences(&outline(asked)?, &outline(reply)?).map(|found| found.len())
    }

    #[test]
    fn equal_text_is_equal() {
        for reply in [
            r#"{"name":"n","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#,
            r#"{"x":["}\"",{"y":[]}],"tags":[{"value":"2","key":"b"},{"key":"a","value":"1"}],"z":1.5e3,"name":"n"}"#,
            " { \"tags\" : [ {\"value\":\"2\", \"key\":\"b\"} ,\n{\"key\":\"a\",\"value\":\"1\"} ] , \"name\" : \"n\" } ",
            r#"{"name":"\u006e","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#,
        ] {
            assert_eq!(found(ASKED, reply), Some(0), "{reply}");
        }
        assert_eq!(found(r#"{"tags":[]}"#, "{}"), Some(0));
        assert_eq!(found("{}", r#"{"a":1}"#), Some(0));
    }

    #[test]
    fn what_differs_is_found() {
        for reply in [
            r#"{"name":"n","tags":[{"key":"a","value":"1"}]}"#,
            r#"{"tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#,
            r#"{"x":{"name":"n"},"tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#,
            r#"{"name":"n","tags":{}}"#,
        ] {
            assert_eq!(found(ASKED, reply), Some(1), "{reply}");
        }
    }

    #[test]
    fn the_unusual_is_left_to_the_slow_way() {
        for reply in
            [r#"{"name":"n""#, "[]", "", "\"", "{\"\\", "{\"name\":]", "{\"name\":", r#"{"providerSettings":null}"#]
        {
            assert_eq!(found(ASKED, reply), None, "{reply}");
        }
        assert_eq!(found(r#"{"new":1}"#, r#"{"new":1}"#), None);
        assert_eq!(found(r#"{"providerSettings":{"regionName":"R","more":1}}"#, "{}"), None);
        assert_eq!(found(r#"{"providerSettings":{"regionName":"R"}}"#, "{}"), None);
    }

    #[test]
    fn inner_fields_count_only_where_they_belong() {
        let asked = r#"{"providerSettings":{"regionName":"R"}}"#;
        assert_eq!(found(asked, r#"{"other":{"regionName":"R"},"providerSettings":{"regionName":"S"}}"#), Some(1));
        assert_eq!(found(asked, r#"{"providerSettings":{"regionName":"R"},"other":{"regionName":"S"}}"#), Some(0));
        assert_eq!(found(r#"{"other":{"regionName":"R"}}"#, r#"{"providerSettings":{"regionName":"R"}}"#), None);
    }
}
