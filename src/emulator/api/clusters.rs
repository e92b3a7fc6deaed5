//! `/api/atlas/v2/groups/{groupId}/clusters`: read only, with the errors for Flex clusters and serverless
//! instances, which it refuses. Dedicated clusters come from a seed, or from the upgrade of a Flex cluster.

use serde_json::{Value, json};

use super::instances::cluster_not_found;
use super::shapes;
use crate::emulator::clock::iso;
use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::Call;
use crate::emulator::store::Store;
use crate::emulator::store::instances::{Instance, Kind};

pub(crate) fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    let page = call.query.page()?;
    store.read_all(call.group_id);
    let Some(project) = store.project(call.group_id) else {
        return Ok(lists::reply(&call.query, page, Vec::new(), 0));
    };
    let results: Vec<Value> = project
        .instances
        .values()
        .filter(|instance| instance.kind == Kind::Dedicated)
        .skip(page.skip())
        .take(page.take())
        .map(|instance| dedicated(instance, call))
        .collect();
    Ok(lists::reply(&call.query, page, results, project.count(Kind::Dedicated)))
}

pub(crate) fn get(store: &mut Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    store.read(call.group_id, call.name);
    find(store, call).map(|instance| Reply::entity(200, dedicated(instance, call)))
}

/// Creating, changing and deleting dedicated clusters is not emulated.
pub(crate) fn not_emulated(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    if !call.name.is_empty() {
        find(store, call)?;
    }
    let detail = "The emulator does not create, change or delete dedicated clusters.";
    Err(ApiError::new(400, "UNSUPPORTED_FOR_CURRENT_CONFIG", detail))
}

fn find<'s>(store: &'s Store, call: &Call<'_>) -> Result<&'s Instance, ApiError> {
    let found = store.project(call.group_id).and_then(|project| project.find(call.name)).map(|(_, i)| i);
    let refuse = |code: &str, detail: String| Err(ApiError::new(400, code, detail).with([json!(call.name)]));
    match found {
        None => Err(cluster_not_found(call.name, call.group_id)),
        Some(instance) if instance.kind == Kind::Dedicated => Ok(instance),
        Some(instance) if instance.kind.is_flex(store.calendar()) => {
            let detail = format!("Flex cluster {} cannot be used in the Cluster API.", call.name);
            refuse("CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API", detail)
        }
        Some(_) => {
            let detail = format!("Serverless instance {} cannot be used in the Cluster API.", call.name);
            refuse("CANNOT_USE_SERVERLESS_INSTANCE_IN_CLUSTER_API", detail)
        }
    }
}

fn dedicated(instance: &Instance, call: &Call<'_>) -> Value {
    let mut shown = json!({
        "backupEnabled": true,
        "clusterType": "REPLICASET",
        "createDate": iso(instance.created),
        "groupId": call.group_id,
        "id": instance.id,
        "links": [{
            "href": format!("{}/api/atlas/v2/groups/{}/clusters/{}", call.query.base, call.group_id, instance.name),
            "rel": "self",
        }],
        "mongoDBMajorVersion": "8.0",
        "mongoDBVersion": "8.0.13",
        "name": instance.name,
        "paused": false,
        "replicationSpecs": [{
            "regionConfigs": [{
                "electableSpecs": {"instanceSize": "M10", "nodeCount": 3},
                "priority": 7,
                "providerName": instance.provider,
                "regionName": instance.region,
            }],
            "zoneName": "Zone 1",
        }],
        "stateName": instance.state,
        "tags": shapes::tags(&instance.tags),
        "terminationProtectionEnabled": instance.protected,
        "versionReleaseSystem": "LTS",
    });
    if let (Some(fields), Some(target)) = (shown.as_object_mut(), &instance.target) {
        fields.extend(target.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    shown
}
