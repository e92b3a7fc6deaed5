//! The rules on a request's fields, from outside: what is sent, and each violation with its exact words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use atlas_serverless::core::error::Violation;
use atlas_serverless::core::model::{Kind, Node};
use atlas_serverless::core::validate::{self, Checked};
use serde_json::{Value, json};

const GROUP: &str = "32b6e34b3d91647abb20e7b8";

fn create(spec: &Value) -> Result<Checked, Vec<Violation>> {
    validate::create(Kind::Serverless, GROUP, &Node::from(spec), None)
}

fn full() -> Value {
    json!({
        "name": "my-instance",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1", "providerName": "SERVERLESS"},
        "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": false},
        "tags": [{"key": "env", "value": "dev"}],
        "terminationProtectionEnabled": false,
    })
}

/// The full spec with one place changed.
fn with(pointer: &str, value: Value) -> Value {
    let mut spec = full();
    *spec.pointer_mut(pointer).unwrap() = value;
    spec
}

/// `path: rule: message` of each violation.
fn said(result: Result<Checked, Vec<Violation>>) -> Vec<String> {
    result.map_or_else(
        |violations| violations.iter().map(|v| format!("{}: {}: {}", v.path, v.rule, v.message)).collect(),
        |_| Vec::new(),
    )
}

#[test]
fn a_full_spec_is_sent_as_it_is() {
    let checked = create(&full()).unwrap();
    assert_eq!(String::from_utf8(checked.body).unwrap(), full().to_string());
    assert_eq!((checked.name.as_deref(), checked.notices.len()), (Some("my-instance"), 0));
}

#[test]
fn snake_case_and_a_mapping_of_tags_become_the_apis_form() {
    let spec = json!({
        "termination_protection_enabled": true,
        "tags": {"env": "dev", "owner": "a@b.c"},
        "provider_settings": {"region_name": "US_EAST_1", "backing_provider_name": "AWS", "provider_name": "SERVERLESS"},
        "serverless_backup_options": {"serverless_continuous_backup_enabled": true},
        "name": "n",
    });
    let body = concat!(
        r#"{"terminationProtectionEnabled":true,"tags":[{"key":"env","value":"dev"},{"key":"owner","value":"a@b.c"}],"#,
        r#""providerSettings":{"regionName":"US_EAST_1","backingProviderName":"AWS","providerName":"SERVERLESS"},"#,
        r#""serverlessBackupOptions":{"serverlessContinuousBackupEnabled":true},"name":"n"}"#
    );
    assert_eq!(String::from_utf8(create(&spec).unwrap().body).unwrap(), body);
    let unchecked = validate::unchecked(&Node::from(&spec), None).unwrap();
    assert_eq!((String::from_utf8(unchecked.body).unwrap().as_str(), unchecked.name.as_deref()), (body, Some("n")));
}

#[test]
fn one_violation_each_in_its_words() {
    let long_tags: Vec<Value> = (0..51).map(|i| json!({"key": format!("k{i}"), "value": "v"})).collect();
    for (spec, expected) in [
        (
            with("/name", json!("")),
            "name: pattern: must be text of letters, digits and hyphens, such as 'my-instance', not empty text",
        ),
        (with("/name", json!("-a")), "name: pattern: starts with a hyphen; it must start with a letter or digit"),
        (
            with("/name", json!("a b/c")),
            "name: pattern: has ' ' as character 2; only the letters a to z and A to Z, digits and hyphens are allowed",
        ),
        (with("/name", json!("a".repeat(65))), "name: max-length: has 65 characters; at most 64 are allowed"),
        (
            with("/name", json!("a-")),
            "name: pattern: ends in a hyphen, which a name of fewer than 23 characters may not",
        ),
        (
            with("/name", json!(format!("{}-b", "a".repeat(22)))),
            "name: pattern: has a hyphen as character 23, which a longer name may not; move or drop that hyphen",
        ),
        (
            with("/name", json!("atlas-abc123")),
            "name: reserved: is reserved: 'atlas-' followed by six small letters or digits; add or drop a character",
        ),
        (
            with("/name", json!(5)),
            "name: type: must be text of letters, digits and hyphens, such as 'my-instance', not the number 5",
        ),
        (
            with("/name", json!(true)),
            "name: type: must be text of letters, digits and hyphens, such as 'my-instance', not True",
        ),
        (
            with("/name", json!(null)),
            "name: none: is required and can't be None: text of letters, digits and hyphens, such as 'my-instance'",
        ),
        (
            with("/providerSettings", json!("AWS")),
            "providerSettings: type: must be a mapping such as {'backingProviderName': 'AWS', 'regionName': 'US_EAST_1'}, not the text 'AWS'",
        ),
        (
            with("/providerSettings/backingProviderName", json!("aws")),
            "providerSettings.backingProviderName: enum: must be AWS, AZURE or GCP, not 'aws'; did you mean 'AWS'?",
        ),
        (
            with("/providerSettings/backingProviderName", json!("OCI")),
            "providerSettings.backingProviderName: enum: must be AWS, AZURE or GCP, not 'OCI'",
        ),
        (
            with("/providerSettings/providerName", json!("FLEX")),
            "providerSettings.providerName: enum: must be SERVERLESS, not 'FLEX'",
        ),
        (
            with("/providerSettings/regionName", json!(" ")),
            "providerSettings.regionName: min-length: must be a region's name in Atlas' spelling, such as 'US_EAST_1', not empty text",
        ),
        (
            with("/providerSettings/regionName", json!(["US_EAST_1"])),
            "providerSettings.regionName: type: must be a region's name in Atlas' spelling, such as 'US_EAST_1', not a list",
        ),
        (
            with("/terminationProtectionEnabled", json!(1)),
            "terminationProtectionEnabled: type: must be True or False, not the number 1",
        ),
        (
            with("/terminationProtectionEnabled", json!("true")),
            "terminationProtectionEnabled: type: must be True or False, not the text 'true'; write it without quotes",
        ),
        (
            with("/serverlessBackupOptions/serverlessContinuousBackupEnabled", json!(0.5)),
            "serverlessBackupOptions.serverlessContinuousBackupEnabled: type: must be True or False, not the number 0.5",
        ),
        (
            with("/tags", json!("env=dev")),
            "tags: type: must be a mapping such as {'env': 'dev'}, or a list of {'key': …, 'value': …}, not the text 'env=dev'",
        ),
        (
            with("/tags", json!(null)),
            "tags: none: can't be None: leave it out, or give a mapping such as {'env': 'dev'}, or a list of {'key': …, 'value': …}",
        ),
        (with("/tags", json!(long_tags)), "tags: max-items: has 51 tags; at most 50 are allowed"),
        (with("/tags", json!([["env", "dev"]])), "tags[0]: type: must be a mapping {'key': …, 'value': …}, not a list"),
        (with("/tags", json!([{"key": "a"}])), "tags[0].value: required: is required: text of 1 to 255 characters"),
        (
            with("/tags", json!([{"key": "a", "value": ""}])),
            "tags[0].value: min-length: is empty; it must have 1 to 255 characters",
        ),
        (
            with("/tags", json!([{"key": "a", "value": 5}])),
            "tags[0].value: type: must be text of 1 to 255 characters, not the number 5; write '5'",
        ),
        (
            with("/tags", json!([{"key": "a!", "value": "b"}])),
            "tags[0].key: pattern: has '!' as character 2; only letters, digits, spaces and ; @ _ - . + are allowed",
        ),
        (
            with("/tags", json!([{"key": "a", "value": "é".repeat(256)}])),
            "tags[0].value: max-length: has 256 characters; at most 255 are allowed",
        ),
        (
            with("/tags", json!([{"key": "a", "value": "b", "Key": "c"}])),
            "tags[0].Key: unknown: is no field of a tag, which has key and value; did you mean key?",
        ),
        (
            with("/tags", json!([{"key": "a", "value": "b"}, {"key": "a", "value": "c"}])),
            "tags[1].key: duplicate: is the key of an earlier tag too: 'a'",
        ),
        (
            with("/tags", json!({"env": ""})),
            "tags['env']: min-length: the value is empty; it must have 1 to 255 characters",
        ),
        (
            with("/tags", json!({"a/b": "c"})),
            "tags['a/b']: pattern: the key has '/' as character 2; only letters, digits, spaces and ; @ _ - . + are allowed",
        ),
        (
            with("/tags", json!({"env": true})),
            "tags['env']: type: the value must be text of 1 to 255 characters, not True",
        ),
        (
            with("/tags", json!({"value": "dev", "key": "env"})),
            "tags: ambiguous: looks like one tag without its list; write [{'key': …, 'value': …}] or {'env': 'dev'}",
        ),
    ] {
        assert_eq!(said(create(&spec)), [expected]);
    }
}
