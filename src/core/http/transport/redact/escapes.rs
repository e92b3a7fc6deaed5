//! The escapes of JSON, of URLs and of HTML.

/// No escape is longer, but for a pair of JSON's.
const LONGEST: usize = 12;

/// What an escape stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unescaped {
    Byte(u8),
    Character(char),
}

/// Where each escape or byte stands, how long it is, and what it stands for.
pub(super) fn each(text: &[u8]) -> impl Iterator<Item = (usize, usize, Unescaped)> + '_ {
    let mut next = 0;
    std::iter::from_fn(move || {
        let at = next;
        let byte = *text.get(at)?;
        let (length, stands_for) = text.get(at..).and_then(first).unwrap_or((1, Unescaped::Byte(byte)));
        next += length;
        Some((at, length, stands_for))
    })
}

/// The escape that `text` begins with: its length, and what it stands for. Each is longer than what it stands for.
fn first(text: &[u8]) -> Option<(usize, Unescaped)> {
    match text {
        [b'%', ..] => byte_after(text, b"%").or_else(|| unit(text).and_then(|unit| character(unit, 6))),
        // Each time that text is escaped doubles them.
        [b'\\', b'\\', ..] => Some((2, Unescaped::Byte(b'\\'))),
        [b'\\', b'n' | b'r' | b't' | b'v' | b'b' | b'f', ..] => Some((2, Unescaped::Byte(b'\n'))),
        [b'\\', b'x', ..] => byte_after(text, b"\\x"),
        [b'\\', b'u', ..] => pair(text).or_else(|| unit(text).and_then(|unit| character(unit, 6))),
        [b'&', ..] => entity(text),
        [b'<', ..] => line_break(text),
        _ => None,
    }
}

/// The length without an escape of which the end is missing.
pub(super) fn cut_at_end(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(LONGEST);
    let at = from + bytes.get(from..)?.iter().rposition(|byte| matches!(byte, b'%' | b'\\' | b'&'))?;
    let rest = bytes.get(at + 1..)?;
    let is_cut = match (bytes.get(at)?, rest) {
        (b'&', name) => name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#'),
        (_, [b'u' | b'x', digits @ ..]) => digits.len() <= 4 && digits.iter().all(u8::is_ascii_hexdigit),
        (_, digits) => digits.len() < 2 && digits.iter().all(u8::is_ascii_hexdigit),
    };
    is_cut.then_some(at)
}

/// `%2F`, `\x2f`
fn byte_after(text: &[u8], prefix: &[u8]) -> Option<(usize, Unescaped)> {
    let byte = number(text.strip_prefix(prefix)?.get(..2)?)?;
    Some((prefix.len() + 2, Unescaped::Byte(u8::try_from(byte).ok()?)))
}

/// `\u002f`, `%u002f`
fn unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u").or_else(|| text.strip_prefix(b"%u"))?;
    number(digits.get(..4)?)
}

/// What is beyond U+FFFF is written in two halves.
fn pair(text: &[u8]) -> Option<(usize, Unescaped)> {
    let high = unit(text)?.checked_sub(0xd800).filter(|high| *high < 0x400)?;
    let low = unit(text.get(6..)?)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    character(0x10000 + (high << 10) + low, 12)
}

fn character(code: u32, length: usize) -> Option<(usize, Unescaped)> {
    char::from_u32(code).map(|character| (length, Unescaped::Character(character)))
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

/// `&quot;`, `&#34;`, `&#x22;`
fn entity(text: &[u8]) -> Option<(usize, Unescaped)> {
    let (length, inner) = up_to(text, b';')?;
    let code = match inner {
        "amp" => u32::from(b'&'),
        "lt" => u32::from(b'<'),
        "gt" => u32::from(b'>'),
        "quot" => u32::from(b'"'),
        "apos" => u32::from(b'\''),
        "sol" => u32::from(b'/'),
        "plus" => u32::from(b'+'),
        "equals" => u32::from(b'='),
        "nbsp" | "shy" => u32::from(b' '),
        _ => match inner.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => inner.strip_prefix('#')?.parse().ok()?,
        },
    };
    character(code, length)
}

/// `<br>`, and `<wbr>`, where a long word may be broken.
fn line_break(text: &[u8]) -> Option<(usize, Unescaped)> {
    let (length, inner) = up_to(text, b'>')?;
    let name = inner.trim_end_matches(['/', ' ']);
    let is_break = name.eq_ignore_ascii_case("br") || name.eq_ignore_ascii_case("wbr");
    is_break.then_some((length, Unescaped::Byte(b'\n')))
}

/// What stands between the first byte and `last`, and the length with both.
fn up_to(text: &[u8], last: u8) -> Option<(usize, &str)> {
    let at = text.iter().take(LONGEST).position(|byte| *byte == last)?;
    Some((at + 1, std::str::from_utf8(text.get(1..at)?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_is_read_from_its_beginning() {
        for (bytes, expected) in [
            ("%2f", Some((3, Unescaped::Byte(b'/')))),
            (r"\x2F", Some((4, Unescaped::Byte(b'/')))),
            (r"\u00e9", Some((6, Unescaped::Character('é')))),
            ("%u00E9", Some((6, Unescaped::Character('é')))),
            (r"\ud83d\ude00", Some((12, Unescaped::Character('😀')))),
            (r"\\", Some((2, Unescaped::Byte(b'\\')))),
            (r"\n", Some((2, Unescaped::Byte(b'\n')))),
            (r"\f", Some((2, Unescaped::Byte(b'\n')))),
            ("&amp;", Some((5, Unescaped::Character('&')))),
            ("&#233;", Some((6, Unescaped::Character('é')))),
            ("&#x1F600;", Some((9, Unescaped::Character('😀')))),
            ("<BR />", Some((6, Unescaped::Byte(b'\n')))),
            ("<wbr>", Some((5, Unescaped::Byte(b'\n')))),
            ("%2g", None),
            ("%2", None),
            (r"\ud83d", None),
            (r"\u12", None),
            ("&b;", None),
            ("<b>", None),
            ("n", None),
            (r"\q", None),
            ("a%2f", None),
            ("", None),
        ] {
            assert_eq!(first(bytes.as_bytes()), expected, "{bytes}");
        }
    }

    #[test]
    fn an_escape_can_be_cut_off() {
        for (bytes, expected) in [
            ("a%", Some(1)),
            ("a%2", Some(1)),
            ("a%u00", Some(1)),
            (r"a\", Some(1)),
            (r"a\u", Some(1)),
            (r"a\ud83d", Some(1)),
            ("a&quo", Some(1)),
            ("a&#x2", Some(1)),
            ("a%2g", None),
            ("a& b", None),
            ("a%u0 ", None),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(cut_at_end(bytes.as_bytes()), expected, "{bytes}");
        }
    }
}
