//! Text of others in messages, log lines and at terminals.
use std::borrow::Cow;

/// A text of a server, a file or the environment as a message or a terminal may show it: white space as one space each, other
/// control characters, and those that change the direction of text, escaped.
pub(in crate::core) fn printable(text: &str) -> String {
    escaped(text).into_owned()
}

/// [`printable`] without a copy of what can be shown as it is.
pub(in crate::core) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control() || turns(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            c if c.is_control() || turns(c) => shown.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Changes the direction or the lines of what follows.
fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_or_turns_the_text_is_escaped() {
        for (text, shown) in [
            ("päss 😀", "päss 😀"),
            ("a\r\nb\tc", "a  b c"),
            ("a\u{1b}[2J\u{202e}b\u{7f}\u{9b}\u{61c}", r"a\u001b[2J\u202eb\u007f\u009b\u061c"),
            ("", ""),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
