//! Database users, access list entries, projects and restores: what is accepted has the fields that its request needs.
use atlas_serverless::core::spec::validate::connect;
use serde_json::Value;

use super::support;

/// A number that chooses the call, a name, then the fields as JSON; after another line, extra fields.
pub fn run(data: &[u8]) {
    let (choice, rest) = support::number(data);
    let (name, rest) = support::line(rest);
    let (fields, extra) = support::line(rest);
    let name = String::from_utf8_lossy(name);
    let Ok(fields) = serde_json::from_slice::<Value>(fields) else { return };
    let extra = serde_json::from_slice::<Value>(extra).ok();
    let fields = support::node(&fields, 0);
    let extra = extra.as_ref().map(|extra| support::node(extra, 0));
    let (group, extra) = (support::GROUP, extra.as_ref());
    let (checked, needed) = match choice % 6 {
        0 => (connect::create_database_user(group, &name, "admin", &fields, extra), "username"),
        1 => (connect::update_database_user(group, &name, "$external", &fields, extra), ""),
        2 => (connect::access_list_entry(group, &fields, extra), ""),
        3 => (connect::create_project(Some(group), &fields, extra), "orgId"),
        4 => (connect::update_project(group, &fields, extra), ""),
        _ => (connect::restore_job(group, &name, &fields, extra), "targetProjectId"),
    };
    match checked {
        Ok(body) => assert!(needed.is_empty() || body.contains_key(needed), "{body:?}"),
        Err(violations) => assert!(!violations.is_empty()),
    }
    let _ = connect::user_path(group, &name, "admin");
    let _ = connect::entry_path(group, &name);
    let _ = connect::backup_path(group, &name, Some(("snapshotId", &name)));
}
