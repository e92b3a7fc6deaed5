//! Each violation in its exact words.
use super::*;

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
fn a_region_that_is_certainly_misspelt_is_a_violation() {
    for (provider, region, expected) in [
        ("AWS", "us-east-1", "Atlas spells the AWS region 'us-east-1' as US_EAST_1: give \"US_EAST_1\""),
        ("AWS", " us_east_1", "Atlas spells the AWS region ' us_east_1' as US_EAST_1: give \"US_EAST_1\""),
        ("GCP", "us-central1", "Atlas spells the GCP region 'us-central1' as CENTRAL_US: give \"CENTRAL_US\""),
    ] {
        let mut spec = with("/providerSettings/backingProviderName", json!(provider));
        spec["providerSettings"]["regionName"] = json!(region);
        let violations = create(&spec).unwrap_err();
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].path, "providerSettings.regionName");
        assert_eq!(violations[0].message, expected);
        assert_eq!(violations[0].value, region);
    }
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
    assert_eq!(notices("AWS", "us-central1"), message("'us-central1' is no AWS region, but GCP has it, as CENTRAL_US"));
    assert_eq!(
        notices("GCP", "US_EAST_1"),
        message("GCP has no region 'US_EAST_1' that this version knows, but AWS has one")
    );
    assert_eq!(notices("GCP", "\"\n"), message(r#"this version knows no GCP region '"\n', and sends it as it is"#));
}
