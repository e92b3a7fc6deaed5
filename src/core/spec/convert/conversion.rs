//! The result of a conversion, and what Flex clusters lack.
use serde_json::{Map, Value, json};

use crate::core::error::{Notice, NoticeKind};
use crate::core::spec::model::fields::{self, Access, Object};
use crate::core::spec::model::suggestions::normalized;
use crate::core::spec::model::{Kind, Node};
use crate::core::spec::validate;

/// A spec for `create_flex_cluster`, and what the conversion changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Conversion {
    /// The body, by the API's names, in the order of the input.
    pub spec: Map<String, Value>,
    /// Fields that a Flex cluster does not have.
    pub lost: Vec<LostField>,
    /// Fields with another value.
    pub changed: Vec<ChangedField>,
    /// A warning about all that is lost, and one about a region without Flex.
    pub notices: Vec<Notice>,
}

/// A field that a Flex cluster does not have.
#[derive(Debug, Clone, PartialEq)]
pub struct LostField {
    /// Its name in the API of the input.
    pub field: String,
    pub value: Value,
    pub why: &'static str,
}

/// A field that has another value on a Flex cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedField {
    /// Its name in the input.
    pub field: String,
    pub from: Value,
    /// Null if the spec has no such field.
    pub to: Value,
    pub why: &'static str,
}

/// What Flex clusters lack: the field, its name in lower case without separators, and why.
pub const LOST: &[(&str, &str, &str)] = &[
    (BACKUP, "serverlessbackupoptions", "Flex clusters have fixed backups, which can't be configured"),
    ("privateEndpoint", "privateendpoint", "Flex clusters have no private endpoints"),
    ("privateEndpoints", "privateendpoints", "Flex clusters have no private endpoints"),
    ("autoIndexing", "autoindexing", "Flex clusters have no auto-indexing"),
    ("autoIndexingEnabled", "autoindexingenabled", "Flex clusters have no auto-indexing"),
];

const BACKUP: &str = "serverlessBackupOptions";

impl Conversion {
    /// Records a field that Flex clusters lack; false if it is not in [`LOST`].
    pub(super) fn record_lost(&mut self, name: &str, node: &Node<'_>) -> bool {
        let normalized_name = normalized(name);
        let Some((field, _, why)) = LOST.iter().find(|(_, known, _)| normalized_name.as_deref() == Some(known)) else {
            return false;
        };
        let empty = match node {
            Node::Null => true,
            Node::List(items) => items.is_empty(),
            Node::Map(entries) => entries.is_empty(),
            _ => false,
        };
        if !empty {
            self.lost.push(LostField { field: (*field).into(), value: validate::as_json(node), why });
        }
        true
    }

    /// Drops the fields that the service sets or that Flex does not have.
    fn keep_known_fields(&mut self, body: &mut Map<String, Value>, flex: &'static Object, prefix: &str) {
        let serverless = if prefix.is_empty() { &fields::SERVERLESS } else { &fields::SERVERLESS_PROVIDER };
        let names: Vec<String> = body.keys().cloned().collect();
        for name in names {
            let known = flex.find(&name).or_else(|| serverless.find(&name)).map(|(_, field)| field.create);
            let set_by_service = serverless.read_only_prefix.is_some_and(|prefix| name.starts_with(prefix));
            match known {
                Some(Access::Required | Access::Optional | Access::Unchangeable) => continue,
                Some(Access::ReadOnly) => drop(body.shift_remove(&name)),
                None if set_by_service => drop(body.shift_remove(&name)),
                None => {
                    let value = body.shift_remove(&name).unwrap_or_default();
                    let normalized_name = normalized(&name);
                    let why = LOST
                        .iter()
                        .find(|(_, known, _)| normalized_name.as_deref() == Some(known))
                        .map(|(.., why)| *why);
                    let why = why.unwrap_or("as far as this version knows, Flex clusters have no such field");
                    self.lost.push(LostField { field: format!("{prefix}{name}"), value, why });
                }
            }
        }
    }

    /// Converts a serverless body that has the API's own field names.
    pub(super) fn convert_body(&mut self, mut body: Map<String, Value>) {
        if let Some(options) = body.shift_remove(BACKUP).filter(|options| *options != json!({})) {
            let why = LOST.iter().find(|(field, ..)| *field == BACKUP).map_or("", |(.., why)| why);
            self.lost.push(LostField { field: BACKUP.into(), value: options, why });
        }
        if let Some(Value::Object(settings)) = body.get_mut("providerSettings") {
            if let Some(from) = settings.shift_remove("providerName") {
                self.changed.push(ChangedField {
                    field: "providerSettings.providerName".into(),
                    from,
                    to: "FLEX".into(),
                    why: "the service sets it, so it is not sent",
                });
            }
            self.keep_known_fields(settings, &fields::FLEX_PROVIDER, "providerSettings.");
            let text = |name: &str| settings.get(name).and_then(Value::as_str);
            if let (Some(provider), Some(region)) = (text("backingProviderName"), text("regionName")) {
                self.notices.extend(validate::region_notice(Kind::Flex, provider, region));
            }
        }
        self.keep_known_fields(&mut body, &fields::FLEX, "");
        if !self.lost.is_empty() {
            let lost: Vec<String> = self.lost.iter().map(|lost| format!("{} ({})", lost.field, lost.why)).collect();
            let message = format!("the Flex cluster will be without {}", lost.join(", "));
            self.notices.push(Notice { kind: NoticeKind::Conversion, message });
        }
        self.spec = body;
    }
}
