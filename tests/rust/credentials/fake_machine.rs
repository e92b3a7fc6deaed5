//! A machine made of maps: environment, files, keyring and clock.
use std::collections::HashMap;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use atlas_serverless::core::machine::{KeyringTrouble, Machine, Platform};
use zeroize::Zeroizing;

/// Where the fake Linux machine keeps the file of the Atlas CLI, as the system of the tests writes it.
#[cfg(not(windows))]
pub(crate) const CONFIG: &str = "/home/me/.config/atlascli/config.toml";
#[cfg(windows)]
pub(crate) const CONFIG: &str = r"/home/me\.config\atlascli\config.toml";

/// A path of parts, as the system of the tests writes it.
pub(crate) fn path(parts: &[&str]) -> PathBuf {
    parts.iter().collect()
}

pub(crate) struct FakeMachine {
    pub(crate) variables: HashMap<String, String>,
    pub(crate) files: HashMap<PathBuf, (Vec<u8>, u32)>,
    pub(crate) unreadable: Option<ErrorKind>,
    pub(crate) keyring: Result<HashMap<(String, String), String>, KeyringTrouble>,
    pub(crate) asked: Mutex<Vec<(String, String)>>,
    pub(crate) platform: Platform,
    pub(crate) home: Option<PathBuf>,
    pub(crate) now: u64,
}

impl Default for FakeMachine {
    fn default() -> Self {
        Self {
            variables: HashMap::new(),
            files: HashMap::new(),
            unreadable: None,
            keyring: Err(KeyringTrouble::NoPackage),
            asked: Mutex::default(),
            platform: Platform::Linux,
            home: Some("/home/me".into()),
            now: 1_767_225_600,
        }
    }
}

impl FakeMachine {
    pub(crate) fn new(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { variables, ..Self::default() }
    }

    pub(crate) fn with_config(self, content: &str) -> Self {
        self.with_file(CONFIG, content.as_bytes(), 0o600)
    }

    pub(crate) fn with_file(mut self, path: impl Into<PathBuf>, content: &[u8], mode: u32) -> Self {
        self.files.insert(path.into(), (content.to_vec(), mode));
        self
    }

    pub(crate) fn with_keyring(mut self, entries: &[(&str, &str, &str)]) -> Self {
        let entry = |(service, user, secret): &(&str, &str, &str)| {
            (((*service).to_owned(), (*user).to_owned()), (*secret).to_owned())
        };
        self.keyring = Ok(entries.iter().map(entry).collect());
        self
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(service, user)| format!("{service} {user}")).collect()
    }
}

impl Machine for FakeMachine {
    fn var(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn platform(&self) -> Platform {
        self.platform
    }

    fn home(&self) -> Option<PathBuf> {
        self.home.clone()
    }

    fn read(&self, path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
        let content = self.files.get(path).ok_or(Error::from(ErrorKind::NotFound))?;
        match self.unreadable {
            Some(kind) => Err(kind.into()),
            None => Ok(Zeroizing::new(content.0.clone())),
        }
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        self.files.get(path).map(|(_, mode)| *mode)
    }

    fn keyring(&self, service: &str, user: &str) -> Result<Option<String>, KeyringTrouble> {
        self.asked.lock().unwrap().push((service.to_owned(), user.to_owned()));
        let entries = self.keyring.as_ref().map_err(Clone::clone)?;
        Ok(entries.get(&(service.to_owned(), user.to_owned())).cloned())
    }

    fn now(&self) -> u64 {
        self.now
    }
}
