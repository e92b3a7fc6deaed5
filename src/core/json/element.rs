//! A value of a tape.
use std::borrow::Cow;

use super::scanner::{Item, ItemKind};

#[derive(Clone, Copy)]
pub struct Element<'t> {
    text: &'t str,
    /// The value, and all that it holds.
    items: &'t [Item],
}

impl<'t> Element<'t> {
    pub(super) fn new(text: &'t str, items: &'t [Item]) -> Self {
        Element { text, items }
    }

    pub fn kind(&self) -> ItemKind {
        self.items.first().map_or(ItemKind::Null, |item| item.kind)
    }

    /// The text, of a string with its quotes.
    pub fn text(&self) -> &'t str {
        self.items.first().and_then(|item| self.text.get(item.start as usize..item.end as usize)).unwrap_or_default()
    }

    /// The text of a string without its quotes and with its escapes as they stand.
    pub fn unquoted(&self) -> &'t str {
        let item = self.items.first();
        item.and_then(|item| self.text.get(item.start as usize + 1..item.end as usize - 1)).unwrap_or_default()
    }

    /// What a string says; `None` for anything else.
    pub fn string(&self) -> Option<Cow<'t, str>> {
        match self.kind() {
            ItemKind::PlainString => Some(Cow::Borrowed(self.unquoted())),
            ItemKind::EscapedString => serde_json::from_str(self.text()).ok().map(Cow::Owned),
            _ => None,
        }
    }

    /// Keys and values of an object; nothing for anything else.
    pub fn fields(&self) -> impl Iterator<Item = (Element<'t>, Element<'t>)> + use<'t> {
        let mut rest = self.held_by(ItemKind::Object);
        std::iter::from_fn(move || Some((rest.next()?, rest.next()?)))
    }

    /// The values of a list; nothing for anything else.
    pub fn values(&self) -> impl Iterator<Item = Element<'t>> + use<'t> {
        self.held_by(ItemKind::List)
    }

    /// The value of a field of an object, the last one if there are several.
    pub fn field(&self, name: &str) -> Option<Element<'t>> {
        let mut rest = self.held_by(ItemKind::Object).items;
        let mut found = None;
        while let [key, values @ ..] = rest {
            let value = values.get(..values.first()?.span as usize)?;
            if key.is(name, self.text) {
                found = Some(Element { text: self.text, items: value });
            }
            rest = values.get(value.len()..)?;
        }
        found
    }

    fn held_by(&self, kind: ItemKind) -> Elements<'t> {
        let items = match self.items {
            [container, held @ ..] if container.kind == kind => held,
            _ => &[],
        };
        Elements { text: self.text, items }
    }
}

impl Item {
    /// Whether it is a string that says this.
    #[inline]
    fn is(&self, string: &str, text: &str) -> bool {
        match self.kind {
            // Nearly all keys of another length are told apart without a look at the text.
            ItemKind::PlainString => {
                let (start, end) = (self.start as usize + 1, self.end as usize - 1);
                end - start == string.len() && text.as_bytes().get(start..end) == Some(string.as_bytes())
            }
            _ => Element { text, items: std::slice::from_ref(self) }.string().is_some_and(|said| said == string),
        }
    }
}

struct Elements<'t> {
    text: &'t str,
    items: &'t [Item],
}

impl<'t> Iterator for Elements<'t> {
    type Item = Element<'t>;

    #[inline]
    fn next(&mut self) -> Option<Element<'t>> {
        let span = self.items.first()?.span as usize;
        let (items, rest) = self.items.split_at_checked(span)?;
        self.items = rest;
        Some(Element { text: self.text, items })
    }
}
