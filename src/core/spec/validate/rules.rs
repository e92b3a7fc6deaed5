//! The names of the rules in violations.

macro_rules! rules {
    ($($name:ident = $text:literal, $about:literal;)*) => {
        $(#[doc = $about] pub(super) const $name: &str = $text;)*
        /// Every rule that a violation can name, with its meaning.
        pub const RULES: &[(&str, &str)] = &[$(($text, $about)),*];
    };
}

rules! {
    REQUIRED = "required", "A field that must be sent is missing.";
    TYPE = "type", "A value of the wrong type.";
    NONE = "none", "None for a field: leave it out instead.";
    ENUM = "enum", "Not one of the allowed words.";
    PATTERN = "pattern", "Text with a character that is not allowed, or not allowed at its place.";
    MIN_LENGTH = "min-length", "Text, list, update or target that is empty.";
    MAX_LENGTH = "max-length", "Text with too many characters.";
    MAX_ITEMS = "max-items", "A list with too many items.";
    RESERVED = "reserved", "A name that the service keeps for itself.";
    DUPLICATE = "duplicate", "A key that an earlier tag has.";
    AMBIGUOUS = "ambiguous", "A value that can mean two things.";
    UNKNOWN = "unknown", "A field that the API does not know.";
    MISPLACED = "misplaced", "A field that belongs into another object.";
    READ_ONLY = "read-only", "A field that the service sets.";
    UNCHANGEABLE = "unchangeable", "A field that only create can set.";
    GIVEN_TWICE = "given-twice", "One field in both spellings, or in extra_fields too.";
    KEY_TYPE = "key-type", "A key that is not text.";
    NOT_JSON = "not-json", "A value that JSON cannot represent.";
}
