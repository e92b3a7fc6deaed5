use serde_json::json;

use super::conversion::{ChangedField, LostField};
use super::*;
use crate::core::error::{Notice, NoticeKind};

fn converted(spec: &Value) -> Conversion {
    to_flex(&Node::from(spec)).unwrap()
}

fn lost(field: &str, value: Value, why: &'static str) -> LostField {
    LostField { field: field.into(), value, why }
}

const FIXED: &str = "Flex clusters have fixed backups, which can't be configured";

#[test]
fn a_create_spec_in_either_spelling() {
    let conversion = converted(&json!({
        "name": "n",
        "provider_settings": {"providerName": "SERVERLESS", "backing_provider_name": "AWS", "regionName": "US_EAST_1"},
        "serverlessBackupOptions": {"serverless_continuous_backup_enabled": true},
        "tags": {"env": "dev"},
        "terminationProtectionEnabled": true,
    }));
    let spec = json!({
        "name": "n",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
        "tags": [{"key": "env", "value": "dev"}],
        "terminationProtectionEnabled": true,
    });
    assert_eq!(Value::Object(conversion.spec).to_string(), spec.to_string());
    let options = json!({"serverlessContinuousBackupEnabled": true});
    assert_eq!(conversion.lost, [lost("serverlessBackupOptions", options, FIXED)]);
    assert_eq!(
        conversion.changed,
        [ChangedField {
            field: "providerSettings.providerName".into(),
            from: "SERVERLESS".into(),
            to: "FLEX".into(),
            why: "the service sets it, so it is not sent",
        }]
    );
    let notices: Vec<_> = conversion.notices.iter().map(|n| (n.kind, n.message.as_str())).collect();
    assert_eq!(
        notices,
        [(
            NoticeKind::Conversion,
            "the Flex cluster will be without serverlessBackupOptions (Flex clusters have fixed backups, which can't be configured)"
        )]
    );
}

#[test]
fn recorded_descriptions_of_both_kinds() {
    let body = |recording: &str| -> Value {
        let (_, body) = recording.split_once("\n\n").or_else(|| recording.split_once("\r\n\r\n")).unwrap();
        serde_json::from_str(body).unwrap()
    };
    let serverless = body(include_str!("../../../../tests/fixtures/recordings/serverless-get-200-idle-2025.http"));
    let conversion = converted(&serverless);
    let spec = json!({
        "name": "cluster-743",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
        "tags": [{"key": "env", "value": "test"}],
        "terminationProtectionEnabled": false,
    });
    assert_eq!(Value::Object(conversion.spec), spec);
    let options = json!({"serverlessContinuousBackupEnabled": false});
    assert_eq!(conversion.lost, [lost("serverlessBackupOptions", options, FIXED)]);

    let flex = converted(&body(include_str!("../../../../tests/fixtures/recordings/flex-get-200.http")));
    assert_eq!(flex.spec["providerSettings"], json!({"backingProviderName": "AWS", "regionName": "US_EAST_1"}));
    assert_eq!((flex.lost, flex.changed, flex.notices), (vec![], vec![], vec![]));
}

#[test]
fn private_endpoints_and_indexing_are_lost() {
    let conversion = converted(&json!({
        "name": "n",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1", "effectiveNew": 1},
        "connectionStrings": {"standardSrv": "mongodb+srv://x", "privateEndpoint": [{"type": "MONGOD"}]},
        "autoIndexing": true,
    }));
    assert_eq!(
        conversion.lost,
        [
            lost("privateEndpoint", json!([{"type": "MONGOD"}]), "Flex clusters have no private endpoints"),
            lost("autoIndexing", json!(true), "Flex clusters have no auto-indexing"),
        ]
    );
    assert_eq!(conversion.spec.len(), 2);
}

#[test]
fn a_region_without_flex_names_the_nearest() {
    let notices = converted(&json!({
        "name": "n",
        "providerSettings": {"backingProviderName": "AZURE", "regionName": "US_EAST"},
    }))
    .notices;
    assert_eq!(
        notices,
        [Notice {
            kind: NoticeKind::Region,
            message:
                "AZURE US_EAST (Virginia) does not offer Flex clusters, as far as this version knows; the nearest \
                      AZURE region that does is US_EAST_2 (Virginia, about 90 km)"
                    .into(),
        }]
    );
}

#[test]
fn a_command_line() {
    let spec = json!({
        "name": "n",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
        "tags": [{"key": "env", "value": "dev"}, {"key": "a", "value": "b"}, {"key": "d", "value": "e"}],
    });
    let words = [
        "n",
        "--provider",
        "AWS",
        "--region=US_EAST_1",
        "--tag",
        "env=dev",
        "--tag",
        "a=b,d=e",
        "-o",
        "json",
        "--projectId",
        "5e2211c17a3e5a48f5497de3",
    ];
    for start in [
        vec![],
        vec!["atlas", "serverless", "create"],
        vec!["/usr/bin/atlas", "sl", "create"],
        vec!["serverless", "create"],
    ] {
        let words: Vec<&str> = start.iter().chain(&words).copied().collect();
        let conversion = converted(&json!(words));
        assert_eq!(Value::Object(conversion.spec), spec);
        assert_eq!((conversion.lost, conversion.notices), (vec![], vec![]));
        assert_eq!(
            conversion.changed,
            [ChangedField {
                field: "projectId".into(),
                from: "5e2211c17a3e5a48f5497de3".into(),
                to: Value::Null,
                why: "the project is the first argument of create_flex_cluster, group_id",
            }]
        );
    }
}

#[test]
fn a_command_line_as_text() {
    let conversion = converted(&json!(
        "atlas serverless create 'n' --provider AWS \\\n  --region US_EAST_1 --tag \"team=data platform\" --disableServerlessContinuousBackup"
    ));
    let spec = json!({
        "name": "n",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
        "tags": [{"key": "team", "value": "data platform"}],
    });
    assert_eq!(Value::Object(conversion.spec), spec);
    let options = json!({"serverlessContinuousBackupEnabled": false});
    assert_eq!(conversion.lost, [lost("serverlessBackupOptions", options, FIXED)]);
    let violations = to_flex(&Node::text("atlas serverless create 'n")).unwrap_err();
    assert_eq!(violations[0].message, "has a quote that is not closed");
}

#[test]
fn a_body_that_no_rule_has_seen() {
    let body = json!({
        "name": "n", "id": "1", "shiny": {"a": 1}, "terminationProtectionEnabled": true,
        "providerSettings": {
            "backingProviderName": "AWS", "regionName": "US_EAST_1", "providerName": "SERVERLESS", "effectiveX": 1, "y": 2,
        },
    });
    let Value::Object(body) = body else { panic!() };
    let conversion = convert_body(body);
    let spec = json!({
        "name": "n",
        "terminationProtectionEnabled": true,
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
    });
    assert_eq!(Value::Object(conversion.spec), spec);
    let unknown = "as far as this version knows, Flex clusters have no such field";
    assert_eq!(
        conversion.lost,
        [lost("providerSettings.y", json!(2), unknown), lost("shiny", json!({"a": 1}), unknown)]
    );
    assert_eq!(conversion.notices.len(), 1);
}

#[test]
fn options_as_a_mapping() {
    let conversion = converted(&json!({
        "positional": "n",
        "provider": "GCP",
        "--region": "CENTRAL_US",
        "tag": {"env": "dev"},
        "disableServerlessContinuousBackup": true,
        "enableTerminationProtection": true,
        "output": "json",
    }));
    assert_eq!(
        Value::Object(conversion.spec),
        json!({
            "name": "n",
            "terminationProtectionEnabled": true,
            "providerSettings": {"backingProviderName": "GCP", "regionName": "CENTRAL_US"},
            "tags": [{"key": "env", "value": "dev"}],
        })
    );
    let options = json!({"serverlessContinuousBackupEnabled": false});
    assert_eq!(conversion.lost, [lost("serverlessBackupOptions", options, FIXED)]);
}

#[test]
fn violations_of_the_input() {
    for (spec, expected) in [
        (
            json!(5),
            "spec: must be a spec for create_serverless_instance, a serverless instance as the API describes it, or the arguments of 'atlas serverless create' as text, a list or a mapping, not the number 5",
        ),
        (
            json!(["atlas", "clusters", "create", "x"]),
            "spec: must be the arguments of 'atlas serverless create', not of 'atlas clusters create'",
        ),
        (
            json!(["n", "--provider", "AWS", "--regoin", "X"]),
            "--regoin: is no option of 'atlas serverless create'; did you mean region?",
        ),
        (json!(["n", "--provider"]), "--provider: needs a value"),
        (
            json!(["n", "--provider", "AWS", "--region", "US_EAST_1", "--tag", "env"]),
            "tag: must be key=value, such as env=dev",
        ),
        (
            json!(["n", "--provider", "AWS"]),
            "providerSettings.regionName: is required: a region's name in Atlas' spelling, such as 'US_EAST_1'",
        ),
        (json!(["n", "m", "--provider", "AWS", "--region", "US_EAST_1"]), "name: is given twice; keep one"),
        (json!(["n", 5]), "spec[1]: must be text, not the number 5"),
        (
            json!({"name": "n", "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}, "foo": 1}),
            "foo: is no field of a serverless instance; extra_fields sends what this version does not know",
        ),
    ] {
        let violations = to_flex(&Node::from(&spec)).unwrap_err();
        let messages: Vec<String> = violations.iter().map(|v| format!("{}: {}", v.path, v.message)).collect();
        assert_eq!(messages, [expected]);
    }
}
