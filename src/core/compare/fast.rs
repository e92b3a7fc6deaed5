//! The usual case, that a reply shows all that was asked for, found without making a value of either: every create
//! asks this.
//!
//! One pass over each text, comparing the text of values. Equal text is an equal value; for anything else (another
//! spelling of the same value, fields that are not in the list) the answer is "not known to be equal", and the slow way decides.
//! A text that is no JSON may pass for equal: the slow way says nothing about it either.

/// Whether `reply` is known to show every field of `requested` as asked.
pub(super) fn equal(requested: &[u8], reply: &[u8]) -> bool {
    equal_fields(requested, reply) == Some(true)
}

/// The fields that are compared, as they stand in the text.
#[derive(Default)]
struct Fields<'a> {
    name: Option<&'a [u8]>,
    provider: Option<&'a [u8]>,
    region: Option<&'a [u8]>,
    provider_name: Option<&'a [u8]>,
    backup: Option<&'a [u8]>,
    tags: Option<&'a [u8]>,
    protection: Option<&'a [u8]>,
    /// There are others.
    more: bool,
}

fn equal_fields(requested: &[u8], reply: &[u8]) -> Option<bool> {
    let asked = Fields::read(requested)?;
    if asked.more {
        return Some(false);
    }
    let got = Fields::read(reply)?;
    let kept = |asked: Option<&[u8]>, got: Option<&[u8]>| asked.is_none() || asked == got;
    Some(
        kept(asked.name, got.name)
            && kept(asked.provider, got.provider)
            && kept(asked.region, got.region)
            && kept(asked.provider_name, got.provider_name)
            && kept(asked.backup, got.backup)
            && kept(asked.protection, got.protection)
            && (kept(asked.tags, got.tags) || same_tags(asked.tags?, got.tags.unwrap_or(b"[]"))?),
    )
}

/// Whether two lists hold the same tags in any order; nothing if a tag is not plainly `{key, value}`.
fn same_tags(asked: &[u8], got: &[u8]) -> Option<bool> {
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

impl<'a> Fields<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::default();
        Scan { rest: text }.object(|name, scan| {
            match name {
                b"name" => fields.name = Some(scan.value()?),
                b"tags" => fields.tags = Some(scan.value()?),
                b"terminationProtectionEnabled" => fields.protection = Some(scan.value()?),
                b"providerSettings" => scan.object(|name, scan| {
                    let value = Some(scan.value()?);
                    match name {
                        b"backingProviderName" => fields.provider = value,
                        b"regionName" => fields.region = value,
                        b"providerName" => fields.provider_name = value,
                        _ => fields.more = true,
                    }
                    Some(())
                })?,
                b"serverlessBackupOptions" => scan.object(|name, scan| {
                    let value = Some(scan.value()?);
                    match name {
                        b"serverlessContinuousBackupEnabled" => fields.backup = value,
                        _ => fields.more = true,
                    }
                    Some(())
                })?,
                _ => {
                    scan.value()?;
                    fields.more = true;
                }
            }
            Some(())
        })?;
        Some(fields)
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
        while self.until(|b| b == b'"' || b == b'\\')? == b'\\' {
            self.rest = self.rest.get(1..)?;
        }
        Some(())
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

    #[test]
    fn equal_text_is_equal() {
        for reply in [
            r#"{"name":"n","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#,
            r#"{"x":["}\"",{"y":[]}],"tags":[{"value":"2","key":"b"},{"key":"a","value":"1"}],"z":1.5e3,"name":"n"}"#,
            " { \"tags\" : [ {\"value\":\"2\", \"key\":\"b\"} ,\n{\"key\":\"a\",\"value\":\"1\"} ] , \"name\" : \"n\" } ",
        ] {
            assert!(equal(ASKED, reply.as_bytes()), "{reply}");
        }
        assert!(equal(br#"{"tags":[]}"#, b"{}"));
        assert!(equal(b"{}", br#"{"a":1}"#));
    }

    #[test]
    fn anything_else_is_not_known_to_be() {
        for reply in [
            r#"{"name":"n","tags":[{"key":"a","value":"1"}]}"#,
            r#"{"name":"\u006e","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#,
            r#"{"tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#,
            r#"{"x":{"name":"n"},"tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#,
            r#"{"name":"n","tags":[{"key":"a","value":"1"},{"key":"b","value":"2","c":1}]}"#,
            r#"{"name":"n","tags":{}}"#,
            r#"{"name":"n""#,
            "[]",
            "",
            "\"",
            "{\"\\",
            "{\"name\":]",
        ] {
            assert!(!equal(ASKED, reply.as_bytes()), "{reply}");
        }
        assert!(!equal(br#"{"new":1}"#, br#"{"new":1}"#));
    }
}
