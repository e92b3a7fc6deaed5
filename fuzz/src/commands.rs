//! `to_flex_spec` of a command line of the Atlas CLI.
use atlas_serverless::core::spec::convert::to_flex;
use atlas_serverless::core::spec::model::{Kind, Node};
use atlas_serverless::core::spec::validate;
use serde_json::Value;

use super::{Reached, support};

/// A command line as text, and its words as a list.
pub fn run(data: &[u8]) -> Reached {
    let text = String::from_utf8_lossy(data);
    let reached = check(&Node::text(&text));
    let words = check(&Node::List(text.split_whitespace().map(Node::text).collect()));
    // Without quotation marks and escapes they are the same.
    let is_plain = |c: char| c.is_ascii_graphic() || matches!(c, ' ' | '\t' | '\n');
    if text.chars().all(is_plain) && !text.contains(['"', '\'', '\\', '#']) {
        assert_eq!(reached, words, "{text:?}");
    }
    reached
}

/// What `to_flex_spec` returns is accepted by `create_flex_cluster`, and is left as it is by a second conversion.
pub(super) fn check(spec: &Node<'_>) -> Reached {
    match to_flex(spec) {
        Ok(conversion) => {
            assert_eq!(
                conversion.lost.is_empty(),
                !conversion.notices.iter().any(|n| n.message.contains("be without"))
            );
            let converted = Value::Object(conversion.spec);
            let created = validate::create(Kind::Flex, support::GROUP, &Node::from(&converted), None);
            assert!(created.is_ok(), "{converted} {:?}", created.err());
            let again = to_flex(&Node::from(&converted)).expect("it is converted again");
            assert_eq!(Value::Object(again.spec), converted);
            assert_eq!((again.lost, again.changed), (vec![], vec![]));
            Reached::Accepted
        }
        Err(violations) => {
            assert!(!violations.is_empty());
            Reached::Refused
        }
    }
}
