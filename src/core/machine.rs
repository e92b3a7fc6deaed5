//! What discovery reads from the machine: [`SystemMachine`], or a fake in tests.
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use zeroize::Zeroizing;

use crate::regular_files;

/// Which conventions for folders apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux and other Unix: `$XDG_CONFIG_HOME` or `~/.config`.
    Linux,
    /// `~/Library/Application Support`.
    MacOs,
    /// `%AppData%`.
    Windows,
}

/// Why the system keyring could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyringTrouble {
    /// The `keyring` package is not installed.
    NoPackage,
    /// The keyring is locked, or the machine has none: its message.
    Failed(String),
}

/// Environment, files, keyring and time.
pub trait Machine {
    /// An environment variable; invalid Unicode is replaced.
    fn var(&self, name: &str) -> Option<String>;
    fn platform(&self) -> Platform;
    fn home(&self) -> Option<PathBuf>;
    fn read(&self, path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>>;
    /// The permission bits of a file, if the platform has them.
    fn mode(&self, path: &Path) -> Option<u32>;
    /// A secret from the system keyring; `None` if it has no such entry.
    fn keyring(&self, service: &str, user: &str) -> Result<Option<String>, KeyringTrouble>;
    /// Seconds since 1970.
    fn now(&self) -> u64;
}

/// Reads the system keyring, by service and user.
pub type Keyring = Box<dyn Fn(&str, &str) -> Result<Option<String>, KeyringTrouble> + Send + Sync>;

/// The machine that this process runs on.
#[derive(Default)]
pub struct SystemMachine {
    keyring: Option<Keyring>,
}

impl SystemMachine {
    /// Without a keyring, profiles whose secrets are in it cannot be used.
    pub fn new(keyring: Option<Keyring>) -> Self {
        Self { keyring }
    }
}

impl std::fmt::Debug for SystemMachine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("System").field("keyring", &self.keyring.is_some()).finish()
    }
}

/// A profile file has a few kilobytes.
const MAX_FILE_SIZE: u64 = 1 << 20;

impl Machine for SystemMachine {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn platform(&self) -> Platform {
        if cfg!(windows) {
            Platform::Windows
        } else if cfg!(target_os = "macos") {
            Platform::MacOs
        } else {
            Platform::Linux
        }
    }

    fn home(&self) -> Option<PathBuf> {
        dirs::home_dir()
    }

    fn read(&self, path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
        regular_files::read_up_to(MAX_FILE_SIZE, path)
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o7777)
        }
        #[cfg(not(unix))]
        {
            let _ = path;
            None
        }
    }

    fn keyring(&self, service: &str, user: &str) -> Result<Option<String>, KeyringTrouble> {
        self.keyring.as_ref().map_or(Err(KeyringTrouble::NoPackage), |ask| ask(service, user))
    }

    fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}
