//! What serverless instances and Flex clusters have in common.

use serde_json::{Map, Value, json};

use super::validate;
use crate::emulator::http::replies::ApiError;
use crate::emulator::http::request::Call;
use crate::emulator::options::Calendar;
use crate::emulator::store::Store;
use crate::emulator::store::instances::{Instance, Kind, State};
use crate::emulator::store::transition::TransitionEnd;

/// The instance that a create of either kind stores; each kind sets its own fields.
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
        due: TransitionEnd::new(store.options.provisioning, now),
        tags: validate::tags_of(body).unwrap_or_default(),
        protected: validate::flag(body, "terminationProtectionEnabled").unwrap_or(false),
        continuous_backup: false,
        target: None,
        backups: None,
    }
}

/// Applies the changes that both kinds allow; the state is UPDATING until they are done.
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
        store.begin_transition(call.group_id, call.name, State::Updating, updating);
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
        // Recorded of 2026: the general code, though the documented one is not gone.
        let code = if store.calendar() >= Calendar::Retired { "ATLAS_GENERAL_ERROR" } else { code };
        return Err(ApiError::new(400, code, detail).with([json!(call.name)]));
    }
    Ok(())
}

pub(crate) fn begin_deletion(store: &mut Store, call: &Call<'_>) {
    let deletion = store.options.deletion.unwrap_or(store.options.provisioning);
    store.begin_transition(call.group_id, call.name, State::Deleting, deletion);
    store.request_log.counters.deleted += 1;
}

pub(crate) fn cluster_not_found(name: &str, group_id: &str) -> ApiError {
    let detail = format!("No cluster named {name} exists in group {group_id}.");
    ApiError::new(404, "CLUSTER_NOT_FOUND", detail).with([json!(name), json!(group_id)])
}

pub(crate) fn serverless_not_found(name: &str, group_id: &str) -> ApiError {
    let detail = format!("No serverless instance named {name} exists in group {group_id}.");
    ApiError::new(404, "SERVERLESS_INSTANCE_NOT_FOUND", detail).with([json!(name), json!(group_id)])
}
