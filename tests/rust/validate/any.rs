//! Whatever is given: no panic, rules that have a name, and an accepted body that says what was asked.
use atlas_serverless::core::spec::compare;
use atlas_serverless::core::spec::convert;
use atlas_serverless::core::spec::model::fields::Object;
use fastrand::Rng;

use super::*;

const KEYS: &[&str] = &[
    "name",
    "providerSettings",
    "provider_settings",
    "backingProviderName",
    "regionName",
    "region_name",
    "providerName",
    "serverlessBackupOptions",
    "serverlessContinuousBackupEnabled",
    "tags",
    "key",
    "value",
    "stateName",
    "region",
    "provider",
    "termination_protection_enabled",
    "terminationProtectionEnabled",
    "connectionStrings",
    "privateEndpoint",
    "positional",
    "",
    "é\u{0}",
    "tag",
    "projectId",
];
const TEXTS: &[&str] = &[
    "n",
    "my-instance",
    "AWS",
    "GCP",
    "US_EAST_1",
    "CENTRAL_US",
    "SERVERLESS",
    "aws",
    "us-east-1",
    "",
    "\"\\\n\u{7f}😀",
    "a=b,c=d",
    "--region",
    "-",
    "--",
    "--tag=é=ü",
    "create",
    "atlas",
    "serverless",
];

fn any_node(rng: &mut Rng, depth: usize) -> Node<'static> {
    match rng.u8(0..if depth == 0 { 8 } else { 14 }) {
        0 => Node::Null,
        1 => Node::Bool(rng.bool()),
        2 => Node::Int(rng.i64(..)),
        3 => Node::BigInt((if rng.bool() { "123456789012345678901234567890" } else { "no digits" }).into()),
        4 => Node::Float(if rng.bool() { f64::from_bits(rng.u64(..)) } else { 0.5 }),
        5 => Node::Other("a set".into()),
        6 | 7 => Node::text(TEXTS[rng.usize(..TEXTS.len())]),
        8..=10 => Node::List((0..rng.usize(..4)).map(|_| any_node(rng, depth - 1)).collect()),
        _ => Node::Map((0..rng.usize(..6)).map(|_| (any_key(rng), any_node(rng, depth - 1))).collect()),
    }
}

fn any_key(rng: &mut Rng) -> Key<'static> {
    if rng.u8(..) < 8 { Key::Other("the number 5".into()) } else { Key::from(KEYS[rng.usize(..KEYS.len())]) }
}

/// A spec that is nearly right: its parts in any order and spelling, now and then one of them anything.
fn near_spec(rng: &mut Rng) -> Node<'static> {
    let text = |rng: &mut Rng, right: &'static str| if rng.u8(..) < 10 { any_node(rng, 2) } else { Node::text(right) };
    let spelt =
        |rng: &mut Rng, camel: &'static str, snake: &'static str| Key::from(if rng.bool() { camel } else { snake });
    let mut settings = vec![
        (spelt(rng, "backingProviderName", "backing_provider_name"), text(rng, "AWS")),
        (spelt(rng, "regionName", "region_name"), text(rng, "US_EAST_1")),
    ];
    rng.shuffle(&mut settings);
    let tags = if rng.bool() {
        Node::Map(vec![(Key::from("env"), text(rng, "dev")), (Key::from("a b"), text(rng, "größe"))])
    } else {
        Node::List(vec![Node::Map(vec![(Key::from("value"), text(rng, "x")), (Key::from("key"), text(rng, "y"))])])
    };
    let mut spec = vec![
        (Key::from("name"), text(rng, "n")),
        (spelt(rng, "providerSettings", "provider_settings"), Node::Map(settings)),
        (Key::from("tags"), tags),
    ];
    if rng.u8(..) < 20 {
        spec.push((any_key(rng), any_node(rng, 3)));
    }
    rng.shuffle(&mut spec);
    Node::Map(spec)
}

/// What a spec asks for, translated here once more and simply.
fn asked(node: &Node<'_>, table: Option<&'static Object>) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(flag) => json!(flag),
        Node::Int(number) => json!(number),
        Node::Float(number) => json!(number),
        Node::Str(text) => json!(text),
        Node::List(items) => items.iter().map(|item| asked(item, None)).collect(),
        Node::Map(entries) => {
            let entry = |(key, value): &(Key<'_>, Node<'_>)| {
                let key = key.as_str().unwrap();
                let field = table.and_then(|table| table.fields.iter().find(|f| f.name == key || f.snake == key));
                let inner = Kind::Serverless.fields().fields.iter().find_map(|f| match f.kind {
                    atlas_serverless::core::spec::model::fields::Type::Object(object)
                        if f.name == key || f.snake == key =>
                    {
                        Some(object)
                    }
                    _ => None,
                });
                let value = match value {
                    Node::Map(tags) if key == "tags" => {
                        tags.iter().map(|(k, v)| json!({"key": k.as_str().unwrap(), "value": asked(v, None)})).collect()
                    }
                    value => asked(value, inner),
                };
                (field.map_or(key, |f| f.name).to_owned(), value)
            };
            Value::Object(entries.iter().map(entry).collect())
        }
        Node::BigInt(_) | Node::Other(_) => panic!("not JSON: {node:?}"),
    }
}

fn check(spec: &Node<'_>, result: Result<Checked, Vec<Violation>>) -> bool {
    match result {
        Ok(checked) => {
            let body = String::from_utf8(checked.body).unwrap();
            assert!(serde_json::from_str::<Value>(&body).is_ok_and(|body| body.is_object()), "{spec:?}");
            assert_eq!(body, asked(spec, Some(Kind::Serverless.fields())).to_string(), "{spec:?}");
            true
        }
        Err(violations) => {
            assert!(!violations.is_empty());
            for violation in violations {
                assert!(validate::RULES.iter().any(|(rule, _)| *rule == violation.rule), "{violation:?}");
                assert!(!violation.path.is_empty(), "{violation:?}");
                assert!(!violation.message.is_empty(), "{violation:?}");
            }
            false
        }
    }
}

#[test]
fn anything() {
    let mut rng = Rng::with_seed(20_230_101);
    let (mut accepted, mut converted) = (0, 0);
    for round in 0..8_000 {
        let spec = if round % 2 == 0 { near_spec(&mut rng) } else { any_node(&mut rng, 4) };
        let extra = (round % 5 == 0).then(|| any_node(&mut rng, 3));
        for kind in Kind::ALL {
            if let Some(extra) = &extra {
                let _ = validate::create(kind, GROUP, &spec, Some(extra));
                let _ = validate::update(kind, GROUP, "n", &spec, Some(extra));
                let _ = validate::unchecked(&spec, Some(extra));
            }
            accepted += usize::from(check(&spec, validate::create(kind, GROUP, &spec, None)));
            check(&spec, validate::update(kind, GROUP, "n", &spec, None));
        }
        check(&spec, validate::unchecked(&spec, None));
        if let Ok(conversion) = convert::to_flex(&spec) {
            converted += 1;
            let again = Value::Object(conversion.spec.clone());
            let again = validate::create(Kind::Flex, GROUP, &Node::from(&again), None).unwrap();
            assert_eq!(serde_json::from_slice::<Value>(&again.body).unwrap(), Value::Object(conversion.spec));
        }
    }
    assert!(accepted > 2_000, "{accepted} {converted}");
    assert!(converted > 2_000, "{accepted} {converted}");
}

#[test]
fn any_reply() {
    let mut rng = Rng::with_seed(7);
    let requested = full().to_string();
    let reply = include_bytes!("../../fixtures/recordings/serverless-create-201-2025.http");
    let start = reply.windows(2).position(|pair| pair == b"\n{").unwrap() + 1;
    for _ in 0..5_000 {
        let mut reply = reply[start..].to_vec();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..reply.len());
            match rng.u8(..3) {
                0 => reply[at] = b"\"\\{}[],:0t "[rng.usize(..11)],
                1 => reply.truncate(at.max(1)),
                _ => drop(reply.remove(at)),
            }
            if reply.is_empty() {
                break;
            }
        }
        let _ = compare::differences(requested.as_bytes(), &reply);
        let _ = compare::differences(&reply, requested.as_bytes());
    }
}

#[test]
fn the_quick_comparison_says_what_the_slow_one_says() {
    let mut rng = Rng::with_seed(11);
    let body = |rng: &mut Rng| -> Value {
        let word = |rng: &mut Rng| ["a", "b", "\"\n", "é"][rng.usize(..4)];
        let mut tags: Vec<Value> =
            (0..rng.usize(..3)).map(|i| json!({"key": format!("k{i}"), "value": word(rng)})).collect();
        rng.shuffle(&mut tags);
        let mut body =
            json!({"name": word(rng), "providerSettings": {"regionName": word(rng), "providerName": word(rng)}});
        if rng.bool() {
            body["tags"] = json!(tags);
        }
        if rng.bool() {
            body["terminationProtectionEnabled"] = json!(rng.bool());
        }
        if rng.bool() {
            body["serverlessBackupOptions"] = json!({"serverlessContinuousBackupEnabled": rng.bool()});
        }
        body
    };
    for _ in 0..3_000 {
        let (asked, got) = (body(&mut rng), body(&mut rng));
        let quick = compare::differences(asked.to_string().as_bytes(), got.to_string().as_bytes());
        // A field that is in both and that no table knows makes it the slow way.
        let (mut asked, mut got) = (asked, got);
        asked["other"] = json!(1);
        got["other"] = json!(1);
        let slow =
            compare::differences(asked.to_string().as_bytes(), serde_json::to_string_pretty(&got).unwrap().as_bytes());
        assert_eq!(quick, slow, "{asked} {got}");
    }
}
