//! What a text stands for once its escapes, base64 or hexadecimal digits are decoded, byte by byte with the place in the text.
use memchr::{memchr, memchr3};

use super::escapes::{self, Unescaped};

/// A shorter secret, or beginning of one, would be found by chance in other text.
pub(super) const MIN_LENGTH: usize = 6;

/// Where something begins and ends in the text.
pub(super) type Span = (u32, u32);

/// Decoded bytes, each with the part of the text that it comes from.
#[derive(Default)]
pub(super) struct Decoded {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// Its end is that of the text, which may have been cut off there.
    at_end: bool,
}

/// What a byte is among the digits of an encoding.
enum Class {
    Digit(u8),
    /// Line breaks and the like.
    Between,
    Other,
}

/// An encoding that writes bytes as digits.
pub(super) struct Digits {
    /// Of one digit.
    bits: u32,
    class: fn(&[u8], usize) -> Class,
}

impl Digits {
    /// Of so many bytes.
    fn count(&self, bytes: usize) -> usize {
        (bytes * 8).div_ceil(self.bits as usize)
    }
}

/// Of the standard and of the URL alphabet.
pub(super) const BASE64: Digits = Digits { bits: 6, class: base64_class };
pub(super) const HEX: Digits = Digits { bits: 4, class: hex_class };

/// In no text: between what two runs stand for.
const BOUNDARY: u8 = 0xff;

impl Decoded {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut decoded = Self::with_capacity(text.len(), true);
        let mut start = 0;
        for byte in text {
            let end = start + 1;
            decoded.push(*byte, (start, end));
            start = end;
        }
        decoded
    }

    fn with_capacity(capacity: usize, at_end: bool) -> Self {
        Self { bytes: Vec::with_capacity(capacity), spans: Vec::with_capacity(capacity), at_end }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// The part of the text that these bytes come from.
    pub(super) fn span(&self, first: usize, last: usize) -> Option<Span> {
        Some((self.spans.get(first)?.0, self.spans.get(last)?.1))
    }

    fn push(&mut self, byte: u8, span: Span) {
        self.bytes.push(byte);
        self.spans.push(span);
    }

    fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
        self.spans.truncate(length);
    }

    fn iter(&self) -> impl Iterator<Item = (u8, Span)> + '_ {
        self.bytes.iter().copied().zip(self.spans.iter().copied())
    }

    /// Without what may stand anywhere in a secret that was broken into lines or into a list of strings.
    pub(super) fn kept(&self) -> Self {
        let mut kept = Self::with_capacity(self.len(), self.at_end);
        for (byte, span) in self.iter().filter(|(byte, _)| !is_skipped(*byte)) {
            kept.push(byte, span);
        }
        kept
    }

    /// With each escape replaced by what it stands for, which may be a part of another one. `None` if there is none.
    pub(super) fn unescaped(&self) -> Option<Self> {
        if memchr3(b'%', b'\\', b'&', &self.bytes).is_none() && memchr(b'<', &self.bytes).is_none() {
            return None;
        }
        let mut unescaped = Self::with_capacity(self.len(), self.at_end);
        for (at, length, stands_for) in escapes::each(&self.bytes) {
            let span = self.span(at, at + length - 1).unwrap_or_default();
            match stands_for {
                Unescaped::Byte(byte) => unescaped.push(byte, span),
                Unescaped::Character(character) => {
                    let mut bytes = [0; 4];
                    character.encode_utf8(&mut bytes).bytes().for_each(|byte| unescaped.push(byte, span));
                }
            }
        }
        Some(unescaped).filter(|unescaped| unescaped.len() < self.len())
    }

    /// The same without white space, if that stands within an escape: lines were broken after a number of characters.
    pub(super) fn unescaped_across_lines(&self) -> Option<Self> {
        memchr3(b'%', b'\\', b'&', &self.bytes)?;
        let mut joined = Self::with_capacity(self.len(), self.at_end);
        let mut places = Vec::with_capacity(self.len());
        for (place, (byte, span)) in self.iter().enumerate().filter(|(_, (byte, _))| *byte > b' ') {
            joined.push(byte, span);
            places.push(place);
        }
        if joined.len() == self.len() {
            return None;
        }
        let is_broken = |(at, length, _): (usize, usize, Unescaped)| match (places.get(at), places.get(at + length - 1))
        {
            (Some(first), Some(last)) => last - first >= length,
            _ => false,
        };
        if escapes::each(&joined.bytes).any(is_broken) { joined.unescaped() } else { None }
    }

    /// Leaves out an escape that the end of the text has cut off; whether there was one.
    pub(super) fn drop_cut_escape(&mut self) -> bool {
        let cut = if self.at_end { escapes::cut_at_end(&self.bytes) } else { None };
        cut.inspect(|length| self.truncate(*length)).is_some()
    }

    /// Whether there is a run of digits that stands for so many bytes, or at the end of the text for the beginning of a secret.
    pub(super) fn has_run(&self, digits: &Digits, least: usize) -> bool {
        let (least, least_cut) = (digits.count(least), digits.count(MIN_LENGTH));
        let mut count = 0;
        for at in 0..self.len() {
            match (digits.class)(&self.bytes, at) {
                Class::Digit(_) => count += 1,
                Class::Between => {}
                Class::Other => count = 0,
            }
            if count >= least {
                return true;
            }
        }
        self.at_end && count >= least_cut
    }

    /// What the runs of digits stand for, if of each the first `skipped` belong to what stands before it. Runs of fewer than
    /// `least` bytes are left out.
    pub(super) fn joined(&self, digits: &Digits, skipped: usize, least: usize) -> Self {
        let (least, least_cut) = (digits.count(least), digits.count(MIN_LENGTH));
        let mut joined = Self::with_capacity(self.len() * digits.bits as usize / 8 + 1, false);
        let mut run = Run::default();
        for (at, (_, span)) in self.iter().enumerate() {
            match (digits.class)(&self.bytes, at) {
                Class::Digit(_) if run.count < skipped => run.count += 1,
                Class::Digit(digit) => run.push(digit, span, digits.bits, &mut joined),
                Class::Between => {}
                Class::Other => run.end(least, span, &mut joined),
            }
        }
        joined.at_end = self.at_end && run.count >= least_cut;
        if !joined.at_end {
            run.end(least, (0, 0), &mut joined);
        }
        joined
    }
}

/// Digits that follow one another.
#[derive(Default)]
struct Run {
    count: usize,
    /// What was decoded before it.
    before: usize,
    /// Bits that are no whole byte yet, how many, and where the first of them stands.
    value: u32,
    bits: u32,
    start: u32,
}

impl Run {
    fn push(&mut self, digit: u8, (start, end): Span, bits: u32, joined: &mut Decoded) {
        if self.bits == 0 {
            self.start = start;
        }
        self.count += 1;
        self.value = self.value << bits | u32::from(digit);
        self.bits += bits;
        if let Some(left) = self.bits.checked_sub(8) {
            let [.., byte] = (self.value >> left).to_be_bytes();
            // In UTF-16 every other byte is zero.
            if byte != 0 {
                joined.push(byte, (self.start, end));
            }
            (self.bits, self.start) = (left, start);
            self.value &= (1 << left) - 1;
        }
    }

    fn end(&mut self, least: usize, span: Span, joined: &mut Decoded) {
        if self.count < least {
            joined.truncate(self.before);
        } else {
            joined.push(BOUNDARY, span);
        }
        *self = Run { before: joined.len(), ..Run::default() };
    }
}

/// What breaks a secret into lines or strings: white space and other control characters, quotes, commas, backslashes.
fn is_skipped(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'\'' | b',' | b'\\' | 0x7f)
}

fn base64_class(bytes: &[u8], at: usize) -> Class {
    match bytes.get(at) {
        Some(byte @ b'A'..=b'Z') => Class::Digit(byte - b'A'),
        Some(byte @ b'a'..=b'z') => Class::Digit(byte - b'a' + 26),
        Some(byte @ b'0'..=b'9') => Class::Digit(byte - b'0' + 52),
        Some(b'+' | b'-') => Class::Digit(62),
        Some(b'/' | b'_') => Class::Digit(63),
        Some(b'=') => Class::Between,
        Some(byte) if is_skipped(*byte) => Class::Between,
        _ => Class::Other,
    }
}

/// Between the digits of two bytes can stand `:`, `-` or `0x`. Those of `\x` are escapes.
fn hex_class(bytes: &[u8], at: usize) -> Class {
    let prefix = |at: usize| matches!(bytes.get(at..at + 2), Some(b"0x" | b"0X"));
    match bytes.get(at) {
        Some(b'0') if prefix(at) => Class::Between,
        Some(b'x' | b'X') if at.checked_sub(1).is_some_and(prefix) => Class::Between,
        Some(byte @ b'0'..=b'9') => Class::Digit(byte - b'0'),
        Some(byte @ b'a'..=b'f') => Class::Digit(byte - b'a' + 10),
        Some(byte @ b'A'..=b'F') => Class::Digit(byte - b'A' + 10),
        Some(b':' | b'-') => Class::Between,
        Some(byte) if is_skipped(*byte) => Class::Between,
        _ => Class::Other,
    }
}
