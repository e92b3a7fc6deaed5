//! The outline of a JSON text: where its values stand, without making anything of them. Every reply is walked once, before
//! it is believed, and what is made of it afterwards is made from its outline.
//!
//! What is wrong with a text, and where, `serde_json` says better: that is asked of it once this says no.
#[cfg(test)]
mod tests;

use bytes::Bytes;
use bytestring::ByteString;

/// Deeper nesting is refused, as by `serde_json`.
const DEPTH: u32 = 127;

/// A number of more digits may be beyond those that a float can say.
const LONG: usize = 300;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `{}`; its entries follow, each of them a key and a value.
    Object,
    /// `[]`; its values follow.
    List,
    /// A string without escapes, keys included.
    Plain,
    /// A string with escapes.
    Escaped,
    /// A number without fraction and exponent.
    Integer,
    /// Any other number.
    Float,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

/// One value or key.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// What it is.
    pub form: Form,
    /// Where it begins in the text: with its quote, if it is a string.
    start: u32,
    /// Where it ends.
    end: u32,
    /// How many entries or values it holds.
    pub parts: u32,
    /// How many items it is, with all that it holds.
    pub span: u32,
}

/// A JSON text and where its values stand. A container comes before what it holds.
#[derive(Debug, Clone)]
pub struct Tape {
    text: ByteString,
    items: Vec<Item>,
}

impl Tape {
    /// Of a text that is one whole JSON value in UTF-8; `None` if it is not.
    pub fn of(text: &Bytes) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        // Replies have an item for each fifteen bytes or so.
        let mut scan = Scan { text, at: 0, items: Vec::with_capacity(text.len() / 12 + 4) };
        let first = scan.token()?;
        scan.value(first, 0)?;
        let whole = scan.token().is_none() && scan.at == text.len();
        let items = scan.items;
        whole.then_some(Tape { text: ByteString::try_from(text.clone()).ok()?, items })
    }

    /// All items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The text of an item.
    pub fn text(&self, item: &Item) -> &str {
        self.text.get(item.start as usize..item.end as usize).unwrap_or_default()
    }

    /// The text of a string, without its quotes.
    pub fn quoted(&self, item: &Item) -> &str {
        self.text.get(item.start as usize + 1..item.end as usize - 1).unwrap_or_default()
    }

    /// The number of entries of the object that the whole text is; `None` if it is anything else.
    pub fn object_len(&self) -> Option<usize> {
        self.items.first().filter(|item| item.form == Form::Object).map(|item| item.parts as usize)
    }

    /// Keys and values of the object at a place in [`Tape::items`], and the places of the values; `None` if there is
    /// anything else.
    pub fn entries(&self, at: usize) -> Option<impl Iterator<Item = (&Item, &Item, usize)>> {
        let object = self.items.get(at).filter(|item| item.form == Form::Object)?;
        let mut at = at + 1;
        Some((0..object.parts).map_while(move |_| {
            let (key, value, place) = (self.items.get(at)?, self.items.get(at + 1)?, at + 1);
            at = place + value.span as usize;
            Some((key, value, place))
        }))
    }
}

/// How many bytes of a string's rest stand for themselves, and what ends them: a quote, a backslash or a control character.
#[inline]
fn plain(rest: &[u8]) -> Option<(usize, u8)> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let mut length = 0;
    // Eight bytes at a time: a subtraction sets the highest bit of a byte that is too small, and bytes that had it set stand
    // for themselves. A borrow can mark a byte wrongly, but only behind one that is marked rightly.
    while let Some(word) = rest.get(length..length + 8) {
        let word = word.try_into().map_or(0, u64::from_le_bytes);
        let controls = word.wrapping_sub(ONES * u64::from(b' '));
        let quotes = (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
        let backslashes = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
        let marks = (controls | quotes | backslashes) & !word & HIGH;
        if marks != 0 {
            length += marks.trailing_zeros() as usize / 8;
            return Some((length, *rest.get(length)?));
        }
        length += 8;
    }
    length += rest.get(length..)?.iter().position(|b| matches!(b, b'"' | b'\\' | ..b' '))?;
    Some((length, *rest.get(length)?))
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    items: Vec<Item>,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next byte that is no space.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                byte if byte > b' ' => return Some(byte),
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                _ => return None,
            }
        }
    }

    /// Notes a value without parts, from `start` to here.
    #[inline]
    fn note(&mut self, form: Form, start: usize) {
        self.items.push(Item { form, start: start as u32, end: self.at as u32, parts: 0, span: 1 });
    }

    /// The value that begins here, with `first`.
    fn value(&mut self, first: u8, depth: u32) -> Option<()> {
        let start = self.at;
        match first {
            b'"' => self.string(),
            b'{' if depth < DEPTH => self.container(Form::Object, b'}', depth),
            b'[' if depth < DEPTH => self.container(Form::List, b']', depth),
            b't' => self.word(b"true").map(|()| self.note(Form::True, start)),
            b'f' => self.word(b"false").map(|()| self.note(Form::False, start)),
            b'n' => self.word(b"null").map(|()| self.note(Form::Null, start)),
            _ => self.number(),
        }
    }

    fn container(&mut self, form: Form, end: u8, depth: u32) -> Option<()> {
        let (start, place) = (self.at, self.items.len());
        self.note(form, start);
        self.at += 1;
        let mut first = self.token()?;
        let mut parts = 0;
        if first == end {
            self.at += 1;
        } else {
            loop {
                parts += 1;
                if form == Form::Object {
                    (first == b'"').then_some(())?;
                    self.string()?;
                    (self.token()? == b':').then_some(())?;
                    self.at += 1;
                    first = self.token()?;
                }
                self.value(first, depth + 1)?;
                let after = self.token()?;
                self.at += 1;
                if after == end {
                    break;
                }
                (after == b',').then_some(())?;
                first = self.token()?;
            }
        }
        let (end, span) = (self.at as u32, (self.items.len() - place) as u32);
        let item = self.items.get_mut(place)?;
        (item.end, item.parts, item.span) = (end, parts, span);
        Some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// From its first quote.
    #[inline]
    fn string(&mut self) -> Option<()> {
        let start = self.at;
        let (length, found) = plain(self.text.get(start + 1..)?)?;
        self.at = start + length + 2;
        if found != b'"' {
            return self.rest_of_string(found, start);
        }
        self.note(Form::Plain, start);
        Some(())
    }

    /// Behind the first byte of a string that does not stand for itself.
    #[cold]
    fn rest_of_string(&mut self, mut found: u8, start: usize) -> Option<()> {
        while found != b'"' {
            (found == b'\\').then_some(())?;
            self.escape()?;
            let length;
            (length, found) = plain(self.text.get(self.at..)?)?;
            self.at += length + 1;
        }
        self.note(Form::Escaped, start);
        Some(())
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
        let (start, mut form) = (self.at, Form::Integer);
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
            form = Form::Float;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
            form = Form::Float;
        }
        if form == Form::Float || self.at - start > LONG {
            // What is beyond all numbers is none, as for `serde_json`.
            let text = std::str::from_utf8(self.text.get(start..self.at)?).ok()?;
            text.parse::<f64>().is_ok_and(f64::is_finite).then_some(())?;
        }
        self.note(form, start);
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let length = self.text.get(self.at..)?.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += length;
        (length > 0).then_some(())
    }
}
