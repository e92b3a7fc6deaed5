//! The bodies of what belongs to a project beside its clusters, and the ids of them in a path.
use serde_json::{Map, Value};

use super::path::Path;
use super::{describe, form, rules, text, to_json, violation, walk};
use crate::core::error::Violation;
use crate::core::spec::model::connect::{ACCESS_LIST_ENTRY, ADMIN, DATABASE_USER, PROJECT, RESTORE_JOB};
use crate::core::spec::model::fields::Object;
use crate::core::spec::model::text_form::TextForm;
use crate::core::spec::model::{Key, Node, Operation};

type Checked = Result<Map<String, Value>, Vec<Violation>>;

/// The database of users that an external authority knows.
const EXTERNAL: &str = "$external";
const USER_TYPES: [&str; 4] = ["awsIAMType", "ldapAuthType", "oidcAuthType", "x509Type"];
const PLACES: [&str; 3] = ["ipAddress", "cidrBlock", "awsSecurityGroup"];

/// The body of a create of a database user: its name, its database, and the fields.
///
/// # Errors
/// All violations.
pub fn create_database_user(
    group_id: &str,
    username: &str,
    database_name: &str,
    fields: &Node<'_>,
    extra_fields: Option<&Node<'_>>,
) -> Checked {
    let mut violations: Vec<Violation> = user_path(group_id, username, database_name);
    let body = body(&DATABASE_USER, Operation::Create, fields, extra_fields, &mut violations);
    let chosen: Vec<&str> = USER_TYPES.into_iter().filter(|name| !is_none(body.get(*name))).collect();
    let mut push =
        |path: &str, rule: &str, message: String| violations.push(violation(path, rule, message, &Node::Null));
    match (chosen.as_slice(), body.contains_key("password")) {
        ([], false) => push("password", rules::REQUIRED, "is required: text of at least 8 characters".to_owned()),
        ([], true) => {}
        ([kind], true) => {
            push(
                "password",
                rules::AMBIGUOUS,
                format!("is not for a user who is known by {kind}; leave one of them out"),
            );
        }
        ([_], false) => {}
        (several, _) => push("body", rules::AMBIGUOUS, format!("{} exclude each other", several.join(" and "))),
    }
    // An identity provider's groups are in "admin", as recorded.
    let is_external = chosen.iter().any(|name| body.get(*name).and_then(Value::as_str) != Some("IDP_GROUP"));
    let expected = if is_external { EXTERNAL } else { ADMIN };
    if [ADMIN, EXTERNAL].contains(&database_name) && database_name != expected {
        push("databaseName", rules::ENUM, format!("must be {expected} for a user of this kind, not {database_name}"));
    }
    let mut whole = Map::new();
    whole.insert("username".to_owned(), username.into());
    whole.insert("databaseName".to_owned(), database_name.into());
    whole.extend(body);
    finish(whole, violations)
}

/// The body of an update of a database user.
///
/// # Errors
/// All violations.
pub fn update_database_user(
    group_id: &str,
    username: &str,
    database_name: &str,
    fields: &Node<'_>,
    extra_fields: Option<&Node<'_>>,
) -> Checked {
    let mut violations = user_path(group_id, username, database_name);
    let body = body(&DATABASE_USER, Operation::Update, fields, extra_fields, &mut violations);
    finish(body, violations)
}

/// One entry of the access list.
///
/// # Errors
/// All violations.
pub fn access_list_entry(group_id: &str, fields: &Node<'_>, extra_fields: Option<&Node<'_>>) -> Checked {
    let mut violations: Vec<Violation> = super::group_id(group_id).into_iter().collect();
    let body = body(&ACCESS_LIST_ENTRY, Operation::Create, fields, extra_fields, &mut violations);
    let given: Vec<&str> = PLACES.into_iter().filter(|name| body.contains_key(*name)).collect();
    match given.as_slice() {
        [_] => {}
        [] => {
            let message =
                "is required: an address (ip_address), a block (cidr_block) or a security group (aws_security_group)";
            violations.push(violation("ipAddress", rules::REQUIRED, message.to_owned(), &Node::Null));
        }
        several => {
            let message = format!("has {}, of which an entry takes one", several.join(" and "));
            violations.push(violation("body", rules::AMBIGUOUS, message, &Node::Null));
        }
    }
    if body.contains_key("awsSecurityGroup") && body.contains_key("deleteAfterDate") {
        let message = "cannot be set for a security group".to_owned();
        violations.push(violation("deleteAfterDate", rules::AMBIGUOUS, message, &Node::Null));
    }
    finish(body, violations)
}

/// The body of a create of a project; `org_id` is the organization if the fields name none.
///
/// # Errors
/// All violations.
pub fn create_project(org_id: Option<&str>, fields: &Node<'_>, extra_fields: Option<&Node<'_>>) -> Checked {
    let mut violations = Vec::new();
    let names_org = ["orgId", "org_id"].iter().any(|name| fields.get(name).is_some());
    let with_default = match (fields, org_id) {
        (Node::Map(entries), Some(org_id)) if !names_org => {
            let entries = entries.iter().cloned().chain([(Key::from("orgId"), Node::text(org_id))]);
            Some(Node::Map(entries.collect()))
        }
        _ => None,
    };
    let fields = with_default.as_ref().unwrap_or(fields);
    let body = body(&PROJECT, Operation::Create, fields, extra_fields, &mut violations);
    finish(body, violations)
}

/// The body of an update of a project.
///
/// # Errors
/// All violations.
pub fn update_project(group_id: &str, fields: &Node<'_>, extra_fields: Option<&Node<'_>>) -> Checked {
    let mut violations = super::group_id(group_id).into_iter().collect();
    let body = body(&PROJECT, Operation::Update, fields, extra_fields, &mut violations);
    finish(body, violations)
}

/// The body of a restore of the Flex cluster `name`.
///
/// # Errors
/// All violations.
pub fn restore_job(group_id: &str, name: &str, fields: &Node<'_>, extra_fields: Option<&Node<'_>>) -> Checked {
    let mut violations = super::group_id(group_id).into_iter().chain(super::name(name)).collect();
    let mut body = body(&RESTORE_JOB, Operation::Create, fields, extra_fields, &mut violations);
    if !body.contains_key("targetProjectId") {
        body.insert("targetProjectId".to_owned(), group_id.into());
    }
    finish(body, violations)
}

/// The path of a database user.
#[must_use]
pub fn user_path(group_id: &str, username: &str, database_name: &str) -> Vec<Violation> {
    let name = TextForm::Plain { min: 1, max: 1024 };
    let database = (![ADMIN, EXTERNAL].contains(&database_name)).then(|| {
        let message = format!("must be admin or $external, not {}", describe::quoted(database_name));
        violation("databaseName", rules::ENUM, message, &Node::text(database_name))
    });
    let username = form::problem(name, username).or_else(|| form::dot_segment(username)).map(|(rule, wrong)| {
        let message = format!("must be a user's name of 1 to 1024 characters, {wrong}");
        violation("username", rule, message, &Node::text(username))
    });
    super::group_id(group_id).into_iter().chain(username).chain(database).collect()
}

/// The path of an entry of the access list.
#[must_use]
pub fn entry_path(group_id: &str, value: &str) -> Vec<Violation> {
    let forms = [TextForm::Address, TextForm::Block, TextForm::SecurityGroup];
    let right = forms.into_iter().any(|form| form::problem(form, value).is_none());
    let entry = (!right).then(|| {
        let message = "must be an address, a block of addresses or a security group, as the list has it".to_owned();
        violation("entryValue", rules::PATTERN, message, &Node::text(value))
    });
    super::group_id(group_id).into_iter().chain(entry).collect()
}

/// The path of something that a Flex cluster's backups have.
#[must_use]
pub fn backup_path(group_id: &str, name: &str, id: Option<(&str, &str)>) -> Vec<Violation> {
    let id = id.and_then(|(path, id)| {
        let message = text::group_id(id)?;
        let (_, wrong) = message.rsplit_once("; ")?;
        let message = format!("must be an id: 24 of the characters 0 to 9 and a to f; {wrong}");
        Some(violation(path, rules::PATTERN, message, &Node::text(id)))
    });
    super::group_id(group_id).into_iter().chain(super::name(name)).chain(id).collect()
}

/// A body whose fields are those of `object`, and `extra_fields` merged in.
fn body(
    object: &'static Object,
    operation: Operation,
    fields: &Node<'_>,
    extra_fields: Option<&Node<'_>>,
    violations: &mut Vec<Violation>,
) -> Map<String, Value> {
    let mut of_extra = Vec::new();
    let extra = to_json::extra(extra_fields, &[object], &mut of_extra);
    walk::Walk::new(object, None, operation, extra.as_ref(), violations).spec(fields);
    violations.append(&mut of_extra);
    // The walk has reported what JSON cannot represent.
    let mut body = to_json::body(fields, &[object], &mut Vec::new());
    if let Some(extra) = extra {
        to_json::merge(&mut body, extra, &Path::Root, violations);
    }
    body
}

fn finish(body: Map<String, Value>, violations: Vec<Violation>) -> Checked {
    if violations.is_empty() { Ok(body) } else { Err(violations) }
}

fn is_none(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value == "NONE")
}
