//! A string that is never shown and is wiped when it is dropped.
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;

/// A secret. Headers and buffers that it is sent in are not wiped. `Debug` prints `******`; there is no `Display` and no `Serialize`.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a string and wipes its memory.
    pub fn new(mut text: String) -> Self {
        // Copied and wiped: `into_boxed_str` may move the text and leave the old memory as it was.
        let copy: Box<str> = text.as_str().into();
        text.zeroize();
        Self(SecretString::from(copy))
    }

    /// The secret itself, for code that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What messages may show: `36 characters, ending in …ab`; of fewer than 8 characters, only the length.
    pub fn hint(&self) -> String {
        let length = self.expose().chars().count();
        if length < 8 {
            return format!("{length} character{}", if length == 1 { "" } else { "s" });
        }
        let ending: String = self.expose().chars().skip(length - 2).collect();
        format!("{length} characters, ending in …{ending}")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("******")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_length_and_two_characters_is_shown() {
        for (secret, hint) in [
            ("", "0 characters"),
            ("a", "1 character"),
            ("1234567", "7 characters"),
            ("12345678", "8 characters, ending in …78"),
            ("mdb_sa_sk_0123456789abcdefghijklmnäö", "36 characters, ending in …äö"),
        ] {
            assert_eq!(Secret::from(secret).hint(), hint);
        }
        assert_eq!(format!("{:?}", Secret::from("mdb_sa_sk_MARK")), "******");
    }
}
