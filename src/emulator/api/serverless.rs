//! `/api/atlas/v2/groups/{groupId}/serverless`, which the calendar changes, deprecates and retires.

use serde_json::{Value, json};

use super::instances::{
    apply_common, begin_deletion, check_deletable, check_not_deleting, new_instance, serverless_not_found,
};
use super::regions::PROVIDERS;
use super::validate::{Field, FieldKind};
use super::{shapes, validate};
use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::{Call, Request};
use crate::emulator::options::{Calendar, RetiredReply};
use crate::emulator::store::Store;
use crate::emulator::store::instances::{Instance, Kind};

const BACKUP: &[Field] = &[Field { name: "serverlessContinuousBackupEnabled", kind: FieldKind::Flag }];

const PROVIDER: &[Field] = &[
    Field { name: "backingProviderName", kind: FieldKind::Text },
    Field { name: "regionName", kind: FieldKind::Text },
    Field { name: "providerName", kind: FieldKind::Text },
    Field { name: "effectiveDiskSizeGBLimit", kind: FieldKind::ReadOnly },
    Field { name: "effectiveInstanceSizeName", kind: FieldKind::ReadOnly },
    Field { name: "effectiveProviderName", kind: FieldKind::ReadOnly },
    Field { name: "nextBackupDate", kind: FieldKind::ReadOnly },
    Field { name: "tenantBackupEnabled", kind: FieldKind::ReadOnly },
];

const CREATE: &[Field] = &[
    Field { name: "name", kind: FieldKind::Text },
    Field { name: "providerSettings", kind: FieldKind::Object(PROVIDER) },
    Field { name: "serverlessBackupOptions", kind: FieldKind::Object(BACKUP) },
    Field { name: "tags", kind: FieldKind::Tags },
    Field { name: "terminationProtectionEnabled", kind: FieldKind::Flag },
    Field { name: "stateName", kind: FieldKind::ReadOnly },
    Field { name: "id", kind: FieldKind::ReadOnly },
    Field { name: "groupId", kind: FieldKind::ReadOnly },
    Field { name: "createDate", kind: FieldKind::ReadOnly },
    Field { name: "links", kind: FieldKind::ReadOnly },
    Field { name: "mongoDBVersion", kind: FieldKind::ReadOnly },
    Field { name: "connectionStrings", kind: FieldKind::ReadOnly },
];

const UPDATE: &[Field] = &[
    Field { name: "serverlessBackupOptions", kind: FieldKind::Object(BACKUP) },
    // MongoDB's CLI sends the tags that there are and then those given, so that a key can come twice.
    Field { name: "tags", kind: FieldKind::LaterTags },
    Field { name: "terminationProtectionEnabled", kind: FieldKind::Flag },
    Field { name: "name", kind: FieldKind::ReadOnly },
    Field { name: "providerSettings", kind: FieldKind::ReadOnly },
    Field { name: "stateName", kind: FieldKind::ReadOnly },
    Field { name: "id", kind: FieldKind::ReadOnly },
    Field { name: "groupId", kind: FieldKind::ReadOnly },
    Field { name: "createDate", kind: FieldKind::ReadOnly },
    Field { name: "links", kind: FieldKind::ReadOnly },
    Field { name: "mongoDBVersion", kind: FieldKind::ReadOnly },
    Field { name: "connectionStrings", kind: FieldKind::ReadOnly },
];

/// Refuses what is retired under the present calendar; `reads` end a year after the rest.
pub(crate) fn check_retired(store: &Store, call: &Call<'_>, reads: bool) -> Result<(), ApiError> {
    let gone_from = if reads { Calendar::Ended } else { Calendar::Retired };
    if store.calendar() < gone_from {
        return Ok(());
    }
    let path = call.query.path.trim_start_matches('/');
    Err(match store.options.retired_reply {
        RetiredReply::VersionGone => {
            let version = if call.version.is_empty() { "v1.0" } else { call.version };
            let detail = format!("Version {version} of {path} is no longer available.");
            ApiError::new(410, "VERSION_GONE", detail).with([json!(format!("{version} {path}"))])
        }
        RetiredReply::NotFound => ApiError::no_such_path(call.query.path),
        RetiredReply::MethodNotAllowed => ApiError::method_not_allowed(),
    })
}

pub(crate) fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    check_retired(store, call, true)?;
    let page = call.query.page()?;
    store.read_all(call.group_id);
    let (calendar, view) = (store.calendar(), shapes::view(store));
    let Some(project) = store.project(call.group_id).filter(|_| calendar < Calendar::Retired) else {
        return Ok(lists::reply(&call.query, page, Vec::new(), 0));
    };
    let results: Vec<Value> = project
        .instances
        .values()
        .filter(|instance| instance.kind == Kind::Serverless)
        .skip(page.skip())
        .take(page.take())
        .map(|instance| shapes::serverless(instance, call.group_id, call.query.base, view))
        .collect();
    Ok(lists::reply(&call.query, page, results, project.count(Kind::Serverless)))
}

pub(crate) fn create(store: &mut Store, call: &Call<'_>, request: &Request) -> Result<Reply, ApiError> {
    check_retired(store, call, false)?;
    let body = validate::object(request)?;
    validate::fields(&body, CREATE, "")?;
    let name = validate::required(&body, "name", "name")?;
    let provider_settings =
        body.get("providerSettings").and_then(Value::as_object).ok_or_else(|| validate::missing("providerSettings"))?;
    let provider =
        validate::required(provider_settings, "backingProviderName", "providerSettings.backingProviderName")?;
    if !PROVIDERS.contains(&provider) {
        let detail = format!("No provider {provider} exists.");
        return Err(ApiError::new(400, "INVALID_PROVIDER", detail).with([json!(provider)]));
    }
    if validate::text(provider_settings, "providerName").is_some_and(|p| p != "SERVERLESS") {
        return Err(validate::invalid_attribute("providerSettings.providerName"));
    }
    // A missing region is refused like a wrong one, with an empty name, as reported of the real service.
    let region = validate::text(provider_settings, "regionName").unwrap_or_default();
    if !validate::region_offers(store, provider, region, store.calendar() >= Calendar::Flex) {
        let detail = format!("No region {region} exists for provider {provider}.");
        return Err(ApiError::new(400, "INVALID_REGION", detail).with([json!(region), json!(provider)]));
    }
    if let Some(project) = store.project(call.group_id) {
        validate::name(store, project, name)?;
    }
    let instance = new_instance(store, &body, (name, provider, region));
    let continuous_backup = continuous_backup(&body).unwrap_or(true);
    let instance = Instance { kind: Kind::Serverless, continuous_backup, ..instance };
    let shown = shapes::serverless(&instance, call.group_id, call.query.base, shapes::view(store));
    store.add_instance(call.group_id, instance);
    store.request_log.counters.created += 1;
    Ok(Reply::entity(201, shown))
}

pub(crate) fn get(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    check_retired(store, call, true)?;
    store.read(call.group_id, call.name);
    show(store, call)
}

pub(crate) fn update(store: &mut Store, call: &Call<'_>, request: &Request) -> Result<Reply, ApiError> {
    check_retired(store, call, false)?;
    find(store, call)?;
    let body = validate::object(request)?;
    validate::fields(&body, UPDATE, "")?;
    check_not_deleting(store, call)?;
    apply_common(store, call, &body, |instance| {
        if let Some(enabled) = continuous_backup(&body) {
            instance.continuous_backup = enabled;
        }
    });
    show(store, call)
}

pub(crate) fn delete(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    check_retired(store, call, false)?;
    find(store, call)?;
    check_deletable(store, call)?;
    begin_deletion(store, call);
    Ok(Reply::entity(202, json!({})))
}

/// Whether indexes are made by themselves: as documented on for a serverless instance; Flex clusters have no such thing.
pub(crate) fn auto_indexing(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    check_retired(store, call, true)?;
    find(store, call).map(|_| Reply::entity(200, json!(store.calendar() < Calendar::Flex)))
}

fn continuous_backup(body: &serde_json::Map<String, Value>) -> Option<bool> {
    body.get("serverlessBackupOptions")?.get("serverlessContinuousBackupEnabled")?.as_bool()
}

fn show(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let instance = find(store, call)?;
    Ok(Reply::entity(200, shapes::serverless(instance, call.group_id, call.query.base, shapes::view(store))))
}

/// The instance of that name, if this endpoint knows it.
fn find<'s>(store: &'s Store, call: &Call<'_>) -> Result<&'s Instance, ApiError> {
    let found = store.project(call.group_id).and_then(|project| project.find(call.name)).map(|(_, i)| i);
    match found {
        Some(instance) if instance.kind == Kind::Serverless && store.calendar() < Calendar::Retired => Ok(instance),
        Some(instance) if instance.kind != Kind::Serverless && store.calendar() < Calendar::Retired => {
            let detail = format!("Cluster {} cannot be used in the Serverless Instance API.", call.name);
            Err(ApiError::new(400, "CANNOT_USE_CLUSTER_IN_SERVERLESS_INSTANCE_API", detail).with([json!(call.name)]))
        }
        _ => Err(serverless_not_found(call.name, call.group_id)),
    }
}
