//! `/api/atlas/v2/groups/{groupId}/databaseUsers`. Duplicates, missing and short passwords are refused with documented
//! codes; which of them Atlas uses was not recorded.

use serde_json::{Map, Value, json};

use super::validate::{Field, FieldKind};
use super::{shapes, validate};
use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::{Call, Request};
use crate::emulator::store::Store;
use crate::emulator::store::access::DatabaseUser;

const ROLE: &[Field] = &[
    Field { name: "collectionName", kind: FieldKind::Text },
    Field { name: "databaseName", kind: FieldKind::Text },
    Field { name: "roleName", kind: FieldKind::Text },
];
const SCOPE: &[Field] = &[Field { name: "name", kind: FieldKind::Text }, Field { name: "type", kind: FieldKind::Text }];
const LABEL: &[Field] = &[Field { name: "key", kind: FieldKind::Text }, Field { name: "value", kind: FieldKind::Text }];
const FIELDS: &[Field] = &[
    Field { name: "awsIAMType", kind: FieldKind::Text },
    Field { name: "databaseName", kind: FieldKind::Text },
    Field { name: "deleteAfterDate", kind: FieldKind::Text },
    Field { name: "description", kind: FieldKind::Text },
    // Published as required; MongoDB's CLI sends it, and the path says the same.
    Field { name: "groupId", kind: FieldKind::Ignored },
    Field { name: "labels", kind: FieldKind::List(LABEL) },
    Field { name: "ldapAuthType", kind: FieldKind::Text },
    Field { name: "links", kind: FieldKind::ReadOnly },
    Field { name: "oidcAuthType", kind: FieldKind::Text },
    Field { name: "password", kind: FieldKind::Text },
    Field { name: "roles", kind: FieldKind::List(ROLE) },
    Field { name: "scopes", kind: FieldKind::List(SCOPE) },
    Field { name: "username", kind: FieldKind::Text },
    Field { name: "x509Type", kind: FieldKind::Text },
];
const MIN_PASSWORD: usize = 8;

pub(crate) fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    remove_expired(store, call);
    let users = store.project(call.group_id).map(|project| &*project.database_users).unwrap_or_default();
    lists::page(&call.query, users.iter().map(|user| show(user, call)).collect())
}

pub(crate) fn get(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    remove_expired(store, call);
    find(store, call).map(|user| Reply::entity(200, show(user, call)))
}

pub(crate) fn create(store: &mut Store, call: &Call<'_>, request: &Request) -> Result<Reply, ApiError> {
    remove_expired(store, call);
    let mut body = validate::object(request)?;
    validate::fields(&body, FIELDS, "")?;
    let username = validate::required(&body, "username", "username")?.to_owned();
    let password = body.remove("password");
    let user = read(&body, None)?;
    if user.roles.is_empty() {
        return Err(validate::missing("roles"));
    }
    if user.has_password() {
        let detail = "A password is required for users without an external authentication.";
        let password = password.as_ref().ok_or_else(|| ApiError::new(400, "MISSING_PASSWORD", detail))?;
        check_password(password)?;
    }
    if store.project(call.group_id).is_some_and(|project| project.user(&user.database_name, &username).is_some()) {
        let detail = format!("A user with username {username} already exists.");
        return Err(ApiError::new(409, "USER_ALREADY_EXISTS", detail).with([json!(username)]));
    }
    let shown = show(&user, call);
    if let Some(project) = store.project_mut(call.group_id) {
        project.database_users.push(user);
    }
    store.dirty = true;
    Ok(Reply::entity(201, shown))
}

pub(crate) fn update(store: &mut Store, call: &Call<'_>, request: &Request) -> Result<Reply, ApiError> {
    remove_expired(store, call);
    find(store, call)?;
    let mut body = validate::object(request)?;
    validate::fields(&body, FIELDS, "")?;
    if let Some(password) = body.remove("password") {
        check_password(&password)?;
    }
    let user = read(&body, Some(find(store, call)?))?;
    if !user.is(call.parent, call.name) {
        let detail = "The name and the database of a user cannot be changed.";
        return Err(ApiError::new(409, "DATABASE_USERNAME_CANNOT_BE_CHANGED", detail));
    }
    let shown = show(&user, call);
    let users = store.project_mut(call.group_id).map(|project| &mut project.database_users);
    if let Some(there) = users.into_iter().flatten().find(|there| there.is(call.parent, call.name)) {
        *there = user;
    }
    store.dirty = true;
    Ok(Reply::entity(200, shown))
}

pub(crate) fn delete(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    remove_expired(store, call);
    find(store, call)?;
    if let Some(project) = store.project_mut(call.group_id) {
        project.database_users.retain(|user| !user.is(call.parent, call.name));
    }
    store.dirty = true;
    Ok(Reply::empty(204))
}

/// The user that a body describes: a new one, or the one that is there with the fields of the body.
fn read(body: &Map<String, Value>, there: Option<&DatabaseUser>) -> Result<DatabaseUser, ApiError> {
    let mut fields = match there.map(|user| json!(user)) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let given = body.iter().filter(|(name, value)| *name != "groupId" && !value.is_null());
    fields.extend(given.map(|(name, value)| (name.clone(), value.clone())));
    serde_json::from_value(Value::Object(fields))
        .map_err(|error| ApiError::new(400, "INVALID_JSON", format!("Received JSON is no user: {error}.")))
}

fn check_password(password: &Value) -> Result<(), ApiError> {
    let length = password.as_str().unwrap_or_default().chars().count();
    if length < MIN_PASSWORD {
        return Err(ApiError::new(400, "WEAK_PASSWORD", format!("A password has at least {MIN_PASSWORD} characters.")));
    }
    Ok(())
}

fn remove_expired(store: &mut Store, call: &Call<'_>) {
    let now = store.now();
    if let Some(project) = store.project_mut(call.group_id) {
        project.remove_expired(now);
    }
}

fn find<'s>(store: &'s Store, call: &Call<'_>) -> Result<&'s DatabaseUser, ApiError> {
    let user = store.project(call.group_id).and_then(|project| project.user(call.parent, call.name));
    user.ok_or_else(|| user_not_found(call.name))
}

pub(crate) fn user_not_found(username: &str) -> ApiError {
    let detail = format!("No user with username {username} exists.");
    ApiError::new(404, "USERNAME_NOT_FOUND", detail).with([json!(username)])
}

/// In the recorded order, which is that of the alphabet.
fn show(user: &DatabaseUser, call: &Call<'_>) -> Value {
    let own = [&user.database_name, &user.username].map(|part| shapes::encoded(part)).join("/");
    let href = format!("{}/api/atlas/v2/groups/{}/databaseUsers/{own}", call.query.base, call.group_id);
    shapes::sorted(json!(user), [("groupId", json!(call.group_id)), ("links", shapes::links(&href, &[]))])
}
