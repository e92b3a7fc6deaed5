//! `/api/atlas/v2/groups`: projects.

use serde_json::{Map, Value, json};

use super::validate::{Field, FieldKind};
use super::{shapes, validate};
use crate::emulator::auth;
use crate::emulator::clock::iso;
use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::{Call, Request};
use crate::emulator::store::Store;
use crate::emulator::store::identity::{Identity, Role};
use crate::emulator::store::projects::Project;

const CREATE: &[Field] = &[
    Field { name: "name", kind: FieldKind::Text },
    Field { name: "orgId", kind: FieldKind::Text },
    Field { name: "regionUsageRestrictions", kind: FieldKind::Text },
    Field { name: "tags", kind: FieldKind::Tags },
    Field { name: "withDefaultAlertsSettings", kind: FieldKind::Flag },
    Field { name: "id", kind: FieldKind::ReadOnly },
    Field { name: "created", kind: FieldKind::ReadOnly },
    Field { name: "clusterCount", kind: FieldKind::ReadOnly },
    Field { name: "links", kind: FieldKind::ReadOnly },
];

/// The projects that the caller can see, oldest first.
pub(crate) fn list(store: &Store, call: &Call<'_>, caller: &Identity, org_id: Option<&str>) -> Result<Reply, ApiError> {
    let visible = store
        .projects
        .values()
        .filter(|p| caller.can_read(&p.id, &p.org_id) && org_id.is_none_or(|org| org == p.org_id))
        .map(|project| show(project, call.query.base))
        .collect();
    lists::page(&call.query, visible)
}

pub(crate) fn get(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let project = store.project(call.group_id).ok_or_else(|| ApiError::group_not_found(call.group_id))?;
    Ok(Reply::entity(200, show(project, call.query.base)))
}

pub(crate) fn get_by_name(store: &Store, call: &Call<'_>, caller: &Identity) -> Result<Reply, ApiError> {
    let found = store.projects.values().find(|p| p.name == call.name && caller.can_read(&p.id, &p.org_id));
    let project = found.ok_or_else(|| {
        let detail = format!("No group with name {} exists.", call.name);
        ApiError::new(404, "GROUP_NAME_NOT_FOUND", detail).with([json!(call.name)])
    })?;
    Ok(Reply::entity(200, show(project, call.query.base)))
}

pub(crate) fn create(
    store: &mut Store,
    call: &Call<'_>,
    request: &Request,
    caller: &Identity,
) -> Result<Reply, ApiError> {
    let body = validate::object(request)?;
    validate::fields(&body, CREATE, "")?;
    let name = validate::required(&body, "name", "name")?;
    let org_id = validate::required(&body, "orgId", "orgId")?;
    if !is_group_name(name) {
        let detail = format!("An invalid group name \"{name}\" was specified.");
        return Err(ApiError::new(400, "INVALID_GROUP_NAME", detail).with([json!(name)]));
    }
    if store.org(org_id).is_none() {
        let detail = format!("No organization with ID {org_id} exists.");
        return Err(ApiError::new(404, "ORG_NOT_FOUND", detail).with([json!(org_id)]));
    }
    if !caller.is_member(org_id) {
        return Err(ApiError::new(401, "USER_CANNOT_ACCESS_ORG", "User cannot access this organization."));
    }
    if !caller.can_create_projects() {
        return Err(auth::weak_role(store));
    }
    if store.projects.values().any(|p| p.org_id == org_id && p.name == name) {
        let detail = format!("A group with name \"{name}\" already exists.");
        return Err(ApiError::new(409, "GROUP_ALREADY_EXISTS", detail).with([json!(name)]));
    }
    let now = store.now();
    let id = store.ids.object_id(now);
    let mut project = Project::new(id.clone(), name.to_owned(), org_id.to_owned(), now);
    project.tags = validate::tags_of(&body).unwrap_or_default();
    project.default_alerts = validate::flag(&body, "withDefaultAlertsSettings").unwrap_or(true);
    let shown = show(&project, call.query.base);
    store.add_project(project);
    if let Some(creator) = store.identities.get_mut(&caller.id) {
        creator.project_roles.insert(id, vec![Role::GroupOwner]);
    }
    let mut reply = Reply::entity(201, shown);
    // The doubled slash is the service's own.
    reply.headers.push(("location", format!("{}//api/atlas/v1.0", call.query.base)));
    Ok(reply)
}

pub(crate) fn delete(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    store.read_all(call.group_id);
    if store.project(call.group_id).is_some_and(|project| !project.instances.is_empty()) {
        let detail = "There are active clusters in this group. Terminate all clusters before closing the group.";
        return Err(ApiError::new(409, "CANNOT_CLOSE_GROUP_ACTIVE_ATLAS_CLUSTERS", detail));
    }
    store.remove_project(call.group_id);
    Ok(Reply::empty(204))
}

fn is_group_name(name: &str) -> bool {
    (1..=64).contains(&name.chars().count()) && name.chars().all(|c| c.is_alphanumeric() || "-_.(),:&@+'".contains(c))
}

fn show(project: &Project, base: &str) -> Value {
    let own = format!("{base}/api/atlas/v2/groups/{}", project.id);
    let mut links = vec![json!({"href": own, "rel": "self"})];
    for part in ["containers", "clusters", "databaseUsers", "peers", "processes", "whitelist"] {
        links.push(json!({"href": format!("{own}/{part}"), "rel": format!("https://cloud.mongodb.com/{part}")}));
    }
    let mut out = Map::new();
    out.insert("clusterCount".into(), json!(project.instances.len()));
    out.insert("created".into(), json!(iso(project.created)));
    out.insert("id".into(), json!(project.id));
    out.insert("links".into(), json!(links));
    out.insert("name".into(), json!(project.name));
    out.insert("orgId".into(), json!(project.org_id));
    if !project.tags.0.is_empty() {
        out.insert("tags".into(), shapes::tags(&project.tags));
    }
    out.insert("withDefaultAlertsSettings".into(), json!(project.default_alerts));
    Value::Object(out)
}
