//! The usual request, whose fields are all known, beside its reply, without making a value of either: every create
//! asks this.
//!
//! The text of values is compared: equal text is an equal value, and only unequal texts become values. Where they stand
//! in a reply is noted when it is judged, so that it is walked once. Anything unusual is left to the slow way.
use serde_json::Value;

use super::{Difference, same, same_tags};
use crate::core::json::entries;

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
const PROVIDER: usize = 1;
const REGION: usize = 2;
const PROVIDER_NAME: usize = 3;
const BACKUP: usize = 4;
const TAGS: usize = 5;

/// A text within a body.
type Place = (usize, usize);
type Places = [Option<Place>; PATHS.len()];

/// Where the known fields of a body stand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known {
    places: Places,
    /// It is an object, and what should be objects in it are.
    usual: bool,
    /// There are other fields.
    more: bool,
}

/// Walks a body: the number of its entries, and where its known fields stand. `None` if it is not one whole JSON object.
pub fn known(body: &[u8]) -> Option<(usize, Known)> {
    let start = body.as_ptr() as usize;
    let mut known = Known { usual: true, ..Known::default() };
    let mut inner = Known::default();
    let count = entries(body, |depth, key, value| {
        let at = value.as_ptr() as usize - start;
        let place = Some((at, at + value.len()));
        let is_object = value.first() == Some(&b'{');
        let [_, provider, region, provider_name, backup, _, _] = &mut inner.places;
        let [own_name, own_provider, own_region, own_provider_name, own_backup, tags, protection] = &mut known.places;
        match (depth, key) {
            (1, b"backingProviderName") => *provider = place,
            (1, b"regionName") => *region = place,
            (1, b"providerName") => *provider_name = place,
            (1, b"serverlessContinuousBackupEnabled") => *backup = place,
            (1, _) => inner.more = true,
            (_, b"name") => *own_name = place,
            (_, b"tags") => *tags = place,
            (_, b"terminationProtectionEnabled") => *protection = place,
            (_, b"providerSettings") => {
                (*own_provider, *own_region, *own_provider_name) = (*provider, *region, *provider_name);
                known.more |= inner.more || backup.is_some();
                known.usual &= is_object;
            }
            (_, b"serverlessBackupOptions") => {
                *own_backup = *backup;
                known.more |= inner.more || provider.is_some() || region.is_some() || provider_name.is_some();
                known.usual &= is_object;
            }
            _ => known.more = true,
        }
        if depth == 0 {
            inner = Known::default();
        }
    })?;
    Some((count, known))
}

/// The differences; nothing if the slow way must find them.
pub(super) fn differences(requested: &[u8], reply: &[u8], known_reply: &Known) -> Option<Vec<Difference>> {
    let (_, asked) = known(requested)?;
    if asked.more || !asked.usual || !known_reply.usual {
        return None;
    }
    let mut differences = Vec::new();
    for (field, (asked, got)) in asked.places.iter().zip(known_reply.places).enumerate() {
        let Some(asked) = *asked else { continue };
        let text = requested.get(asked.0..asked.1)?;
        match (field, got) {
            (_, Some((from, to))) if reply.get(from..to) == Some(text) => {}
            (TAGS, None) if text == b"[]" => {}
            // The slow way looks how much of the object is missing.
            (PROVIDER | REGION | PROVIDER_NAME | BACKUP, None) => return None,
            (field, got) => {
                let value = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
                let got = got.map_or(Some(Value::Null), |(from, to)| value(reply.get(from..to)?))?;
                let wanted = value(text)?;
                if !(same(&wanted, &got) || field == TAGS && same_tags(&wanted, &got)) {
                    differences.push((asked.0, Difference::new((*PATHS.get(field)?).into(), wanted, got)));
                }
            }
        }
    }
    // In the order of the request.
    differences.sort_by_key(|(at, _)| *at);
    Some(differences.into_iter().map(|(_, difference)| difference).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &[u8] = br#"{"name":"n","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#;

    fn found(asked: &[u8], reply: &str) -> Option<usize> {
        let (_, known) = known(reply.as_bytes())?;
        differences(asked, reply.as_bytes(), &known).map(|found| found.len())
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
        assert_eq!(found(br#"{"tags":[]}"#, "{}"), Some(0));
        assert_eq!(found(b"{}", r#"{"a":1}"#), Some(0));
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
        assert_eq!(found(br#"{"new":1}"#, r#"{"new":1}"#), None);
        assert_eq!(found(br#"{"providerSettings":{"regionName":"R","more":1}}"#, "{}"), None);
        assert_eq!(found(br#"{"providerSettings":{"regionName":"R"}}"#, "{}"), None);
    }

    #[test]
    fn inner_fields_count_only_where_they_belong() {
        let asked = br#"{"providerSettings":{"regionName":"R"}}"#;
        assert_eq!(found(asked, r#"{"other":{"regionName":"R"},"providerSettings":{"regionName":"S"}}"#), Some(1));
        assert_eq!(found(asked, r#"{"providerSettings":{"regionName":"R"},"other":{"regionName":"S"}}"#), Some(0));
        assert_eq!(found(br#"{"other":{"regionName":"R"}}"#, r#"{"providerSettings":{"regionName":"R"}}"#), None);
    }
}
