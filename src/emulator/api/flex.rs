//! `/api/atlas/v2/groups/{groupId}/flexClusters`.

use serde_json::{Value, json};

use super::instances::{
    apply_common, begin_deletion, check_deletable, check_not_deleting, cluster_not_found, new_instance,
};
use super::regions::PROVIDERS;
use super::validate::{Field, FieldKind};
use super::{shapes, validate};
use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::{Call, Request};
use crate::emulator::store::Store;
use crate::emulator::store::instances::{Instance, Kind};

const PROVIDER: &[Field] = &[
    Field { name: "backingProviderName", kind: FieldKind::Text },
    Field { name: "regionName", kind: FieldKind::Text },
    Field { name: "diskSizeGB", kind: FieldKind::ReadOnly },
    // MongoDB's CLI always sends it.
    Field { name: "providerName", kind: FieldKind::Fixed("FLEX") },
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
    // MongoDB's CLI sends the tags that there are and then those given, so that a key can come twice.
    Field { name: "tags", kind: FieldKind::LaterTags },
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

/// The fields of a dedicated cluster, with the types that the published description gives the simple ones.
const UPGRADE: &[Field] = &[
    Field { name: "name", kind: FieldKind::Text },
    Field { name: "clusterType", kind: FieldKind::Text },
    Field { name: "replicationSpecs", kind: FieldKind::Objects },
    Field { name: "tags", kind: FieldKind::Tags },
    Field { name: "terminationProtectionEnabled", kind: FieldKind::Flag },
    Field { name: "acceptDataRisksAndForceReplicaSetReconfig", kind: FieldKind::Text },
    Field { name: "adaptiveCapacity", kind: FieldKind::Text },
    Field { name: "advancedConfiguration", kind: FieldKind::Any },
    Field { name: "backupEnabled", kind: FieldKind::Flag },
    Field { name: "biConnector", kind: FieldKind::Any },
    Field { name: "configServerManagementMode", kind: FieldKind::Text },
    Field { name: "configServerType", kind: FieldKind::ReadOnly },
    Field { name: "connectionStrings", kind: FieldKind::Any },
    Field { name: "createDate", kind: FieldKind::ReadOnly },
    Field { name: "diskWarmingMode", kind: FieldKind::Text },
    Field { name: "effectiveReplicationSpecs", kind: FieldKind::ReadOnly },
    Field { name: "encryptionAtRestProvider", kind: FieldKind::Text },
    Field { name: "featureCompatibilityVersion", kind: FieldKind::ReadOnly },
    Field { name: "featureCompatibilityVersionExpirationDate", kind: FieldKind::ReadOnly },
    Field { name: "globalClusterSelfManagedSharding", kind: FieldKind::Flag },
    Field { name: "groupId", kind: FieldKind::ReadOnly },
    Field { name: "id", kind: FieldKind::ReadOnly },
    Field { name: "internalClusterRole", kind: FieldKind::ReadOnly },
    Field { name: "labels", kind: FieldKind::Any },
    Field { name: "links", kind: FieldKind::ReadOnly },
    Field { name: "mongoDBEmployeeAccessGrant", kind: FieldKind::Any },
    Field { name: "mongoDBMajorVersion", kind: FieldKind::Text },
    Field { name: "mongoDBVersion", kind: FieldKind::ReadOnly },
    Field { name: "paused", kind: FieldKind::Flag },
    Field { name: "pitEnabled", kind: FieldKind::Flag },
    Field { name: "redactClientLogData", kind: FieldKind::Flag },
    Field { name: "replicaSetScalingStrategy", kind: FieldKind::Text },
    Field { name: "retainBackups", kind: FieldKind::Flag },
    Field { name: "rootCertType", kind: FieldKind::Text },
    Field { name: "stateName", kind: FieldKind::ReadOnly },
    Field { name: "useAwsTimeBasedSnapshotCopyForFastInitialSync", kind: FieldKind::Flag },
    Field { name: "versionReleaseSystem", kind: FieldKind::Text },
];

pub(crate) fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let page = call.query.page()?;
    store.read_all(call.group_id);
    let (calendar, view) = (store.calendar(), shapes::view(store));
    let Some(project) = store.project(call.group_id) else {
        return Ok(lists::reply(&call.query, page, Vec::new(), 0));
    };
    let total =
        [Kind::Serverless, Kind::Flex].into_iter().filter(|k| k.is_flex(calendar)).map(|k| project.count(k)).sum();
    let results: Vec<Value> = project
        .instances
        .values()
        .filter(|instance| instance.kind.is_flex(calendar))
        .skip(page.skip())
        .take(page.take())
        .map(|instance| shapes::flex(instance, call.group_id, view, false))
        .collect();
    Ok(lists::reply(&call.query, page, results, total))
}

pub(crate) fn create(store: &mut Store, call: &Call<'_>, request: &Request) -> Result<Reply, ApiError> {
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
    let shown = shapes::flex(&instance, call.group_id, shapes::view(store), true);
    store.add_instance(call.group_id, instance);
    store.request_log.counters.created += 1;
    Ok(Reply::entity(201, shown))
}

pub(crate) fn get(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    store.read(call.group_id, call.name);
    show(store, call)
}

pub(crate) fn update(store: &mut Store, call: &Call<'_>, request: &Request) -> Result<Reply, ApiError> {
    find(store, call)?;
    let body = validate::object(request)?;
    validate::fields(&body, UPDATE, "")?;
    check_not_deleting(store, call)?;
    apply_common(store, call, &body, |_| {});
    show(store, call)
}

/// Upgrades the Flex cluster that the body names: it is a dedicated cluster from now on, in the state UPDATING. The reply
/// rests on the published description, which says that it is a Flex cluster's; none was recorded.
pub(crate) fn upgrade(store: &mut Store, call: &Call<'_>, request: &Request) -> Result<Reply, ApiError> {
    let mut body = validate::object(request)?;
    validate::fields(&body, UPGRADE, "")?;
    let name = validate::required(&body, "name", "name")?.to_owned();
    let call = Call { name: &name, parent: "", ..*call };
    find(store, &call)?;
    check_not_deleting(store, &call)?;
    apply_common(store, &call, &body, |_| {});
    let found = store.project(call.group_id).and_then(|project| project.find(&name));
    let (sequence, flex) = found.ok_or_else(|| cluster_not_found(&name, call.group_id))?;
    let shown = shapes::flex(flex, call.group_id, shapes::view(store), false);
    body.retain(|field, value| {
        !["name", "tags", "terminationProtectionEnabled"].contains(&&**field) && !value.is_null()
    });
    let dedicated = Instance { kind: Kind::Dedicated, target: Some(Box::new(body)), ..flex.clone() };
    store.replace_instance(call.group_id, sequence, dedicated);
    Ok(Reply::entity(200, shown))
}

pub(crate) fn delete(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    find(store, call)?;
    check_deletable(store, call)?;
    begin_deletion(store, call);
    Ok(Reply::empty(204))
}

fn show(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let instance = find(store, call)?;
    Ok(Reply::entity(200, shapes::flex(instance, call.group_id, shapes::view(store), false)))
}

/// The cluster of that name, if this endpoint knows it.
fn find<'s>(store: &'s Store, call: &Call<'_>) -> Result<&'s Instance, ApiError> {
    let found = store.project(call.group_id).and_then(|project| project.find(call.name)).map(|(_, i)| i);
    match found {
        Some(instance) if instance.kind.is_flex(store.calendar()) => Ok(instance),
        Some(_) => {
            let detail = format!("Cannot use non-flex cluster {} in the flex API.", call.name);
            Err(ApiError::new(400, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API", detail).with([json!(call.name)]))
        }
        None => Err(cluster_not_found(call.name, call.group_id)),
    }
}
