//! What a text may be, as data; `validate/form.rs` checks it.

/// A form of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextForm {
    /// Any text of so many characters.
    Plain {
        min: usize,
        max: usize,
    },
    /// The same, never shown.
    Secret {
        min: usize,
    },
    /// The name of a cluster.
    Name,
    ProjectName,
    /// 24 hexadecimal digits.
    Id,
    /// ISO 8601 with a zone.
    Date,
    /// An IP address.
    Address,
    /// A block of IP addresses.
    Block,
    /// A security group of AWS.
    SecurityGroup,
}
