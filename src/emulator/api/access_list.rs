//! `/api/atlas/v2/groups/{groupId}/accessList`: from where the clusters of a project can be reached. Adding an entry that is
//! there replaces it; that, and the codes of refusals, are assumed.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::validate::{Field, FieldKind};
use super::{shapes, validate};
use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::{Call, Request};
use crate::emulator::store::Store;
use crate::emulator::store::access::AccessListEntry;

const FIELDS: &[Field] = &[
    Field { name: "awsSecurityGroup", kind: FieldKind::Text },
    Field { name: "cidrBlock", kind: FieldKind::Text },
    Field { name: "comment", kind: FieldKind::Text },
    Field { name: "deleteAfterDate", kind: FieldKind::Text },
    // MongoDB's CLI sends it.
    Field { name: "groupId", kind: FieldKind::Ignored },
    Field { name: "ipAddress", kind: FieldKind::Text },
    Field { name: "links", kind: FieldKind::ReadOnly },
];
const MAX_COMMENT: usize = 80;

pub(crate) fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    remove_expired(store, call);
    let entries = store.project(call.group_id).map(|project| &*project.access_list).unwrap_or_default();
    lists::page(&call.query, entries.iter().map(|entry| show(entry, call)).collect())
}

pub(crate) fn get(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    remove_expired(store, call);
    find(store, call).map(|entry| Reply::entity(200, show(entry, call)))
}

pub(crate) fn status(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    remove_expired(store, call);
    find(store, call).map(|_| Reply::entity(200, json!({"STATUS": "ACTIVE"})))
}

/// Adds the entries of a list, all or none, and answers with the whole list.
pub(crate) fn create(store: &mut Store, call: &Call<'_>, request: &Request) -> Result<Reply, ApiError> {
    let entries: Vec<AccessListEntry> = validate::list(request)?.iter().map(read).collect::<Result<_, _>>()?;
    if let Some(project) = store.project_mut(call.group_id) {
        // The last of each value holds, however many were sent.
        let mut values = HashSet::new();
        let mut entries: Vec<_> = entries.into_iter().rev().filter(|e| values.insert(e.value().to_owned())).collect();
        project.access_list.retain(|there| !values.contains(there.value()));
        entries.reverse();
        project.access_list.append(&mut entries);
    }
    store.dirty = true;
    list(store, call).map(|reply| Reply { status: 201, ..reply })
}

pub(crate) fn delete(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    remove_expired(store, call);
    let value = find(store, call)?.value().to_owned();
    if let Some(project) = store.project_mut(call.group_id) {
        project.access_list.retain(|entry| entry.value() != value);
    }
    store.dirty = true;
    Ok(Reply::empty(204))
}

fn read(entry: &Value) -> Result<AccessListEntry, ApiError> {
    let mut fields = entry.as_object().cloned().ok_or_else(validate::not_expected)?;
    validate::fields(&fields, FIELDS, "")?;
    fields.retain(|name, value| name != "groupId" && !value.is_null());
    let values = ["awsSecurityGroup", "cidrBlock", "ipAddress"];
    if values.iter().filter(|name| fields.contains_key(**name)).count() != 1 {
        let detail = "An entry has one of awsSecurityGroup, cidrBlock and ipAddress.";
        return Err(ApiError::new(400, "BAD_WHITELIST_ADD_REQUEST", detail));
    }
    if validate::text(&fields, "comment").is_some_and(|comment| comment.chars().count() > MAX_COMMENT) {
        return Err(validate::invalid_attribute("comment"));
    }
    let entry: AccessListEntry = serde_json::from_value(Value::Object(fields)).map_err(|_| validate::not_expected())?;
    entry.completed().map_err(|given| {
        let detail = format!("The address {given} must be in valid IP address or CIDR notation.");
        ApiError::new(400, "INVALID_IP_ADDRESS_OR_CIDR_NOTATION", detail).with([json!(given)])
    })
}

fn remove_expired(store: &mut Store, call: &Call<'_>) {
    let now = store.now();
    if let Some(project) = store.project_mut(call.group_id) {
        project.remove_expired(now);
    }
}

fn find<'s>(store: &'s Store, call: &Call<'_>) -> Result<&'s AccessListEntry, ApiError> {
    let entry = store.project(call.group_id).and_then(|project| project.access_list_entry(call.name));
    entry.ok_or_else(|| entry_not_found(call.name, call.group_id))
}

pub(crate) fn entry_not_found(value: &str, group_id: &str) -> ApiError {
    let detail = format!("IP Address {value} not on Atlas access list for group {group_id}.");
    ApiError::new(404, "ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND", detail).with([json!(value), json!(group_id)])
}

/// In the recorded order, which is that of the alphabet.
fn show(entry: &AccessListEntry, call: &Call<'_>) -> Value {
    let base = format!("{}/api/atlas/v2/groups/{}/accessList", call.query.base, call.group_id);
    let href = format!("{base}/{}", shapes::encoded(entry.value()));
    shapes::sorted(json!(entry), [("groupId", json!(call.group_id)), ("links", shapes::links(&href, &[]))])
}
