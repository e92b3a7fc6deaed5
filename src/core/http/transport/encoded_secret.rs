//! A secret in the ways in which text writes it: as it is, with escapes of JSON, HTML or URLs, in base64, cut off at the end.
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::{memchr3_iter, memmem};

use crate::core::secret::Secret;

/// A shorter secret would be found by chance in other text.
pub(super) const MIN_LENGTH: usize = 6;

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
        for (count, byte) in self.secret.expose().bytes().enumerate() {
            let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) else {
                return (count >= MIN_LENGTH).then_some(at);
            };
            match length_of(rest, byte) {
                Some(length) => at += length,
                // An escape that the end has cut.
                None if count >= MIN_LENGTH && rest.len() < 6 && matches!(rest.first(), Some(b'\\' | b'%' | b'&')) => {
                    return Some(text.len());
                }
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

/// How many bytes of `text` stand for this byte; `None` if it begins with another.
fn length_of(text: &[u8], byte: u8) -> Option<usize> {
    match text.first()? {
        b'\\' if text.get(1) == Some(&b'u') && hex(text.get(2..6)?)? == u32::from(byte) => Some(6),
        b'\\' if text.get(1) == Some(&byte) => Some(2),
        b'%' if text.len() > 2 && hex(text.get(1..3)?) == Some(u32::from(byte)) => Some(3),
        b'&' => entity(text, byte).or((byte == b'&').then_some(1)),
        first => (*first == byte).then_some(1),
    }
}

/// The length of the HTML entity for a byte.
fn entity(text: &[u8], byte: u8) -> Option<usize> {
    // The longest is "&#x0000002F;" or so.
    let end = text.iter().take(12).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(text.get(1..end)?).ok()?;
    let code = match name {
        "amp" => u32::from(b'&'),
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
    (code == u32::from(byte)).then_some(end + 1)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}
