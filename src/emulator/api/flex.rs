//! `/api/atlas/v2/groups/{groupId}/flexClusters`.

use serde_json::{Map, Value, json};

use super::regions::PROVIDERS;
use super::validate;
use super::validate::{Field, FieldKind};
use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::serve::app::{Call, Incoming};
use crate::emulator::store::Store;
use crate::emulator::store::instances::{Due, Instance, Kind, State};

const PROVIDER: &[Field] = &[
    Field { name: "backingProviderName", kind: FieldKind::Text },
    Field { name: "regionName", kind: FieldKind::Text },
    Field { name: "diskSizeGB", kind: FieldKind::ReadOnly },
    Field { name: "providerName", kind: FieldKind::ReadOnly },
];

const CREATE: &[Field] = &[
    Field { name: "name", kind: FieldKind::Text },
    Field { name: "providerSettings", kind: FieldKind::Object(PROVIDER) },
    Field { name: "tags", kind: FieldKind::Tags },
    Field { name: "terminationProtectionEnabled", kind: FieldKind::Flag },
    Field { name: "backupSettings", kind: FieldKind::ReadOnly },
    Field { name: "clusterType", kind: FieldKind::ReadOnly },
    Field { name: "connectionStrings", kind: FieldKind::ReadOnly },
    Field { name: "createDate", kind: FieldKind::ReadOnly },
    Field { name: "groupId", kind: FieldKind::ReadOnly },
    Field { name: "id", kind: FieldKind::ReadOnly },
    Field { name: "links", kind: FieldKind::ReadOnly },
    Field { name: "mongoDBVersion", kind: FieldKind::ReadOnly },
    Field { name: "stateName", kind: FieldKind::ReadOnly },
    Field { name: "versionReleaseSystem", kind: FieldKind::ReadOnly },
];

const UPDATE: &[Field] = &[
    Field { name: "tags", kind: FieldKind::Tags },
    Field { name: "terminationProtectionEnabled", kind: FieldKind::Flag },
    Field { name: "name", kind: FieldKind::ReadOnly },
    Field { name: "providerSettings", kind: FieldKind::ReadOnly },
    Field { name: "backupSettings", kind: FieldKind::ReadOnly },
    Field { name: "clusterType", kind: FieldKind::ReadOnly },
    Field { name: "connectionStrings", kind: FieldKind::ReadOnly },
    Field { name: "createDate", kind: FieldKind::ReadOnly },
    Field { name: "groupId", kind: FieldKind::ReadOnly },
    Field { name: "id", kind: FieldKind::ReadOnly },
    Field { name: "links", kind: FieldKind::ReadOnly },
    Field { name: "mongoDBVersion", kind: FieldKind::ReadOnly },
    Field { name: "stateName", kind: FieldKind::ReadOnly },
    Field { name: "versionReleaseSystem", kind: FieldKind::ReadOnly },
];

pub(crate) fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let page = call.query.page()?;
    store.read_all(call.group_id);
    let era = store.era();
    let Some(project) = store.project(call.group_id) else {
        return Ok(lists::reply(&call.query, page, Vec::new(), 0));
    };
    let total = [Kind::Serverless, Kind::Flex].into_iter().filter(|k| k.is_flex(era)).map(|k| project.count(k)).sum();
    let results: Vec<Value> = project
        .instances
        .values()
        .filter(|instance| instance.kind.is_flex(era))
        .skip(page.skip())
        .take(page.take())
        .map(|instance| instance.flex_json(call.group_id, era, false))
        .collect();
    Ok(lists::reply(&call.query, page, results, total))
}

pub(crate) fn create(store: &mut Store, call: &Call<'_>, request: &Incoming) -> Result<Reply, ApiError> {
    let body = validate::object(request)?;
    validate::fields(&body, CREATE, "")?;
    let name = validate::required(&body, "name", "name")?;
    let provider_settings =
        body.get("providerSettings").and_then(Value::as_object).ok_or_else(|| validate::missing("providerSettings"))?;
    let provider =
        validate::required(provider_settings, "backingProviderName", "providerSettings.backingProviderName")?;
    if !PROVIDERS.contains(&provider) {
        return Err(validate::invalid_attribute("backingProviderName"));
    }
    let region = validate::required(provider_settings, "regionName", "providerSettings.regionName")?;
    if !validate::region_offers(store, provider, region, true) {
        return Err(validate::invalid_attribute("regionName"));
    }
    if let Some(project) = store.project(call.group_id) {
        validate::name(store, project, name)?;
    }
    let instance = new_instance(store, &body, (name, provider, region));
    let instance = Instance { kind: Kind::Flex, continuous_backup: false, ..instance };
    let shown = instance.flex_json(call.group_id, store.era(), true);
    store.add_instance(call.group_id, instance);
    store.request_log.counters.created += 1;
    Ok(Reply::entity(201, shown))
}

/// What a create of either kind makes; each kind sets what is its own.
pub(crate) fn new_instance(store: &mut Store, body: &Map<String, Value>, named: (&str, &str, &str)) -> Instance {
    let (name, provider, region) = named;
    let now = store.now();
    Instance {
        id: store.ids.object_id(now).into(),
        name: name.into(),
        kind: Kind::Flex,
        provider: provider.into(),
        region: region.into(),
        created: now,
        state: State::Creating,
        due: Due::new(store.options.provisioning, now),
        tags: validate::tags_of(body).unwrap_or_default(),
        protected: validate::flag(body, "terminationProtectionEnabled").unwrap_or(false),
        continuous_backup: false,
    }
}

pub(crate) fn get(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    store.read(call.group_id, call.name);
    show(store, call)
}

pub(crate) fn update(store: &mut Store, call: &Call<'_>, request: &Incoming) -> Result<Reply, ApiError> {
    find(store, call)?;
    let body = validate::object(request)?;
    validate::fields(&body, UPDATE, "")?;
    check_not_deleting(store, call)?;
    apply_common(store, call, &body, |_| {});
    show(store, call)
}

pub(crate) fn delete(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    find(store, call)?;
    check_deletable(store, call)?;
    begin_deletion(store, call);
    Ok(Reply::empty(204))
}

fn show(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let instance = find(store, call)?;
    Ok(Reply::entity(200, instance.flex_json(call.group_id, store.era(), false)))
}

/// The cluster of that name, if this endpoint knows it.
fn find<'w>(store: &'w Store, call: &Call<'_>) -> Result<&'w Instance, ApiError> {
    let found = store.project(call.group_id).and_then(|project| project.find(call.name)).map(|(_, i)| i);
    match found {
        Some(instance) if instance.kind.is_flex(store.era()) => Ok(instance),
        Some(_) => {
            let detail = format!("Cannot use non-flex cluster {} in the flex API.", call.name);
            Err(ApiError::new(400, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API", detail).with([json!(call.name)]))
        }
        None => Err(not_found(call.name, call.group_id)),
    }
}

pub(crate) fn not_found(name: &str, group_id: &str) -> ApiError {
    let detail = format!("No cluster named {name} exists in group {group_id}.");
    ApiError::new(404, "CLUSTER_NOT_FOUND", detail).with([json!(name), json!(group_id)])
}

/// Applies what both kinds can change; the state is UPDATING until it is done.
pub(crate) fn apply_common(
    store: &mut Store,
    call: &Call<'_>,
    body: &Map<String, Value>,
    own: impl FnOnce(&mut Instance),
) {
    let Some(project) = store.project_mut(call.group_id) else { return };
    let Some((sequence, _)) = project.find(call.name) else { return };
    let Some(instance) = project.instances.get_mut(&sequence) else { return };
    if let Some(tags) = validate::tags_of(body) {
        instance.tags = tags;
    }
    if let Some(protected) = validate::flag(body, "terminationProtectionEnabled") {
        instance.protected = protected;
    }
    own(instance);
    // An instance that is still being created stays so: its own time goes on.
    if instance.state != State::Creating {
        let updating = store.options.updating.unwrap_or(store.options.provisioning);
        store.enter(call.group_id, call.name, State::Updating, updating);
    }
    store.request_log.counters.updated += 1;
}

pub(crate) fn check_not_deleting(store: &Store, call: &Call<'_>) -> Result<(), ApiError> {
    let found = store.project(call.group_id).and_then(|project| project.find(call.name));
    if found.is_some_and(|(_, instance)| instance.state == State::Deleting) {
        let detail = format!("The cluster {} has already been requested for deletion.", call.name);
        return Err(ApiError::new(400, "CLUSTER_ALREADY_REQUESTED_DELETION", detail).with([json!(call.name)]));
    }
    Ok(())
}

pub(crate) fn check_deletable(store: &Store, call: &Call<'_>) -> Result<(), ApiError> {
    check_not_deleting(store, call)?;
    let found = store.project(call.group_id).and_then(|project| project.find(call.name));
    if found.is_some_and(|(_, instance)| instance.protected) {
        let code = "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED";
        let detail = "Cannot terminate a cluster when termination protection is enabled. Disable termination \
                      protection and retry the operation.";
        return Err(ApiError::new(400, code, detail).with([json!(call.name)]));
    }
    Ok(())
}

pub(crate) fn begin_deletion(store: &mut Store, call: &Call<'_>) {
    let deletion = store.options.deletion.unwrap_or(store.options.provisioning);
    store.enter(call.group_id, call.name, State::Deleting, deletion);
    store.request_log.counters.deleted += 1;
}
