//! The stored state as JSON, in the form of a seed: for `GET /_emulator/snapshot` and for a state folder.

use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::Store;
use super::identity::Identity;
use super::projects::{Org, Project};
use crate::private_files;

const FILE: &str = "state.json";
/// Of a state file: a hundred thousand clusters have a tenth of it.
const MAX_SIZE: u64 = 1 << 30;

#[derive(Serialize)]
struct Snapshot<'a> {
    organizations: &'a [Org],
    projects: Vec<&'a Project>,
    identities: Vec<&'a Identity>,
}

/// What was kept in a state folder, if anything was. The folder is made, as it holds credentials: those of the emulator.
pub(crate) fn read(folder: &Path) -> Result<Option<Value>, String> {
    let unusable = |why: String| format!("The state folder {} cannot be used: {why}.", folder.display());
    private_files::create_folder(folder).map_err(unusable)?;
    let path = folder.join(FILE);
    let Some(file) = private_files::open_to_read(&path).map_err(unusable)? else { return Ok(None) };
    serde_json::from_reader(BufReader::new(file.take(MAX_SIZE)))
        .map(Some)
        .map_err(|error| format!("The state file {} is not JSON: {error}.", path.display()))
}

/// What a state folder keeps.
pub(crate) fn saved(store: &Store) -> Value {
    let initial_state = &store.initial_state;
    json!({
        "seed": snapshot(&initial_state.orgs, initial_state.projects.values(), initial_state.identities.values(), &store.default_ids),
        "state": of(store),
    })
}

/// Puts the state in the place of the old one.
pub(crate) fn write(folder: &Path, value: &Value) -> Result<(), String> {
    private_files::create_folder(folder)?;
    let written = private_files::replace(folder, FILE, |file| {
        let mut writer = BufWriter::new(file);
        serde_json::to_writer(&mut writer, value)?;
        writer.flush()
    });
    written.map_err(|error| format!("it cannot be written ({error})"))
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
