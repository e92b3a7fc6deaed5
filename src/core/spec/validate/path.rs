//! The path of a value in a body. It is a linked list on the stack, and becomes text only for a violation.
use std::fmt;

use super::describe;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'p> {
    /// The body itself.
    Root,
    /// An argument beside the body.
    Argument(&'p str),
    /// A field of an object.
    Field(&'p Path<'p>, &'p str),
    /// An item of a list.
    Index(&'p Path<'p>, usize),
    /// A key of a free mapping.
    Key(&'p Path<'p>, &'p str),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("body"),
            Self::Argument(name) => f.write_str(name),
            Self::Field(parent, name) if is_plain(name) => match parent {
                Self::Root => f.write_str(name),
                parent => write!(f, "{parent}.{name}"),
            },
            Self::Field(Self::Root, name) => f.write_str(&describe::quoted(name)),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Self::Field(parent, key) | Self::Key(parent, key) => write!(f, "{parent}[{}]", describe::quoted(key)),
        }
    }
}

/// Whether a name can follow a dot without quotes.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_text() {
        let tags = Path::Field(&Path::Root, "tags");
        let third = Path::Index(&tags, 3);
        assert_eq!(Path::Field(&third, "key").to_string(), "tags[3].key");
        assert_eq!(Path::Key(&tags, "env").to_string(), "tags['env']");
        assert_eq!(Path::Key(&tags, "it's").to_string(), r"tags['it\'s']");
        assert_eq!(Path::Field(&tags, "a.b").to_string(), "tags['a.b']");
        assert_eq!(Path::Field(&Path::Root, "").to_string(), "''");
        assert_eq!(Path::Field(&Path::Argument("extra_fields"), "a").to_string(), "extra_fields.a");
        assert_eq!(Path::Root.to_string(), "body");
    }
}
