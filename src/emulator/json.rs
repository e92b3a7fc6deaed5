//! JSON that people write, read into types: what is wrong with it is said in one sentence, with a suggestion.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A key of an object, and what its value may be, as it is said to someone who wrote something else.
pub(crate) type Field = (&'static str, &'static str);

/// Reads an object that has no other keys than `fields`. `what` and `noun` say what it and its keys stand for, such as
/// “A fault” and “key”.
pub(crate) fn read<T: DeserializeOwned>(what: &str, noun: &str, fields: &[Field], value: &Value) -> Result<T, String> {
    check_keys(what, noun, fields, value)?;
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let key = path.split(['.', '[']).next().unwrap_or_default();
        match fields.iter().find(|(name, _)| *name == key) {
            Some((name, takes)) => format!("{name} takes {takes}."),
            None => format!("{what}: {}.", error.inner()),
        }
    })
}

/// Refuses what is no object, and keys that are not among `fields`.
pub(crate) fn check_keys(what: &str, noun: &str, fields: &[Field], value: &Value) -> Result<(), String> {
    let object = value.as_object().ok_or_else(|| format!("{what} takes a JSON object."))?;
    let names = || fields.iter().map(|(name, _)| *name);
    match object.keys().find(|key| !names().any(|name| name == *key)) {
        Some(key) => Err(format!("{what} has no {noun} {key:?}.{}", did_you_mean(key, names()))),
        None => Ok(()),
    }
}

/// “ Did you mean …?”, or nothing if none of the names resembles `written`.
pub(crate) fn did_you_mean<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let lower = written.to_ascii_lowercase();
    let max_distance = (written.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(&lower, &name.to_ascii_lowercase()), name))
        .filter(|(distance, _)| *distance <= max_distance)
        .min_by_key(|(distance, _)| *distance)
        .map_or_else(String::new, |(_, name)| format!(" Did you mean {name:?}?"))
}

/// Durations as a number of seconds.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_json::Value;

    /// What the value may be, as it is said to someone who wrote something else.
    pub(crate) const TAKES: &str = "a number of seconds, zero or more";

    pub(crate) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(time.as_secs_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(D::Error::custom)
    }

    /// The value of one key.
    pub(crate) fn read(key: &str, value: &Value) -> Result<Duration, String> {
        deserialize(value).map_err(|_| format!("{key} takes {TAKES}."))
    }
}

/// Tells a key whose value is null from a key that is not there: `#[serde(default, deserialize_with = "present")]`.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Thing {
        colour: String,
        #[serde(default, deserialize_with = "present")]
        limit: Option<Option<u32>>,
    }

    #[test]
    fn what_is_wrong_is_said_in_one_sentence() {
        const FIELDS: [Field; 2] = [("colour", "a word"), ("limit", "a count, or null")];
        let read = |value| read::<Thing>("A thing", "key", &FIELDS, &value);
        let thing = |limit| Ok(Thing { colour: "red".to_owned(), limit });
        assert_eq!(read(json!({"colour": "red"})), thing(None));
        assert_eq!(read(json!({"colour": "red", "limit": null})), thing(Some(None)));
        assert_eq!(read(json!({"colour": "red", "limit": 3})), thing(Some(Some(3))));
        for (value, said) in [
            (json!([]), "A thing takes a JSON object."),
            (json!({"color": "red"}), "A thing has no key \"color\". Did you mean \"colour\"?"),
            (json!({"size": 1}), "A thing has no key \"size\"."),
            (json!({"colour": 7}), "colour takes a word."),
            (json!({"colour": "red", "limit": -1}), "limit takes a count, or null."),
            (json!({}), "A thing: missing field `colour`."),
        ] {
            assert_eq!(read(value), Err(said.to_owned()));
        }
    }
}
