//! Validation of request bodies, with the service's error codes.

use serde_json::{Map, Value, json};

use super::regions;
use crate::emulator::http::replies::ApiError;
use crate::emulator::http::request::Request;
use crate::emulator::http::version;
use crate::emulator::json::parse;
use crate::emulator::options::Regions;
use crate::emulator::store::Store;
use crate::emulator::store::instances::Tags;
use crate::emulator::store::projects::{PREFIX, Project};

/// One field of a body.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: FieldKind,
}

/// What a field takes.
pub(crate) enum FieldKind {
    Text,
    Flag,
    Tags,
    Object(&'static [Field]),
    /// A list of objects with any fields.
    Objects,
    /// A list of objects with these fields.
    List(&'static [Field]),
    Any,
    /// As [`FieldKind::Tags`], where a key that appears again replaces the earlier one.
    LaterTags,
    /// Read-only, yet taken when it says this, as the service does.
    Fixed(&'static str),
    /// Read-only, yet taken and not looked at, as the service does.
    Ignored,
    /// Read-only and refused.
    ReadOnly,
}

type Object = Map<String, Value>;

/// Reads a JSON object from the body.
pub(crate) fn object(request: &Request) -> Result<Object, ApiError> {
    if !version::is_json_body(&request.headers) {
        return Err(ApiError::new(415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type"));
    }
    match parse(&request.body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(not_expected()),
        Err(_) => Err(ApiError::new(400, "MALFORMED_JSON", "Received JSON is malformed.")),
    }
}

/// Reads a JSON list from the body.
pub(crate) fn list(request: &Request) -> Result<Vec<Value>, ApiError> {
    if !version::is_json_body(&request.headers) {
        return Err(ApiError::new(415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type"));
    }
    match parse(&request.body) {
        Ok(Value::Array(list)) => Ok(list),
        Ok(_) => Err(not_expected()),
        Err(_) => Err(ApiError::new(400, "MALFORMED_JSON", "Received JSON is malformed.")),
    }
}

/// The refusal of JSON of another shape.
pub(crate) fn not_expected() -> ApiError {
    ApiError::new(400, "INVALID_JSON", "Received JSON does not match expected format.")
}

/// Refuses unknown and read-only fields and wrong types, in the order of the body.
pub(crate) fn fields(object: &Object, known: &[Field], path: &str) -> Result<(), ApiError> {
    for (key, value) in object {
        let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let Some(field) = known.iter().find(|field| field.name == key) else {
            return Err(invalid_attribute(&full));
        };
        let fits = match &field.kind {
            FieldKind::ReadOnly => {
                let detail = format!("Attribute {full} is read-only and cannot be changed by the user.");
                return Err(ApiError::new(400, "ATTRIBUTE_READ_ONLY", detail).with([json!(full)]));
            }
            FieldKind::Ignored => true,
            _ if value.is_null() => true,
            FieldKind::Fixed(only) if value.is_string() => match value == *only {
                true => true,
                false => return Err(invalid_attribute(&full)),
            },
            FieldKind::Fixed(_) => false,
            FieldKind::Text => value.is_string(),
            FieldKind::Flag => value.is_boolean(),
            FieldKind::Objects => value.as_array().is_some_and(|list| list.iter().all(Value::is_object)),
            FieldKind::Any => true,
            FieldKind::List(inner) => match value.as_array() {
                Some(list) => {
                    for (at, item) in list.iter().enumerate() {
                        let path = format!("{full}[{at}]");
                        fields(item.as_object().ok_or_else(|| wrong_type(&path))?, inner, &path)?;
                    }
                    true
                }
                None => false,
            },
            FieldKind::Object(inner) => match value.as_object() {
                Some(object) => {
                    fields(object, inner, &full)?;
                    true
                }
                None => false,
            },
            FieldKind::Tags => {
                tags(value, &full, false)?;
                true
            }
            FieldKind::LaterTags => {
                tags(value, &full, true)?;
                true
            }
        };
        if !fits {
            return Err(wrong_type(&full));
        }
    }
    Ok(())
}

pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

pub(crate) fn flag(object: &Object, name: &str) -> Option<bool> {
    object.get(name).and_then(Value::as_bool)
}

pub(crate) fn required<'a>(object: &'a Object, name: &str, full: &str) -> Result<&'a str, ApiError> {
    text(object, name).filter(|text| !text.is_empty()).ok_or_else(|| missing(full))
}

pub(crate) fn missing(full: &str) -> ApiError {
    let detail = format!("The required attribute {full} was not specified.");
    ApiError::new(400, "MISSING_ATTRIBUTE", detail).with([json!(full)])
}

pub(crate) fn invalid_attribute(full: &str) -> ApiError {
    ApiError::new(400, "INVALID_ATTRIBUTE", format!("Invalid attribute {full} specified.")).with([json!(full)])
}

fn wrong_type(full: &str) -> ApiError {
    let detail = format!("Received JSON for the {full} attribute does not match expected format.");
    ApiError::new(400, "INVALID_JSON_ATTRIBUTE", detail).with([json!(full)])
}

/// The tags of a body, when it has any. [`fields`] has checked them.
pub(crate) fn tags_of(object: &Object) -> Option<Tags> {
    let list = object.get("tags")?.as_array()?;
    let part = |tag: &Value, name: &str| -> Box<str> { tag.get(name).and_then(Value::as_str).unwrap_or("").into() };
    let mut tags: Vec<(Box<str>, Box<str>)> = Vec::with_capacity(list.len());
    for tag in list {
        let (key, value) = (part(tag, "key"), part(tag, "value"));
        match tags.iter_mut().find(|(there, _)| *there == key) {
            Some(there) => there.1 = value,
            None => tags.push((key, value)),
        }
    }
    Some(Tags(tags))
}

fn tags(value: &Value, full: &str, later_wins: bool) -> Result<(), ApiError> {
    const KNOWN: &[Field] =
        &[Field { name: "key", kind: FieldKind::Text }, Field { name: "value", kind: FieldKind::Text }];
    let list = value.as_array().ok_or_else(|| wrong_type(full))?;
    // A list of any length is compared and answered in no time.
    if list.len() > 50 {
        return Err(invalid_tags(vec![(full.to_owned(), "A resource takes at most 50 tags.".to_owned())]));
    }
    let mut found = Vec::new();
    let mut keys: Vec<&str> = Vec::new();
    for (at, tag) in list.iter().enumerate() {
        let object = tag.as_object().ok_or_else(|| wrong_type(&format!("{full}[{at}]")))?;
        fields(object, KNOWN, &format!("{full}[{at}]"))?;
        for name in ["key", "value"] {
            let text = text(object, name).unwrap_or_default();
            let field = format!("{full}[{at}].{name}");
            if !(1..=255).contains(&text.chars().count()) {
                found.push((field, "The length must be between 1 and 255 characters.".to_owned()));
            } else if !text.chars().all(is_tag_character) {
                let rule = "Only letters, digits, spaces and the characters ; @ _ - . + are allowed.";
                found.push((field, rule.to_owned()));
            }
        }
        let key = text(object, "key").unwrap_or_default();
        if keys.contains(&key) && !later_wins {
            found.push((format!("{full}[{at}].key"), format!("The key {key} appears more than once.")));
        }
        keys.push(key);
    }
    if found.is_empty() { Ok(()) } else { Err(invalid_tags(found)) }
}

fn invalid_tags(found: Vec<(String, String)>) -> ApiError {
    let mut error = ApiError::new(400, "VALIDATION_ERROR", "Validation failed for one or more tags.");
    error.fields = found;
    error
}

fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric() || " ;@_-.+".contains(character)
}

/// Checks a cluster's name: first its form, then the names that are taken.
pub(crate) fn name(store: &Store, project: &Project, name: &str) -> Result<(), ApiError> {
    let bad = |code: &str, detail: String| Err(ApiError::new(400, code, detail).with([json!(name)]));
    let starts = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if !starts || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        let detail = "The name can only contain ASCII letters, numbers, and hyphens.";
        return bad("CLUSTER_NAME_INVALID", format!("The cluster name {name} is invalid. {detail}"));
    }
    if name.len() > 64 {
        let detail = format!("Cluster name {name} is limited to 64 characters.");
        return Err(ApiError::new(400, "CLUSTER_NAME_TOO_LONG", detail).with([json!(name), json!(64)]));
    }
    if is_reserved(name) {
        let detail = format!(
            "The provided cluster name {name} creates a conflict with our internal hostnames, which are generated \
             using the pattern \"atlas-[a-z0-9]{{6}}\"."
        );
        return bad("ATLAS_RESERVED_CLUSTER_NAME", detail);
    }
    let prefix = name.get(..PREFIX).unwrap_or(name);
    if prefix.ends_with('-') {
        let detail = format!(
            "Cluster name \"{name}\" is invalid. Atlas truncates cluster names to {PREFIX} characters which results \
             in an invalid hostname due to a trailing \"-\" in the generated cluster name prefix \"{prefix}\"."
        );
        let parameters = [json!(name), json!(PREFIX), json!(prefix)];
        return Err(ApiError::new(400, "CLUSTER_NAME_PREFIX_INVALID", detail).with(parameters));
    }
    if project.has_name(name) {
        let detail = format!("A cluster named {name} is already present in group {}.", project.id);
        return Err(ApiError::new(400, "DUPLICATE_CLUSTER_NAME", detail).with([json!(name), json!(project.id)]));
    }
    if project.has_prefix(name) {
        let detail = format!(
            "Cluster name {name} cannot have same first {PREFIX} characters as another cluster name in same group."
        );
        return Err(ApiError::new(400, "DUPLICATE_CLUSTER_NAME_PREFIX", detail).with([json!(name), json!(PREFIX)]));
    }
    if let Some(max) = store.options.clusters_per_project.filter(|max| project.instances.len() >= *max) {
        let detail = format!("The project already has {max} clusters, which is the most that it can have.");
        return Err(ApiError::new(400, "DEFAULT_CONFIG_LIMIT_EXCEPTION", detail).with([json!(max)]));
    }
    Ok(())
}

fn is_reserved(name: &str) -> bool {
    name.strip_prefix("atlas-")
        .is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// Whether a region is known and offers Flex clusters, or else serverless instances.
pub(crate) fn region_offers(store: &Store, provider: &str, region: &str, flex: bool) -> bool {
    if store.options.regions == Regions::Any {
        return !region.is_empty();
    }
    regions::find(provider, region).is_some_and(|found| if flex { found.flex } else { found.serverless })
}
