//! `to_flex_spec` of a command line of the Atlas CLI.
use atlas_serverless::core::spec::convert::to_flex;
use atlas_serverless::core::spec::model::{Kind, Node};
use atlas_serverless::core::spec::validate;
use serde_json::Value;

use super::support;

/// A command line as text, and its words as a list.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    check(&Node::text(&text));
    check(&Node::List(text.split_whitespace().map(Node::text).collect()));
}

/// What `to_flex_spec` returns is accepted by `create_flex_cluster`.
pub(super) fn check(spec: &Node<'_>) {
    match to_flex(spec) {
        Ok(conversion) => {
            let converted = Value::Object(conversion.spec);
            let created = validate::create(Kind::Flex, support::GROUP, &Node::from(&converted), None);
            assert!(created.is_ok(), "{converted} {:?}", created.err());
        }
        Err(violations) => assert!(!violations.is_empty()),
    }
}
