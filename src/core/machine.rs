//! What discovery may ask of the machine. One real implementation, [`SystemMachine`]; tests bring their own.
use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use zeroize::Zeroizing;

/// Whose conventions for folders hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux and other Unix: `$XDG_CONFIG_HOME` or `~/.config`.
    Linux,
    /// `~/Library/Application Support`.
    MacOs,
    /// `%AppData%`.
    Windows,
}

/// Why the system keyring gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyringTrouble {
    /// The `keyring` package is not installed.
    NoPackage,
    /// The keyring is locked, or the machine has none: what it said.
    Failed(String),
}

/// Environment, files, keyring and time.
pub trait Machine {
    /// An environment variable; what is not Unicode comes with replacement characters.
    fn var(&self, name: &str) -> Option<String>;
    /// Whose conventions for folders hold.
    fn platform(&self) -> Platform;
    /// The user's home folder.
    fn home(&self) -> Option<PathBuf>;
    /// The content of a file.
    fn read(&self, path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>>;
    /// The permission bits of a file, where the platform has them.
    fn mode(&self, path: &Path) -> Option<u32>;
    /// One secret of the system keyring, `None` if it has no such entry.
    fn keyring(&self, service: &str, user: &str) -> Result<Option<String>, KeyringTrouble>;
    /// Seconds since 1970.
    fn now(&self) -> u64;
}

/// The caller's way to the system keyring: service and user in, secret out.
pub type Keyring = Box<dyn Fn(&str, &str) -> Result<Option<String>, KeyringTrouble> + Send + Sync>;

/// The machine itself.
#[derive(Default)]
pub struct SystemMachine {
    keyring: Option<Keyring>,
}

impl SystemMachine {
    /// The machine with a keyring; without one, profiles whose secrets are in it can't be used.
    pub fn new(keyring: Option<Keyring>) -> Self {
        Self { keyring }
    }
}

impl std::fmt::Debug for SystemMachine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("System").field("keyring", &self.keyring.is_some()).finish()
    }
}

/// A profile file has a few kilobytes; what is larger is something else.
const LARGEST_FILE: u64 = 1 << 20;

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
        // Opening a pipe would wait for its writer, so look first.
        let facts = std::fs::metadata(path)?;
        if !facts.is_file() {
            return Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
        }
        if facts.len() > LARGEST_FILE {
            return Err(Error::new(ErrorKind::InvalidInput, "it is larger than 1 MiB"));
        }
        // Room for all of it at once: growing would leave copies behind that are not wiped.
        let mut content = Zeroizing::new(Vec::with_capacity(facts.len() as usize + 1));
        std::fs::File::open(path)?.take(LARGEST_FILE).read_to_end(&mut content)?;
        Ok(content)
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::metadata(path).ok().map(|facts| facts.permissions().mode() & 0o7777)
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
