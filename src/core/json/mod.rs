//! A JSON text parsed into a tape: where each of its values stands, without a copy of any. A reply is parsed once, before
//! it is believed; what it is compared and made into a Python dict by is its tape.
//!
//! It is our own because of what it costs: to parse the 1,058-byte reply of `benches/pieces`, compare it with its request
//! and make a dict of it takes 42,000 instructions, with borrowed serde structs and `jiter` 53,000. That is 11 % of a whole
//! create (docs/performance.md has the parts). What is wrong with a text that this refuses, `serde_json` says.
mod element;
mod scanner;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use bytestring::ByteString;
use serde::Deserialize;
use serde::de::Error;

pub use self::element::Element;
pub use self::scanner::ItemKind;
use self::scanner::{Item, scan};

/// A struct from a JSON object. `serde_json` by itself reads it from a list as well, by the order of its fields.
pub(crate) fn from_object<'j, T: Deserialize<'j>>(text: &'j [u8]) -> serde_json::Result<T> {
    match text.trim_ascii_start().first() {
        Some(b'[') => Err(serde_json::Error::custom("a list, not an object")),
        _ => serde_json::from_slice(text),
    }
}

/// A JSON text in UTF-8 and its values. Numbers are within what a float can hold, and surrogates come in pairs.
#[derive(Debug, Clone)]
pub struct Tape {
    text: ByteString,
    /// A container comes before what it holds; keys come before their values.
    items: Vec<Item>,
}

impl Tape {
    /// Parses a text that is one whole JSON value; `None` if it is not.
    pub fn parse(text: &Bytes) -> Option<Self> {
        let items = scan(text)?;
        Some(Tape { text: ByteString::try_from(text.clone()).ok()?, items })
    }

    /// The value that the whole text is.
    pub fn root(&self) -> Element<'_> {
        Element::new(&self.text, &self.items)
    }

    /// The number of fields, if the whole text is an object.
    pub fn field_count(&self) -> Option<usize> {
        self.items.first().filter(|item| item.kind == ItemKind::Object).map(|item| item.len as usize)
    }
}
