//! The rules on a request's fields, from outside: what is sent, and each violation with its exact words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use atlas_serverless::core::error::{NoticeKind, Violation};
use atlas_serverless::core::model::{Key, Kind, Node};
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

/// The same for a spec that JSON cannot say.
fn said_of(entries: Vec<(Key<'_>, Node<'_>)>) -> Vec<String> {
    said(validate::create(Kind::Serverless, GROUP, &Node::Map(entries), None))
}

#[test]
fn one_violation_for_each_misplaced_or_misspelt_key() {
    let beside = |pointer: &str, key: &str, value: Value| {
        let mut spec = full();
        spec.pointer_mut(pointer).unwrap()[key] = value;
        said(create(&spec))
    };
    for (pointer, key, expected) in [
        (
            "",
            "termination_protection",
            "termination_protection: unknown: is no field of a serverless instance; did you mean termination_protection_enabled?",
        ),
        ("", "Tags", "Tags: unknown: is no field of a serverless instance; did you mean tags?"),
        ("", "region", "region: misplaced: belongs under providerSettings, as regionName"),
        ("", "regionName", "regionName: misplaced: belongs under providerSettings, as regionName"),
        (
            "",
            "backing_provider_name",
            "backing_provider_name: misplaced: belongs under providerSettings, as backingProviderName",
        ),
        (
            "",
            "serverlessContinuousBackupEnabled",
            "serverlessContinuousBackupEnabled: misplaced: belongs under serverlessBackupOptions, as serverlessContinuousBackupEnabled",
        ),
        (
            "",
            "project_id",
            "project_id: unknown: is no field of a serverless instance: the project is the first argument, group_id",
        ),
        ("", "stateName", "stateName: read-only: is set by the service; leave it out"),
        ("", "mongo_db_version", "mongoDBVersion: read-only: is set by the service; leave it out"),
        ("", "nextBackupDate", "nextBackupDate: read-only: is set by the service; leave it out"),
        (
            "",
            "a b",
            "'a b': unknown: is no field of a serverless instance; extra_fields sends what this version does not know",
        ),
        ("", "name_", "name_: unknown: is no field of a serverless instance; did you mean name?"),
        (
            "/providerSettings",
            "region",
            "providerSettings.region: unknown: is no field of providerSettings; did you mean regionName?",
        ),
        ("/providerSettings", "tags", "providerSettings.tags: misplaced: belongs at the top level, as tags"),
        (
            "/providerSettings",
            "effectiveNewThing",
            "providerSettings.effectiveNewThing: read-only: is set by the service; leave it out",
        ),
        (
            "/serverlessBackupOptions",
            "serverlessContinuousBackup",
            "serverlessBackupOptions.serverlessContinuousBackup: unknown: is no field of serverlessBackupOptions; did you mean serverlessContinuousBackupEnabled?",
        ),
    ] {
        assert_eq!(beside(pointer, key, json!("x")), [expected]);
    }
    let both = "providerSettings.regionName: given-twice: is given twice, as regionName and as region_name; keep one";
    assert_eq!(beside("/providerSettings", "region_name", json!("US_EAST_1")), [both]);
}

#[test]
fn all_at_once_in_the_callers_order_and_what_is_missing_after_its_object() {
    let spec = json!({
        "tags": [{"key": "", "value": "x"}, {"key": "a"}],
        "provider_settings": {"regionName": 7, "provider_name": "AWS"},
        "nmae": "x",
        "terminationProtectionEnabled": null,
    });
    let result = validate::create(Kind::Serverless, "X", &Node::from(&spec), Some(&Node::from(&json!([]))));
    let places: Vec<String> =
        result.unwrap_err().iter().map(|v| format!("{} {} {}", v.path, v.rule, v.value)).collect();
    assert_eq!(
        places,
        [
            "groupId pattern \"X\"",
            "tags[0].key min-length \"\"",
            "tags[1].value required null",
            "providerSettings.regionName type 7",
            "providerSettings.providerName enum \"AWS\"",
            "providerSettings.backingProviderName required null",
            "nmae unknown \"x\"",
            "terminationProtectionEnabled none null",
            "name required null",
            "extra_fields type []",
        ]
    );
}

#[test]
fn what_json_cannot_say() {
    let other = |what: &'static str| Node::Other(what.into());
    let mut spec = vec![
        (Key::from("name"), other("bytes")),
        (Key::Other("the number 5".into()), Node::Null),
        (Key::from("terminationProtectionEnabled"), Node::Float(f64::NAN)),
        (Key::from("tags"), other("a list that contains itself")),
        (
            Key::from("providerSettings"),
            Node::Map(vec![
                (Key::from("backingProviderName"), other("a set")),
                (Key::from("regionName"), Node::Float(f64::INFINITY)),
                (Key::from("providerName"), Node::BigInt("123456789012345678901234567890".into())),
            ]),
        ),
    ];
    assert_eq!(
        said_of(spec.clone()),
        [
            "name: type: must be text of letters, digits and hyphens, such as 'my-instance', not bytes",
            "body: key-type: has a key that is not text: the number 5",
            "terminationProtectionEnabled: type: must be True or False, not NaN",
            "tags: type: must be a mapping such as {'env': 'dev'}, or a list of {'key': …, 'value': …}, not a list that contains itself",
            "providerSettings.backingProviderName: type: must be AWS, AZURE or GCP, not a set",
            "providerSettings.regionName: type: must be a region's name in Atlas' spelling, such as 'US_EAST_1', not infinity",
            "providerSettings.providerName: type: must be SERVERLESS, not a number of 30 digits",
        ]
    );
    spec.push((Key::from("deep"), Node::Null));
    assert_eq!(
        said(validate::unchecked(&Node::Map(spec), None)),
        [
            "name: not-json: can't be sent: JSON can't hold bytes",
            "body: key-type: has a key that is not text: the number 5",
            "terminationProtectionEnabled: not-json: can't be sent: JSON can't hold NaN",
            "tags: not-json: can't be sent: JSON can't hold a list that contains itself",
            "providerSettings.backingProviderName: not-json: can't be sent: JSON can't hold a set",
            "providerSettings.regionName: not-json: can't be sent: JSON can't hold infinity",
            "providerSettings.providerName: not-json: can't be sent: it has more than 64 bits",
        ]
    );
    assert_eq!(
        said(create(&json!([]))),
        ["body: type: must be a mapping with the fields of a serverless instance, not a list"]
    );
}

#[test]
fn secrets_are_not_repeated() {
    let mut spec = full();
    spec["client_secret"] = json!("mdb_sa_sk_hush");
    let violations = create(&spec).unwrap_err();
    assert_eq!(violations[0].value, json!("******"));
    assert_eq!(violations[0].message, "is no field of a serverless instance: credentials are given to the client");
    spec = with("/providerSettings", json!([{"password": "hush"}]));
    assert!(!format!("{:?}", create(&spec).unwrap_err()).contains("hush"));
}

#[test]
fn regions_are_warnings() {
    let notices = |provider: &str, region: &str| {
        let mut spec = with("/providerSettings/backingProviderName", json!(provider));
        spec["providerSettings"]["regionName"] = json!(region);
        let checked = create(&spec).unwrap();
        let body: Value = serde_json::from_slice(&checked.body).unwrap();
        assert_eq!(body["providerSettings"]["regionName"], region);
        checked.notices.into_iter().map(|notice| (notice.kind, notice.message)).collect::<Vec<_>>()
    };
    assert_eq!(notices("AWS", "US_EAST_1"), []);
    let message = |text: &str| [(NoticeKind::Region, text.to_owned())];
    assert_eq!(notices("AWS", "us-east-1"), message("Atlas spells the AWS region 'us-east-1' as US_EAST_1"));
    assert_eq!(
        notices("GCP", "US_EAST_1"),
        message("GCP has no region 'US_EAST_1' that this version knows, but AWS has one")
    );
    assert_eq!(notices("GCP", "\"\n"), message(r#"this version knows no GCP region '"\n', and sends it as it is"#));
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
    spec["providerSettings"]["diskSizeGB"] = json!(5.0);
    spec["backupSettings"] = json!({"enabled": true});
    let rules: Vec<_> = flex(&spec).unwrap_err().into_iter().map(|v| (v.path, v.rule)).collect();
    let read_only = |path: &str| (path.to_owned(), "read-only".to_owned());
    assert_eq!(
        rules,
        [
            read_only("providerSettings.providerName"),
            read_only("providerSettings.diskSizeGB"),
            read_only("backupSettings")
        ]
    );
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
        assert!(validate::name(wrong).is_some_and(|v| v.path == "name" && v.rule == "pattern"), "{wrong}");
    }
}

#[test]
fn huge_inputs_take_linear_time() {
    let entries = |make: fn(usize) -> String| -> Vec<(Key<'static>, Node<'static>)> {
        (0..100_000).map(|i| (Key::Str(make(i).into()), Node::Str("v".into()))).collect()
    };
    let unknown = said_of(entries(|i| format!("providerSettings{i}")));
    assert_eq!(unknown.len(), 100_002);
    let tags = said_of(vec![(Key::from("tags"), Node::Map(entries(|i| format!("k{i}"))))]);
    assert_eq!(tags.len(), 3);
    let text = "x".repeat(10_000_000);
    let violations = create(&json!({text.as_str(): text, "name": text})).unwrap_err();
    assert!(violations.iter().all(|v| v.path.len() < 200 && v.message.len() < 300 && v.value.to_string().len() < 200));
}

#[test]
fn nesting_ends() {
    let mut deep = Node::Null;
    for _ in 0..1_000 {
        deep = Node::List(vec![deep]);
    }
    let extra = Node::Map(vec![(Key::from("a"), deep)]);
    let violations = said(validate::unchecked(&Node::Map(vec![]), Some(&extra)));
    assert!(violations.len() == 1 && violations[0].ends_with("not-json: can't be sent: it is nested too deep"));
}
