//! The usual request, whose fields are all known, beside its reply, without making a value of either: every create
//! asks this.
//!
//! One pass over each text, comparing the text of values: equal text is an equal value, and only unequal texts become
//! values. Anything unusual is left to the slow way. A text that is no JSON may pass for equal: the slow way says
//! nothing about it either.
use serde_json::Value;

use super::{Difference, same, same_tags};
use crate::core::json::plain;

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

/// The differences; nothing if the slow way must find them.
pub(super) fn differences(requested: &[u8], reply: &[u8]) -> Option<Vec<Difference>> {
    let mut asked: [(usize, &[u8]); PATHS.len()] = [(NAME, b""); PATHS.len()];
    let mut places = asked.iter_mut();
    let more = read(requested, |field, text| {
        if let Some(place) = places.next() {
            *place = (field, text);
        }
    })?;
    let unused = places.len();
    if more {
        return None;
    }
    let mut got: [Option<&[u8]>; PATHS.len()] = [None; PATHS.len()];
    read(reply, |field, text| {
        if let Some(place) = got.get_mut(field) {
            *place = Some(text);
        }
    })?;
    let mut differences = Vec::new();
    for (field, asked) in asked.into_iter().take(PATHS.len() - unused) {
        match (field, got.get(field).copied().flatten()) {
            (_, Some(got)) if got == asked => {}
            (TAGS, got) if same_tag_texts(asked, got.unwrap_or(b"[]")) == Some(true) => {}
            // The slow way looks how much of the object is missing.
            (PROVIDER | REGION | PROVIDER_NAME | BACKUP, None) => return None,
            (field, got) => {
                let value = |text| serde_json::from_slice::<Value>(text).ok();
                let (asked, got) = (value(asked)?, got.map_or(Some(Value::Null), value)?);
                if !(same(&asked, &got) || field == TAGS && same_tags(&asked, &got)) {
                    differences.push(Difference::new((*PATHS.get(field)?).into(), asked, got));
                }
            }
        }
    }
    Some(differences)
}

/// Gives each known field and the text of its value to `put`; says whether there are others.
fn read<'a>(text: &'a [u8], mut put: impl FnMut(usize, &'a [u8])) -> Option<bool> {
    let mut more = false;
    Scan { rest: text }.object(|name, scan| {
        match name {
            b"name" => put(NAME, scan.value()?),
            b"tags" => put(TAGS, scan.value()?),
            b"terminationProtectionEnabled" => put(PROTECTION, scan.value()?),
            b"providerSettings" => scan.object(|name, scan| {
                let value = scan.value()?;
                match name {
                    b"backingProviderName" => put(PROVIDER, value),
                    b"regionName" => put(REGION, value),
                    b"providerName" => put(PROVIDER_NAME, value),
                    _ => more = true,
                }
                Some(())
            })?,
            b"serverlessBackupOptions" => scan.object(|name, scan| {
                let value = scan.value()?;
                match name {
                    b"serverlessContinuousBackupEnabled" => put(BACKUP, value),
                    _ => more = true,
                }
                Some(())
            })?,
            _ => {
                scan.value()?;
                more = true;
            }
        }
        Some(())
    })?;
    Some(more)
}

/// Whether two lists hold the same tags in any order; nothing if a tag is not plainly `{key, value}`.
fn same_tag_texts(asked: &[u8], got: &[u8]) -> Option<bool> {
    let (mut asked, mut got) = (tags(asked)?, tags(got)?);
    asked.sort_unstable();
    got.sort_unstable();
    Some(asked == got)
}

fn tags(text: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut scan = Scan { rest: text };
    let mut tags = Vec::new();
    if !scan.eat(b'[') {
        return None;
    }
    if scan.eat(b']') {
        return Some(tags);
    }
    loop {
        let (mut key, mut value) = (None, None);
        scan.object(|name, scan| {
            match name {
                b"key" => key = Some(scan.value()?),
                b"value" => value = Some(scan.value()?),
                _ => return None,
            }
            Some(())
        })?;
        tags.push((key?, value?));
        if !scan.eat(b',') {
            return scan.eat(b']').then_some(tags);
        }
    }
}

/// The rest of a JSON text.
struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    fn eat(&mut self, wanted: u8) -> bool {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        match self.rest {
            [first, rest @ ..] if *first == wanted => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Gives the text up to the next of the bytes that `stop` knows, which it takes with it.
    fn until(&mut self, stop: impl Fn(u8) -> bool) -> Option<u8> {
        let at = self.rest.iter().position(|b| stop(*b))?;
        let (found, rest) = self.rest.get(at..)?.split_first()?;
        self.rest = rest;
        Some(*found)
    }

    /// Behind a string whose first quote is eaten.
    fn skip_string(&mut self) -> Option<()> {
        loop {
            let (length, found) = plain(self.rest)?;
            let rest = self.rest.get(length + 1..)?;
            match found {
                b'"' => {
                    self.rest = rest;
                    return Some(());
                }
                b'\\' => self.rest = rest.get(1..)?,
                _ => return None,
            }
        }
    }

    /// What was read since the rest was `start`.
    fn since(&self, start: &'a [u8]) -> Option<&'a [u8]> {
        start.get(..start.len().checked_sub(self.rest.len())?)
    }

    fn object(&mut self, mut field: impl FnMut(&[u8], &mut Self) -> Option<()>) -> Option<()> {
        if !self.eat(b'{') {
            return None;
        }
        if self.eat(b'}') {
            return Some(());
        }
        loop {
            if !self.eat(b'"') {
                return None;
            }
            let start = self.rest;
            self.skip_string()?;
            let (_, name) = self.since(start)?.split_last()?;
            if !self.eat(b':') {
                return None;
            }
            field(name, self)?;
            if !self.eat(b',') {
                return self.eat(b'}').then_some(());
            }
        }
    }

    /// The text of the next value.
    fn value(&mut self) -> Option<&'a [u8]> {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        let start = self.rest;
        match start.first()? {
            b'"' => {
                self.rest = start.get(1..)?;
                self.skip_string()?;
            }
            b'{' | b'[' => {
                let mut depth = 0_usize;
                loop {
                    match self.until(|b| matches!(b, b'"' | b'{' | b'[' | b'}' | b']'))? {
                        b'"' => self.skip_string()?,
                        b'{' | b'[' => depth += 1,
                        _ => depth -= 1,
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            _ => {
                let end = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
                self.rest = start.get(start.iter().position(end).unwrap_or(start.len())..)?;
            }
        }
        self.since(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &[u8] = br#"{"name":"n","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#;

    fn found(asked: &[u8], reply: &str) -> Option<usize> {
        differences(asked, reply.as_bytes()).map(|found| found.len())
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
        for reply in [r#"{"name":"n""#, "[]", "", "\"", "{\"\\", "{\"name\":]", "{\"name\":"] {
            assert_eq!(found(ASKED, reply), None, "{reply}");
        }
        assert_eq!(found(br#"{"new":1}"#, r#"{"new":1}"#), None);
        assert_eq!(found(br#"{"providerSettings":{"regionName":"R"}}"#, "{}"), None);
    }
}
