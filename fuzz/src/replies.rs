//! A reply, from its bytes to the values of a dict. `serde_json` reads the same text, and must say the same.
use atlas_serverless::core::http::call::ExpectedBody;
use atlas_serverless::core::http::reply::content;
use atlas_serverless::core::http::transport::exchange::HttpResponse;
use atlas_serverless::core::json::{Element, ItemKind, Tape};
use atlas_serverless::core::policy::retry::RequestKind;
use atlas_serverless::core::spec::compare::differences;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::{Reached, support};

const EXPECTED: [ExpectedBody; 4] =
    [ExpectedBody::Resource, ExpectedBody::ResourceOrEmpty, ExpectedBody::Page, ExpectedBody::AnyJson];

/// `expected envelope` as a number, then the body.
pub fn run(data: &[u8]) -> Reached {
    let (choice, body) = support::number(data);
    let expected = EXPECTED[usize::from(choice) % 4];
    let envelope = choice % 8 >= 4;
    // A key of this name is a private signal between serde_json's own types.
    if body.windows(19).any(|part| part == b"$serde_json::privat") {
        return Reached::Nothing;
    }
    let text = Bytes::copy_from_slice(body);
    let (tape, value) = (Tape::parse(&text), serde_json::from_slice::<Value>(body));
    assert_eq!(tape.is_some(), value.is_ok(), "{value:?}");
    if let (Some(tape), Ok(value)) = (&tape, &value) {
        assert_eq!(&read(tape.root()), value);
        check_differences(value, body, choice / 8);
    }
    let response = HttpResponse::new(200, Default::default(), text);
    match support::check(response, expected, envelope, RequestKind::Read) {
        Ok(response) => {
            assert!((200..300).contains(&response.status));
            assert!(response.tape.is_some() || body.trim_ascii().is_empty());
            let _ = content(body, envelope);
            Reached::Accepted
        }
        Err(error) => {
            support::assert_printable(&error.to_string());
            Reached::Refused
        }
    }
}

/// A reply that is as asked shows no difference, and one that is not shows the field.
fn check_differences(value: &Value, body: &[u8], choice: u16) {
    let asked = value.to_string();
    // A name that the body has twice counts once, in both.
    assert_eq!(differences(asked.as_bytes(), body), []);
    let _ = differences(br#"{"name":"a","tags":[{"key":"a","value":"b"}],"providerSettings":{"a":1}}"#, body);
    let Some(fields) = value.as_object().filter(|fields| !fields.is_empty()) else { return };
    let mut changed = fields.clone();
    let (name, field) = changed.iter_mut().nth(usize::from(choice) % fields.len()).expect("one of them");
    let name = name.clone();
    *field = if *field == "another" { "a third".into() } else { "another".into() };
    let found = differences(asked.as_bytes(), Value::Object(changed).to_string().as_bytes());
    assert_eq!(found.iter().map(|one| &one.path).collect::<Vec<_>>(), [&name]);
    assert_eq!(found[0].asked, fields[&name]);
}

/// What the binding makes a Python value of.
fn read(element: Element<'_>) -> Value {
    match element.kind() {
        ItemKind::Object => {
            let mut fields = Map::new();
            for (key, value) in element.fields() {
                fields.insert(key.string().expect("a key is a text").into_owned(), read(value));
            }
            Value::Object(fields)
        }
        ItemKind::List => element.values().map(read).collect(),
        ItemKind::PlainString | ItemKind::EscapedString => {
            Value::String(element.string().expect("a text").into_owned())
        }
        ItemKind::True => Value::Bool(true),
        ItemKind::False => Value::Bool(false),
        ItemKind::Null => Value::Null,
        ItemKind::Integer | ItemKind::Float => serde_json::from_str(element.text()).expect("a number"),
    }
}
