//! The shape of an upgrade's target. What the target may be, the service says.
use serde_json::{Map, Value};

use super::{describe, rules};
use crate::core::error::Violation;
use crate::core::spec::model::Node;

/// Checks the fields of a target.
pub(super) fn shape(fields: &Map<String, Value>, violations: &mut Vec<Violation>) {
    let mut push = |path: String, rule: &str, message: String, given: &Value| {
        violations.push(Violation { path, message, value: describe::value(&Node::from(given)), rule: rule.to_owned() });
    };
    let must_be =
        |expects: &str, given: &Value| format!("must be {expects}, not {}", describe::got(&Node::from(given)));
    if fields.is_empty() {
        let message = "names no target; give clusterType and replicationSpecs".to_owned();
        push(String::new(), rules::MIN_LENGTH, message, &Value::Object(Map::new()));
    }
    if let Some(given) = fields.get("clusterType").filter(|value| !value.is_string()) {
        push("clusterType".to_owned(), rules::TYPE, must_be("text such as 'REPLICASET'", given), given);
    }
    let Some(specs) = fields.get("replicationSpecs") else { return };
    let path = "replicationSpecs".to_owned();
    match specs.as_array() {
        None => push(path, rules::TYPE, must_be("a list of mappings, each with regionConfigs", specs), specs),
        Some(items) if items.is_empty() => {
            push(path, rules::MIN_LENGTH, "must have at least one entry".to_owned(), specs);
        }
        Some(items) => {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| !item.is_object()) {
                let message = must_be("a mapping with regionConfigs", item);
                push(format!("{path}[{index}]"), rules::TYPE, message, item);
            }
        }
    }
}
