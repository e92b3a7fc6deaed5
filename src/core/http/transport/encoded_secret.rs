//! A secret in the ways in which text writes it: as it is, with escapes of JSON, HTML or URLs, in base64, in hexadecimal,
//! cut off at the end. Of a long secret the beginning is enough.
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::{memchr3_iter, memmem};

use crate::core::secret::Secret;

/// A shorter secret would be found by chance in other text.
pub(super) const MIN_LENGTH: usize = 6;
/// So much of its beginning is not in other text by chance, even if it begins with a word or with the prefix of its kind.
const MIN_BEGINNING: usize = 16;
/// What stands between the bytes of a secret in hexadecimal.
const HEX_SEPARATORS: [&[u8]; 9] = [b"", b" ", b":", b"-", b"\\x", b"\\\\x", b", 0x", b",0x", b" 0x"];

/// What is looked for to find a secret.
pub(super) struct EncodedSecret {
    secret: Secret,
    /// The part of its base64 that does not depend on what stands before and after it, for the three offsets at which it
    /// can begin, in both alphabets.
    encoded: Vec<Secret>,
}

impl EncodedSecret {
    pub(super) fn new(secret: &Secret) -> Self {
        let bytes = secret.expose().as_bytes();
        let groups = (0..3).filter_map(|skipped| {
            let rest = bytes.get(skipped..)?;
            rest.get(..rest.len() / 3 * 3).filter(|whole| whole.len() + 2 >= MIN_LENGTH)
        });
        let mut encoded: Vec<Secret> = groups
            .flat_map(|whole| [STANDARD_NO_PAD.encode(whole), URL_SAFE_NO_PAD.encode(whole)])
            .map(Secret::from)
            .collect();
        encoded.dedup();
        EncodedSecret { secret: secret.clone(), encoded }
    }

    /// The text with `mark` in the place of the secret; `None` if it is not there.
    pub(super) fn redact(&self, text: &[u8], mark: &[u8]) -> Option<Vec<u8>> {
        let mut found = self.find_escaped(text);
        found.extend(self.find_base64(text));
        found.extend(self.find_hex(text));
        if found.is_empty() {
            return None;
        }
        found.sort_unstable();
        let mut redacted = Vec::with_capacity(text.len());
        let mut at = 0;
        for (start, end) in found {
            if start >= at {
                redacted.extend_from_slice(text.get(at..start)?);
                redacted.extend_from_slice(mark);
            }
            at = at.max(end);
        }
        redacted.extend_from_slice(text.get(at..)?);
        Some(redacted)
    }

    /// Where it stands, with or without escapes. At the end of the text its beginning is enough: the text was cut off.
    fn find_escaped(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let Some(first) = self.secret.expose().bytes().next() else { return Vec::new() };
        let mut found: Vec<(usize, usize)> = Vec::new();
        let plain = memchr::memchr_iter(first, text);
        let mut starts: Vec<usize> = plain.chain(memchr3_iter(b'\\', b'%', b'&', text)).collect();
        starts.sort_unstable();
        for start in starts {
            if found.last().is_some_and(|(_, end)| start < *end) {
                continue;
            }
            found.extend(self.match_at(text, start).map(|end| (start, end)));
        }
        found
    }

    /// The end of the secret that begins here.
    fn match_at(&self, text: &[u8], start: usize) -> Option<usize> {
        let mut at = start;
        let mut previous = None;
        for (count, character) in self.secret.expose().chars().enumerate() {
            let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) else {
                return (count >= MIN_LENGTH).then_some(at);
            };
            let length = match character {
                // The first of several backslashes has taken all of them, however often each is escaped.
                '\\' if previous == Some('\\') => length_of(rest, character).or(Some(0)),
                _ => length_of(rest, character),
            };
            match length {
                Some(length) => at += length,
                // An escape that the end has cut.
                None if count >= MIN_LENGTH && rest.len() < 12 && matches!(rest.first(), Some(b'\\' | b'%' | b'&')) => {
                    return Some(text.len());
                }
                None => return (count >= MIN_BEGINNING).then_some(at),
            }
            previous = Some(character);
        }
        Some(at)
    }

    /// Where its bytes stand as two digits each.
    fn find_hex(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let Some(first) = self.secret.expose().bytes().next() else { return Vec::new() };
        let mut found: Vec<(usize, usize)> = Vec::new();
        for digits in [format!("{first:02x}"), format!("{first:02X}")] {
            let starts = memmem::find_iter(text, digits.as_bytes());
            found.extend(starts.filter_map(|start| Some((start, self.match_hex(text, start)?))));
        }
        found
    }

    /// The end of the secret that begins here in hexadecimal.
    fn match_hex(&self, text: &[u8], start: usize) -> Option<usize> {
        let byte_at = |at: usize| text.get(at..at + 2).and_then(hex);
        let mut at = start;
        let mut separator: Option<&[u8]> = None;
        for (count, byte) in self.secret.expose().bytes().enumerate() {
            if count > 0 && separator.is_none() {
                let follows = |between: &&[u8]| {
                    let next = text.get(at..)?.strip_prefix(*between)?.get(..2)?;
                    (hex(next) == Some(u32::from(byte))).then_some(())
                };
                separator = HEX_SEPARATORS.into_iter().find(|between| follows(between).is_some());
            }
            let between = separator.unwrap_or_default();
            let begins = text.get(at..)?.starts_with(between).then_some(at + between.len());
            match begins.filter(|next| byte_at(*next) == Some(u32::from(byte))) {
                Some(next) => at = next + 2,
                None if count >= MIN_BEGINNING => return Some(at),
                // The text was cut off here.
                None if count >= MIN_LENGTH && text.len() - at < between.len() + 2 => return Some(text.len()),
                None => return None,
            }
        }
        Some(at)
    }

    fn find_base64(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
        let places = self.encoded.iter().flat_map(|needle| {
            let needle = needle.expose().as_bytes();
            memmem::find_iter(text, needle).map(|start| (start, start + needle.len()))
        });
        // What stands beside it may have the first and last bytes of the secret.
        let whole = places.map(|(start, end)| {
            let before = text.get(..start).unwrap_or_default().iter().rev().take_while(|byte| is_base64(byte)).count();
            let after = text.get(end..).unwrap_or_default().iter().take_while(|byte| is_base64(byte)).count();
            (start - before, end + after)
        });
        let mut whole: Vec<(usize, usize)> = whole.collect();
        whole.dedup();
        whole
    }
}

/// How many bytes of `text` stand for this character; `None` if it begins with another. Escapes may be escaped themselves:
/// text that quotes a body is often quoted in JSON again.
fn length_of(text: &[u8], character: char) -> Option<usize> {
    let escaped = match text.first()? {
        b'\\' => after_backslashes(text, character),
        b'%' => percent_encoded(text, character),
        b'&' => entity(text, character),
        b'+' if character == ' ' => Some(1),
        _ => None,
    };
    escaped.or_else(|| plain(text, character))
}

fn plain(text: &[u8], character: char) -> Option<usize> {
    text.starts_with(character.encode_utf8(&mut [0; 4]).as_bytes()).then_some(character.len_utf8())
}

/// As in JSON: a letter, a quote, or a code point, in two halves if it is beyond U+FFFF.
fn after_backslashes(text: &[u8], character: char) -> Option<usize> {
    let mut at = 0;
    for unit in character.encode_utf16(&mut [0; 2]) {
        let (run, rest) = split_backslashes(text.get(at..)?)?;
        let digits = rest.strip_prefix(b"u").and_then(|digits| digits.get(..4));
        if digits.and_then(hex) == Some(u32::from(*unit)) {
            at += run + 5;
        } else if character == '\\' {
            return Some(run);
        } else {
            return plain(rest, character).map(|length| at + run + length);
        }
    }
    Some(at)
}

/// How many backslashes there are, and what follows them.
fn split_backslashes(text: &[u8]) -> Option<(usize, &[u8])> {
    // Each time that text is escaped doubles them; more than six times is not to be expected.
    let run = text.iter().take(64).take_while(|byte| **byte == b'\\').count();
    (run > 0).then_some((run, text.get(run..)?))
}

/// As in a URL, each byte for itself.
fn percent_encoded(text: &[u8], character: char) -> Option<usize> {
    let mut rest = text;
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        rest = rest.strip_prefix(b"%")?;
        let mut digits = rest.get(..2)?;
        while hex(digits) != Some(u32::from(byte)) {
            rest = rest.strip_prefix(b"25")?;
            digits = rest.get(..2)?;
        }
        rest = rest.get(2..)?;
    }
    Some(text.len() - rest.len())
}

/// The length of the HTML entity for a character.
fn entity(text: &[u8], character: char) -> Option<usize> {
    let mut rest = text.strip_prefix(b"&")?;
    while let Some(inner) = rest.strip_prefix(b"amp;") {
        rest = inner;
    }
    let ampersands = text.len() - rest.len();
    if character == '&' && ampersands > 1 {
        return Some(ampersands);
    }
    // The longest is "&#x0000002F;" or so.
    let end = rest.iter().take(12).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(rest.get(..end)?).ok()?;
    let code = match name {
        "lt" => u32::from(b'<'),
        "gt" => u32::from(b'>'),
        "quot" => u32::from(b'"'),
        "apos" => u32::from(b'\''),
        "sol" => u32::from(b'/'),
        "plus" => u32::from(b'+'),
        "equals" => u32::from(b'='),
        _ => match name.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => name.strip_prefix('#')?.parse().ok()?,
        },
    };
    (code == u32::from(character)).then_some(ampersands + end + 1)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_however_it_is_escaped() {
        let secret = EncodedSecret::new(&Secret::from(r#"aé"b\\c&d 😀/z"#));
        for text in [
            r#"aé"b\\c&d 😀/z"#,
            r#"aé\"b\\\\c&d 😀\/z"#,
            r#"a\u00e9\u0022b\u005c\u005cc\u0026d \ud83d\ude00\u002Fz"#,
            r#"aé\\\"b\\\\\\\\c&d 😀/z"#,
            r#"a\\u00e9\\\"b\\\\\\\\c\\u0026d \\ud83d\\ude00/z"#,
            "a%C3%A9%22b%5C%5Cc%26d+%F0%9F%98%80%2Fz",
            "a%25C3%25A9%2522b%255C%255cc%2526d%2520%25F0%259F%2598%2580/z",
            r#"a&#233;&quot;b\\c&amp;d 😀&#x2F;z"#,
            r#"a&amp;#233;&amp;quot;b&#92;&#92;c&amp;amp;d &#128512;&sol;z"#,
        ] {
            let redacted = secret.redact(format!("<{text}>").as_bytes(), b"*");
            assert_eq!(redacted.as_deref(), Some(&b"<*>"[..]), "{text}");
        }
        for other in [r#"ae"b\\c&d 😀/z"#, r#"aé"b\\C&d 😀/z"#, r"a\u00e8", "a%C3%A8", "a&#234;", ""] {
            assert_eq!(secret.redact(other.as_bytes(), b"*"), None, "{other}");
        }
    }

    #[test]
    fn a_secret_is_found_in_hexadecimal() {
        let secret = EncodedSecret::new(&Secret::from("s3cr\u{e9}t!"));
        for text in [
            "73336372c3a97421",
            "73336372C3A97421",
            "73 33 63 72 c3 a9 74 21",
            "73:33:63:72:c3:a9:74:21",
            r"73\x33\x63\x72\xc3\xa9\x74\x21",
            "73, 0x33, 0x63, 0x72, 0xc3, 0xa9, 0x74, 0x21",
        ] {
            let redacted = secret.redact(format!("<{text}>").as_bytes(), b"*");
            assert_eq!(redacted.as_deref(), Some(&b"<*>"[..]), "{text}");
        }
        assert_eq!(secret.redact(b"<73336372c3a9742", b"*").as_deref(), Some(&b"<*"[..]));
        for other in ["73336372c3a97422", "73 33:63 72 c3 a9 74 21", "73336372", "73"] {
            assert_eq!(secret.redact(other.as_bytes(), b"*"), None, "{other}");
        }
    }

    /// Of a short one it is not: "password" is the beginning of many.
    #[test]
    fn the_beginning_of_a_long_secret_is_enough() {
        let secret = EncodedSecret::new(&Secret::from("mdb_sa_sk_0123456789abcdef"));
        for (text, redacted) in [
            ("it begins with mdb_sa_sk_012345 …", Some("it begins with * …")),
            ("6d64625f73615f736b5f303132333435 and on", Some("* and on")),
            ("it begins with mdb_sa_sk_01234 …", None),
        ] {
            assert_eq!(secret.redact(text.as_bytes(), b"*").as_deref(), redacted.map(str::as_bytes), "{text}");
        }
        let short = EncodedSecret::new(&Secret::from("password123"));
        assert_eq!(short.redact(b"the password is wrong", b"*"), None);
    }

    /// What is left of it at the cut is hidden too, an escape that was cut included.
    #[test]
    fn a_secret_is_found_where_the_text_is_cut() {
        let secret = EncodedSecret::new(&Secret::from("abcdef\"ghi"));
        for text in ["abcdef", r"abcdef\", r"abcdef\\", r#"abcdef\\\"gh"#, "abcdef%", "abcdef%2522", "abcdef&amp;quo"] {
            assert_eq!(secret.redact(text.as_bytes(), b"*").as_deref(), Some(&b"*"[..]), "{text}");
        }
        assert_eq!(secret.redact(b"abcde", b"*"), None);
    }
}
