//! The rules on a request's fields, from outside: what is sent, and each violation with its exact words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use atlas_serverless::core::error::{NoticeKind, Violation};
use atlas_serverless::core::spec::model::{Key, Kind, Node};
use atlas_serverless::core::spec::validate;
use atlas_serverless::core::spec::validate::Checked;
use serde_json::{Value, json};

mod any;
mod connect;
mod fields;
mod upgrade;
mod words;

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

/// The same for a spec that JSON cannot say.
fn said_of(entries: Vec<(Key<'_>, Node<'_>)>) -> Vec<String> {
    said(validate::create(Kind::Serverless, GROUP, &Node::Map(entries), None))
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
fn an_update_takes_only_what_may_change() {
    let update = |kind, spec: &Value| validate::update(kind, GROUP, "n", &Node::from(spec), None);
    let spec = json!({"tags": {"a": "b"}, "termination_protection_enabled": false});
    for kind in Kind::ALL {
        let checked = update(kind, &spec).unwrap();
        assert_eq!(checked.name.as_deref(), Some("n"));
        let body = r#"{"tags":[{"key":"a","value":"b"}],"terminationProtectionEnabled":false}"#;
        assert_eq!(String::from_utf8(checked.body).unwrap(), body);
    }
    assert!(update(Kind::Serverless, &json!({"tags": []})).is_ok());
    let backup = json!({"serverlessBackupOptions": {"serverlessContinuousBackupEnabled": true}});
    assert!(update(Kind::Serverless, &backup).is_ok());
    assert_eq!(
        said(update(Kind::Flex, &backup)),
        [
            "serverlessBackupOptions: unknown: is no field of a Flex cluster: a Flex cluster has fixed backups, so leave it out"
        ]
    );
    assert_eq!(
        said(update(Kind::Flex, &json!({"name": "m", "providerSettings": {}, "id": "x"}))),
        [
            "name: unchangeable: can't be changed after creation; an update takes tags and terminationProtectionEnabled",
            "providerSettings: unchangeable: can't be changed after creation; an update takes tags and terminationProtectionEnabled",
            "id: read-only: is set by the service; leave it out",
        ]
    );
    assert_eq!(
        said(update(Kind::Serverless, &json!({}))),
        [
            "body: min-length: changes nothing; give at least one of tags, terminationProtectionEnabled and serverlessBackupOptions"
        ]
    );
    let extra = json!({"new": 1});
    let checked = validate::update(Kind::Flex, GROUP, "n", &Node::Map(vec![]), Some(&Node::from(&extra))).unwrap();
    assert_eq!(checked.body, br#"{"new":1}"#);
    assert_eq!(
        said(validate::update(Kind::Flex, "", "a/b", &Node::from(&spec), None)),
        [
            "groupId: pattern: must be the project's id: 24 of the characters 0 to 9 and a to f, such as '32b6e34b3d91647abb20e7b8'; this is empty",
            "name: pattern: has '/' as character 2; only the letters a to z and A to Z, digits and hyphens are allowed",
        ]
    );
}

#[test]
fn a_flex_cluster() {
    let flex = |spec: &Value| validate::create(Kind::Flex, GROUP, &Node::from(spec), None);
    let spec = json!({"name": "n", "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}});
    assert_eq!(flex(&spec).unwrap().body, spec.to_string().into_bytes());
    let mut spec = spec;
    spec["providerSettings"]["providerName"] = json!("FLEX");
    assert_eq!(flex(&spec).unwrap().body, spec.to_string().into_bytes(), "as MongoDB's own CLI sends it");
    for (word, message) in [
        (
            "AWS",
            "providerSettings.providerName: enum: must be FLEX, or left out, not 'AWS'; the cloud is given as backingProviderName",
        ),
        ("SERVERLESS", "providerSettings.providerName: enum: must be FLEX, or left out, not 'SERVERLESS'"),
        ("flex", "providerSettings.providerName: enum: must be FLEX, or left out, not 'flex'; did you mean 'FLEX'?"),
    ] {
        spec["providerSettings"]["providerName"] = json!(word);
        assert_eq!(said(flex(&spec)), [message]);
    }
    spec["providerSettings"]["providerName"] = json!("FLEX");
    spec["providerSettings"]["diskSizeGB"] = json!(5.0);
    spec["backupSettings"] = json!({"enabled": true});
    let rules: Vec<_> = flex(&spec).unwrap_err().into_iter().map(|v| (v.path, v.rule)).collect();
    let read_only = |path: &str| (path.to_owned(), "read-only".to_owned());
    assert_eq!(rules, [read_only("providerSettings.diskSizeGB"), read_only("backupSettings")]);
}

#[test]
fn extra_fields_are_merged_and_may_not_repeat() {
    let with_extra = |spec: &Value, extra: Value| {
        validate::create(Kind::Serverless, GROUP, &Node::from(spec), Some(&Node::from(&extra)))
    };
    let body = |result: Result<Checked, _>| serde_json::from_slice::<Value>(&result.unwrap().body).unwrap();
    let extra = json!({"provider_settings": {"zone": {"a": 1}}, "new_field": [null]});
    let mut expected = full();
    expected["providerSettings"]["zone"] = json!({"a": 1});
    expected["new_field"] = json!([null]);
    assert_eq!(body(with_extra(&full(), extra.clone())), expected);
    assert_eq!(body(validate::unchecked(&Node::from(&full()), Some(&Node::from(&extra)))), expected);
    assert_eq!(body(with_extra(&full(), json!(null))), full());
    assert_eq!(body(with_extra(&full(), json!({}))), full());

    assert_eq!(
        said(with_extra(&full(), json!({"provider_settings": {"region_name": "X"}, "tags": {"a": "b"}}))),
        [
            "providerSettings.regionName: given-twice: is given in extra_fields too; keep one",
            "tags: given-twice: is given in extra_fields too; keep one",
        ]
    );
    let nan = Node::Map(vec![(Key::from("a"), Node::List(vec![Node::Float(f64::NAN)]))]);
    assert_eq!(
        said(validate::create(Kind::Serverless, GROUP, &Node::from(&full()), Some(&nan))),
        ["extra_fields.a[0]: not-json: can't be sent: JSON can't hold NaN"]
    );

    // What this version refuses can be sent, also in the place of a required field.
    let mut spec = full();
    spec["providerSettings"] = json!({"regionName": "MOON_1"});
    let checked = with_extra(&spec, json!({"providerSettings": {"backingProviderName": "NEW"}})).unwrap();
    let body: Value = serde_json::from_slice(&checked.body).unwrap();
    assert_eq!(body["providerSettings"], json!({"regionName": "MOON_1", "backingProviderName": "NEW"}));
    spec.as_object_mut().unwrap().remove("name");
    let extra = json!({"name": "my_name", "providerSettings": {"backingProviderName": "NEW"}});
    assert_eq!(with_extra(&spec, extra).unwrap().name.as_deref(), Some("my_name"));
}

#[test]
fn without_validation_no_rule_is_applied() {
    let spec = json!({"name": "_", "provider_settings": {"region_name": 5, "disk_size_gb": 1}, "Tags": [], "tags": {"!": null}});
    let body = r#"{"name":"_","providerSettings":{"regionName":5,"diskSizeGB":1},"Tags":[],"tags":[{"key":"!","value":null}]}"#;
    assert_eq!(String::from_utf8(validate::unchecked(&Node::from(&spec), None).unwrap().body).unwrap(), body);
    assert_eq!(
        said(validate::unchecked(&Node::from(&json!({"a": {"b": 1}, "stateName": 1, "state_name": 2})), None)),
        ["stateName: given-twice: is given twice, in both spellings; keep one"]
    );
    assert_eq!(said(validate::unchecked(&Node::Null, None)), ["body: type: must be a mapping, not None"]);
}

#[test]
fn paths_take_the_pattern_only() {
    assert_eq!(validate::name(&"a".repeat(100)), None);
    assert_eq!(validate::name("atlas-abc123"), None);
    for wrong in ["", "-", "a/b", "..", "a b", "a?b", "é", "a\n"] {
        let violation = validate::name(wrong).unwrap();
        assert_eq!((&*violation.path, &*violation.rule), ("name", "pattern"), "{wrong}");
    }
}

#[test]
fn huge_inputs_end_soon_and_are_not_repeated_whole() {
    let entries = |make: fn(usize) -> String| -> Vec<(Key<'static>, Node<'static>)> {
        (0..100_000).map(|i| (Key::Str(make(i).into()), Node::Str("v".into()))).collect()
    };
    let unknown = said_of(entries(|i| format!("providerSettings{i}")));
    assert_eq!(unknown.len(), 100_002);
    let tags = said_of(vec![(Key::from("tags"), Node::Map(entries(|i| format!("k{i}"))))]);
    assert_eq!(tags.len(), 3);
    let text = "x".repeat(10_000_000);
    let violations = create(&json!({text.as_str(): text, "name": text})).unwrap_err();
    assert_eq!(violations.len(), 3);
    for violation in violations {
        let Violation { path, message, value, .. } = violation;
        assert!(path.len() < 200, "{}", path.len());
        assert!(message.len() < 300, "{}", message.len());
        assert!(value.to_string().len() < 200);
    }
}

#[test]
fn nesting_ends() {
    let mut deep = Node::Null;
    for _ in 0..1_000 {
        deep = Node::List(vec![deep]);
    }
    let extra = Node::Map(vec![(Key::from("a"), deep)]);
    let violations = said(validate::unchecked(&Node::Map(vec![]), Some(&extra)));
    assert_eq!(violations.len(), 1);
    assert!(violations[0].ends_with("not-json: can't be sent: it is nested too deep"));
}
