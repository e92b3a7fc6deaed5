//! Database users, access list entries, projects and restores: what is accepted has the fields that its request needs, and is
//! accepted again.
use atlas_serverless::core::error::Violation;
use atlas_serverless::core::spec::model::Node;
use atlas_serverless::core::spec::validate::connect;
use serde_json::{Map, Value};

use super::{Reached, support};

/// A number that chooses the call, a name, then the fields as JSON; after another line, extra fields.
pub fn run(data: &[u8]) -> Reached {
    let (choice, rest) = support::number(data);
    let (name, rest) = support::line(rest);
    let (fields, extra) = support::line(rest);
    let name = String::from_utf8_lossy(name);
    let Ok(fields) = serde_json::from_slice::<Value>(fields) else { return Reached::Nothing };
    let extra = serde_json::from_slice::<Value>(extra).ok();
    let fields = support::node(&fields, 0);
    let extra = extra.as_ref().map(|extra| support::node(extra, 0));
    let reached = match checked(choice, &name, &fields, extra.as_ref()) {
        Ok(body) => {
            for needed in NEEDED[usize::from(choice) % 6] {
                assert!(body.contains_key(*needed), "{needed} in {body:?}");
            }
            // Extra fields may be any; without them, what is sent passes the same checks.
            if extra.is_none() {
                let mut fields = Value::Object(body.clone());
                if choice % 6 == 0 {
                    // They are arguments of the call.
                    fields.as_object_mut().unwrap().retain(|field, _| field != "username" && field != "databaseName");
                }
                assert_eq!(checked(choice, &name, &Node::from(&fields), None), Ok(body));
            }
            Reached::Accepted
        }
        Err(violations) => {
            support::assert_shown(&violations);
            Reached::Refused
        }
    };
    let _ = connect::user_path(support::GROUP, &name, "admin");
    let _ = connect::entry_path(support::GROUP, &name);
    let _ = connect::backup_path(support::GROUP, &name, Some(("snapshotId", &name)));
    reached
}

const NEEDED: [&[&str]; 6] =
    [&["username", "databaseName"], &[], &[], &["orgId", "name"], &[], &["snapshotId", "targetProjectId"]];

fn checked(
    choice: u16,
    name: &str,
    fields: &Node<'_>,
    extra: Option<&Node<'_>>,
) -> Result<Map<String, Value>, Vec<Violation>> {
    let group = support::GROUP;
    let database = if choice % 12 < 6 { "admin" } else { "$external" };
    match choice % 6 {
        0 => connect::create_database_user(group, name, database, fields, extra),
        1 => connect::update_database_user(group, name, "$external", fields, extra),
        2 => connect::access_list_entry(group, fields, extra),
        3 => connect::create_project(Some(group), fields, extra),
        4 => connect::update_project(group, fields, extra),
        _ => connect::restore_job(group, name, fields, extra),
    }
}
