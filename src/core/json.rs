//! Whether a text is one whole JSON object, without making anything of it: every reply is asked this before it is believed.
//!
//! `serde_json` can say it too, by ignoring all values, at twice the price. What is wrong, and where, it says better: that
//! is asked of it once this says no.

/// Deeper nesting is refused; what reads replies refuses it too.
const DEPTH: u32 = 127;

/// The number of entries of the one object that `text` is; `None` if it is anything else. Whether it is UTF-8 is
/// asked elsewhere.
pub(crate) fn object_entries(text: &[u8]) -> Option<usize> {
    entries(text, |_, _, _| {})
}

/// The same, telling of each entry of the object, and of those of objects that are its values: at which depth (0 or 1) it
/// is, its key as it is written, and the text of its value. Inner entries come before the one that holds them.
pub(crate) fn entries<'a>(text: &'a [u8], tell: impl FnMut(u32, &'a [u8], &'a [u8])) -> Option<usize> {
    let mut scan = Scan { text, at: 0, tell };
    scan.space();
    if scan.peek()? != b'{' {
        return None;
    }
    let entries = scan.object(0)?;
    scan.space();
    (scan.at == text.len()).then_some(entries)
}

/// How many bytes of a string's rest stand for themselves, and what ends them: a quote, a backslash or a control character.
pub(crate) fn plain(rest: &[u8]) -> Option<(usize, u8)> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let is_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    // Eight bytes at a time; a borrow can mark a byte wrongly, but only behind one that is marked rightly.
    let words = rest.chunks_exact(8);
    let start = rest.len() - words.remainder().len();
    for (at, word) in words.enumerate() {
        let word = word.try_into().map_or(0, u64::from_le_bytes);
        let control = word.wrapping_sub(ONES * u64::from(b' ')) & !word;
        let marks =
            (control | is_zero(word ^ (ONES * u64::from(b'"'))) | is_zero(word ^ (ONES * u64::from(b'\\')))) & HIGH;
        if marks != 0 {
            let length = at * 8 + marks.trailing_zeros() as usize / 8;
            return Some((length, *rest.get(length)?));
        }
    }
    let length = start + rest.get(start..)?.iter().position(|b| matches!(b, b'"' | b'\\' | ..b' '))?;
    Some((length, *rest.get(length)?))
}

struct Scan<'a, T> {
    text: &'a [u8],
    at: usize,
    tell: T,
}

impl<'a, T: FnMut(u32, &'a [u8], &'a [u8])> Scan<'a, T> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, wanted: u8) -> Option<()> {
        self.space();
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// Goes on after a value: true after a comma, false after the end.
    fn more(&mut self, end: u8) -> Option<bool> {
        self.space();
        let found = self.peek()?;
        self.at += 1;
        match found {
            b',' => Some(true),
            _ if found == end => Some(false),
            _ => None,
        }
    }

    /// Whether the container that begins here is empty; goes past its first byte, and past its end if it is.
    fn empty(&mut self, end: u8) -> Option<bool> {
        self.at += 1;
        self.space();
        let empty = self.peek()? == end;
        self.at += usize::from(empty);
        Some(empty)
    }

    fn object(&mut self, depth: u32) -> Option<usize> {
        if self.empty(b'}')? {
            return Some(0);
        }
        let mut entries = 0;
        loop {
            self.eat(b'"')?;
            let key = self.at;
            self.string()?;
            let key = key..self.at - 1;
            self.eat(b':')?;
            self.space();
            let value = self.at;
            self.value(depth)?;
            if depth <= 1 {
                (self.tell)(depth, self.text.get(key)?, self.text.get(value..self.at)?);
            }
            entries += 1;
            if !self.more(b'}')? {
                return Some(entries);
            }
        }
    }

    fn list(&mut self, depth: u32) -> Option<()> {
        if self.empty(b']')? {
            return Some(());
        }
        loop {
            self.value(depth)?;
            if !self.more(b']')? {
                return Some(());
            }
        }
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        self.space();
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.string()
            }
            b'{' if depth < DEPTH => self.object(depth + 1).map(drop),
            b'[' if depth < DEPTH => self.list(depth + 1),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// Behind the first quote of a string.
    fn string(&mut self) -> Option<()> {
        loop {
            let (length, found) = plain(self.text.get(self.at..)?)?;
            self.at += length + 1;
            match found {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    /// Behind a backslash. Halves of a surrogate pair alone are refused: no text has them.
    fn escape(&mut self) -> Option<()> {
        let kind = self.peek()?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => match self.unit()? {
                0xDC00..=0xDFFF => None,
                0xD800..=0xDBFF => {
                    self.word(b"\\u")?;
                    matches!(self.unit()?, 0xDC00..=0xDFFF).then_some(())
                }
                _ => Some(()),
            },
            _ => None,
        }
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
    }

    fn number(&mut self) -> Option<()> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let length = self.text.get(self.at..)?.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += length;
        (length > 0).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What `serde_json` says: it makes a value of everything, so that it looks at everything.
    fn slowly(text: &[u8]) -> Option<usize> {
        serde_json::from_slice::<Value>(text).ok()?.as_object().map(serde_json::Map::len)
    }

    #[test]
    fn plain_bytes_end_where_they_end_byte_by_byte() {
        for length in 0..40 {
            for end in [0, 0x1F, b'"', b'\\', b' ', b'!', b'#', 0x7F, 0x80, 0xA2, 0xDC, 0xFF] {
                let text = [&vec![b'a'; length][..], &[end, 0x80, b'"', 0, b'a', b'\\', 1, 2, 3]].concat();
                let slowly = text.iter().position(|b| matches!(b, b'"' | b'\\' | ..b' ')).map(|at| (at, text[at]));
                assert_eq!(plain(&text), slowly, "{text:?}");
            }
        }
        assert_eq!(plain(&[b'a'; 21]), None);
    }

    #[test]
    fn whole_objects() {
        for (text, entries) in [
            ("{}", 0),
            (" { } \n", 0),
            (r#"{"a":1}"#, 1),
            (r#"{"a":[],"b":{},"c":[{"d":[1,2,[3]]}],"e":"\"}]\\\u00e9\ud83d\ude00é"}"#, 4),
            (r#"{"a":-0.5e+10,"b":0,"c":1E5,"d":-1,"e":true,"f":false,"g":null}"#, 7),
            ("{\t\"a\"\r:\n1 , \"b\" : [ 1 , 2 ] }", 2),
        ] {
            assert_eq!(object_entries(text.as_bytes()), Some(entries), "{text}");
            assert_eq!(slowly(text.as_bytes()), Some(entries), "{text}");
        }
    }

    #[test]
    fn a_text_that_lost_a_byte_or_had_one_changed_is_judged_as_serde_judges_it() {
        let whole =
            r#"{"name":"n\u00e9\n","list":[1,-2.5e3,{"deep":[true,null]},"é"],"flag":false,"empty":{}}"#.as_bytes();
        let agree = |text: &[u8]| {
            let said = object_entries(text).is_some() && std::str::from_utf8(text).is_ok();
            assert_eq!(said, slowly(text).is_some(), "{:?}", String::from_utf8_lossy(text));
        };
        for at in 0..whole.len() {
            agree(&whole[..at]);
            agree(&[&whole[..at], &whole[at + 1..]].concat());
            for byte in [
                0, b' ', b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b'0', b'e', b'.', b'-', b'u', 0x1F, 0x7F,
                0xC3,
            ] {
                agree(&[&whole[..at], &[byte], &whole[at + 1..]].concat());
                agree(&[&whole[..at], &[byte], &whole[at..]].concat());
            }
        }
    }

    #[test]
    fn what_is_no_whole_object() {
        for text in ["", "[]", "1", "{}{}", "{} x", r#"{"a":01}"#, r#"{"a":"\ud800"}"#, r#"{"a":"\ud800\u0041"}"#] {
            assert_eq!(object_entries(text.as_bytes()), None, "{text}");
            assert_eq!(slowly(text.as_bytes()), None, "{text}");
        }
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        assert_eq!((object_entries(deep.as_bytes()), slowly(deep.as_bytes())), (None, None));
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(126), "]".repeat(126));
        assert_eq!((object_entries(deep.as_bytes()), slowly(deep.as_bytes())), (Some(1), Some(1)));
    }
}
