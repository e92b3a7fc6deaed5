//! A caller's spec: what is accepted is a JSON object, and is accepted again, unchanged.
use atlas_serverless::core::operations::list::ListFilter;
use atlas_serverless::core::spec::model::{Kind, Node};
use atlas_serverless::core::spec::validate;
use atlas_serverless::core::spec::validate::tag_arguments::{self, TagArguments};
use serde_json::Value;

use super::support;

/// A number that chooses the call, a name, then a spec as JSON; after another line, extra fields.
pub fn run(data: &[u8]) {
    let (choice, rest) = support::number(data);
    let (name, rest) = support::line(rest);
    let (spec, extra) = support::line(rest);
    let name = String::from_utf8_lossy(name);
    let Ok(spec) = serde_json::from_slice::<Value>(spec) else { return };
    let extra = serde_json::from_slice::<Value>(extra).ok();
    let node = support::node(&spec, 0);
    let extra = extra.as_ref().map(|extra| support::node(extra, 0));
    let kind = if choice % 2 == 0 { Kind::Serverless } else { Kind::Flex };
    match choice / 2 % 5 {
        0 => match validate::create(kind, support::GROUP, &node, extra.as_ref()) {
            Ok(checked) => {
                let body: Value = serde_json::from_slice(&checked.body).expect("a body is JSON");
                assert!(body.is_object());
                // Extra fields may be any; without them, what is sent passes the same checks.
                if extra.is_none() {
                    let again = validate::create(kind, support::GROUP, &Node::from(&body), None);
                    assert_eq!(again.expect("the same body is accepted again").body, checked.body);
                }
            }
            Err(violations) => assert_shown(&violations),
        },
        1 => match validate::update(kind, support::GROUP, &name, &node, extra.as_ref()) {
            Ok(checked) => assert!(serde_json::from_slice::<Value>(&checked.body).expect("JSON").is_object()),
            Err(violations) => assert_shown(&violations),
        },
        2 => match validate::upgrade(support::GROUP, &name, &node, extra.as_ref()) {
            Ok(checked) => assert!(serde_json::from_slice::<Value>(&checked.body).expect("JSON").is_object()),
            Err(violations) => assert_shown(&violations),
        },
        3 => match validate::unchecked(&node, extra.as_ref()) {
            Ok(checked) => assert!(serde_json::from_slice::<Value>(&checked.body).expect("JSON").is_object()),
            Err(violations) => assert_shown(&violations),
        },
        _ => {
            let tags = TagArguments { add: Some(&node), remove: extra.as_ref() };
            if let Err(violations) =
                tag_arguments::update(kind, support::GROUP, &name, &Node::Map(Vec::new()), None, tags)
            {
                assert_shown(&violations);
            }
            let _ = ListFilter::new(Some(&name), Some(&node), None);
        }
    }
}

fn assert_shown(violations: &[atlas_serverless::core::error::Violation]) {
    assert!(!violations.is_empty());
    for violation in violations {
        assert!(!violation.message.is_empty() && !violation.rule.is_empty());
    }
}
