//! Where tokens are stored: `token_cache`, or the environment.
use std::path::{Path, PathBuf};

use super::default_folder;
use crate::core::error::{Error, Notice, NoticeKind};
use crate::core::machine::Machine;

/// Used where `token_cache` is not given, so that one setting holds for all tasks of a machine.
pub const VARIABLE: &str = "ATLAS_SERVERLESS_TOKEN_CACHE";

/// Where tokens are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenStoreLocation {
    /// The folder that is shared with other processes; `None`: in memory.
    pub folder: Option<PathBuf>,
    /// `in memory`, `in /tokens (token_cache)`.
    pub described: String,
}

/// From `memory`, `file` (the user's cache folder) or a folder.
pub fn resolve(given: Option<&Path>, machine: &dyn Machine) -> Result<(TokenStoreLocation, Option<Notice>), Error> {
    let from_environment =
        || machine.var(VARIABLE).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let (value, name) = match given {
        Some(path) => (path.to_owned(), "token_cache"),
        None => match from_environment() {
            Some(value) => (PathBuf::from(value), VARIABLE),
            None => return Ok((in_memory(), None)),
        },
    };
    match value.to_str() {
        Some("memory") => return Ok((in_memory(), None)),
        Some("file") => {
            let Some(folder) = default_folder(machine) else {
                let message = format!(
                    "{name} is “file”, but no home folder is known: tokens stay in memory; give a folder, as in {name}=/var/tmp/tokens"
                );
                return Ok((in_memory(), Some(Notice { kind: NoticeKind::Credential, message })));
            };
            return Ok((in_folder(folder, name), None));
        }
        _ => {}
    }
    let below_home = value.strip_prefix("~").ok().and_then(|below| Some(machine.home()?.join(below)));
    let one_word = below_home.is_none() && value.components().count() < 2 && !value.has_root();
    let folder = below_home.map_or_else(|| std::path::absolute(&value), Ok);
    match folder {
        // A word that is neither `memory` nor `file` is a typing error, not a folder in the working directory.
        Ok(folder) if !one_word || value.starts_with(".") => Ok((in_folder(folder, name), None)),
        _ => Err(Error::Configuration(format!(
            "{name} is “memory”, “file” or a folder with a / in it, such as ./tokens; not “{}”",
            value.display().to_string().chars().take(40).collect::<String>()
        ))),
    }
}

fn in_memory() -> TokenStoreLocation {
    TokenStoreLocation { folder: None, described: "in memory".to_owned() }
}

fn in_folder(folder: PathBuf, name: &str) -> TokenStoreLocation {
    let described = format!("in {} ({name})", folder.display());
    TokenStoreLocation { folder: Some(folder), described }
}
