//! The stored state as JSON, in the form of a seed: for `GET /_emulator/snapshot` and for a state folder.

use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::Store;
use super::identity::Identity;
use super::projects::{Org, Project};

const FILE: &str = "state.json";

#[derive(Serialize)]
struct Snapshot<'a> {
    organizations: &'a [Org],
    projects: Vec<&'a Project>,
    identities: Vec<&'a Identity>,
}

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

/// What a state folder keeps.
pub(crate) fn saved(store: &Store) -> Value {
    let initial_state = &store.initial_state;
    json!({
        "seed": snapshot(&initial_state.orgs, initial_state.projects.values(), initial_state.identities.values(), &store.default_ids),
        "state": of(store),
    })
}

/// Writes the state beside the old one and then puts it in its place, so that no half of a file is ever read.
pub(crate) fn write(folder: &Path, value: &Value) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".state-").suffix(".tmp").tempfile_in(folder)?;
    let mut writer = BufWriter::new(&mut file);
    serde_json::to_writer(&mut writer, value)?;
    writer.flush()?;
    drop(writer);
    file.persist(folder.join(FILE))?;
    Ok(())
}

/// All that is stored.
pub(crate) fn of(store: &Store) -> Value {
    snapshot(&store.orgs, store.projects.values(), store.identities.values(), &store.default_ids)
}

fn snapshot<'a>(
    organizations: &[Org],
    projects: impl Iterator<Item = &'a Project>,
    identities: impl Iterator<Item = &'a Identity>,
    default_ids: &(String, String),
) -> Value {
    let mut identities: Vec<&Identity> = identities.collect();
    // The first of each kind is the default one.
    identities.sort_by_key(|identity| identity.id != default_ids.0 && identity.id != default_ids.1);
    json!(Snapshot { organizations, projects: projects.collect(), identities })
}
