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
use crate::emulator::store::projects::{Project, Team};

const CREATE: &[Field] = &[
    Field { name: "name", kind: FieldKind::Text },
    Field { name: "orgId", kind: FieldKind::Text },
    Field { name: "regionUsageRestrictions", kind: FieldKind::Text },
    Field { name: "tags", kind: FieldKind::Tags },
    Field { name: "withDefaultAlertsSettings", kind: FieldKind::Flag },
    // Every Go SDK sends these two, as its zero values.
    Field { name: "created", kind: FieldKind::Ignored },
    Field { name: "clusterCount", kind: FieldKind::Ignored },
    Field { name: "id", kind: FieldKind::ReadOnly },
    Field { name: "links", kind: FieldKind::ReadOnly },
];

const UPDATE: &[Field] = &[
    Field { name: "name", kind: FieldKind::Text },
    Field { name: "tags", kind: FieldKind::Tags },
    Field { name: "orgId", kind: FieldKind::ReadOnly },
    Field { name: "regionUsageRestrictions", kind: FieldKind::ReadOnly },
    Field { name: "withDefaultAlertsSettings", kind: FieldKind::ReadOnly },
    Field { name: "created", kind: FieldKind::ReadOnly },
    Field { name: "clusterCount", kind: FieldKind::ReadOnly },
    Field { name: "id", kind: FieldKind::ReadOnly },
    Field { name: "links", kind: FieldKind::ReadOnly },
];

/// The projects that the caller can see, oldest first.
pub(crate) fn list(store: &Store, call: &Call<'_>, caller: &Identity, org_id: Option<&str>) -> Result<Reply, ApiError> {
    let visible = store
        .projects
        .values()
        .filter(|p| caller.can_read(&p.id, &p.org_id) && org_id.is_none_or(|org| org == p.org_id))
        .map(|project| item(project, call.query.base))
        .collect();
    lists::page(&call.query, visible)
}

pub(crate) fn get(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    find(store, call).map(|project| Reply::entity(200, show(project, call.query.base, false)))
}

pub(crate) fn get_by_name(store: &Store, call: &Call<'_>, caller: &Identity) -> Result<Reply, ApiError> {
    let found = store.projects.values().find(|p| p.name == call.name && caller.can_read(&p.id, &p.org_id));
    let project = found.ok_or_else(|| {
        let detail = format!("No group with name {} exists.", call.name);
        ApiError::new(404, "GROUP_NAME_NOT_FOUND", detail).with([json!(call.name)])
    })?;
    Ok(Reply::entity(200, show(project, call.query.base, false)))
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
    check_name(name)?;
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
    check_free(store, org_id, name)?;
    let now = store.now();
    let id = store.ids.object_id(now);
    let mut project = Project::new(id.clone(), name.to_owned(), org_id.to_owned(), now);
    project.tags = validate::tags_of(&body).unwrap_or_default();
    project.default_alerts = validate::flag(&body, "withDefaultAlertsSettings").unwrap_or(true);
    let shown = show(&project, call.query.base, true);
    store.add_project(project);
    if let Some(creator) = store.identities.get_mut(&caller.id) {
        creator.project_roles.insert(id, vec![Role::GroupOwner]);
    }
    Ok(located(Reply::entity(201, shown), call))
}

pub(crate) fn delete(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    store.read_all(call.group_id);
    if store.project(call.group_id).is_some_and(|project| !project.instances.is_empty()) {
        let detail = "There are active clusters in this group. Terminate all clusters before closing the group.";
        return Err(ApiError::new(409, "CANNOT_CLOSE_GROUP_ACTIVE_ATLAS_CLUSTERS", detail));
    }
    store.remove_project(call.group_id);
    Ok(Reply::entity(202, json!({})))
}

/// Changes name and tags.
pub(crate) fn update(store: &mut Store, call: &Call<'_>, request: &Request) -> Result<Reply, ApiError> {
    let body = validate::object(request)?;
    validate::fields(&body, UPDATE, "")?;
    let project = find(store, call)?;
    let name = validate::text(&body, "name").filter(|name| *name != project.name);
    if let Some(name) = name {
        check_name(name)?;
        check_free(store, &project.org_id, name)?;
    }
    if let Some(project) = store.project_mut(call.group_id) {
        if let Some(name) = name {
            name.clone_into(&mut project.name);
        }
        if let Some(tags) = validate::tags_of(&body) {
            project.tags = tags;
        }
    }
    store.dirty = true;
    get(store, call)
}

/// The teams of a project, which come from a seed.
pub(crate) fn teams(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let own = format!("{}/api/atlas/v2/groups/{}/teams", call.query.base, call.group_id);
    let show = |team: &Team| {
        let links = shapes::links(&format!("{own}/{}", team.id), &[]);
        json!({"links": links, "roleNames": team.roles, "teamId": team.id})
    };
    lists::page(&call.query, find(store, call)?.teams.iter().map(show).collect())
}

/// The settings of every project, as recorded of a new one.
pub(crate) fn settings(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    find(store, call)?;
    let shown = json!({
        "isAtlasHomePageAiAssistantEnabled": true,
        "isClusterAiAssistantEnabled": true,
        "isCollectDatabaseSpecificsStatisticsEnabled": true,
        "isDataExplorerEnabled": true,
        "isDataExplorerGenAIFeaturesEnabled": true,
        "isDataExplorerGenAISampleDocumentPassingEnabled": false,
        "isDataValidationEnabled": true,
        "isExtendedStorageSizesEnabled": false,
        "isNativeRerankingEnabled": false,
        "isPerformanceAdvisorEnabled": true,
        "isRealtimePerformancePanelEnabled": true,
        "isSchemaAdvisorEnabled": true,
    });
    Ok(located(Reply::entity(200, shown), call))
}

/// With the `Location` of some replies, whose doubled slash is the service's own.
fn located(mut reply: Reply, call: &Call<'_>) -> Reply {
    reply.headers.push(("location", format!("{}//api/atlas/v1.0", call.query.base)));
    reply
}

fn find<'s>(store: &'s Store, call: &Call<'_>) -> Result<&'s Project, ApiError> {
    store.project(call.group_id).ok_or_else(|| ApiError::group_not_found(call.group_id))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if is_group_name(name) {
        return Ok(());
    }
    let detail = format!("An invalid group name \"{name}\" was specified.");
    Err(ApiError::new(400, "INVALID_GROUP_NAME", detail).with([json!(name)]))
}

fn check_free(store: &Store, org_id: &str, name: &str) -> Result<(), ApiError> {
    if store.projects.values().any(|p| p.org_id == org_id && p.name == name) {
        let detail = format!("A group with name \"{name}\" already exists.");
        return Err(ApiError::new(409, "GROUP_ALREADY_EXISTS", detail).with([json!(name)]));
    }
    Ok(())
}

fn is_group_name(name: &str) -> bool {
    (1..=64).contains(&name.chars().count()) && name.chars().all(|c| c.is_alphanumeric() || "-_.(),:&@+'".contains(c))
}

/// On its own; the reply to a create leaves out `tags` when there are none.
fn show(project: &Project, base: &str, just_created: bool) -> Value {
    let links = ["containers", "clusters", "databaseUsers", "peers", "processes", "whitelist"];
    with_links(project, base, &links, just_created && project.tags.0.is_empty())
}

/// In a list.
fn item(project: &Project, base: &str) -> Value {
    with_links(project, base, &[], false)
}

fn with_links(project: &Project, base: &str, parts: &[&str], without_tags: bool) -> Value {
    let own = format!("{base}/api/atlas/v2/groups/{}", project.id);
    let mut out = Map::new();
    out.insert("clusterCount".into(), json!(project.instances.len()));
    out.insert("created".into(), json!(iso(project.created)));
    out.insert("id".into(), json!(project.id));
    out.insert("links".into(), shapes::links(&own, parts));
    out.insert("name".into(), json!(project.name));
    out.insert("orgId".into(), json!(project.org_id));
    if !without_tags {
        out.insert("tags".into(), shapes::tags(&project.tags));
    }
    out.insert("withDefaultAlertsSettings".into(), json!(project.default_alerts));
    Value::Object(out)
}
