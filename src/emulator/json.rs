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

/// The deepest nesting of JSON that comes over HTTP. What is stored of it stands some levels deeper in a seed, which may have 64
/// where it comes from Python.
const MAX_DEPTH: usize = 56;

/// JSON that came over HTTP.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    // The parser itself ends at 128 levels, so that looking at them all cannot exhaust the stack.
    let value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if is_deeper(&value, MAX_DEPTH) { Err(format!("it is nested deeper than {MAX_DEPTH} levels")) } else { Ok(value) }
}

fn is_deeper(value: &Value, than: usize) -> bool {
    match (value, than.checked_sub(1)) {
        (Value::Array(items), Some(left)) => items.iter().any(|item| is_deeper(item, left)),
        (Value::Object(fields), Some(left)) => fields.values().any(|field| is_deeper(field, left)),
        (Value::Array(_) | Value::Object(_), None) => true,
        _ => false,
    }
}

/// Refuses what is no object, and keys that are not among `fields`.
pub(crate) fn check_keys(what: &str, noun: &str, fields: &[Field], value: &Value) -> Result<(), String> {
    let object = value.as_object().ok_or_else(|| format!("{what} takes a JSON object."))?;
    let names = || fields.iter().map(|(name, _)| *name);
    match object.keys().find(|key| !names().any(|name| name == *key)) {
        Some(key) => Err(format!("{what} has no {noun} {:?}.{}", shortened(key), did_you_mean(key, names()))),
        None => Ok(()),
    }
}

/// A text of others as it is repeated in a message.
pub(crate) fn shortened(text: &str) -> String {
    let short: String = text.chars().take(100).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

/// “ Did you mean …?”, or nothing if none of the names resembles `written`.
pub(crate) fn did_you_mean<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    // Nothing resembles a long text, and comparing one takes long.
    if written.len() > 100 {
        return String::new();
    }
    let lower = written.to_ascii_lowercase();
    let max_distance = (written.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(&lower, &name.to_ascii_lowercase()), name))
        .filter(|(distance, _)| *distance <= max_distance)
        .min_by_key(|(distance, _)| *distance)
        .map_or_else(String::new, |(_, name)| format!(" Did you mean {name:?}?"))
}

/// Durations as a number of seconds, up to 317 years: added to a time, they stay far from where numbers end.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_json::Value;

    const MAX: Duration = Duration::from_secs(10_000_000_000);

    /// What the value may be, as it is said to someone who wrote something else.
    pub(crate) const TAKES: &str = "a number of seconds, from 0 to 10 billion";

    pub(crate) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(time.as_secs_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let time = Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(D::Error::custom)?;
        if time <= MAX { Ok(time) } else { Err(D::Error::custom("more than 10 billion seconds")) }
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
    fn json_of_any_depth_is_read_or_refused() {
        let nested = |open: &str, middle: &str, close: &str, depth| {
            parse(format!("{}{middle}{}", open.repeat(depth), close.repeat(depth)).as_bytes())
        };
        assert!(nested("[", "", "]", 56).is_ok());
        assert!(nested("{\"a\":", "1", "}", 56).is_ok());
        for depth in [57, 127] {
            assert_eq!(nested("[", "", "]", depth), Err("it is nested deeper than 56 levels".to_owned()));
        }
        for depth in [128, 500_000] {
            let refused = nested("{\"a\":[", "1", "]}", depth).unwrap_err();
            assert!(refused.starts_with("recursion limit exceeded"), "{refused}");
            assert!(parse("[".repeat(depth).as_bytes()).is_err());
        }
        for (text, expected) in [
            ("1e999", "number out of range"),
            (r#""\ud800""#, "unexpected end of hex escape"),
            (r#""\ud800\u0041""#, "lone leading surrogate in hex escape"),
            ("NaN", "expected value"),
        ] {
            let refused = parse(text.as_bytes()).unwrap_err();
            assert!(refused.starts_with(expected), "{text}: {refused}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert_eq!(parse(&[b'9'; 300]).unwrap().as_u64(), None);
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
