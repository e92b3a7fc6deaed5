//! Checks the fields of a request by the rules of the API before anything is sent. No I/O; all violations at once.
//!
//! Where the API's documentation is not exact:
//! - **None** is never sent and never means "left out": it is a violation that says to leave the argument out.
//!   (`extra_fields=None` is its default and means none.)
//! - **A name of exactly 23 characters** may end in a hyphen: the two documented rules are about shorter and longer names.
//!   If the service refuses more, its own error says so.
//! - **Letters in tags** are letters of any script; lengths count characters, not bytes.
//! - **A region** that the table does not know, or knows not to offer the kind, is sent, with a notice.
//! - **`extra_fields`** is merged in after the fields were checked, at any depth, with aliases translated and nothing
//!   else checked; it can hold a required field. A field in both is a violation.
//! - **`tags={"key": …, "value": …}`** is refused: it is more often one tag without its list than two tags of these
//!   names, which can be given as a list.
pub mod connect;
mod describe;
pub(crate) mod form;
pub(crate) mod path;
mod region;
mod rules;
pub mod tag_arguments;
mod tags;
mod text;
mod to_json;
mod upgrade;
mod walk;

use serde_json::{Map, Value};

use super::model::cluster::CLUSTER;
use super::model::{Kind, Node, Operation};
use crate::core::error::{Notice, Violation};

pub use self::rules::RULES;

use self::path::Path;

/// A request body that passed validation.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The resource's name, if the request has one.
    pub name: Option<String>,
    /// JSON with the API's names, in the caller's order.
    pub body: Vec<u8>,
    /// Warnings for the caller.
    pub notices: Vec<Notice>,
}

/// Checks a create: the project's id, every field of `spec`, and that `extra_fields` fits beside them.
///
/// # Errors
/// All violations, in the order of the caller's fields; a missing field follows the object that lacks it.
pub fn create(
    kind: Kind,
    group_id: &str,
    spec: &Node<'_>,
    extra_fields: Option<&Node<'_>>,
) -> Result<Checked, Vec<Violation>> {
    let of_project = self::group_id(group_id);
    let may_be_the_name = of_project.is_some() && self::name(group_id).is_none();
    let mut checked = check(kind, Operation::Create, of_project.into_iter().collect(), spec, extra_fields);
    if may_be_the_name
        && let Err(violations) = &mut checked
        && let Some(name) = violations.iter_mut().find(|one| one.path == "name" && one.rule == rules::REQUIRED)
    {
        name.message = name_as_project("name", group_id);
        // If nothing else is wrong, that is the one mistake.
        if violations.len() == 2 {
            violations.retain(|one| one.path != "groupId");
        }
    }
    checked
}

/// A single positional argument is the project: what to say where it is the name that was probably meant.
pub(crate) fn name_as_project(argument: &str, given: &str) -> String {
    format!(
        "is required: the first positional argument is the project, group_id; give the name as {argument}=\"{given}\""
    )
}

/// Checks an update of the resource `name`: only what may change, and at least one such field.
///
/// # Errors
/// All violations, as for [`create()`].
pub fn update(
    kind: Kind,
    group_id: &str,
    name: &str,
    spec: &Node<'_>,
    extra_fields: Option<&Node<'_>>,
) -> Result<Checked, Vec<Violation>> {
    let violations = self::target(group_id, name);
    let mut checked = check(kind, Operation::Update, violations, spec, extra_fields)?;
    checked.name = Some(name.to_owned());
    Ok(checked)
}

/// Checks the upgrade of the Flex cluster `name`: the shape of its target.
///
/// # Errors
/// All violations.
pub fn upgrade(
    group_id: &str,
    name: &str,
    target: &Node<'_>,
    extra_fields: Option<&Node<'_>>,
) -> Result<Checked, Vec<Violation>> {
    let mut violations = self::target(group_id, name);
    let extra = to_json::extra(extra_fields, &[&CLUSTER], &mut violations);
    let mut fields = to_json::body(target, &[&CLUSTER], &mut violations);
    if let Some(extra) = extra {
        to_json::merge(&mut fields, extra, &Path::Root, &mut violations);
    }
    upgrade::shape(&fields, &mut violations);
    let mut body = Map::from_iter([("name".to_owned(), Value::from(name))]);
    to_json::merge(&mut body, fields, &Path::Root, &mut violations);
    if !violations.is_empty() {
        return Err(violations);
    }
    let body = Value::Object(body).to_string().into_bytes();
    Ok(Checked { name: Some(name.to_owned()), body, notices: Vec::new() })
}

/// A body without validation (`validate=False`): aliases and a mapping of tags are translated, and what JSON cannot
/// represent is refused (other types, NaN, keys that are no text, cycles); no rule of the API is applied.
///
/// # Errors
/// Everything that JSON cannot represent, and fields that are given twice.
pub fn unchecked(spec: &Node<'_>, extra_fields: Option<&Node<'_>>) -> Result<Checked, Vec<Violation>> {
    let mut violations = Vec::new();
    let kinds = to_json::both_kinds();
    let extra = to_json::extra(extra_fields, &kinds, &mut violations);
    let mut body = to_json::body(spec, &kinds, &mut violations);
    if let Some(extra) = extra {
        to_json::merge(&mut body, extra, &Path::Root, &mut violations);
    }
    if !violations.is_empty() {
        return Err(violations);
    }
    Ok(Checked {
        name: body.get("name").and_then(Value::as_str).map(str::to_owned),
        body: Value::Object(body).to_string().into_bytes(),
        notices: Vec::new(),
    })
}

/// Checks the texts of a call that are neither names nor ids: none may be empty.
pub(crate) fn not_empty(texts: &[(&str, Option<&str>)]) -> Vec<Violation> {
    let empty = texts.iter().filter(|(_, text)| text.is_some_and(|text| text.trim().is_empty()));
    let message = "is empty: leave it out, or give what is meant";
    empty
        .map(|(path, text)| {
            violation(path, rules::MIN_LENGTH, message.to_owned(), &Node::text(text.unwrap_or_default()))
        })
        .collect()
}

/// Checks project and name of one resource: each, and whether the two are the wrong way round.
#[must_use]
pub fn target(group_id: &str, name: &str) -> Vec<Violation> {
    let of_project = self::group_id(group_id);
    if of_project.is_some() && self::name(group_id).is_none() && self::group_id(name).is_none() {
        let message = format!(
            "is the name of a cluster, and name an id: it is the other way round, group_id={}, name={}",
            describe::quoted(name),
            describe::quoted(group_id)
        );
        return vec![violation("groupId", rules::PATTERN, message, &Node::text(group_id))];
    }
    of_project.into_iter().chain(self::name(name)).collect()
}

/// Checks a project's id: 24 hexadecimal digits in lower case.
#[must_use]
pub fn group_id(value: &str) -> Option<Violation> {
    text::group_id(value).map(|message| Violation {
        path: "groupId".into(),
        message,
        value: describe::value(&Node::text(value)),
        rule: rules::PATTERN.into(),
    })
}

/// Checks a resource's name in a path against the API's pattern, which also makes it a safe path segment. The limits on
/// new names do not apply: an existing resource may have another name.
#[must_use]
pub fn name(value: &str) -> Option<Violation> {
    text::existing_name(value).map(|message| Violation {
        path: "name".into(),
        message,
        value: describe::value(&Node::text(value)),
        rule: rules::PATTERN.into(),
    })
}

/// As [`create()`], without a project; for a conversion.
pub(crate) fn create_spec(kind: Kind, spec: &Node<'_>) -> Result<Checked, Vec<Violation>> {
    check(kind, Operation::Create, Vec::new(), spec, None)
}

/// A notice, if the region is not one in which `provider` is known to offer the kind.
pub(crate) fn region_notice(kind: Kind, provider: &str, name: &str) -> Option<Notice> {
    region::notice(kind, provider, name)
}

/// A violation of something that is not in a body.
pub(crate) fn violation(path: &str, rule: &str, message: String, given: &Node<'_>) -> Violation {
    Violation { path: path.to_owned(), message, value: describe::value(given), rule: rule.to_owned() }
}

/// The violation for an argument of the wrong type.
pub(crate) fn wrong_input(path: &str, expects: &str, given: &Node<'_>) -> Violation {
    violation(path, rules::TYPE, format!("must be {expects}, not {}", describe::got(given)), given)
}

/// A value as JSON; what JSON cannot represent becomes null.
pub(crate) fn as_json(node: &Node<'_>) -> Value {
    to_json::any(node)
}

fn check(
    kind: Kind,
    operation: Operation,
    mut violations: Vec<Violation>,
    spec: &Node<'_>,
    extra_fields: Option<&Node<'_>>,
) -> Result<Checked, Vec<Violation>> {
    let mut of_extra = Vec::new();
    let kinds = to_json::both_kinds();
    let extra = to_json::extra(extra_fields, &kinds, &mut of_extra);
    let mut walk = walk::Walk::new(kind.fields(), Some(kind), operation, extra.as_ref(), &mut violations);
    walk.spec(spec);
    let (mut body, mut name, notices) = (walk.out, walk.name.map(str::to_owned), walk.notices);
    violations.append(&mut of_extra);
    if let Some(extra) = extra {
        // The walk has reported what JSON cannot represent.
        let mut merged = to_json::body(spec, &kinds, &mut Vec::new());
        to_json::merge(&mut merged, extra, &Path::Root, &mut violations);
        name = name.or_else(|| merged.get("name").and_then(Value::as_str).map(str::to_owned));
        body = Value::Object(merged).to_string().into_bytes();
    }
    if violations.is_empty() { Ok(Checked { name, body, notices }) } else { Err(violations) }
}
