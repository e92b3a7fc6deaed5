use serde_json::Value;

use super::scanner::plain_prefix;
use super::*;

fn tape(text: &str) -> Option<Tape> {
    Tape::parse(&Bytes::from(text.to_owned()))
}

fn field_count(text: &str) -> Option<usize> {
    tape(text)?.field_count()
}

/// The same by `serde_json`, which looks at everything when it makes a value of it.
fn field_count_by_serde(text: &[u8]) -> Option<usize> {
    serde_json::from_slice::<Value>(text).ok()?.as_object().map(serde_json::Map::len)
}

#[test]
fn a_struct_is_read_from_an_object_alone() {
    #[derive(serde::Deserialize)]
    struct Token {
        access_token: String,
    }
    let read = |text: &str| from_object::<Token>(text.as_bytes()).ok().map(|token| token.access_token);
    assert_eq!(read(r#" {"access_token":"a"}"#).as_deref(), Some("a"));
    for text in [r#"["a"]"#, "\n[\"a\"]", "[]", "5", "", "null"] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn a_plain_prefix_ends_where_it_does_byte_by_byte() {
    for length in 0..40 {
        for end in [0, 0x1F, b'"', b'\\', b' ', b'!', b'#', 0x7F, 0x80, 0xA2, 0xDC, 0xFF] {
            let text = [&vec![b'a'; length][..], &[end, 0x80, b'"', 0, b'a', b'\\', 1, 2, 3]].concat();
            let byte_by_byte = text.iter().position(|b| matches!(b, b'"' | b'\\' | ..b' ')).map(|at| (at, text[at]));
            assert_eq!(plain_prefix(&text), byte_by_byte, "{text:?}");
        }
    }
    assert_eq!(plain_prefix(&[b'a'; 21]), None);
}

#[test]
fn whole_objects() {
    for (text, wanted) in [
        ("{}", 0),
        (" { } \n", 0),
        (r#"{"a":1}"#, 1),
        (r#"{"a":[],"b":{},"c":[{"d":[1,2,[3]]}],"e":"\"}]\\\u00e9\ud83d\ude00é"}"#, 4),
        (r#"{"a":-0.5e+10,"b":0,"c":1E5,"d":-1,"e":true,"f":false,"g":null}"#, 7),
        ("{\t\"a\"\r:\n1 , \"b\" : [ 1 , 2 ] }", 2),
    ] {
        assert_eq!(field_count(text), Some(wanted), "{text}");
        assert_eq!(field_count_by_serde(text.as_bytes()), Some(wanted), "{text}");
    }
}

#[test]
fn a_text_with_a_byte_less_more_or_changed_is_valid_if_serde_says_so() {
    let whole = r#"{"name":"n\u00e9\n","list":[1,-2.5e3,{"deep":[true,null]},"é"],"flag":false,"empty":{}}"#.as_bytes();
    let agree = |text: &[u8]| {
        let count = std::str::from_utf8(text).ok().and_then(field_count);
        assert_eq!(count.is_some(), field_count_by_serde(text).is_some(), "{:?}", String::from_utf8_lossy(text));
    };
    for at in 0..whole.len() {
        agree(&whole[..at]);
        agree(&[&whole[..at], &whole[at + 1..]].concat());
        for byte in
            [0, b' ', b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b'0', b'e', b'.', b'-', b'u', 0x1F, 0x7F, 0xC3]
        {
            agree(&[&whole[..at], &[byte], &whole[at + 1..]].concat());
            agree(&[&whole[..at], &[byte], &whole[at..]].concat());
        }
    }
}

#[test]
fn what_is_no_whole_object() {
    for text in
        ["", "[]", "1", "{}{}", "{} x", r#"{"a":01}"#, r#"{"a":"\ud800"}"#, r#"{"a":"\ud800\u0041"}"#, r#"{"a":1e999}"#]
    {
        assert_eq!(field_count(text), None, "{text}");
        assert_eq!(field_count_by_serde(text.as_bytes()), None, "{text}");
    }
    for digits in [290, 308, 309, 310, 400] {
        let long = format!(r#"{{"a":{}}}"#, "7".repeat(digits));
        assert_eq!(field_count(&long), field_count_by_serde(long.as_bytes()), "{digits} digits");
    }
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    assert_eq!((field_count(&deep), field_count_by_serde(deep.as_bytes())), (None, None));
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(126), "]".repeat(126));
    assert_eq!((field_count(&deep), field_count_by_serde(deep.as_bytes())), (Some(1), Some(1)));
}

#[test]
fn each_element_has_its_kind_its_text_and_what_it_holds() {
    let text = r#" {"a" : "b", "c": [1, -2.5, 1e3, true, false, null, {}], "\u0064": {"e": "f\n"}} "#;
    let parsed = tape(text).unwrap();
    let root = parsed.root();
    assert_eq!((root.kind(), root.text()), (ItemKind::Object, text.trim()));
    let fields: Vec<_> =
        root.fields().map(|(key, value)| (key.string().unwrap(), value.kind(), value.text())).collect();
    assert_eq!(
        fields,
        [
            ("a".into(), ItemKind::PlainString, "\"b\""),
            ("c".into(), ItemKind::List, "[1, -2.5, 1e3, true, false, null, {}]"),
            ("d".into(), ItemKind::Object, r#"{"e": "f\n"}"#),
        ]
    );
    let (_, list) = root.fields().nth(1).unwrap();
    let values: Vec<_> = list.values().map(|value| (value.kind(), value.text())).collect();
    assert_eq!(
        values,
        [
            (ItemKind::Integer, "1"),
            (ItemKind::Float, "-2.5"),
            (ItemKind::Float, "1e3"),
            (ItemKind::True, "true"),
            (ItemKind::False, "false"),
            (ItemKind::Null, "null"),
            (ItemKind::Object, "{}"),
        ]
    );
    let (_, inner) = root.fields().nth(2).unwrap();
    let (key, value) = inner.fields().next().unwrap();
    assert_eq!((key.string(), value.kind()), (Some("e".into()), ItemKind::EscapedString));
    assert_eq!(value.string(), Some("f\n".into()));
    assert_eq!(value.fields().count(), 0);
    assert_eq!(list.fields().count(), 0);
    assert_eq!(root.values().count(), 0);
    assert_eq!(list.string(), None);
    assert_eq!(root.field("c").map(|value| value.text()), Some(list.text()));
    assert_eq!(root.field("e").map(|value| value.text()), None);
    assert_eq!(tape(r#"{"a":1,"a":2}"#).unwrap().root().field("a").map(|value| value.text()), Some("2"));
    assert_eq!(tape("[1, \"a\"]").unwrap().field_count(), None);
}
