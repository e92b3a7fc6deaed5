//! `/api/atlas/v2/groups/{groupId}/flexClusters/{name}/backup`: snapshots, and the jobs that restore them. A restore leaves
//! the target cluster as it is: the emulator holds no data.

use serde_json::{Value, json};

use super::instances::cluster_not_found;
use super::validate;
use super::validate::{Field, FieldKind};
use crate::emulator::clock::iso;
use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::{Call, Request};
use crate::emulator::store::Store;
use crate::emulator::store::backups::{Backups, JobStatus, RestoreJob, Snapshot};
use crate::emulator::store::instances::Instance;
use crate::emulator::store::transition::TransitionEnd;

const FIELDS: &[Field] = &[
    Field { name: "snapshotId", kind: FieldKind::Text },
    Field { name: "targetDeploymentItemName", kind: FieldKind::Text },
    Field { name: "targetProjectId", kind: FieldKind::Text },
    Field { name: "deliveryType", kind: FieldKind::ReadOnly },
    Field { name: "expirationDate", kind: FieldKind::ReadOnly },
    Field { name: "id", kind: FieldKind::ReadOnly },
    Field { name: "instanceName", kind: FieldKind::ReadOnly },
    Field { name: "links", kind: FieldKind::ReadOnly },
    Field { name: "projectId", kind: FieldKind::ReadOnly },
    Field { name: "restoreFinishedDate", kind: FieldKind::ReadOnly },
    Field { name: "restoreScheduledDate", kind: FieldKind::ReadOnly },
    Field { name: "snapshotFinishedDate", kind: FieldKind::ReadOnly },
    Field { name: "snapshotUrl", kind: FieldKind::ReadOnly },
    Field { name: "status", kind: FieldKind::ReadOnly },
];
/// What was restored can be asked for so long, as recorded.
const EXPIRES_AFTER: i64 = 6 * 60 * 60 * 1000;

pub(crate) fn list_snapshots(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let snapshots = backups(store, call, call.name)?.map(|backups| &*backups.snapshots).unwrap_or_default();
    lists::page(&call.query, snapshots.iter().map(|snapshot| json!(snapshot)).collect())
}

pub(crate) fn get_snapshot(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let backups = backups(store, call, call.parent)?;
    let snapshot = backups.and_then(|backups| snapshot(backups, call.name));
    snapshot.map(|snapshot| Reply::entity(200, json!(snapshot))).ok_or_else(|| no_snapshot(call.name))
}

pub(crate) fn list_jobs(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    read_jobs(store, call, call.name);
    let jobs = backups(store, call, call.name)?.map(|backups| &*backups.restore_jobs).unwrap_or_default();
    lists::page(&call.query, jobs.iter().map(show).collect())
}

pub(crate) fn get_job(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    read_jobs(store, call, call.parent);
    let jobs = backups(store, call, call.parent)?.map(|backups| &*backups.restore_jobs).unwrap_or_default();
    let job = jobs.iter().find(|job| job.id == call.name);
    job.map(|job| Reply::entity(200, show(job))).ok_or_else(|| {
        let detail = format!("No restore job with ID {} exists.", call.name);
        ApiError::new(404, "TENANT_RESTORE_NOT_FOUND", detail).with([json!(call.name)])
    })
}

/// Answered with 200 by the real service.
pub(crate) fn create_job(store: &mut Store, call: &Call<'_>, request: &Request) -> Result<Reply, ApiError> {
    let body = validate::object(request)?;
    validate::fields(&body, FIELDS, "")?;
    let snapshot_id = validate::required(&body, "snapshotId", "snapshotId")?;
    let target = validate::required(&body, "targetDeploymentItemName", "targetDeploymentItemName")?;
    let target_project = validate::text(&body, "targetProjectId").unwrap_or(call.group_id);
    let found = backups(store, call, call.name)?.and_then(|backups| snapshot(backups, snapshot_id));
    let snapshot_finished_date = found.ok_or_else(|| no_snapshot(snapshot_id))?.finish_time.clone();
    if store.project(target_project).and_then(|project| project.find(target)).is_none() {
        return Err(cluster_not_found(target, target_project));
    }
    let now = store.now();
    let job = RestoreJob {
        delivery_type: "RESTORE".to_owned(),
        expiration_date: iso(now + EXPIRES_AFTER),
        id: store.ids.object_id(now),
        instance_name: call.name.to_owned(),
        project_id: call.group_id.to_owned(),
        restore_finished_date: None,
        restore_scheduled_date: iso(now),
        snapshot_finished_date,
        snapshot_id: snapshot_id.to_owned(),
        status: JobStatus::Pending,
        target_deployment_item_name: target.to_owned(),
        target_project_id: target_project.to_owned(),
        due: TransitionEnd::new(store.options.provisioning, now),
    };
    let shown = show(&job);
    if let Some(instance) = instance_mut(store, call, call.name) {
        instance.backups.get_or_insert_default().restore_jobs.push(job);
    }
    store.dirty = true;
    Ok(Reply::entity(200, shown))
}

/// The backups of a cluster that is there.
fn backups<'s>(store: &'s Store, call: &Call<'_>, cluster: &str) -> Result<Option<&'s Backups>, ApiError> {
    let found = store.project(call.group_id).and_then(|project| project.find(cluster)).map(|(_, instance)| instance);
    match found {
        Some(instance) if instance.kind.is_flex(store.calendar()) => Ok(instance.backups.as_deref()),
        _ => Err(cluster_not_found(cluster, call.group_id)),
    }
}

fn instance_mut<'s>(store: &'s mut Store, call: &Call<'_>, cluster: &str) -> Option<&'s mut Instance> {
    let project = store.project_mut(call.group_id)?;
    let (sequence, _) = project.find(cluster)?;
    project.instances.get_mut(&sequence)
}

fn read_jobs(store: &mut Store, call: &Call<'_>, cluster: &str) {
    let now = store.now();
    let backups = instance_mut(store, call, cluster).and_then(|instance| instance.backups.as_deref_mut());
    for job in backups.into_iter().flat_map(|backups| &mut backups.restore_jobs) {
        job.read(now);
    }
}

fn snapshot<'b>(backups: &'b Backups, id: &str) -> Option<&'b Snapshot> {
    backups.snapshots.iter().find(|snapshot| snapshot.id == id)
}

fn no_snapshot(id: &str) -> ApiError {
    ApiError::new(404, "TENANT_SNAPSHOT_NOT_FOUND", format!("No snapshot with ID {id} exists.")).with([json!(id)])
}

fn show(job: &RestoreJob) -> Value {
    json!(RestoreJob { due: None, ..job.clone() })
}
