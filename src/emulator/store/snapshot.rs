//! The stored state as JSON, in the form of a seed: for `GET /_emulator/snapshot` and for a state folder.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::Store;
use super::identity::{Identity, IdentityKind};
use super::instances::{Due, Instance};
use super::projects::{Org, Project};
use crate::emulator::clock::{iso, iso_ms};

const FILE: &str = "state.json";

/// What was kept in a state folder, if anything was.
pub(crate) fn read(folder: &Path) -> Result<Option<Value>, String> {
    let path = folder.join(FILE);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| format!("The state file {} is not JSON: {error}.", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("The state file {} cannot be read: {error}.", path.display())),
    }
}

/// What a state folder is to keep.
pub(crate) fn saved(store: &Store) -> Value {
    let origin = &store.origin;
    json!({
        "seed": export(&origin.orgs, origin.projects.values(), origin.identities.values(), &store.default_ids),
        "state": of(store),
    })
}

/// Writes the state beside the old one and then puts it in its place, so that no half of a file is ever read.
pub(crate) fn write(folder: &Path, value: &Value) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let new = folder.join("state.json.new");
    std::fs::write(&new, value.to_string())?;
    std::fs::rename(new, folder.join(FILE))
}

/// All that is stored.
pub(crate) fn of(store: &Store) -> Value {
    export(&store.orgs, store.projects.values(), store.identities.values(), &store.default_ids)
}

fn export<'a>(
    orgs: &[Org],
    projects: impl Iterator<Item = &'a Project>,
    identities: impl Iterator<Item = &'a Identity>,
    default_ids: &(String, String),
) -> Value {
    let mut identities: Vec<&Identity> = identities.collect();
    // The first of each kind is the default one.
    identities.sort_by_key(|identity| identity.id != default_ids.0 && identity.id != default_ids.1);
    json!({
        "organizations": orgs.iter().map(|org| json!({
            "id": org.id, "name": org.name, "requires_access_list": org.requires_access_list,
        })).collect::<Vec<_>>(),
        "projects": projects.map(|project| json!({
            "id": project.id,
            "name": project.name,
            "org_id": project.org_id,
            "created": iso(project.created),
            "default_alerts": project.default_alerts,
            "tags": project.tags.iter().map(|(k, v)| (k.to_string(), json!(v))).collect::<Map<_, _>>(),
            "instances": project.instances.values().map(instance_json).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "identities": identities.iter().map(|identity| identity_json(identity, true)).collect::<Vec<_>>(),
    })
}

pub(crate) fn instance_json(instance: &Instance) -> Value {
    let due = match instance.due {
        Due::Never => Value::Null,
        Due::Reads(reads) => json!({"reads": reads}),
        Due::At(at) => json!({"at": iso_ms(at)}),
    };
    json!({
        "id": instance.id,
        "name": instance.name,
        "kind": instance.kind.name(),
        "provider": instance.provider,
        "region": instance.region,
        "created": iso(instance.created),
        "state": instance.state.name(),
        "due": due,
        "tags": instance.tags.iter().map(|(k, v)| (k.to_string(), json!(v))).collect::<Map<_, _>>(),
        "termination_protection": instance.protected,
        "continuous_backup": instance.continuous_backup,
    })
}

pub(crate) fn identity_json(identity: &Identity, secrets: bool) -> Value {
    json!({
        "kind": match identity.kind {
            IdentityKind::ServiceAccount => "service_account",
            IdentityKind::ApiKey => "api_key",
        },
        "id": identity.id,
        "secret": if secrets { json!(identity.secret) } else { json!("******") },
        "org_id": identity.org_id,
        "org_roles": identity.org_roles,
        "project_roles": identity.project_roles,
        "access_list": identity.access_list.as_ref()
            .map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>()),
    })
}
