use serde_json::Value;

use super::*;

fn outline(text: &str) -> Option<Tape> {
    Tape::of(&Bytes::from(text.to_owned()))
}

/// The entries of an object.
fn entries(text: &str) -> Option<usize> {
    outline(text)?.object_len()
}

/// What `serde_json` says: it makes a value of everything, so that it looks at everything.
fn slowly(text: &[u8]) -> Option<usize> {
    serde_json::from_slice::<Value>(text).ok()?.as_object().map(serde_json::Map::len)
}

#[test]
fn plain_bytes_end_where_they_end_byte_by_byte() {
    for length in 0..40 {
        for end in [0, 0x1F, b'"', b'\\', b' ', b'!', b'#', 0x7F, 0x80, 0xA2, 0xDC, 0xFF] {
            let text = [&vec![b'a'; length][..], &[end, 0x80, b'"', 0, b'a', b'\\', 1, 2, 3]].concat();
            let slowly = text.iter().position(|b| matches!(b, b'"' | b'\\' | ..b' ')).map(|at| (at, text[at]));
            assert_eq!(plain(&text), slowly, "{text:?}");
        }
    }
    assert_eq!(plain(&[b'a'; 21]), None);
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
        assert_eq!(entries(text), Some(wanted), "{text}");
        assert_eq!(slowly(text.as_bytes()), Some(wanted), "{text}");
    }
}

#[test]
fn a_text_that_lost_a_byte_or_had_one_changed_is_judged_as_serde_judges_it() {
    let whole = r#"{"name":"n\u00e9\n","list":[1,-2.5e3,{"deep":[true,null]},"é"],"flag":false,"empty":{}}"#.as_bytes();
    let agree = |text: &[u8]| {
        let said = std::str::from_utf8(text).ok().and_then(entries);
        assert_eq!(said.is_some(), slowly(text).is_some(), "{:?}", String::from_utf8_lossy(text));
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
        assert_eq!(entries(text), None, "{text}");
        assert_eq!(slowly(text.as_bytes()), None, "{text}");
    }
    for digits in [290, 308, 309, 310, 400] {
        let long = format!(r#"{{"a":{}}}"#, "7".repeat(digits));
        assert_eq!(entries(&long), slowly(long.as_bytes()), "{digits} digits");
    }
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    assert_eq!((entries(&deep), slowly(deep.as_bytes())), (None, None));
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(126), "]".repeat(126));
    assert_eq!((entries(&deep), slowly(deep.as_bytes())), (Some(1), Some(1)));
}

#[test]
fn each_item_says_what_it_is_where_it_is_and_how_much_it_holds() {
    let text = r#" {"a" : "b", "c": [1, -2.5, 1e3, true, false, null, {}], "\u0064": {"e": "f\n"}} "#;
    let outlined = outline(text).unwrap();
    let items: Vec<_> = outlined.items().iter().map(|item| (item.form, outlined.text(item), item.span)).collect();
    assert_eq!(
        items,
        [
            (Form::Object, text.trim(), 16),
            (Form::Plain, "\"a\"", 1),
            (Form::Plain, "\"b\"", 1),
            (Form::Plain, "\"c\"", 1),
            (Form::List, "[1, -2.5, 1e3, true, false, null, {}]", 8),
            (Form::Integer, "1", 1),
            (Form::Float, "-2.5", 1),
            (Form::Float, "1e3", 1),
            (Form::True, "true", 1),
            (Form::False, "false", 1),
            (Form::Null, "null", 1),
            (Form::Object, "{}", 1),
            (Form::Escaped, "\"\\u0064\"", 1),
            (Form::Object, "{\"e\": \"f\\n\"}", 3),
            (Form::Plain, "\"e\"", 1),
            (Form::Escaped, "\"f\\n\"", 1),
        ]
    );
    let keys: Vec<_> = outlined.entries(0).unwrap().map(|(key, ..)| outlined.quoted(key)).collect();
    assert_eq!(keys, ["a", "c", "\\u0064"]);
    assert!(outlined.entries(1).is_none());
    assert!(outline("[1, \"a\"]").is_some_and(|list| list.object_len().is_none()));
}
