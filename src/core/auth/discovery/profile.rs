//! Profiles of the Atlas CLI: tables of `atlascli/config.toml` in the user's configuration folder.
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zeroize::Zeroize;

use super::parts::{CredentialPart, CredentialValue, parts};
use crate::core::auth::credentials::CredentialKind;
use crate::core::error::{Notice, NoticeKind};
use crate::core::machine::{Machine, Platform};

/// Which profile is requested, and by what.
#[derive(Debug, Clone)]
pub(crate) struct ProfileRequest {
    /// `None`: `default`, or the only profile, as in the CLI.
    pub(crate) name: Option<String>,
    /// `profile=`, `MONGODB_ATLAS_PROFILE`.
    pub(crate) requested_by: &'static str,
}

/// Variables with the name of a profile.
pub(crate) const PROFILE_VARIABLES: [&str; 2] = ["MONGODB_ATLAS_PROFILE", "MCLI_PROFILE"];

impl ProfileRequest {
    /// From the argument, else the environment, else the default.
    pub(crate) fn new(argument: Option<&str>, machine: &dyn Machine) -> Self {
        if let Some(name) = argument {
            return Self { name: Some(name.trim().to_owned()), requested_by: "profile=" };
        }
        for variable in PROFILE_VARIABLES {
            let name = machine.var(variable).unwrap_or_default().trim().to_owned();
            if !name.is_empty() {
                return Self { name: Some(name), requested_by: variable };
            }
        }
        Self { name: None, requested_by: "default" }
    }
}

/// A profile from the file.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) fields: Vec<(CredentialPart, CredentialValue)>,
    pub(crate) auth_type: Option<String>,
    pub(crate) service: Option<String>,
    /// `ops_manager_url` or its alias `base_url`.
    pub(crate) url: Option<(&'static str, String)>,
    pub(crate) project_id: Option<String>,
    pub(crate) org_id: Option<String>,
    mode: Option<u32>,
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "profile {} in {}", self.name, self.path.display())
    }
}

impl Profile {
    pub(crate) fn field(&self, part: CredentialPart) -> Option<&CredentialValue> {
        self.fields.iter().find(|(candidate, _)| *candidate == part).map(|(_, field)| field)
    }

    /// A warning if others on the machine can read the file.
    pub(crate) fn permission_notice(&self) -> Option<Notice> {
        let mode = self.mode.filter(|mode| mode & 0o077 != 0)?;
        let path = self.path.display();
        let message = format!(
            "{path} holds secrets and is open to other users of this machine (mode {mode:04o}): run chmod 600 '{path}'"
        );
        Some(Notice { kind: NoticeKind::Credential, message })
    }
}

/// The result of loading a profile.
#[derive(Debug)]
pub(crate) enum ProfileLookup {
    Loaded(Box<Profile>),
    /// There is no file, or no such profile in it; which.
    Absent(String),
}

/// The file that the CLI uses on this machine.
pub(crate) fn config_file(machine: &dyn Machine) -> Option<PathBuf> {
    let home = |below: &str| Some(machine.home()?.join(below));
    let folder = match machine.platform() {
        Platform::MacOs => home("Library/Application Support"),
        Platform::Windows => variable(machine, "AppData").map(PathBuf::from),
        // The XDG specification says to ignore a relative folder.
        Platform::Linux => variable(machine, "XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .filter(|folder| folder.has_root())
            .or_else(|| home(".config")),
    };
    folder.map(|folder| folder.join("atlascli").join("config.toml"))
}

fn variable(machine: &dyn Machine, name: &str) -> Option<String> {
    machine.var(name).filter(|value| !value.is_empty())
}

/// Loads the requested profile. Fails if there is a file that cannot be used.
pub(crate) fn load(request: &ProfileRequest, machine: &dyn Machine) -> Result<ProfileLookup, String> {
    let Some(path) = config_file(machine) else {
        return Ok(ProfileLookup::Absent(
            "no home folder is known, so there is no place for Atlas CLI profiles".to_owned(),
        ));
    };
    let content = match machine.read(&path) {
        Ok(content) => content,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(ProfileLookup::Absent(format!("there is no file {}", path.display())));
        }
        Err(error) => return Err(format!("{} cannot be read: {}", path.display(), reason(&error))),
    };
    let mut table = parse(&content, &path)?;
    let loaded = select(&mut table, request, &path, machine);
    table.iter_mut().for_each(|(_, value)| wipe(value));
    loaded
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied; it should belong to you and have mode 0600".to_owned(),
        _ => error.to_string(),
    }
}

fn parse(content: &[u8], path: &Path) -> Result<toml::Table, String> {
    let text = std::str::from_utf8(content).map_err(|error| {
        format!("{} is not UTF-8 text (line {})", path.display(), line_of(content, error.valid_up_to()))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Only the number of the line: the parser's message quotes the line, which may have a secret in it.
    text.parse::<toml::Table>().map_err(|error| {
        let line = line_of(text.as_bytes(), error.span().map_or(0, |span| span.start));
        format!("{} is not valid TOML: see line {line}", path.display())
    })
}

fn line_of(content: &[u8], offset: usize) -> usize {
    content.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

fn select(
    table: &mut toml::Table,
    request: &ProfileRequest,
    path: &Path,
    machine: &dyn Machine,
) -> Result<ProfileLookup, String> {
    let names: Vec<String> = table.iter().filter(|(_, value)| value.is_table()).map(|(name, _)| name.clone()).collect();
    let name = match (&request.name, names.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [only]) => only.clone(),
        (None, _) => "default".to_owned(),
    };
    // Names are case-insensitive in the CLI.
    let found = names.iter().find(|candidate| **candidate == name);
    let Some(name) = found.or_else(|| names.iter().find(|candidate| candidate.eq_ignore_ascii_case(&name))) else {
        let existing = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Ok(ProfileLookup::Absent(format!(
            "{} has no profile “{name}” (profiles there: {existing})",
            path.display()
        )));
    };
    let Some(toml::Value::Table(settings)) = table.get_mut(name) else {
        return Ok(ProfileLookup::Absent(format!("{} has no profile “{name}”", path.display())));
    };
    let mut profile =
        Profile { name: name.clone(), path: path.to_owned(), mode: machine.mode(path), ..Profile::default() };
    for (key, value) in settings.iter_mut() {
        set_field(&mut profile, &key.to_ascii_lowercase(), value)?;
    }
    Ok(ProfileLookup::Loaded(Box::new(profile)))
}

/// Sets a field of the profile; unknown settings are ignored.
fn set_field(profile: &mut Profile, key: &str, value: &mut toml::Value) -> Result<(), String> {
    let part = CredentialKind::ALL.into_iter().flat_map(parts).find(|part| part.profile_key() == key);
    let other = ["auth_type", "service", "ops_manager_url", "base_url", "project_id", "org_id"].contains(&key);
    if part.is_none() && !other {
        return Ok(());
    }
    let toml::Value::String(text) = value else {
        return Err(format!("{key} in {profile} is not a string"));
    };
    let text = std::mem::take(text);
    if let Some(part) = part {
        let field = CredentialValue::new(format!("{key} in profile {}", profile.name), text);
        if !field.is_empty() {
            profile.fields.push((part, field));
        }
        return Ok(());
    }
    let text = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    match key {
        "auth_type" => profile.auth_type = text,
        "service" => profile.service = text,
        "project_id" => profile.project_id = text,
        "org_id" => profile.org_id = text,
        "ops_manager_url" => profile.url = text.map(|url| ("ops_manager_url", url)),
        _ if profile.url.is_none() => profile.url = text.map(|url| ("base_url", url)),
        _ => {}
    }
    Ok(())
}

/// Overwrites what is left of the file in memory, such as other profiles' secrets.
fn wipe(value: &mut toml::Value) {
    match value {
        toml::Value::String(text) => text.zeroize(),
        toml::Value::Array(values) => values.iter_mut().for_each(wipe),
        toml::Value::Table(table) => table.iter_mut().for_each(|(_, value)| wipe(value)),
        _ => {}
    }
}
