//! Upgrades: spellings as in MongoDB's published description, and the shape of the target.
use std::collections::BTreeSet;

use atlas_serverless::core::error::Violation;
use atlas_serverless::core::spec::model::Node;
use atlas_serverless::core::spec::model::cluster::CLUSTER;
use atlas_serverless::core::spec::validate::{self, Checked};
use serde_json::{Value, json};

use crate::fields::schema;
use crate::{GROUP, said};

fn upgrade(target: &Value, extra: Option<&Value>) -> Result<Checked, Vec<Violation>> {
    validate::upgrade(GROUP, "orders", &Node::from(target), extra.map(Node::from).as_ref())
}

/// The names of what can be sent, at every depth.
fn names(schema_name: &str, found: &mut BTreeSet<String>, seen: &mut BTreeSet<String>) {
    if !seen.insert(schema_name.to_owned()) {
        return;
    }
    for (name, property) in schema(schema_name)["properties"].as_object().into_iter().flatten() {
        if property["readOnly"] == true {
            continue;
        }
        if name == "tags" || name.contains(char::is_uppercase) {
            found.insert(name.clone());
        }
        let item = if property["items"].is_object() { &property["items"] } else { property };
        if let Some(inner) = item["$ref"].as_str() {
            names(inner.rsplit('/').next().unwrap(), found, seen);
        }
    }
}

#[test]
fn every_field_of_the_published_description_has_its_spelling() {
    let mut published = BTreeSet::new();
    names("AtlasTenantClusterUpgradeRequest20240805", &mut published, &mut BTreeSet::new());
    let known: BTreeSet<String> = CLUSTER.fields.iter().map(|field| field.name.to_owned()).collect();
    assert_eq!(known, published);
    let snake: BTreeSet<&str> = CLUSTER.fields.iter().map(|field| field.snake).collect();
    assert_eq!(snake.len(), CLUSTER.fields.len());
}

#[test]
fn a_target_is_sent_in_the_apis_spelling_and_otherwise_as_it_is() {
    let target = json!({
        "cluster_type": "REPLICASET",
        "replication_specs": [{
            "zone_name": "Zone 1",
            "region_configs": [{"auto_scaling": {"disk_gb": {"enabled": true}}, "electableSpecs": {"disk_size_gb": 10.5}}],
        }],
        "mongo_db_major_version": "8.0",
        "of_tomorrow": {"some_thing": [null, {"a_b": 1}]},
        "tags": {"env_of": "dev"},
    });
    let checked = upgrade(&target, Some(&json!({"pit_enabled": true}))).unwrap();
    let expected = json!({
        "name": "orders",
        "clusterType": "REPLICASET",
        "replicationSpecs": [{
            "zoneName": "Zone 1",
            "regionConfigs": [{"autoScaling": {"diskGB": {"enabled": true}}, "electableSpecs": {"diskSizeGB": 10.5}}],
        }],
        "mongoDBMajorVersion": "8.0",
        "of_tomorrow": {"some_thing": [null, {"a_b": 1}]},
        "tags": [{"key": "env_of", "value": "dev"}],
        "pitEnabled": true,
    });
    assert_eq!(String::from_utf8(checked.body).unwrap(), expected.to_string());
    assert_eq!(checked.name.as_deref(), Some("orders"));
}

#[test]
fn only_the_shape_of_the_target_is_checked() {
    let twice = "replicationSpecs[0].regionConfigs: given-twice: is given twice, in both spellings; keep one";
    for (target, expected) in [
        (json!({}), vec![": min-length: names no target; give clusterType and replicationSpecs"]),
        (json!({"clusterType": 5}), vec!["clusterType: type: must be text such as 'REPLICASET', not the number 5"]),
        (json!({"clusterType": "NO_SUCH_TYPE", "replicationSpecs": [{}]}), vec![]),
        (
            json!({"replicationSpecs": {}}),
            vec!["replicationSpecs: type: must be a list of mappings, each with regionConfigs, not a mapping"],
        ),
        (json!({"replicationSpecs": []}), vec!["replicationSpecs: min-length: must have at least one entry"]),
        (
            json!({"replicationSpecs": [{}, "M10"]}),
            vec!["replicationSpecs[1]: type: must be a mapping with regionConfigs, not the text 'M10'"],
        ),
        (json!({"replication_specs": [{"regionConfigs": [], "region_configs": []}]}), vec![twice]),
        (json!({"name": "other"}), vec!["name: given-twice: is given in extra_fields too; keep one"]),
    ] {
        assert_eq!(said(upgrade(&target, None)), expected, "{target}");
    }
    let target = json!({"clusterType": "REPLICASET"});
    let wrong = validate::upgrade("x", "a/b", &Node::from(&target), None).unwrap_err();
    assert_eq!(wrong.iter().map(|v| v.path.as_str()).collect::<Vec<_>>(), ["groupId", "name"]);
}
