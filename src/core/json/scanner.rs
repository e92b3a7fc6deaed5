//! One pass over a JSON text: whether it is valid, and where its values stand.

/// Deeper nesting is refused, as by `serde_json`.
const MAX_DEPTH: u32 = 127;

/// An integer of so many digits may be beyond what a float can hold.
const MANY_DIGITS: usize = 300;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    Object,
    List,
    /// A string without escapes.
    PlainString,
    EscapedString,
    /// A number without fraction and exponent.
    Integer,
    Float,
    True,
    False,
    Null,
}

/// A value or a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) kind: ItemKind,
    /// Where it begins in the text, a string with its quote.
    pub(super) start: u32,
    pub(super) end: u32,
    /// The number of fields or values that it holds.
    pub(super) len: u32,
    /// The number of items that it takes, with all that it holds.
    pub(super) span: u32,
}

/// The items of a text that is one whole JSON value; `None` if it is not. It is not checked to be UTF-8.
pub(super) fn scan(text: &[u8]) -> Option<Vec<Item>> {
    u32::try_from(text.len()).ok()?;
    // Replies have an item for each fifteen bytes or so.
    let mut scanner = Scanner { text, at: 0, items: Vec::with_capacity(text.len() / 12 + 4) };
    let first = scanner.next_byte()?;
    scanner.value(first, 0)?;
    let whole = scanner.next_byte().is_none() && scanner.at == text.len();
    whole.then_some(scanner.items)
}

/// The length of a string up to the first quote, backslash or control character, and that byte.
#[inline]
pub(super) fn plain_prefix(rest: &[u8]) -> Option<(usize, u8)> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let mut length = 0;
    // Eight bytes at a time: a subtraction sets the highest bit of a byte that is too small; bytes that had it set before
    // are part of a longer character. A borrow can mark a byte wrongly, but only behind one that is marked rightly.
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

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    items: Vec<Item>,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next byte that is no whitespace; it is not consumed.
    #[inline]
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                byte if byte > b' ' => return Some(byte),
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                _ => return None,
            }
        }
    }

    /// Adds an item from `start` to here.
    #[inline]
    fn push(&mut self, kind: ItemKind, start: usize) {
        self.items.push(Item { kind, start: start as u32, end: self.at as u32, len: 0, span: 1 });
    }

    /// The value that begins here with the byte `first`.
    fn value(&mut self, first: u8, depth: u32) -> Option<()> {
        let start = self.at;
        match first {
            b'"' => self.string(),
            b'{' if depth < MAX_DEPTH => self.container(ItemKind::Object, b'}', depth),
            b'[' if depth < MAX_DEPTH => self.container(ItemKind::List, b']', depth),
            b't' => self.literal(b"true").map(|()| self.push(ItemKind::True, start)),
            b'f' => self.literal(b"false").map(|()| self.push(ItemKind::False, start)),
            b'n' => self.literal(b"null").map(|()| self.push(ItemKind::Null, start)),
            _ => self.number(),
        }
    }

    fn container(&mut self, kind: ItemKind, end: u8, depth: u32) -> Option<()> {
        let (start, place) = (self.at, self.items.len());
        self.push(kind, start);
        self.at += 1;
        let mut first = self.next_byte()?;
        let mut len = 0;
        if first == end {
            self.at += 1;
        } else {
            loop {
                len += 1;
                if kind == ItemKind::Object {
                    (first == b'"').then_some(())?;
                    self.string()?;
                    (self.next_byte()? == b':').then_some(())?;
                    self.at += 1;
                    first = self.next_byte()?;
                }
                self.value(first, depth + 1)?;
                let after = self.next_byte()?;
                self.at += 1;
                if after == end {
                    break;
                }
                (after == b',').then_some(())?;
                first = self.next_byte()?;
            }
        }
        let (end, span) = (self.at as u32, (self.items.len() - place) as u32);
        let item = self.items.get_mut(place)?;
        (item.end, item.len, item.span) = (end, len, span);
        Some(())
    }

    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.text.get(self.at..)?.starts_with(literal).then(|| self.at += literal.len())
    }

    #[inline]
    fn string(&mut self) -> Option<()> {
        let start = self.at;
        let (length, found) = plain_prefix(self.text.get(start + 1..)?)?;
        self.at = start + length + 2;
        if found != b'"' {
            return self.rest_of_string(found, start);
        }
        self.push(ItemKind::PlainString, start);
        Some(())
    }

    /// Behind the first escape or control character of a string.
    #[cold]
    fn rest_of_string(&mut self, mut found: u8, start: usize) -> Option<()> {
        while found != b'"' {
            (found == b'\\').then_some(())?;
            self.escape()?;
            let length;
            (length, found) = plain_prefix(self.text.get(self.at..)?)?;
            self.at += length + 1;
        }
        self.push(ItemKind::EscapedString, start);
        Some(())
    }

    /// Behind a backslash. A lone surrogate is refused: no UTF-8 text can hold it.
    fn escape(&mut self) -> Option<()> {
        let kind = self.peek()?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => match self.utf16_unit()? {
                0xDC00..=0xDFFF => None,
                0xD800..=0xDBFF => {
                    self.literal(b"\\u")?;
                    matches!(self.utf16_unit()?, 0xDC00..=0xDFFF).then_some(())
                }
                _ => Some(()),
            },
            _ => None,
        }
    }

    fn utf16_unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
    }

    fn number(&mut self) -> Option<()> {
        let (start, mut kind) = (self.at, ItemKind::Integer);
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
            kind = ItemKind::Float;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
            kind = ItemKind::Float;
        }
        if kind == ItemKind::Float || self.at - start > MANY_DIGITS {
            // Beyond the range of floats it is refused, as by `serde_json`.
            let text = std::str::from_utf8(self.text.get(start..self.at)?).ok()?;
            text.parse::<f64>().is_ok_and(f64::is_finite).then_some(())?;
        }
        self.push(kind, start);
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let length = self.text.get(self.at..)?.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += length;
        (length > 0).then_some(())
    }
}
